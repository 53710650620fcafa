"""Gives an MXF file identifiers of its own, in place of FFmpeg's where nothing may depend on chance: those are zero.

SMPTE ST 330 (UMID): a label, the number of the instance, 15 bytes of a number and one that tells packages apart. Two
masters must not have the same, or an archive would take one for the other; all copies of one master must, or a UMID
would say whose copy it is.
"""

import hashlib
from pathlib import Path

from telecine.media.copies.klv import elements

_LABEL = bytes.fromhex("060a2b340101010501010d0013")
_INSTANCE = 3
_NUMBER = 15
_CONSTANT = _LABEL + bytes(_INSTANCE + _NUMBER)
_LARGEST = 2**16
"""Bytes of an element; those that hold identifiers have some hundreds."""


def identity_of(master: Path, content_id: str) -> bytes:
    """The number in the identifiers of every copy of `master`: the same again, and another for another content."""
    about = hashlib.sha256(f"copies of {content_id}, {master.stat().st_size} bytes\n".encode())
    with master.open("rb") as file:
        about.update(file.read(_LARGEST))
    return about.digest()[:_NUMBER]


def identify(file: Path, number: bytes) -> None:
    """Put `number`, 15 bytes, into every identifier of an MXF file that FFmpeg wrote. Raises BrokenError."""
    identified = _LABEL + bytes(_INSTANCE) + number
    with file.open("r+b") as opened:
        for element in elements(opened):
            if element.essence or element.end - element.value > _LARGEST:
                continue
            opened.seek(element.value)
            value = opened.read(element.end - element.value)
            if _CONSTANT in value:
                opened.seek(element.value)
                opened.write(value.replace(_CONSTANT, identified))

"""A copy that nobody has stored: which bytes of the two prepared files it is, and a reader of any part of it.

A request costs memory for one block of bytes, whatever the size of the copy.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

from telecine.apis.copy_links import CopyLink
from telecine.apis.services import Services
from telecine.catalog import copies, marks, prepared
from telecine.core.copy_bytes import between
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.master import TAKES, Piece, Prepared
from telecine.core.recipient_names import file_name
from telecine.core.watermark.bias import Family
from telecine.core.watermark.recipients import derive_recipient_keys, takes_of

BLOCK = 512 * 1024
"""Bytes that are read at a time."""

_KEPT_LAYOUTS = 8
"""Copies whose pieces are remembered between requests; a long intra master has tens of thousands."""


@dataclass(frozen=True, slots=True)
class VirtualCopy:
    """One recipient's copy. `etag`, with its quotes, changes when any byte of it may have changed."""

    name: str
    size: int
    content_type: str
    etag: str
    pieces: tuple[Piece, ...]
    files: tuple[BinaryIO, ...]

    def read(self, start: int, end: int) -> Iterator[bytes]:
        """The bytes from `start` to `end` (not included), block by block. The files are closed behind the last.

        Raises EOFError where a file has become shorter.
        """
        block = bytearray()  # of many pieces, where those are small
        try:
            for piece in between(self.pieces, start, end):
                at = piece.start
                while at < piece.end:
                    part = os.pread(self.files[piece.take].fileno(), min(BLOCK - len(block), piece.end - at), at)
                    if not part:
                        raise EOFError("a prepared file ends before it should")
                    at += len(part)
                    block += part
                    if len(block) == BLOCK:
                        yield bytes(block)
                        block.clear()
            if block:
                yield bytes(block)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the files."""
        for file in self.files:
            file.close()


def open_copy(services: Services, link: CopyLink) -> VirtualCopy:
    """The copy that `link` opens, to be closed by whoever gets it.

    Raises NOT_FOUND where the job makes no copy for that recipient, COPY_MISSING where there is nothing to make it of.
    """
    with services.database.read() as s:
        _, recipient = copies.one_of(s, link.site_id, link.job_id, link.recipient)
        try:
            row = prepared.get(s, link.site_id, link.job_id)
        except TelecineError as error:
            raise _missing(link, "has not prepared its master yet") from error
        if not row.has_files:
            raise _missing(link, "makes individual copies, or its prepared files were removed")
        secret = marks.secret(s, services.sealer, link.site_id)
    facts, files = _opened(services.settings.prepared / row.name, link)
    stamps = tuple(os.fstat(file.fileno()).st_mtime_ns for file in files)
    pieces = _pieces(facts, secret, link, row.content_id, Family(row.plan["code"]))
    mark = sha256(f"{row.name} {recipient.id} {facts.size} {stamps}".encode()).hexdigest()
    name = file_name(row.content_id, recipient.name, facts.suffix)
    return VirtualCopy(name, facts.size, facts.content_type, f'"{mark[:32]}"', pieces, files)


def _opened(folder: Path, link: CopyLink) -> tuple[Prepared, tuple[BinaryIO, ...]]:
    """What the entry `folder` of the prepared store is, and its files. Raises COPY_MISSING where they are not whole."""
    try:
        facts = Prepared.model_validate_json((folder / "prepared.json").read_bytes())
        files = tuple((folder / f"{take}{facts.suffix}").open("rb", buffering=0) for take in TAKES)
    except (OSError, ValueError) as error:
        raise _missing(link, "has no prepared files any more") from error
    if any(os.fstat(file.fileno()).st_size != facts.size for file in files):
        for file in files:
            file.close()
        raise _missing(link, "has prepared files that are not whole")
    return facts, files


@lru_cache(maxsize=_KEPT_LAYOUTS)
def _pieces(facts: Prepared, secret: bytes, link: CopyLink, content_id: str, code: Family) -> tuple[Piece, ...]:
    """The pieces of one copy. Those of a long intra master take a tenth of a second; a client asks part by part."""
    keys = derive_recipient_keys(secret, link.site_id, content_id, code)
    return tuple(facts.pieces([int(take) for take in takes_of(keys, link.recipient, facts.groups)]))


def _missing(link: CopyLink, why: str) -> TelecineError:
    return TelecineError(ErrorKind.COPY_MISSING, f"job {link.job_id} {why}.")

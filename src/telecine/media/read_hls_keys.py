"""Key lines of HLS playlists → what the neutral model says of protection, segment by segment.

What stands in the URIs is read by `drm_contents`.
"""

import re

from telecine.media.hls_attributes import Attributes, bare, parse_attributes
from telecine.media.manifests import Fault, ProtectionMark, SystemMark

IDENTITY = "identity"
"""KEYFORMAT of a line that names none."""
_KEY = "#EXT-X-KEY:"
_SESSION_KEY = "#EXT-X-SESSION-KEY:"
_SIXTEEN_BYTES = re.compile(r"^0x([0-9a-f]{32})$", re.IGNORECASE)


def hls_marks(name: str, text: str) -> tuple[tuple[ProtectionMark, ...], tuple[Fault, ...]]:
    """What the key lines of the media playlist `name` say, and what is wrong with their order.

    A line holds until another one with its KEYFORMAT, METHOD=NONE, or the end. Raises ValueError for an IV or KEYID
    that is no number of 16 bytes, and for lines that contradict each other.
    """
    marks: list[ProtectionMark] = []
    faults: list[Fault] = []
    in_force: dict[str, Attributes] = {}
    new: set[str] = set()
    number = 0
    for line in map(str.strip, text.splitlines()):
        if line.startswith(_KEY):
            attributes = _attributes(line.removeprefix(_KEY))
            form = attributes.get("KEYFORMAT", IDENTITY).lower()
            if form in new:
                faults.append(Fault(name, f"has two key lines with KEYFORMAT {form} before segment {number + 1}"))
            if attributes.get("METHOD") == "NONE":
                in_force, new = {}, set()
            else:
                in_force[form] = attributes
                new.add(form)
        elif line and not line.startswith("#"):
            _count_in(marks, number, list(in_force.values()))
            new = set()
            number += 1
    return tuple(marks), tuple(faults)


def session_keys(text: str) -> tuple[SystemMark, ...]:
    """The EXT-X-SESSION-KEY lines of a multivariant playlist. Raises ValueError as above."""
    lines = (line.strip() for line in text.splitlines())
    return tuple(
        _system(_attributes(line.removeprefix(_SESSION_KEY))) for line in lines if line.startswith(_SESSION_KEY)
    )


def _count_in(marks: list[ProtectionMark], number: int, lines: list[Attributes]) -> None:
    """Count segment `number` in, to which `lines` apply."""
    if not lines:
        return
    methods = {line.get("METHOD", "") for line in lines}
    ivs = {_number(line["IV"]) for line in lines if "IV" in line}
    if len(methods) > 1 or len(ivs) > 1:
        raise ValueError(f"the key lines before segment {number + 1} have different METHODs or IVs")
    method, iv, systems = methods.pop(), ivs.pop() if ivs else b"", tuple(map(_system, lines))
    first = number
    if marks and marks[-1] == ProtectionMark(marks[-1].first, number, method, systems, iv=iv):
        first = marks.pop().first
    marks.append(ProtectionMark(first, number + 1, method, systems, iv=iv))


def _system(line: Attributes) -> SystemMark:
    return SystemMark(
        system=line.get("KEYFORMAT", IDENTITY).lower(),
        kid=_number(line["KEYID"]) if "KEYID" in line else b"",
        uri=line.get("URI", ""),
    )


def _attributes(text: str) -> Attributes:
    return {name: bare(value) for name, value in parse_attributes(text).items()}


def _number(text: str) -> bytes:
    match = _SIXTEEN_BYTES.match(text)
    if not match:
        raise ValueError(f"'{text[:60]}' is not a hexadecimal number of 16 bytes")
    return bytes.fromhex(match[1])

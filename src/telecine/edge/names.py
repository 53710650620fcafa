"""What a published file is, by its name alone: the rule that the embedders of the field go by.

A name that is none of these is not served at all. Whatever a file system takes for a segment's name (`SEG-1.M4S` on one
that does not tell cases apart) would otherwise be a way to variant 0.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import PurePosixPath

from telecine.core.layout import PACE_INFO, SHARED, UNLISTED, VARIANT_FOLDERS


class Kind(Enum):
    """What a file is to an edge."""

    MANIFEST = auto()
    SHARED = auto()
    """The same for everybody: init segments, sound, subtitles, thumbnails."""
    SEGMENT = auto()
    """There in two variants."""
    HIDDEN = auto()
    """For edges and not for viewers."""
    UNKNOWN = auto()


@dataclass(frozen=True, slots=True)
class Named:
    """What a name says. `number` is that of a segment with variants, else -1."""

    kind: Kind
    number: int = -1


_MANIFESTS = (".mpd", ".m3u8")
_NEVER_SWITCHED = (".vtt", ".aac")
_SWITCHED = (".m4s", ".mp4", ".ts")
_INIT = SHARED.removeprefix("_")
_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*", re.ASCII)
_NUMBERED = re.compile(r"[-_](0|[1-9]\d{0,8})\Z", re.ASCII)


def read_name(parts: tuple[str, ...]) -> Named:
    """What a file is, by its path below the content's folder, in which variant 0's own folder is left out."""
    if parts[0] == VARIANT_FOLDERS[1] or any(map(_hidden, parts)):
        return Named(Kind.HIDDEN)
    if not all(map(_PLAIN.fullmatch, parts)):
        return Named(Kind.UNKNOWN)
    return _file(PurePosixPath(parts[-1]))


def _hidden(part: str) -> bool:
    """Whether a folder or file is for edges alone, in whatever case it is asked for."""
    return part.lower() == PACE_INFO.lower() or part.lower().startswith(UNLISTED)


def _file(name: PurePosixPath) -> Named:
    if name.suffix in _MANIFESTS:
        return Named(Kind.MANIFEST)
    if name.suffix in _NEVER_SWITCHED or (name.suffix and name.stem.endswith(_INIT)):
        return Named(Kind.SHARED)
    numbered = _NUMBERED.search(name.stem)
    if name.suffix in _SWITCHED and numbered:
        return Named(Kind.SEGMENT, int(numbered[1]))
    return Named(Kind.UNKNOWN)

"""Subtitles in MP4 segments that a stranger made: what they hold is read once, and nothing outside of it."""

import struct
from fractions import Fraction
from pathlib import Path

import pytest

from telecine.core.limits import MediaLimits
from telecine.media.asset_text import read_cues
from telecine.media.manifests import Piece, Segment, Track
from telecine.media.structure import BrokenError
from telecine.media.subtitles import Cue

WHOLE_SECOND = 1000


def box(name: bytes, *content: bytes) -> bytes:
    body = b"".join(content)
    return struct.pack(">I4s", 8 + len(body), name) + body


def init() -> bytes:
    """The little of a header that is looked at."""
    clock = box(b"mdhd", struct.pack(">5I", 0, 0, 0, WHOLE_SECOND, 0))
    return box(b"moov", box(b"trak", box(b"mdia", clock, box(b"stsd", b"wvtt"))))


def cue(text: str) -> bytes:
    return box(b"vttc", box(b"payl", text.encode()))


def fragment(sample: bytes, runs: int = 1) -> bytes:
    """One fragment, each of whose runs shows `sample` for a second."""

    def moof(data: int) -> bytes:
        head = box(b"tfhd", struct.pack(">4I", 0x18, 1, WHOLE_SECOND, len(sample)))
        run = box(b"trun", struct.pack(">2Ii", 1, 1, data))
        return box(b"moof", box(b"traf", head, box(b"tfdt", struct.pack(">2I", 0, 0)), *[run] * runs))

    return moof(len(moof(0)) + 8) + box(b"mdat", sample)


def cues(folder: Path, segment: bytes) -> list[Cue]:
    (folder / "init.mp4").write_bytes(init())
    (folder / "0.m4s").write_bytes(segment)
    whole = Segment(Piece("0.m4s"), Fraction(0), Fraction(1))
    track = Track("text", "text", (whole,), Piece("init.mp4"))
    return read_cues(folder, track, Fraction(0), MediaLimits())


def test_a_sample_is_a_cue(tmp_path: Path):
    assert cues(tmp_path, fragment(cue("One"))) == [Cue(0, 1000, "One")]


def test_the_same_bytes_are_not_read_again_and_again(tmp_path: Path):
    with pytest.raises(BrokenError, match="more bytes than it has itself"):
        cues(tmp_path, fragment(cue("x" * 100_000), runs=1000))

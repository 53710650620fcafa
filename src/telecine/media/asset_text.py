"""Subtitles of an asset → cues on the asset's clock: WebVTT in segments or one file, WebVTT and TTML in MP4.

All of it is taken apart here, in plain Python: no media tool gets to see text that a stranger wrote.
"""

import re
import struct
from collections.abc import Iterable, Iterator
from dataclasses import replace
from fractions import Fraction
from html import escape
from pathlib import Path

from lxml import etree

from telecine.core.limits import MediaLimits
from telecine.media.asset_files import TICKS, WRAP
from telecine.media.manifests import Piece, Track, read_text
from telecine.media.read_mpd import parse_xml
from telecine.media.structure import BrokenError, boxes
from telecine.media.subtitles import Cue, vtt_cues

_MAP = re.compile(r"^X-TIMESTAMP-MAP=(.*)$", re.MULTILINE)
_LOCAL = re.compile(r"^(?:(\d{1,4}):)?(\d{2}):(\d{2})\.(\d{3})$")
_TTML_CLOCK = re.compile(r"^(\d{1,4}):(\d{2}):(\d{2}(?:\.\d{1,9})?)$")
_TTML_OFFSET = re.compile(r"^(\d{1,9}(?:\.\d{1,9})?)(h|ms|m|s)$")
_UNITS = {"h": Fraction(3600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1000)}
_TTML = "{http://www.w3.org/ns/ttml}"
_MOST_BYTES_A_SEGMENT = 4
"""Times the limit of a subtitle file, that all segments together may have: they repeat cues."""


def read_cues(root: Path, track: Track, origin: Fraction, limits: MediaLimits) -> list[Cue]:
    """The cues of a text track, with times in milliseconds from `origin`, which is on the asset's clock, in seconds.

    Raises ManifestError, SUBTITLE_INVALID, BrokenError or ValueError where they cannot be read.
    """
    size = sum(_size(root, segment.piece) for segment in track.segments)
    if size > limits.subtitle_bytes * _MOST_BYTES_A_SEGMENT:
        raise ValueError(f"{size} bytes of subtitles are more than any programme needs")
    found = _from_mp4(root, track, track.init, origin) if track.init else _from_vtt(root, track, origin)
    return _joined(cue for cue in found if cue.end > 0)


def _size(root: Path, piece: Piece) -> int:
    return piece.length if piece.length is not None else (root / piece.path).stat().st_size


def _from_vtt(root: Path, track: Track, origin: Fraction) -> Iterator[Cue]:
    """Cues of WebVTT files, each with its own relation to the media's clock."""
    files = dict.fromkeys(segment.piece.path for segment in track.segments)
    texts = [(text, vtt_cues(text)) for text in (read_text(root, path) for path in files)]
    latest = max((cue.end for _, cues in texts for cue in cues), default=0)
    for text, cues in texts:
        shift = _clock(text, origin)
        if shift is None:
            # Without a map the cues' clock is the media's, unless that began long before any of them.
            shift = Fraction(0) if latest < origin * 1000 else -origin
        for cue in cues:
            yield _moved(cue, shift - track.offset)


def _clock(text: str, origin: Fraction) -> Fraction | None:
    """Seconds to add to cue times to have them from `origin`, by X-TIMESTAMP-MAP; None where there is none.

    MPEG's clock begins again at zero every 26.5 hours; the turn nearest to the programme is meant.
    """
    match = _MAP.search(text)
    if not match:
        return None
    values = dict(part.split(":", 1) for part in match[1].split(",") if ":" in part)
    local = _LOCAL.match(values.get("LOCAL", ""))
    if not local or not values.get("MPEGTS", "").isdecimal():
        raise ValueError("its X-TIMESTAMP-MAP has not LOCAL and MPEGTS")
    hours, minutes, seconds, milliseconds = (int(part or 0) for part in local.groups())
    begin = Fraction(((hours * 60 + minutes) * 60 + seconds) * 1000 + milliseconds, 1000)
    shift = Fraction(int(values["MPEGTS"]), TICKS) - begin - origin
    return (shift + WRAP / 2) % WRAP - WRAP / 2


def _from_mp4(root: Path, track: Track, init: Piece, origin: Fraction) -> Iterator[Cue]:
    """Cues of WebVTT (`wvtt`) or TTML (`stpp`) samples."""
    header = _content(root, init)
    scale = _timescale(header)
    shift = -origin - track.offset
    for segment in track.segments:
        for start, length, sample in _samples(_content(root, segment.piece)):
            begin, end = (Fraction(time, scale) for time in (start, start + length))
            if b"stpp" in header:
                yield from (_moved(cue, shift) for cue in _from_ttml(sample, begin, end))
            else:
                for text, settings in _from_wvtt(sample):
                    yield _moved(Cue(round(begin * 1000), round(end * 1000), text, settings), shift)


def _content(root: Path, piece: Piece) -> bytes:
    with (root / piece.path).open("rb") as opened:
        opened.seek(piece.offset)
        return opened.read(-1 if piece.length is None else piece.length)


def _timescale(header: bytes) -> int:
    """Ticks per second of the one track, from its `mdhd`."""
    for body, _ in _inner(header, 0, len(header), ("moov", "trak", "mdia", "mdhd")):
        return int(struct.unpack_from(">I", header, body + (20 if header[body] else 12))[0]) or 1
    raise BrokenError("has no media header")


def _inner(content: bytes, begin: int, end: int, way: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """Body and end of every box that `way` leads to."""
    for name, body, stop in boxes(content, begin, end):
        if name == way[0]:
            if len(way) == 1:
                yield body, stop
            else:
                yield from _inner(content, body, stop, way[1:])


def _samples(content: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Start and length in ticks, and content, of every sample in the fragments of a segment.

    Raises BrokenError where samples lie in each other: a few bytes could ask for the same megabytes for ever.
    """
    at = taken = 0
    for name, body, end in boxes(content):
        if name == "moof":
            for traf, stop in _inner(content, body, end, ("traf",)):
                for sample in _run(content, at, traf, stop):
                    taken += len(sample[2])
                    if taken > len(content):
                        raise BrokenError("has samples of more bytes than it has itself")
                    yield sample
        at = end


def _run(content: bytes, moof: int, begin: int, end: int) -> Iterator[tuple[int, int, bytes]]:
    """The samples of one track fragment, whose data offsets count from its `moof`."""
    duration, size, time = 0, 0, 0
    for name, body, stop in boxes(content, begin, end):
        flags = int.from_bytes(content[body + 1 : body + 4])
        if name == "tfhd":
            at = body + 8 + 8 * bool(flags & 1) + 4 * bool(flags & 2)
            duration = _word(content, at) if flags & 8 else 0
            size = _word(content, at + 4 * bool(flags & 8)) if flags & 16 else 0
        elif name == "tfdt":
            time = int.from_bytes(content[body + 4 : body + (12 if content[body] else 8)])
        elif name == "trun":
            if not flags & 1:
                raise BrokenError("has samples at no known place")
            data, at = moof + _word(content, body + 8), body + 12 + 4 * bool(flags & 4)
            for _ in range(min(_word(content, body + 4), stop - body)):
                length, bytes_ = duration, size
                if flags & 0x100:
                    length, at = _word(content, at), at + 4
                if flags & 0x200:
                    bytes_, at = _word(content, at), at + 4
                at += 4 * bool(flags & 0x400) + 4 * bool(flags & 0x800)
                yield time, length, content[data : data + bytes_]
                time, data = time + length, data + bytes_


def _word(content: bytes, at: int) -> int:
    return int.from_bytes(content[at : at + 4])


def _from_wvtt(sample: bytes) -> Iterator[tuple[str, str]]:
    """Text and settings of the cues in a WebVTT sample; an empty cue box means that nothing is shown."""
    for name, body, end in boxes(sample):
        if name == "vttc":
            parts = {inner: sample[at:stop].decode() for inner, at, stop in boxes(sample, body, end)}
            if parts.get("payl"):
                yield parts["payl"], parts.get("sttg", "")


def _from_ttml(sample: bytes, begin: Fraction, end: Fraction) -> Iterator[Cue]:
    """Paragraphs of a TTML document, as plain text; a document holds only while its sample does."""
    document = parse_xml("ttml", sample.decode())
    for paragraph in document.iter(f"{_TTML}p"):
        start = max(_ttml_time(paragraph.get("begin", "0s")), begin)
        stop = min(_ttml_time(paragraph.get("end", "9999h")), end)
        text = "\n".join(line for line in (part.strip() for part in _words(paragraph).split("\n")) if line)
        if text and stop > start:
            yield Cue(round(start * 1000), round(stop * 1000), text)


def _words(element: etree._Element) -> str:
    parts = [" ".join((element.text or "").split("\n"))]
    for child in element:
        parts.append("\n" if child.tag == f"{_TTML}br" else _words(child))
        parts.append(" ".join((child.tail or "").split("\n")))
    return escape("".join(parts), quote=False) if element.tag == f"{_TTML}p" else "".join(parts)


def _ttml_time(text: str) -> Fraction:
    """Seconds of a TTML clock time or offset; frames and ticks are not understood. Raises ValueError."""
    clock, offset = _TTML_CLOCK.match(text), _TTML_OFFSET.match(text)
    if clock:
        return Fraction((int(clock[1]) * 60 + int(clock[2])) * 60) + Fraction(clock[3])
    if offset:
        return Fraction(offset[1]) * _UNITS[offset[2]]
    raise ValueError(f"'{text[:40]}' is not a time that is understood")


def _moved(cue: Cue, seconds: Fraction) -> Cue:
    return replace(cue, start=round(cue.start + seconds * 1000), end=round(cue.end + seconds * 1000))


def _joined(cues: Iterable[Cue]) -> list[Cue]:
    """Cues in order, from zero on; equal ones that touch are one that was cut or repeated at a segment's end."""
    merged: dict[tuple[str, str], list[Cue]] = {}
    for cue in sorted(cues):
        cue = replace(cue, start=max(0, cue.start))
        alike = merged.setdefault((cue.text, cue.settings), [])
        if alike and cue.start <= alike[-1].end + 1:
            alike[-1] = replace(alike[-1], end=max(alike[-1].end, cue.end))
        else:
            alike.append(cue)
    return sorted(cue for alike in merged.values() for cue in alike)

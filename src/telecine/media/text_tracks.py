"""Reads published subtitles back, whatever they travel in, as what a viewer sees: which text, from when to when.

Plain WebVTT is read by a library that had no part in writing it; MP4 is taken apart here.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from html import unescape
from pathlib import Path

import av
import webvtt
from av.error import FFmpegError
from lxml import etree

from telecine.media.manifests import Fault, ManifestError, Piece, Track, read_text
from telecine.media.read_mpd import parse_duration, parse_xml
from telecine.media.structure import BrokenError, boxes
from telecine.media.subtitles import Cue

_MAP = re.compile(r"^X-TIMESTAMP-MAP=(.*)$", re.MULTILINE)
_TAG = re.compile(r"<[^<>]*>")
_CLOCK = re.compile(r"^(?:(\d+):)?(\d{2}):(\d{2})(?:\.(\d{1,6}))?$")
_TTML = "{http://www.w3.org/ns/ttml}"


@dataclass(frozen=True, slots=True, order=True)
class Shown:
    """Plain `text` that is shown from `start` to `end`, in milliseconds on the programme's clock."""

    start: int
    end: int
    text: str


def shown(cues: Iterable[Cue]) -> list[Shown]:
    """What a viewer sees of `cues`: text without markup, repetitions that touch each other made one."""
    return _merged([Shown(cue.start, cue.end, _plain(cue.text)) for cue in cues])


def read_text_track(root: Path, track: Track, shift: Fraction) -> tuple[list[Shown], list[Fault]]:
    """What is shown by a published text track below `root`, and what is wrong with it.

    `shift` is where the tree's clock stands at the programme's zero, in seconds (0.1 for MPEG-TS).
    """
    try:
        found = _from_mp4(root, track, track.init) if track.init else _from_vtt(root, track, shift)
    except ManifestError as error:
        return [], [error.fault]
    except (BrokenError, FFmpegError, ValueError) as error:
        return [], [Fault(track.segments[0].piece.path, f"subtitles cannot be read: {error}")]
    return _merged([item for item in found if item.text]), []


def _from_vtt(root: Path, track: Track, shift: Fraction) -> list[Shown]:
    found: list[Shown] = []
    maps: set[Fraction] = set()
    for segment in track.segments:
        path = segment.piece.path
        text = read_text(root, path)
        try:
            maps.add(_map_offset(text))
            for caption in webvtt.from_string(text).captions:
                times = _milliseconds(caption.start), _milliseconds(caption.end)
                found.append(Shown(*times, _plain("\n".join(caption.lines))))
        except ValueError as error:
            raise ManifestError(path, f"cannot be read as subtitles: {error}") from None
        if len(maps) > 1:
            raise ManifestError(path, "has another X-TIMESTAMP-MAP than the segments before it")
    move = round((next(iter(maps)) - shift) * 1000)
    return [replace(item, start=item.start + move, end=item.end + move) for item in found]


def _map_offset(text: str) -> Fraction:
    """Seconds to add to cue times to get media time, by X-TIMESTAMP-MAP; without one they are the same."""
    match = _MAP.search(text)
    if not match:
        return Fraction(0)
    values = dict(part.split(":", 1) for part in match[1].split(",") if ":" in part)
    if set(values) != {"LOCAL", "MPEGTS"}:
        raise ValueError("its X-TIMESTAMP-MAP has not LOCAL and MPEGTS")
    return Fraction(int(values["MPEGTS"]), 90_000) - Fraction(_milliseconds(values["LOCAL"]), 1000)


def _from_mp4(root: Path, track: Track, init: Piece) -> list[Shown]:
    head = (root / init.path).read_bytes()
    content = head + b"".join((root / segment.piece.path).read_bytes() for segment in track.segments)
    found: list[Shown] = []
    with av.open(_Once(content), "r", format="mp4") as container:
        stream = container.streams[0]
        for packet in container.demux(stream):
            if not packet.size or packet.pts is None or packet.time_base is None:
                continue
            start = round(packet.pts * packet.time_base * 1000)
            end = start + round((packet.duration or 0) * packet.time_base * 1000)
            if b"stpp" in head:
                found += _from_ttml(bytes(packet), start, end)
            else:
                found += [Shown(start, end, text) for text in _payloads(bytes(packet))]
    return found


class _Once:
    """Bytes that PyAV may only read forward, as a player does."""

    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)

    def read(self, most: int) -> bytes:
        """The next bytes."""
        data, self._content = bytes(self._content[:most]), self._content[most:]
        return data


def _payloads(sample: bytes) -> list[str]:
    """Texts of the cues in a WebVTT sample; an empty cue box means that nothing is shown."""
    return [
        _plain(sample[at:stop].decode())
        for name, body, end in boxes(sample)
        if name == "vttc"
        for inner, at, stop in boxes(sample, body, end)
        if inner == "payl"
    ]


def _from_ttml(sample: bytes, start: int, end: int) -> list[Shown]:
    """Paragraphs of a TTML document; a sample's document holds only while the sample does."""
    document = parse_xml("ttml", sample.decode())
    found = []
    for paragraph in document.iter(f"{_TTML}p"):
        begin, stop = _ttml_time(paragraph.get("begin", "")), _ttml_time(paragraph.get("end", ""))
        found.append(Shown(max(begin, start), min(stop, end), _one_line(_words_of(paragraph))))
    return found


def _words_of(paragraph: etree._Element) -> str:
    parts = [paragraph.text or ""]
    for child in paragraph:
        parts.append("\n" if child.tag == f"{_TTML}br" else _words_of(child))
        parts.append(child.tail or "")
    return "".join(parts)


def _ttml_time(text: str) -> int:
    if _CLOCK.match(text):
        return _milliseconds(text)
    return round(parse_duration(f"PT{text.upper()}") * 1000)


def _milliseconds(clock: str) -> int:
    match = _CLOCK.match(clock)
    if not match:
        raise ValueError(f"'{clock[:40]}' is not a time")
    hours, minutes, seconds = int(match[1] or 0), int(match[2]), int(match[3])
    return ((hours * 60 + minutes) * 60 + seconds) * 1000 + int((match[4] or "0").ljust(3, "0")[:3])


def _plain(markup: str) -> str:
    return _one_line(unescape(_TAG.sub("", markup)))


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("-- >", "-->")  # an arrow cannot stand in WebVTT, see `without_markup`


def _merged(items: Sequence[Shown]) -> list[Shown]:
    """Equal texts whose times touch or overlap made one: a cue is repeated in every segment that it reaches into."""
    merged: list[Shown] = []
    for item in sorted(items, key=lambda item: (item.text, item.start, item.end)):
        last = merged[-1] if merged else None
        if last and last.text == item.text and item.start <= last.end:
            merged[-1] = replace(last, end=max(last.end, item.end))
        else:
            merged.append(item)
    return sorted(merged)

"""Subtitles: what a client sent as SRT or WebVTT → cues that every later tool and player understands.

The parser is our own because the libraries drop what they do not understand without a word, or take minutes for a
hostile file. It is linear in the file's size, and it refuses by line number. WebVTT's STYLE and REGION blocks are
left out, with a warning: the formats that subtitles are turned into have no room for them.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from html import unescape
from itertools import pairwise
from pathlib import Path

from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.limits import MediaLimits

_TIME = r"(?:(\d{1,4}):)?(\d{1,2}):(\d{1,2})[.,](\d{1,3})"
_TIMING = re.compile(rf"^[ \t]*{_TIME}[ \t]*-->[ \t]*{_TIME}(?:[ \t]+(.*))?$")
_ARROW = "-->"
_SETTING = re.compile(
    r"^(?:vertical:(?:rl|lr)|line:-?\d{1,4}(?:\.\d{1,4})?%?(?:,(?:start|center|end))?"
    r"|position:\d{1,3}(?:\.\d{1,4})?%(?:,(?:line-left|center|line-right))?|size:\d{1,3}(?:\.\d{1,4})?%"
    r"|align:(?:start|center|end|left|right))$"
)
_TAG = re.compile(r"</?([a-zA-Z]{1,8})((?:\.[^\s<>&.]{1,40}){0,8})(?:[ \t][^<>\n]{0,200})?>|<[\d:.]{9,12}>")
_CUE_TAGS = frozenset({"i", "b", "u", "c", "v", "lang", "ruby", "rt"})
_SRT_TAGS = frozenset({"i", "b", "u"})
_SRT_OVERRIDE = re.compile(r"\{\\[^{}\n]{0,100}\}")
_STRAY_AMPERSAND = re.compile(r"&(?!(?:[a-zA-Z][a-zA-Z0-9]{1,31}|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]")
_FOREIGN_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


@dataclass(frozen=True, slots=True, order=True)
class Cue:
    """What is shown from `start` to `end`, in milliseconds. `text` is WebVTT cue markup, `settings` WebVTT's."""

    start: int
    end: int
    text: str
    settings: str = ""


@dataclass(frozen=True, slots=True)
class Subtitles:
    """The cues of one file, by start, and what was left out of it."""

    cues: tuple[Cue, ...]
    warnings: tuple[str, ...] = ()

    def fitted(self, duration: Fraction) -> "Subtitles":
        """The same, cut off at the programme's end after `duration` seconds."""
        end = int(duration * 1000)
        kept = tuple(replace(cue, end=min(cue.end, end)) for cue in self.cues if cue.start < end)
        late = len(self.cues) - len(kept)
        warning = (f"{late} of {len(self.cues)} subtitle cues begin after the programme's end.",) if late else ()
        return Subtitles(kept, (*self.warnings, *warning))


def check(path: Path, limits: MediaLimits) -> tuple[str, ...]:
    """Refuse a file that cannot be used; return warnings about what will be left out of it. Errors as `read`."""
    return read(path, limits).warnings


def read(path: Path, limits: MediaLimits) -> Subtitles:
    """Read SRT or WebVTT in UTF-8, with or without byte order mark; which of the two is seen from the content.

    Raises SUBTITLE_INVALID, naming the line, or INPUT_OVER_LIMIT.
    """
    size = path.stat().st_size
    if size > limits.subtitle_bytes:
        raise _over(f"a subtitle file has {size} bytes; {limits.subtitle_bytes} are allowed.")
    return parse(_decode(path.read_bytes()), limits.subtitle_cues)


def parse(text: str, most_cues: int) -> Subtitles:
    """Cues of SRT or WebVTT text. Raises as `read`."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        found, left_out = list(_vtt_cues(lines)), _left_out(lines)
    elif any(_TIMING.match(line) for line in lines):
        found, left_out = list(_srt_cues(lines)), ()
    else:
        raise _invalid("it is neither WebVTT (its first line is not WEBVTT) nor SRT (it has no cue times).")
    if len(found) > most_cues:
        raise _over(f"a subtitle file has {len(found)} cues; {most_cues} are allowed.")
    cues = tuple(sorted(cue for cue in found if cue.text and cue.end > cue.start))
    if not cues:
        raise _invalid("it holds no cue with text.")
    empty = len(found) - len(cues)
    warning = (f"{empty} subtitle cues without text or duration are left out.",) if empty else ()
    return Subtitles(cues, (*left_out, *warning))


def vtt_cues(text: str) -> list[Cue]:
    """Cues of a WebVTT text that may well have none, such as a segment. Raises SUBTITLE_INVALID."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if not re.match(r"WEBVTT(?:[ \t]|$)", lines[0]):
        raise _invalid("it is not WebVTT (its first line is not WEBVTT).")
    return [cue for cue in _vtt_cues(lines) if cue.text and cue.end > cue.start]


def to_vtt(cues: Iterable[Cue], pad_to: Fraction | None = None) -> str:
    """WebVTT text of `cues`.

    With `pad_to` (seconds) an empty cue ends there, so that the packager makes segments up to the programme's end;
    it shows nothing and leaves nothing in the segments.
    """
    blocks = [_block(cue.start, cue.end, cue.settings, cue.text) for cue in cues]
    if pad_to is not None:
        end = int(pad_to * 1000)
        blocks.append(_block(max(0, end - 1), end, "", ""))
    return "WEBVTT\n\n" + "\n\n".join(blocks) + "\n"


def without_markup(cue: Cue) -> Cue:
    """The cue as plain text: for TTML, into which the packager copies a cue's text letter by letter."""
    text = unescape(_TAG.sub("", cue.text)).replace(_ARROW, "-- >")
    return replace(cue, text="\n".join(line for line in text.split("\n") if line.strip()), settings="")


def timestamp(milliseconds: int) -> str:
    """`01:02:03.004`."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}.{rest:03d}"


def _decode(content: bytes) -> str:
    encoding = _FOREIGN_MARKS.get(content[:2])
    if encoding:
        raise _invalid(f"it is {encoding}; save it as UTF-8.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _invalid(f"line {line} is not UTF-8; save the file as UTF-8.") from None
    if "\0" in text:
        raise _invalid("it is a binary file.")
    return text


def _vtt_cues(lines: Sequence[str]) -> Iterator[Cue]:
    """Cues of WebVTT: in each block, a line of times and the text up to the next line of times or the block's end."""
    for first, block in _blocks(lines):
        keyword = block[0].split(maxsplit=1)[0] if block[0].strip() else ""
        timings = [number for number, line in enumerate(block) if _ARROW in line]
        if not timings and first > 1 and keyword not in ("NOTE", "STYLE", "REGION"):
            raise _invalid(f"line {first}: a cue has no line of times ('00:00:01.000 --> 00:00:02.000').")
        for number, following in pairwise([*timings, len(block)]):
            yield _cue(first + number, block[number], block[number + 1 : following], srt=False)


def _srt_cues(lines: Sequence[str]) -> Iterator[Cue]:
    """Cues of SRT. Text may hold empty lines, so a cue ends only where the next one's number or times begin."""
    timings = [number for number, line in enumerate(lines) if _ARROW in line]
    for number, line in enumerate(lines[: max(0, timings[0] - 1)], 1):
        if line.strip():
            raise _invalid(f"line {number}: text before the first cue.")
    for number, following in pairwise([*timings, len(lines)]):
        text = [line for line in lines[number + 1 : following] if line.strip()]
        if following < len(lines) and text and text[-1].strip().isdecimal() and lines[following - 1].strip():
            text.pop()
        yield _cue(number + 1, lines[number], text, srt=True)


def _blocks(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """Runs of lines between empty ones, each with its first line's number from 1."""
    block: list[str] = []
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            block.append(line)
        elif block:
            yield number - len(block), block
            block = []


def _cue(number: int, timing: str, text: Sequence[str], *, srt: bool) -> Cue:
    match = _TIMING.match(timing)
    if not match:
        raise _invalid(f"line {number}: '{timing.strip()[:60]}' is not a line of times.")
    try:
        start, end = _milliseconds(*match.groups()[:4]), _milliseconds(*match.groups()[4:8])
    except ValueError:
        raise _invalid(f"line {number}: minutes and seconds go up to 59.") from None
    if end < start:
        raise _invalid(f"line {number}: the cue ends before it begins.")
    settings = [] if srt else [word for word in (match[9] or "").split() if _SETTING.match(word)]
    return Cue(start, end, _clean(text, srt), " ".join(settings))


def _milliseconds(hours: str | None, minutes: str, seconds: str, fraction: str) -> int:
    if max(int(minutes), int(seconds)) > 59:
        raise ValueError
    whole = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    return whole * 1000 + int(fraction.ljust(3, "0"))


def _clean(lines: Sequence[str], srt: bool) -> str:
    """Cue text with only the tags that WebVTT has, and everything else escaped."""
    text = _CONTROL.sub("", "\n".join(lines))
    if srt:
        text = _SRT_OVERRIDE.sub("", text)
    allowed = _SRT_TAGS if srt else _CUE_TAGS
    cleaned: list[str] = []
    position = 0
    for tag in _TAG.finditer(text):
        cleaned.append(_escape(text[position : tag.start()]))
        name = (tag[1] or "").lower()
        if name in allowed or (not name and not srt):
            cleaned.append(tag[0].lower() if srt else tag[0])
        position = tag.end()
    cleaned.append(_escape(text[position:]))
    return "\n".join(line.strip() for line in "".join(cleaned).split("\n") if line.strip())


def _escape(text: str) -> str:
    """Text with `<`, `>` and every `&` that begins no character reference escaped."""
    return _STRAY_AMPERSAND.sub("&amp;", text).replace("<", "&lt;").replace(">", "&gt;")


def _block(start: int, end: int, settings: str, text: str) -> str:
    return f"{timestamp(start)} --> {timestamp(end)}{' ' if settings else ''}{settings}\n{text}"


def _left_out(lines: Sequence[str]) -> tuple[str, ...]:
    kinds = [kind for kind in ("STYLE", "REGION") if any(line.rstrip() == kind for line in lines)]
    return (f"WebVTT {' and '.join(kinds)} blocks of a subtitle file are left out.",) if kinds else ()


def _invalid(detail: str) -> TelecineError:
    return TelecineError(ErrorKind.SUBTITLE_INVALID, detail)


def _over(detail: str) -> TelecineError:
    return TelecineError(ErrorKind.INPUT_OVER_LIMIT, detail)

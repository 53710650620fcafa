"""Reads a multipart form as it comes, and gives out the bytes of its first file, whatever the size of either.

The form is RFC 7578's, in the framing of RFC 2046, section 5.1. What is no file is skipped. Nothing here waits or
stores: whoever receives the request feeds it, in pieces of any size, and takes what comes out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import Message
from enum import Enum, auto

from telecine.core.errors import ErrorKind, TelecineError

LONGEST_HEADERS = 16 * 1024
"""Bytes of one part's headers."""
MOST_PARTS = 100
_LONGEST_BOUNDARY = 70
_LONGEST_PADDING = 256
"""Bytes of blanks that may follow a delimiter."""
_FIELD = "Content-Type"

_LINE_END = re.compile(rb"[ \t]*\r\n")
_UNDECIDED = re.compile(rb"-|[ \t]*\r?")
_PARAMETER = re.compile(r';\s*([\w!#$%&\'*+.^`|~-]+)\s*=\s*(?:"((?:\\.|[^"\\])*)"|([^;\s]*))', re.DOTALL)
_ESCAPED = re.compile(r'\\(["\\])')
_EXTENDED = re.compile(r"(utf-8|iso-8859-1)'[^']*'(.*)", re.IGNORECASE | re.DOTALL)
_IDENTITY = ("", "binary", "8bit", "7bit")


@dataclass(frozen=True, slots=True)
class FilePart:
    """What a form says of a file: its name as given, and its media type."""

    name: str
    media_type: str


class _At(Enum):
    """Where in the form the next byte is."""

    PREAMBLE = auto()
    DELIMITER = auto()
    HEADERS = auto()
    BODY = auto()
    END = auto()


class FormReader:
    """One form. Raises FIELD_INVALID wherever the framing is broken, and where the form has too many parts.

    reader = FormReader(boundary)
    for chunk in request:
        for piece in reader.feed(chunk): ...   # bytes of the file
    reader.close()
    """

    def __init__(self, boundary: str) -> None:
        self.file: FilePart | None = None
        """The first file, as soon as its headers have come."""
        self._delimiter = b"\r\n--" + boundary.encode("latin-1")
        self._rest = b"\r\n"  # so that a form that begins with its first delimiter is no special case
        self._at = _At.PREAMBLE
        self._inside = False
        self._parts = 0

    def feed(self, data: bytes) -> Iterator[memoryview]:
        """Take the next bytes of the request; the pieces of the file that they bring, which must all be taken."""
        window, at = self._rest + data, 0
        while self._at is not _At.END:
            state, begun = self._at, at
            if state is _At.DELIMITER:
                at = self._after_delimiter(window, at)
            elif state is _At.HEADERS:
                at = self._headers(window, at)
            else:
                at, piece = self._content(window, at)
                if self._inside and piece:
                    yield memoryview(window)[begun : begun + piece]
            if self._at is state:  # it needs more than there is
                self._rest = window[at:]
                return

    def close(self) -> None:
        """Say that the request has ended. Raises FIELD_MISSING where there was no file."""
        if self._at is not _At.END:
            raise _broken("it ends before its last delimiter.")
        if self.file is None:
            raise TelecineError(ErrorKind.FIELD_MISSING, "A part of the form must be a file.", field="file")

    def _content(self, window: bytes, at: int) -> tuple[int, int]:
        """Go over what is between two delimiters: where the next byte is, and how many certainly belong to it."""
        found = window.find(self._delimiter, at)
        if found < 0:
            piece = max(0, len(window) - at - len(self._delimiter) + 1)
            return at + piece, piece
        self._at = _At.DELIMITER
        return found + len(self._delimiter), found - at

    def _after_delimiter(self, window: bytes, at: int) -> int:
        """Tell the last delimiter from others. The end of a delimiter's line is left: it begins the headers."""
        seen = window[at : at + _LONGEST_PADDING]
        if seen.startswith(b"--"):
            self._at, self._inside = _At.END, False
            return at + 2
        if line := _LINE_END.match(seen):
            self._at, self._inside = _At.HEADERS, False
            self._parts += 1
            if self._parts > MOST_PARTS:
                raise _broken(f"the form has more than {MOST_PARTS} parts.")
            return at + line.end() - 2
        if len(seen) < _LONGEST_PADDING and _UNDECIDED.fullmatch(seen):
            return at
        raise _broken("a delimiter of the form is followed by something else on its line.")

    def _headers(self, window: bytes, at: int) -> int:
        """Read a part's headers, and find out whether it is the file."""
        end = window.find(b"\r\n\r\n", at)
        if (len(window) if end < 0 else end) - at > LONGEST_HEADERS:
            raise _broken(f"a part of the form has more than {LONGEST_HEADERS} bytes of headers.")
        if end < 0:
            return at
        self._at = _At.BODY
        if self.file is None:
            self.file = _file_of(window[at:end])
            self._inside = self.file is not None
        return end + 4


def boundary_of(content_type: str) -> str:
    """The boundary that a request's Content-Type names. Raises FIELD_MISSING, FIELD_INVALID."""
    if not content_type:
        raise TelecineError(ErrorKind.FIELD_MISSING, "It is multipart/form-data.", field=_FIELD)
    message = Message()
    message["content-type"] = content_type
    if message.get_content_type() != "multipart/form-data":
        raise _broken("it must be multipart/form-data.")
    boundary = message.get_boundary("") or ""
    if not 0 < len(boundary) <= _LONGEST_BOUNDARY or not boundary.isascii() or not boundary.isprintable():
        raise _broken(f"it must name a boundary of 1 to {_LONGEST_BOUNDARY} characters.")
    return boundary


def _file_of(headers: bytes) -> FilePart | None:
    """What a part's headers say of a file; None of a part that is none."""
    fields = dict(_lines(headers))
    if fields.get("content-transfer-encoding", "").strip().lower() not in _IDENTITY:
        raise _broken("a part has a transfer encoding; send plain bytes.")
    disposition = dict(_parameters(fields.get("content-disposition", "")))
    media_type = fields.get("content-type", "").partition(";")[0].strip().lower()
    name = _extended(disposition.get("filename*", "")) or disposition.get("filename", "")
    if not name and (disposition.get("filename") is not None or media_type.startswith("text/") or not media_type):
        return None
    return FilePart(name or disposition.get("name", ""), media_type or "application/octet-stream")


def _lines(headers: bytes) -> Iterator[tuple[str, str]]:
    """Names, in lower case, and values of header fields; a line that begins with a blank goes on with the last."""
    text = _text(headers).replace("\r\n ", " ").replace("\r\n\t", " ")
    for line in text.split("\r\n"):
        name, colon, value = line.partition(":")
        if colon:
            yield name.strip().lower(), value.strip()


def _parameters(value: str) -> Iterator[tuple[str, str]]:
    """Names and values of a field's parameters. Only quotes and backslashes are taken for escaped: browsers write
    `%22` for a quote, and old ones send whole Windows paths.
    """
    for match in _PARAMETER.finditer(value):
        name, quoted, plain = match.groups()
        yield name.lower(), plain if quoted is None else _ESCAPED.sub(r"\1", quoted).replace("%22", '"')


def _extended(value: str) -> str:
    """A value of RFC 8187; empty where it is none."""
    match = _EXTENDED.fullmatch(value)
    if match is None:
        return ""
    raw = re.sub(rb"%([0-9A-Fa-f]{2})", lambda hexed: bytes([int(hexed[1], 16)]), match[2].encode())
    return raw.decode(match[1], errors="replace")


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _broken(why: str) -> TelecineError:
    return TelecineError(ErrorKind.FIELD_INVALID, why, field=_FIELD)

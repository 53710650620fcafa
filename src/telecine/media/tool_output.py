"""What media tools say: bounded in memory however much they say, and cleaned before anybody sees it."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

LONGEST_LINE = 2**20
MASK = "***"

_ELSEWHERE = re.compile(r"(?<![\w./-])/(?!/)(?:[^\s'\"/:,]+/)+(?=[^\s'\"/:,])")
"""The folders of an absolute path, up to its last name. In a URL every slash follows a name or another slash."""


class Tail:
    """The last `most` bytes of a stream."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._kept = bytearray()

    def feed(self, data: bytes) -> None:
        """Take the next bytes; now and then forget what is no longer among the last."""
        self._kept += data
        if len(self._kept) > 2 * self._most:
            del self._kept[: -self._most]

    def text(self) -> str:
        """What is kept, as text; bytes that are not UTF-8 are replaced."""
        return self._kept[-self._most :].decode("utf-8", "replace")


class Lines:
    """Cuts a stream into lines and hands each on. A line without end is handed on in pieces of a mebibyte."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._rest = bytearray()

    def feed(self, data: bytes) -> None:
        """Hand on every line that `data` completes."""
        head, *more = data.split(b"\n")
        self._rest += head
        for piece in more:
            self._hand_on()
            self._rest += piece
        if len(self._rest) > LONGEST_LINE:
            self._hand_on()

    def end(self) -> None:
        """Hand on what is left, a line that its writer did not end."""
        if self._rest:
            self._hand_on()

    def _hand_on(self) -> None:
        line, self._rest = self._rest, bytearray()
        self._on_line(line.decode("utf-8", "replace").rstrip("\r"))


class Raw:
    """Hands a stream on as it comes."""

    def __init__(self, on_bytes: Callable[[bytes], None]) -> None:
        self._on_bytes = on_bytes

    def feed(self, data: bytes) -> None:
        """Hand on the next bytes."""
        self._on_bytes(data)


def clean(text: str, cwd: Path, secrets: Sequence[str] = ()) -> str:
    """`text` with every secret masked and paths below `cwd` made relative to it."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    return text.replace(f"{cwd}/", "")


def hide_paths(text: str) -> str:
    """`text` with every other absolute path cut to its last name: where we keep things is nobody's business."""
    return _ELSEWHERE.sub("", text)


def last_lines(text: str, most: int) -> str:
    """The last `most` lines of `text` that say something."""
    lines = [line.strip() for line in re.split(r"[\r\n]+", text) if line.strip()]
    return "\n".join(lines[-most:])

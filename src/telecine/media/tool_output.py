"""What media tools say: bounded in memory however much they say, and cleaned before anybody sees it."""

import re
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

LONGEST_LINE = 2**20
MASK = "***"

_ELSEWHERE = re.compile(r"(?<![\w.:/-])/(?:[^\s'\"/:,]+/)+(?=[^\s'\"/:,])")
"""The folders of an absolute path, up to its last name. URLs do not match: their slashes follow a colon."""


class Tail:
    """The last `most` bytes of a stream."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pieces: deque[bytes] = deque()
        self._size = 0

    def feed(self, data: bytes) -> None:
        """Take the next bytes and forget what is no longer among the last."""
        self._pieces.append(data)
        self._size += len(data)
        while self._size - len(self._pieces[0]) >= self._most:
            self._size -= len(self._pieces.popleft())

    def end(self) -> None:
        """The stream is over; there is nothing to do for a tail."""

    def text(self) -> str:
        """What is kept, as text; bytes that are not UTF-8 are replaced."""
        return b"".join(self._pieces)[-self._most :].decode("utf-8", "replace")


class Lines:
    """Cuts a stream into lines and hands each on. A line without end is handed on in pieces of a mebibyte."""

    def __init__(self, on_line: Callable[[str], None]) -> None:
        self._on_line = on_line
        self._rest = b""

    def feed(self, data: bytes) -> None:
        """Hand on every line that `data` completes."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        for line in whole:
            self._hand_on(line)
        if len(self._rest) > LONGEST_LINE:
            self.end()

    def end(self) -> None:
        """Hand on what is left, a line that its writer did not end."""
        if self._rest:
            rest, self._rest = self._rest, b""
            self._hand_on(rest)

    def _hand_on(self, line: bytes) -> None:
        self._on_line(line.decode("utf-8", "replace").rstrip("\r"))


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

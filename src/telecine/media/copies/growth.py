"""Is a silent tool still at work? It is as long as the file that it writes grows."""

from collections.abc import Callable
from pathlib import Path


class Growth:
    """A `poll` for `sandbox.run`: passes the caller's on, and tells whether `file` has grown since the last look."""

    def __init__(self, file: Path, poll: Callable[[], None]) -> None:
        self._file = file
        self._poll = poll
        self._size = -1

    def __call__(self) -> bool:
        """Whether there is progress. Raises what the caller's `poll` raises."""
        self._poll()
        before = self._size
        self._size = self._file.stat().st_size if self._file.exists() else -1
        return self._size > before

"""A file that is nowhere: byte ranges of other files, one after the other, read as one.

So a recipient's copy is uploaded, or served, from the two files of a prepared master without ever being stored.
"""

import errno
import io
import os
from bisect import bisect_right
from collections.abc import Sequence
from contextlib import ExitStack
from itertools import accumulate
from pathlib import Path
from typing import BinaryIO, override

from telecine.storage.parts import PIECE, copy_range, whole
from telecine.storage.store import Report, no_report

type Part = tuple[Path, int, int]
"""A file, and the first byte and the end of what is taken of it."""


class RangeFile(io.RawIOBase):
    """The bytes of `parts`, first to last: read-only, seekable, of `size` bytes.

    All files are opened at once, each once, and stay open until `close`, so they may be deleted meanwhile. It has one
    position, so threads take turns or open their own. Raises OSError for a file that cannot be opened, and ValueError
    for a part that is none of its file.
    """

    def __init__(self, parts: Sequence[Part]) -> None:
        super().__init__()
        self._parts = [part for part in parts if part[1] < part[2]]
        self._ends = list(accumulate(end - start for _, start, end in self._parts))
        self._at = 0
        self._stack = ExitStack()
        self._files: dict[Path, BinaryIO] = {}
        try:
            self._open(parts)
        except BaseException:
            self.close()
            raise

    @property
    def size(self) -> int:
        """Bytes of the whole."""
        return self._ends[-1] if self._ends else 0

    @override
    def readable(self) -> bool:
        """It is."""
        return True

    @override
    def seekable(self) -> bool:
        """It is."""
        return True

    @override
    def tell(self) -> int:
        """Where the next byte is read."""
        return self._at

    @override
    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to a place, which may be past the end. Raises ValueError for one before the beginning."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence]
        if base + offset < 0:
            raise ValueError(f"there is no byte {base + offset}")
        self._at = base + offset
        return self._at

    @override
    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill `buffer`, less only at the end. Raises OSError where a file is shorter than its parts say."""
        with memoryview(buffer).cast("B") as view:
            done = 0
            while done < len(view) and self._at < self.size:
                done += self._read_part(view[done:])
        return done

    @override
    def readall(self) -> bytes:
        """All that is left."""
        return self.read(max(0, self.size - self._at)) or b""

    def write_to(self, target: BinaryIO, report: Report = no_report) -> None:
        """Append all of it to `target`, in whose buffer nothing may wait; the position here does not matter.

        The kernel copies where it can; on file systems that share blocks that takes next to no time and no space.
        """
        report(0, self.size)
        done = told = 0
        for path, start, end in self._parts:
            for moved in copy_range(self._files[path], start, end, target):
                done += moved
                if done - told >= PIECE or done == self.size:
                    told = done
                    report(done, self.size)

    def copy_to(self, target: Path, report: Report = no_report) -> None:
        """Make the file `target` of it, which appears only when it is whole."""
        with whole(target) as file:
            self.write_to(file, report)

    @override
    def close(self) -> None:
        """Close every file."""
        self._stack.close()
        self._files.clear()
        super().close()

    def _read_part(self, view: memoryview) -> int:
        """Read once, from one part."""
        number = bisect_right(self._ends, self._at)
        path, _, end = self._parts[number]
        place = end - (self._ends[number] - self._at)
        got = os.preadv(self._files[path].fileno(), [view[: end - place]], place)
        if not got:
            raise OSError(errno.EIO, f"{path.name} ends before byte {end}")
        self._at += got
        return got

    def _open(self, parts: Sequence[Part]) -> None:
        for path, start, end in parts:
            if path not in self._files:
                self._files[path] = self._stack.enter_context(path.open("rb"))
            if not 0 <= start <= end <= os.fstat(self._files[path].fileno()).st_size:
                raise ValueError(f"{path.name} has no bytes {start} to {end}")

"""Files that appear whole or not at all: written under another name beside the target, renamed last.

Temporary names of killed processes can be told from everybody else's files and removed.
"""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from telecine.storage.store import Report

PIECE = 32 * 2**20
"""Bytes that are copied between two reports."""

_PREFIX = ".telecine-"
_SUFFIX = ".part"


def is_part(name: str) -> bool:
    """Whether `name` is one of ours for an unfinished file."""
    return name.startswith(_PREFIX) and name.endswith(_SUFFIX)


def part_beside(target: Path) -> Path:
    """A new name for the unfinished `target`, in its own folder, which is made where it is missing."""
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}")


@contextmanager
def whole(target: Path) -> Iterator[BinaryIO]:
    """A file to write, which becomes `target` at the end of the block, and vanishes where the block raises."""
    part = part_beside(target)
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def copy(source: BinaryIO, target: BinaryIO, total: int, report: Report) -> None:
    """Copy the `total` bytes of `source` to `target`, yet unwritten, reporting after every piece."""
    report(0, total)
    done = 0
    for moved in copy_range(source, 0, total, target):
        done += moved
        report(done, total)


def copy_range(source: BinaryIO, start: int, end: int, target: BinaryIO) -> Iterator[int]:
    """Append bytes `start` to `end` of `source` to `target`; how many, after every piece.

    The kernel does it where it can: on some file systems the copy then takes no time and no space. Nothing may wait
    in a buffer of `target`. Raises OSError where `source` is shorter.
    """
    in_kernel = hasattr(os, "copy_file_range")
    while start < end:
        most = min(PIECE, end - start)
        try:
            if in_kernel:
                moved = os.copy_file_range(source.fileno(), target.fileno(), most, start)
            else:
                moved = _by_hand(source, start, most, target)
        except OSError as error:
            if not in_kernel or error.errno not in _NOT_IN_KERNEL:
                raise
            in_kernel = False  # two file systems, or one that cannot
            continue
        if not moved:
            raise OSError(errno.EIO, "a file has become shorter")
        start += moved
        yield moved


_NOT_IN_KERNEL = (errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM)
_BLOCK = 2**20


def _by_hand(source: BinaryIO, start: int, most: int, target: BinaryIO) -> int:
    block = os.pread(source.fileno(), min(most, _BLOCK), start)
    return os.write(target.fileno(), block)

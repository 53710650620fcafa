"""Puts another picture into a master in MP4 or QuickTime: everything else of the file is the master's own.

The new file has the master's boxes before its media (so players can begin at once), and the chunks of all tracks in the
master's order, only that the picture's chunks hold the pictures of a take. Where two takes are given, their pictures
are padded to one size, so that both files have one layout and one head.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from telecine.core.errors import ErrorKind, TelecineError
from telecine.media.copies.movie_boxes import box, with_brand, with_tables
from telecine.media.copies.movie_master import MovieMaster
from telecine.media.copies.movie_tables import moved_table, picture_table, reorders
from telecine.media.copies.padded_pictures import PaddedPictures, PaddedReader
from telecine.media.copies.sample_tables import Numbers, lengths_of_runs, places_in_runs

BLOCK = 2**20
"""Bytes that are copied at once."""

NARROW = 2**32
"""Up to this size a file's tables have offsets of 32 bits."""

_SIGNED_OFFSETS = b"iso4"
"""The brand of MP4 in which offsets of showing may be negative."""

type Watch = Callable[[int], None]
"""Told how many bytes of the layout have been written since it was last told; may raise to stop the work."""


@dataclass(frozen=True, slots=True)
class Order:
    """The chunks of all tracks as they lie in the master, in parallel arrays; `starts` are places in the new media."""

    tracks: Numbers
    chunks: Numbers
    lengths: Numbers
    starts: Numbers


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is in the new file."""

    head: bytes
    """All before the media."""
    order: Order
    positions: Numbers
    """Where each picture begins, in decoding order."""
    size: int
    """Bytes of the whole file."""


def lay_out(master: MovieMaster, pictures: PaddedPictures) -> Layout:
    """Where everything goes. Tables of 32 bits are used where they reach."""
    order = _order(master, pictures.sizes)
    media = int(order.lengths.sum())
    wide = len(_head(master, pictures, order, 0, wide=True)) + media >= NARROW
    begin = len(_head(master, pictures, order, 0, wide=wide))
    counts = master.chunks[master.picture].counts
    starts = begin + order.starts[order.tracks == master.picture]
    positions = places_in_runs(starts, counts, pictures.sizes)
    return Layout(_head(master, pictures, order, begin, wide=wide), order, positions, begin + media)


def write_movies(
    master: MovieMaster, source: Path, pictures: PaddedPictures, layout: Layout, targets: Sequence[Path], watch: Watch
) -> None:
    """Write the file of each take to its target; `source` is the file of `master`.

    Raises INPUT_UNREADABLE where the master ends early, and ENCODE_FAILED where pictures are not as they were measured.
    """
    with ExitStack() as stack:
        media = stack.enter_context(source.open("rb"))
        reader = stack.enter_context(pictures.opened())
        files = [stack.enter_context(target.open("wb", buffering=BLOCK)) for target in targets]
        for file in files:
            file.write(layout.head)
        counts = master.chunks[master.picture].counts
        ends = np.cumsum(counts)
        order = layout.order
        for track, chunk, length in zip(order.tracks, order.chunks, order.lengths, strict=True):
            if track == master.picture:
                _write_pictures(reader, range(int(ends[chunk] - counts[chunk]), int(ends[chunk])), files)
            else:
                _copy(media, int(master.chunks[track].offsets[chunk]), int(length), files)
            watch(int(length))
        if any(file.tell() != layout.size for file in files):
            raise TelecineError(ErrorKind.ENCODE_FAILED, "the files have not the size that they were laid out for.")


def _order(master: MovieMaster, sizes: Numbers) -> Order:
    tracks = np.concatenate([np.full(len(one.offsets), track) for track, one in enumerate(master.chunks)])
    chunks = np.concatenate([np.arange(len(one.offsets)) for one in master.chunks])
    lengths = np.concatenate(
        [
            lengths_of_runs(one.counts, sizes) if track == master.picture else one.lengths
            for track, one in enumerate(master.chunks)
        ]
    )
    order = np.argsort(np.concatenate([one.offsets for one in master.chunks]), kind="stable")
    lengths = lengths[order]
    return Order(tracks[order], chunks[order], lengths, np.cumsum(lengths) - lengths)


def _head(master: MovieMaster, pictures: PaddedPictures, order: Order, begin: int, *, wide: bool) -> bytes:
    """All before the media, which begin at `begin`. Its length depends on `wide` alone."""
    tables: list[bytes] = []
    for number, track in enumerate(master.tracks):
        offsets = begin + order.starts[order.tracks == number][np.argsort(order.chunks[order.tracks == number])]
        if number == master.picture:
            tables.append(picture_table(track, master.times, pictures, offsets, wide=wide))
        else:
            tables.append(moved_table(track, offsets, wide=wide))
    media = int(order.lengths.sum())
    opening = b"\0\0\0\1mdat" + (media + 16).to_bytes(8) if wide else (media + 8).to_bytes(4) + b"mdat"
    signed = reorders(master.times, pictures.shown)
    file_type = with_brand(master.file_type, _SIGNED_OFFSETS) if signed else master.file_type
    return file_type + box(b"moov", with_tables(master.moov, tables)) + master.aside + opening


def _write_pictures(reader: PaddedReader, numbers: range, files: Sequence[BinaryIO]) -> None:
    for number in numbers:
        for file, picture in zip(files, reader.read(number), strict=True):
            file.write(picture)


def _copy(source: BinaryIO, start: int, length: int, files: Sequence[BinaryIO]) -> None:
    """Copy `length` bytes of the master to every file."""
    source.seek(start)
    while length:
        block = source.read(min(length, BLOCK))
        if not block:
            raise TelecineError(ErrorKind.INPUT_UNREADABLE, "the master ends within its media.")
        for file in files:
            file.write(block)
        length -= len(block)

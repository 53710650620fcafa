"""What the tables of a track in an MP4 or QuickTime file say about its samples: where, how long, when, which are keys.

ISO/IEC 14496-12, 8.6 and 8.7; Apple's QuickTime File Format. Tables are read as arrays and spread out to samples only
where somebody asks: a sound track of a long film has hundreds of millions.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from telecine.media.copies.movie_boxes import child, needed
from telecine.media.copies.sound_entry import bytes_of_samples
from telecine.media.structure import BrokenError, boxes

type Numbers = NDArray[np.int64]

_SELF_CONTAINED = 1
_ENCRYPTED = frozenset({"saio", "saiz", "senc"})


@dataclass(frozen=True, slots=True)
class Chunks:
    """Samples that lie together: where each chunk begins in the file, how many samples it has, and how many bytes."""

    offsets: Numbers
    counts: Numbers
    lengths: Numbers


@dataclass(frozen=True)
class Track:
    """One track. Times are in its own `timescale`, on its media's clock, before edit lists."""

    handler: bytes
    """`vide`, `soun`, `tmcd` and so on."""
    timescale: int
    table: bytes
    """Body of `stbl`."""
    references: bytes
    """Body of `dref`; empty where there is none."""

    @cached_property
    def kinds(self) -> frozenset[str]:
        """Types of the boxes in the table."""
        return frozenset(kind for kind, _, _ in boxes(self.table))

    @property
    def entries(self) -> list[bytes]:
        """The sample entries, each a whole box."""
        body = needed(self.table, "stsd")[8:]
        return [body[start:end] for start, end in pairwise([0, *(end for _, _, end in boxes(body))])]

    @property
    def count(self) -> int:
        """Samples of the track."""
        sizes = child(self.table, "stsz") or child(self.table, "stz2")
        if sizes is None or len(sizes) < 12:
            raise BrokenError("lacks stbl/stsz")
        return int.from_bytes(sizes[8:12])

    @property
    def within(self) -> bool:
        """Whether all of its samples are in the file itself."""
        entries = [self.references[8:][at : at + 4] for _, at, _ in boxes(self.references[8:])]
        return all(int.from_bytes(entry[1:4]) & _SELF_CONTAINED for entry in entries)

    @property
    def encrypted(self) -> bool:
        """Whether its samples are of no use without a key."""
        protected = any(entry[4:8] in (b"encv", b"enca", b"drmi", b"drms") for entry in self.entries)
        return protected or bool(self.kinds & _ENCRYPTED)

    def sizes(self) -> Numbers:
        """Bytes of every sample."""
        uniform, sizes = self._sizes()
        return np.full(self.count, uniform, np.int64) if sizes is None else sizes

    def chunks(self) -> Chunks:
        """Where the samples lie. Raises BrokenError where the tables contradict each other."""
        offsets = self._offsets()
        counts = _spread(_rows(needed(self.table, "stsc"), 3), len(offsets))
        if int(counts.sum()) != self.count:
            raise BrokenError(f"has {int(counts.sum())} samples in its chunks and {self.count} in its table of sizes")
        uniform, sizes = self._sizes()
        if sizes is None:
            described = self.entries if uniform == 1 and self.handler == b"soun" else []
            lengths = bytes_of_samples(described[0], counts) if described else counts * uniform
        else:
            lengths = lengths_of_runs(counts, sizes)
        return Chunks(offsets, counts, lengths)

    def decode_times(self) -> Numbers:
        """When each sample is decoded, in ticks."""
        rows = _rows(needed(self.table, "stts"), 2)
        if int(rows[:, 0].sum()) != self.count:
            raise BrokenError(f"has {int(rows[:, 0].sum())} samples in its table of times instead of {self.count}")
        durations = np.repeat(rows[:, 1], rows[:, 0])
        return np.cumsum(durations) - durations

    def shown_times(self) -> Numbers:
        """When each sample is shown, in ticks, in the order in which they are decoded."""
        decoded = self.decode_times()
        table = child(self.table, "ctts")
        if table is None:
            return decoded
        rows = _rows(table, 2)
        if int(rows[:, 0].sum()) != self.count:
            raise BrokenError("has a table of composition offsets that is not as long as its samples are many")
        # Writers of version 0 put negative offsets there too, so they are read as signed, as everybody does.
        return decoded + np.repeat(rows[:, 1].astype(np.int32).astype(np.int64), rows[:, 0])

    def keys(self) -> NDArray[np.bool_]:
        """Which samples can be decoded without others."""
        table = child(self.table, "stss")
        if table is None:
            return np.ones(self.count, np.bool_)
        keys = np.zeros(self.count, np.bool_)
        numbers = _rows(table, 1)[:, 0] - 1
        keys[numbers[(numbers >= 0) & (numbers < self.count)]] = True
        return keys

    def places(self) -> Numbers:
        """Where each sample begins in the file."""
        chunks = self.chunks()
        return places_in_runs(chunks.offsets, chunks.counts, self.sizes())

    def _sizes(self) -> tuple[int, Numbers | None]:
        """The size of all samples, or that of each."""
        table = child(self.table, "stsz")
        if table is None:
            return 0, _compact(needed(self.table, "stz2"))
        uniform = int.from_bytes(table[4:8])
        if uniform:
            return uniform, None
        return 0, _rows(table[4:], 1)[:, 0]

    def _offsets(self) -> Numbers:
        table = child(self.table, "stco")
        if table is not None:
            return _rows(table, 1)[:, 0]
        return _rows(needed(self.table, "co64"), 1, ">i8")[:, 0]


def read_tracks(moov: bytes) -> list[Track]:
    """The tracks of the body of a `moov`, in their order. Raises BrokenError."""
    return [_track(moov[body:end]) for kind, body, end in boxes(moov) if kind == "trak"]


def lengths_of_runs(counts: Numbers, sizes: Numbers) -> Numbers:
    """Bytes of runs of `counts` samples, one run after the other; `sizes` are those of all samples."""
    ends: Numbers = np.concatenate(([0], np.cumsum(sizes)))
    last = np.cumsum(counts)
    lengths: Numbers = ends[last] - ends[last - counts]
    return lengths


def places_in_runs(starts: Numbers, counts: Numbers, sizes: Numbers) -> Numbers:
    """Where each sample begins, in runs of `counts` samples that begin at `starts`; `sizes` are those of all."""
    filled = counts > 0
    before = np.cumsum(sizes) - sizes
    first = (np.cumsum(counts) - counts)[filled]
    places: Numbers = before + np.repeat(starts[filled] - before[first], counts[filled])
    return places


def _track(trak: bytes) -> Track:
    header = needed(trak, "mdia", "mdhd")
    handler = needed(trak, "mdia", "hdlr")
    media = needed(trak, "mdia", "minf")
    timescale = int.from_bytes(header[20:24] if header[:1] == b"\x01" else header[12:16])
    if not timescale:
        raise BrokenError("has a track whose clock does not run")
    references = child(media, "dinf", "dref") or b""
    return Track(handler[8:12], timescale, needed(media, "stbl"), references)


def _rows(table: bytes, columns: int, kind: str = ">u4") -> Numbers:
    """The rows of a table behind version, flags and their number. Raises BrokenError where it is too short."""
    count, width = int.from_bytes(table[4:8]), np.dtype(kind).itemsize
    if len(table) < 8 + count * columns * width:
        raise BrokenError(f"has a table of {count} rows in {len(table)} bytes")
    return np.frombuffer(table, kind, count * columns, 8).astype(np.int64).reshape(count, columns)


def _compact(table: bytes) -> Numbers:
    """Sizes of 4, 8 or 16 bits (`stz2`)."""
    bits, count = table[7], int.from_bytes(table[8:12])
    if bits == 4:
        both = np.frombuffer(table, np.uint8, offset=12)
        sizes = np.stack([both >> 4, both & 15], axis=1).ravel()
    elif bits in (8, 16):
        sizes = np.frombuffer(table, f">u{bits // 8}", (len(table) - 12) // (bits // 8), 12)
    else:
        raise BrokenError(f"has sizes of {bits} bits")
    if len(sizes) < count:
        raise BrokenError(f"has a table of {count} sizes in {len(table)} bytes")
    return sizes[:count].astype(np.int64)


def _spread(rows: Numbers, chunks: int) -> Numbers:
    """How many samples each chunk has, from the runs of `stsc`."""
    if chunks == 0:
        return np.zeros(0, np.int64)
    first = rows[:, 0]
    lengths = np.diff(np.append(first, chunks + 1))
    if len(first) == 0 or first[0] != 1 or (lengths < 0).any():
        raise BrokenError("has a table of chunks that is out of order")
    return np.repeat(rows[:, 1], lengths)[:chunks]

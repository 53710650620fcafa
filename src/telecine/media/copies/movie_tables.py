"""The tables of a track whose samples have changed: the picture's, or any other's that have only moved.

ISO/IEC 14496-12, 8.6 and 8.7. Display times are the master's to the tick, so its edit lists stay right; offsets may
be negative, where the encode reorders pictures and the master did not.
"""

from typing import NamedTuple

import numpy as np

from telecine.media.copies.movie_boxes import box
from telecine.media.copies.padded_pictures import PaddedPictures
from telecine.media.copies.sample_entry import with_configuration
from telecine.media.copies.sample_tables import Numbers, Track
from telecine.media.structure import boxes

_VERSION_1 = b"\x01\0\0\0"
_PLAIN = b"\0\0\0\0"


def moved_table(track: Track, offsets: Numbers, *, wide: bool) -> bytes:
    """The body of the `stbl` of a track whose chunks now begin at `offsets`, everything else as it was.

    `wide`: offsets are written with 64 bits.
    """
    parts = [
        _chunk_offsets(offsets, wide) if kind in ("stco", "co64") else _box(track.table, kind, body, end)
        for kind, body, end in boxes(track.table)
    ]
    return b"".join(parts)


class PictureTimes(NamedTuple):
    """The master's times, in ticks: when its samples are decoded, and when its pictures are shown, both growing."""

    decoded: Numbers
    shown: Numbers


def picture_times(track: Track) -> PictureTimes:
    """The times of the master's picture. Raises BrokenError where its tables contradict each other."""
    return PictureTimes(track.decode_times(), np.sort(track.shown_times()))


def reorders(times: PictureTimes, shown: Numbers) -> bool:
    """Whether a picture is shown before the master would decode one, which takes signed offsets.

    `shown` are the numbers of the pictures in decoding order.
    """
    return bool((times.shown[shown] < times.decoded).any())


def picture_table(
    track: Track, times: PictureTimes, pictures: PaddedPictures, offsets: Numbers, *, wide: bool
) -> bytes:
    """The body of the `stbl` of the picture's track for another encode of its pictures; chunks begin at `offsets`.

    What else the master's table says of single samples (`sdtp`, `sbgp`, ...) was true of its own encode and goes.
    """
    entry = with_configuration(track.entries[0], pictures.configuration)
    kept = {kind: _box(track.table, kind, at, end) for kind, at, end in boxes(track.table) if kind in ("stts", "stsc")}
    sizes, keys = pictures.sizes, pictures.keys
    parts = [
        box(b"stsd", _PLAIN, (1).to_bytes(4), entry),
        kept["stts"],
        *_offsets_of_showing(times, pictures.shown),
        *([] if keys.all() else [_table(b"stss", np.flatnonzero(keys) + 1)]),
        kept["stsc"],
        box(b"stsz", _PLAIN, (0).to_bytes(4), len(sizes).to_bytes(4), sizes.astype(">u4").tobytes()),
        _chunk_offsets(offsets, wide),
    ]
    return b"".join(parts)


def _offsets_of_showing(times: PictureTimes, shown: Numbers) -> list[bytes]:
    """`ctts`, and `cslg` where an offset is negative; nothing where pictures are shown as they are decoded."""
    offsets = times.shown[shown] - times.decoded
    if not offsets.any():
        return []
    changes = np.flatnonzero(np.diff(offsets)) + 1
    starts = np.concatenate(([0], changes))
    counts = np.diff(np.append(starts, len(offsets)))
    rows = np.stack([counts, offsets[starts]], axis=1).astype(">i4")
    signed = reorders(times, shown)
    head = _VERSION_1 if signed else _PLAIN
    table = box(b"ctts", head, len(rows).to_bytes(4), rows.tobytes())
    return [table, _shift(offsets, times.shown)] if signed else [table]


def _shift(offsets: Numbers, times: Numbers) -> bytes:
    """`cslg`: how far decoding would have to run ahead for every offset to be positive."""
    least, greatest = int(offsets.min()), int(offsets.max())
    last = int(times[-1] - times[-2]) if len(times) > 1 else 0
    values = (-least, least, greatest, int(times[0]), int(times[-1]) + last)
    return box(b"cslg", _VERSION_1, *(value.to_bytes(8, signed=True) for value in values))


def _chunk_offsets(offsets: Numbers, wide: bool) -> bytes:
    return _table(b"co64", offsets, ">u8") if wide else _table(b"stco", offsets)


def _table(kind: bytes, values: Numbers, width: str = ">u4") -> bytes:
    return box(kind, _PLAIN, len(values).to_bytes(4), values.astype(width).tobytes())


def _box(table: bytes, kind: str, body: int, end: int) -> bytes:
    return box(kind.encode("latin-1"), table[body:end])

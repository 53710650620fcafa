"""The size of what is made, and the shape of its pixels.

Sizes are stored ones: a player that obeys the rotation of a phone's video turns them. Tags of frames (`hd_1080p`)
mean "as large as fits into it, in the shape in which the source is shown", as the original service does: 560x320
becomes 1890x1080. Pixels become square where the size is made from the shape shown, and stay as they were where it is
a multiple of the stored size.
"""

from fractions import Fraction
from typing import NamedTuple

from telecine.core.enhance.options import Chroma, Codec
from telecine.core.enhance.picture import Fields
from telecine.core.enhance.refusals import ASPECT, HEIGHT, RESOLUTION, TAG, WIDTH, invalid, missing, out_of_range
from telecine.core.enhance.spec import Size
from telecine.core.media_info import VideoTrack

LEAST, MOST = (16, 16), (7680, 4320)
"""Width and height that can be made."""

FRAMES = {"hd_1080p": (1920, 1080), "uhd_4k": (3840, 2160), "uhd_8k": (7680, 4320)}
FACTORS = {"2x": 2, "3x": 3, "4x": 4, "no_scaling": 1}

HD = (1920, 1080)
"""Largest picture of `dvres`."""

_STATIC = {"16:9": Fraction(16, 9), "4:3": Fraction(4, 3)}

_ALIKE = Fraction(1, 100)
"""Shapes that differ by less are meant to be the same: sizes are whole and often even."""

_NEAR = 2
"""A side that misses the tag's frame by no more pixels is the frame's."""


class Frame(NamedTuple):
    """A stored size and the shape of a pixel, width over height."""

    width: int
    height: int
    sample_aspect: Fraction = Fraction(1)


def check_size(size: Size) -> None:
    """Refuse what contradicts itself. A tag makes everything else meaningless, as in the document's own example.

    Raises FIELD_MISSING or FIELD_INVALID.
    """
    if size.tag:
        return
    if not (size.width or size.height):
        if size.aspect:
            raise missing(WIDTH, "Without a tag, a width or a height is needed beside the aspect ratio.")
        raise missing(RESOLUTION, "It needs a tag, or a width, or a height.")
    if size.width and size.height and size.aspect:
        raise invalid(ASPECT, "width, height and aspect ratio together say too much; leave out one of the three.")


def target_frame(size: Size | None, track: VideoTrack, step: tuple[int, int]) -> Frame:
    """The size asked for, in whole steps (see `steps`); that of the source where nothing is asked for.

    Raises FIELD_OUT_OF_RANGE where the size that follows is none that can be made.
    """
    if size is None or size.tag == "no_scaling":
        return _whole(Frame(track.width, track.height, track.sample_aspect), step)
    even = (max(2, step[0]), max(2, step[1]))
    if size.tag in FACTORS:
        factor = FACTORS[size.tag]
        frame = _whole(Frame(track.width * factor, track.height * factor, track.sample_aspect), even)
    elif size.tag:
        frame = _fitted(FRAMES[size.tag], track, even)
    else:
        frame = _given(size, track, even)
    _check_range(frame, size)
    return frame


def steps(chroma: Chroma, fields: Fields, codec: Codec) -> tuple[int, int]:
    """Of what number the width and the height must be multiples: of chroma's samples, twice as high in two fields.

    FFV1 has whole samples at the edges of odd sizes.
    """
    if codec == Codec.FFV1 and fields == "progressive":
        return 1, 1
    across, down = chroma.spacing
    return across, down if fields == "progressive" else 2 * down


def shown_aspect(track: VideoTrack) -> Fraction:
    """Width over height of the stored picture as shown, before rotation."""
    return Fraction(track.width, track.height) * track.sample_aspect


def _fitted(frame: tuple[int, int], track: VideoTrack, step: tuple[int, int]) -> Frame:
    """The largest size in the shape shown that fits inside `frame` as it is shown, that is, after rotation."""
    wide, high = frame if track.rotation not in (90, 270) else frame[::-1]
    aspect = shown_aspect(track)
    if aspect >= Fraction(wide, high):
        return Frame(_multiple(wide, step[0]), _near(wide / aspect, high, step[1]))
    return Frame(_near(high * aspect, wide, step[0]), _multiple(high, step[1]))


def _given(size: Size, track: VideoTrack, step: tuple[int, int]) -> Frame:
    """Width and height as given, the one that is not from the aspect."""
    if size.width and size.height:
        width, height = _multiple(size.width, step[0]), _multiple(size.height, step[1])
        return Frame(width, height, _pixel_shape(Fraction(width, height), track))
    aspect, pixel = shown_aspect(track), Fraction(1)
    if size.aspect == "storage":
        aspect, pixel = Fraction(track.width, track.height), track.sample_aspect
    elif size.aspect in _STATIC:
        aspect = _STATIC[size.aspect]
    if size.width:
        width = _multiple(size.width, step[0])
        return Frame(width, _multiple(size.width / aspect, step[1]), pixel)
    assert size.height is not None
    return Frame(_multiple(size.height * aspect, step[0]), _multiple(size.height, step[1]), pixel)


def _pixel_shape(aspect: Fraction, track: VideoTrack) -> Fraction:
    """Pixels of a size that was given whole: the source's where the stored shape was kept, else square."""
    stored = Fraction(track.width, track.height)
    shown = abs(aspect / shown_aspect(track) - 1) <= _ALIKE
    return track.sample_aspect if not shown and abs(aspect / stored - 1) <= _ALIKE else Fraction(1)


def _check_range(frame: Frame, size: Size) -> None:
    for field, length, least, most in zip((WIDTH, HEIGHT), frame[:2], LEAST, MOST, strict=True):
        if not least <= length <= most:
            name = field.rpartition(".")[2]
            raise out_of_range(TAG if size.tag else field, f"the {name} would be {length}, not {least} to {most}.")


def _whole(frame: Frame, step: tuple[int, int]) -> Frame:
    """The same, a little smaller where it is no whole number of steps."""
    width, height = (max(unit, length // unit * unit) for length, unit in zip(frame[:2], step, strict=True))
    return Frame(width, height, frame.sample_aspect)


def _near(length: Fraction, asked: int, step: int) -> int:
    made = _multiple(length, step)
    return asked if abs(made - asked) <= _NEAR and asked % step == 0 else made


def _multiple(length: Fraction | int, step: int) -> int:
    return max(step, step * round(Fraction(length) / step))

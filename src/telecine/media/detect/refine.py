"""From a rough guess of where a piece of a leak lies to an exact one: its place in the picture, then its time.

Time is measured at moments spread over the piece: first roughly, which of the title's pictures around the guess is most
alike in its details; then finely, which of the leak's pictures is most like one of the title's, to a fraction of a
picture, for a leak has five times as many. A line through the moments gives offset and speed. A customary speed is
taken where it fits about as well: others are rare.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from telecine.media.detect.follow import correct
from telecine.media.detect.geometry import Fit, fit, middle, seen
from telecine.media.detect.lens import Lens, distinct
from telecine.media.detect.pieces import Floats, Look, LookSource, Pictures, Piece, mirror

CUSTOMARY = (1.0, 24 / 25, 25 / 24, 1000 / 1001, 1001 / 1000)
"""Speeds that films are really shown at, the likeliest first."""
PAIRS = 8
"""Pictures that are compared to find the place."""
MOMENTS = 24
"""Pictures that are compared to find the time."""
COARSE = (0.6, 0.04)
FINE = (0.14, 0.01)
"""How far from the guess pictures are looked at, and how finely, in seconds."""

_POLISHED = 8
_LEAST_POLISHED = 3
_SIZE = (180, 320)
_EDGE = 6
_RARE = 12.0  # as an F test of one number more at a thousandth: uncustomary speeds are rare


def moments(leak: LookSource, piece: Piece, most: int) -> list[float]:
    """Up to `most` times of pictures of the leak, spread evenly over the piece, not at its very ends."""
    margin = 0.04 * (piece.end - piece.begin)
    inside = (leak.thumbs.times >= piece.begin + margin) & (leak.thumbs.times <= piece.end - margin)
    times = leak.thumbs.times[inside]
    if not len(times):
        return [(piece.begin + piece.end) / 2]
    return [float(time) for time in times[np.unique(np.linspace(0, len(times) - 1, most).astype(int))]]


def place(leak: LookSource, title: LookSource, piece: Piece, pairs: int = PAIRS) -> Fit | None:
    """The transform that features of the piece's pictures agree on; None without clear evidence."""
    found = _pairs(leak, title, piece, pairs)
    return fit(((mirror(one) if piece.mirrored else one), other) for one, other in found)


def _pairs(leak: LookSource, title: LookSource, piece: Piece, most: int) -> list[tuple[Look, Look]]:
    """Pictures of leak and title of the same moments: those of the title, for between two of them a camera moves on."""
    times = _title_moments(title, piece, most)
    shown = leak.looks([(float(time) - piece.offset) / piece.speed for time in times])
    return list(zip(shown, title.looks([float(time) for time in times]), strict=True))


def roughly(leak: LookSource, title: LookSource, piece: Piece, most: int = MOMENTS) -> tuple[Piece, float]:
    """The piece with its time set right within 0.6 s, and how alike its pictures then are (-1 to 1).

    Up to `most` pictures of the leak are compared.
    """
    lens = Lens(piece.mirrored, piece.transform)
    times = np.array(moments(leak, piece, most))
    late, alike, sharp = np.empty((3, len(times)))
    for number, look in enumerate(leak.looks(list(times))):
        about = piece.title_time(float(times[number]))
        late[number], alike[number], sharp[number] = _most_alike(
            lens.of_leak(look), title, about, COARSE, lens.of_title
        )
    speed, offset = _line(times, late, np.sqrt(np.maximum(sharp * alike, 0)), piece.speed)
    return replace(piece, offset=offset, speed=speed), float(np.median(alike))


def finely(leak: LookSource, title: LookSource, piece: Piece) -> tuple[Piece, float]:
    """The piece with its time set right within 0.14 s, and how alike its pictures then are (-1 to 1)."""
    lens = Lens(piece.mirrored, piece.transform)
    times = _title_moments(title, piece, MOMENTS)
    if not len(times):
        return roughly(leak, title, piece)
    late, alike, sharp = np.empty((3, len(times)))
    for number, look in enumerate(title.looks(list(times))):
        about = (float(times[number]) - piece.offset) / piece.speed
        late[number], alike[number], sharp[number] = _most_alike(lens.of_title(look), leak, about, FINE, lens.of_leak)
    speed, offset = _line(late, times, np.sqrt(np.maximum(sharp * alike, 0)), piece.speed)
    return replace(piece, offset=offset, speed=speed), float(np.median(alike))


def _title_moments(title: LookSource, piece: Piece, most: int) -> Floats:
    """Times of up to `most` pictures of the title, spread over what the piece shows, not at its very ends."""
    margin = 0.04 * (piece.end - piece.begin)
    begin, end = piece.title_time(piece.begin + margin), piece.title_time(piece.end - margin)
    times: Floats = title.thumbs.times[(title.thumbs.times >= begin) & (title.thumbs.times <= end)]
    return times[np.unique(np.linspace(0, len(times) - 1, most).astype(int))] if len(times) else times


def _most_alike(
    look: Pictures, other: LookSource, about: float, way: tuple[float, float], lens: Callable[[Look], Pictures]
) -> tuple[float, float, float]:
    """When, about a time, `other` is most like details `look`, how alike, and how far that stands out."""
    reach, step = way
    pictures = distinct(other, about - reach, about + reach, step)
    measured = np.array([look @ lens(picture) for _, _, picture in pictures])
    return _peak(np.array([(begin + end) / 2 for begin, end, _ in pictures]), measured)


def _peak(times: Floats, alike: Floats) -> tuple[float, float, float]:
    """The time of the highest likeness (of a parabola through three), the likeness, how far it stands out."""
    best = int(alike.argmax())
    stands_out = float(alike[best] - np.median(alike))
    if 0 < best < len(alike) - 1:
        before, top, after = alike[best - 1 : best + 2]
        bend = before - 2 * top + after
        shift = 0.5 * (before - after) / bend if bend < 0 else 0.0
        width = (times[best + 1] - times[best - 1]) / 2
        return float(times[best] + shift * width), float(top), stands_out
    return float(times[best]), float(alike[best]), stands_out * 0.1  # at the edge: only the direction is known


def _line(leak: Floats, title: Floats, weights: Floats, guess: float) -> tuple[float, float]:
    """Speed and offset of the line through most points: least squares; what is far off is doubted more and more."""
    weights = weights + 1e-6
    speed = _simplest(leak, title, weights, guess)
    return speed, _middle(title - speed * leak, weights)


def _simplest(leak: Floats, title: Floats, weights: Floats, guess: float) -> float:
    if len(leak) < 4:
        return guess
    trust = weights.copy()
    for _ in range(8):
        speed, offset = np.polyfit(leak, title, 1, w=np.sqrt(trust))
        miss = np.abs(title - offset - speed * leak)
        trust = weights / np.maximum(miss / max(1.5 * float(np.median(miss)), 0.004), 1)
    free = _misfit(leak, title, trust, float(speed))
    chances = 1 + _RARE / len(leak)
    for customary in CUSTOMARY:
        if _misfit(leak, title, trust, customary) <= free * chances + 1e-6:
            return customary
    return float(speed)


def _misfit(leak: Floats, title: Floats, weights: Floats, speed: float) -> float:
    left = title - speed * leak
    return float(np.average(np.square(left - np.average(left, weights=weights)), weights=weights))


def _middle(values: Floats, weights: Floats) -> float:
    """The mean of those near the weighted median."""
    order = np.argsort(values)
    half = np.searchsorted(np.cumsum(weights[order]), weights.sum() / 2)
    median = values[order[half]]
    spread = max(1.5 * float(np.average(np.abs(values - median), weights=weights)), 0.004)
    near = np.abs(values - median) <= 2 * spread
    return float(np.average(values[near], weights=weights[near]))


def polish(leak: LookSource, title: LookSource, piece: Piece) -> Piece:
    """The piece with its transform set right to a fraction of a pixel.

    Several pictures say each where the corners belong, and the medians are taken. A picture that cannot be aligned
    says nothing; fewer than three that can change nothing.
    """
    lens = Lens(piece.mirrored, piece.transform)
    covered = seen(piece.transform, _EDGE)
    pairs = _pairs(leak, title, piece, _POLISHED)
    found = [correct(lens.laid(shown), meant, covered, _SIZE, "perspective") for shown, meant in pairs]
    corrections = [one for one in found if one is not None]
    if len(corrections) < _LEAST_POLISHED:
        return piece
    transform = middle(corrections) @ piece.transform
    return replace(piece, transform=transform / transform[2, 2])

"""Lays a single picture on its title: a photograph, a screenshot, a clip too short to show how it runs on.

There is no movement to go by, so a picture is looked for by its thumbnail among all of the title's, as it is and
mirrored, and by its features. What is proposed is then put to the test as pieces are: features must agree on a
transform, and details must be alike.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from telecine.media.detect.follow import correct, follow
from telecine.media.detect.frames import Film
from telecine.media.detect.geometry import Features, Fit, features, fit_places, matches, seen, warp
from telecine.media.detect.lens import Lens
from telecine.media.detect.pieces import Floats, Look, Poll, Transform, mirror, thumb
from telecine.media.detect.residual import TitleView, misfit, small, visible
from telecine.media.detect.retrieve import View, sightings
from telecine.media.mark_mask import MASK

ALIKE = 0.4
"""Likeness of details that a still must have to the title's picture where features agree on its place."""
VERY_ALIKE = 0.6
"""The same where no features do."""
AS_GOOD = 1.1
"""A picture that leaves no more than so many times the least unexplained may be the one that is shown."""
PICTURES = 8
"""Pictures of a leak that are looked at each by itself, at most."""
MOST_MOMENTS = 40
"""Pictures of the title that may all be the one that is shown, where nothing moves."""

_THUMBS = 6
_APART = 1.0
_LIKELY = 0.5
_SIGHTINGS = 8
_REACH = 0.7
_PLACED = 9
_CLEAR = 60
_FARTHEST = 6.0
_OTHERS = 16
_EDGE = 6
_SIZE = (180, 320)
_NO_MARK = np.zeros(MASK, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Still:
    """A picture of a leak, at `time` of it, that shows the title's picture at one of `moments`, the likeliest first."""

    time: float
    moments: tuple[float, ...]
    view: View
    alike: float


def find_stills(leak: Film, title: Film, poll: Poll) -> list[Still]:
    """How some of the leak's pictures lie in the title, the one in the middle first; none where that shows something
    else. `poll` is called often and may raise."""
    middle = float(leak.times[len(leak.times) // 2])
    first = _find(leak, title, middle, poll)
    if not first:
        return []
    some = leak.times[np.unique(np.linspace(0, len(leak.times) - 1, PICTURES).astype(int))]
    return [first, *(found for time in some if time != middle if (found := _next(leak, title, float(time), first)))]


def _find(leak: Film, title: Film, time: float, poll: Poll) -> Still | None:
    """The leak's picture at `time`, wherever in the title."""
    (look,) = leak.looks([time])
    found = [_examine(look, time, title, view, about) for view, about in _by_thumbs(look, title)]
    if not any(one and one.alike >= VERY_ALIKE for one in found):
        for sight in sightings(look, title, poll)[:_SIGHTINGS]:
            poll()
            found.append(_examine(look, time, title, sight.view, sight.time))
    return max((one for one in found if one), key=lambda one: one.alike, default=None)


def _next(leak: Film, title: Film, time: float, first: Still) -> Still | None:
    """Another picture of the same leak: where the title runs on, or stands still."""
    (look,) = leak.looks([time])
    moment = first.moments[0]
    found = [_examine(look, time, title, first.view, about) for about in (moment + time - first.time, moment)]
    return max((one for one in found if one), key=lambda one: one.alike, default=None)


def _by_thumbs(look: Look, title: Film) -> Iterator[tuple[View, float]]:
    """Moments at which the title's thumbnails are like the picture's, or like its mirror image's."""
    for mirrored in (False, True):
        likeness = title.thumbs.pictures @ thumb(mirror(look) if mirrored else look)
        for _ in range(_THUMBS):
            best = int(likeness.argmax())
            if likeness[best] < _LIKELY:
                break
            moment = float(title.thumbs.times[best])
            yield View(mirrored, np.eye(3)), moment
            likeness[np.abs(title.thumbs.times - moment) < _APART] = 0


def _examine(look: Look, time: float, title: Film, view: View, about: float) -> Still | None:
    """The picture laid on the title near a moment, if it stands the test."""
    shown = mirror(look) if view.mirrored else look
    moment, placed = _placed(shown, title, about)
    transform = placed.transform if placed else view.transform
    moment, transform, alike = _most_alike(shown, transform, title, moment)
    if placed:
        (meant,) = title.looks([moment])
        transform = _polished(shown, meant, transform)
    elif alike < _by_chance(shown, transform, title, moment) + VERY_ALIKE:
        return None
    if alike < ALIKE:
        return None
    return Still(time, _as_good(shown, transform, title, moment), View(view.mirrored, transform), alike)


def _placed(shown: Look, title: Film, about: float) -> tuple[float, Fit | None]:
    """Which of the title's pictures around a moment most features agree with, and on what; none where no picture does.

    Where a camera moves, a wrong picture has a transform of its own, or none, so all are looked at where some are not
    clear enough.
    """
    around, own = _around(title, about, _REACH), features(shown)
    some = np.unique(np.linspace(0, len(around) - 1, _PLACED).astype(int))
    best = _best_fit(own, title, around[some])
    if best is None or best[1].inliers < _CLEAR:
        best = _best_fit(own, title, around)
    return best or (about, None)


def _best_fit(own: Features, title: Film, times: Floats) -> tuple[float, Fit] | None:
    """Which of the title's pictures at `times` most features agree with, and on what."""
    best: tuple[float, Fit] | None = None
    for time, meant in zip(times, title.looks([float(one) for one in times]), strict=True):
        found = fit_places(*matches(own, features(meant)))
        if found and (best is None or found.inliers > best[1].inliers):
            best = float(time), found
    return best


def _polished(shown: Look, meant: Look, transform: Transform) -> Transform:
    """The transform set right to a fraction of a pixel, where the pictures say how."""
    correction = correct(warp(shown, transform), meant, seen(transform, _EDGE), _SIZE, "perspective")
    if correction is None:
        return transform
    polished = correction @ transform
    return np.asarray(polished / polished[2, 2])


def _most_alike(shown: Look, transform: Transform, title: Film, about: float) -> tuple[float, Transform, float]:
    """Which of the title's pictures around a moment is most like the one shown, if that is laid on it as exactly as may
    be; how it lies; how alike it is then (-1 to 1)."""
    best = about, transform, -1.0
    times = _around(title, about, _REACH)
    for time, meant in zip(times, title.looks([float(one) for one in times]), strict=True):
        followed = follow(shown, meant, transform)
        lens = Lens(False, followed)
        alike = float(lens.of_leak(shown) @ lens.of_title(meant)) if lens.sees else -1.0
        if alike > best[2]:
            best = float(time), followed, alike
    return best


def _by_chance(shown: Look, transform: Transform, title: Film, moment: float) -> float:
    """How alike the picture is to the title's of quite other moments: the median."""
    lens = Lens(False, transform)
    seen_so = lens.of_leak(shown)
    others = [float(one) for one in np.linspace(title.times[0], title.times[-1], _OTHERS) if abs(one - moment) > _APART]
    return float(np.median([seen_so @ lens.of_title(one) for one in title.looks(others)])) if others else 0.0


def _as_good(shown: Look, transform: Transform, title: Film, moment: float) -> tuple[float, ...]:
    """The title's pictures that may be the one shown, by what each leaves unexplained; the best first. As long as the
    farthest looked at are among them, farther ones are looked at."""
    laid, covered, reach = small(warp(shown, transform)), visible(transform), _REACH
    while True:
        times = _around(title, moment, reach)
        views = [TitleView(small(one), _NO_MARK) for one in title.looks([float(one) for one in times])]
        misfits = np.array([misfit(laid, covered, view) for view in views])
        good = misfits <= AS_GOOD * misfits.min()
        if not (good[0] or good[-1]) or np.count_nonzero(good) >= MOST_MOMENTS or reach >= _FARTHEST:
            best = np.argsort(misfits, kind="stable")[: np.count_nonzero(good)][:MOST_MOMENTS]
            return tuple(float(times[one]) for one in best)
        reach *= 2


def _around(title: Film, about: float, reach: float) -> Floats:
    """Times of the title's pictures not farther than `reach` from a moment; the nearest one at least."""
    times: Floats = title.times[np.abs(title.times - about) <= reach]
    return times if len(times) else title.nearest([about])

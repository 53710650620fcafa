"""Finds pictures of a leak in a title by their features, where no thumbnail helps: cropped, turned, filmed, framed.

Few features of many pictures of the title are compared with those of a few pictures of the leak, as it is and mirrored.
Each feature votes for the title's picture that has the nearest one; pictures with the most votes are matched in full.
What comes of it is how the leak lies in the picture; when, other modules find out more exactly.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from telecine.media.detect.geometry import Features, apart, features, fit_places, matches
from telecine.media.detect.pieces import Look, LookSource, Poll, Transform, mirror

SPACING = 1.5
"""Seconds between the title's pictures that are looked at, at least."""
MOST_PICTURES = 1500
STILL_SPACING = 0.5
MOST_STILL_PICTURES = 6000
"""The same where a single picture of the leak is all there is: two hours take some minutes of one core."""
ASKED = 12
"""Pictures of the leak that are looked for."""
SAME = 24.0
"""Pixels of `LOOK`: transforms whose corners are nearer than this are one view."""

_FEATURES = 100
_ASKED_FEATURES = 250
_MOST_DISTANT = 270.0
_LEAST_VOTES = 3
_CANDIDATES = 4
_AT_ONCE = 32
_BLOCK = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """A way in which leaks show the title: mirrored or not, and through which transform."""

    mirrored: bool
    transform: Transform

    def like(self, other: "View") -> bool:
        """Whether the two are the same to within a few pixels."""
        return self.mirrored == other.mirrored and apart(self.transform, other.transform) < SAME


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A picture of a leak that was found in the title: through which view, near which picture of the title (its time
    in seconds), and how many features agree."""

    view: View
    time: float
    inliers: int


def views(leak: LookSource, title: LookSource, times: Sequence[float], poll: Poll) -> list[View]:
    """The views, all different, in which the leak's pictures at `times` are found in the title; the clearest first."""
    index = _Index(title, poll)
    found = [one for look in leak.looks(times) for one in index.both_ways(look, poll)]
    different: list[View] = []
    for one in sorted(found, key=lambda one: -one.inliers):
        if not any(one.view.like(other) for other in different):
            different.append(one.view)
    return different


def sightings(look: Look, title: LookSource, poll: Poll) -> list[Sighting]:
    """Where in the title one picture of a leak is found; the clearest first. Looks closer than `views`, because there
    is no other picture to find what was missed."""
    found = _Index(title, poll, STILL_SPACING, MOST_STILL_PICTURES).both_ways(look, poll)
    return sorted(found, key=lambda one: -one.inliers)


class _Index:
    """Few features of many of a title's pictures."""

    def __init__(self, title: LookSource, poll: Poll, spacing: float = SPACING, most: int = MOST_PICTURES) -> None:
        begin, end = float(title.thumbs.times[0]), float(title.thumbs.times[-1])
        count = int(np.clip((end - begin) / spacing, 2, most))
        self._title = title
        self._times = [float(one) for one in np.linspace(begin, end, count + 1)[:-1] + (end - begin) / count / 2]
        found = [found.descriptors for found in _features(title, self._times, poll)]
        self._pictures = np.repeat(np.arange(count), [len(one) for one in found])
        self._descriptors = np.concatenate(found).astype(np.uint8)
        self._known: dict[int, Features] = {}

    def both_ways(self, look: Look, poll: Poll) -> Iterator[Sighting]:
        """Where this picture of the leak, or its mirror image, is seen."""
        for mirrored in (False, True):
            poll()
            yield from self._seen(mirror(look) if mirrored else look, mirrored)

    def _seen(self, look: Look, mirrored: bool) -> Iterator[Sighting]:
        asked = features(look)
        votes = np.bincount(self._nearest(asked), minlength=len(self._times))
        likeliest = [int(one) for one in np.argsort(votes)[::-1][:_CANDIDATES] if votes[one] >= _LEAST_VOTES]
        for one in likeliest:
            fit = fit_places(*matches(asked, self._whole(one)))
            if fit:
                yield Sighting(View(mirrored, fit.transform), self._times[one], fit.inliers)

    def _whole(self, number: int) -> Features:
        """All features of a picture of the title; the same few pictures are likely again and again."""
        if number not in self._known:
            (look,) = self._title.looks([self._times[number]])
            self._known[number] = features(look)
        return self._known[number]

    def _nearest(self, asked: Features) -> NDArray[np.int64]:
        """For each of the clearest features asked for, the picture that has the nearest; those with none left out."""
        some = asked.descriptors[:_ASKED_FEATURES]
        lengths = np.square(some).sum(axis=1)
        least, nearest = np.full(len(some), np.inf), np.zeros(len(some), dtype=np.int64)
        for first in range(0, len(self._descriptors), _BLOCK):
            block = self._descriptors[first : first + _BLOCK].astype(np.float32)
            distant = lengths[:, None] + np.square(block).sum(axis=1) - 2 * (some @ block.T)
            best = distant.argmin(axis=1)
            smallest = distant[np.arange(len(some)), best]
            closer = smallest < least
            least[closer], nearest[closer] = smallest[closer], first + best[closer]
        return np.asarray(self._pictures[nearest[least < _MOST_DISTANT**2]], dtype=np.int64)


def _features(source: LookSource, times: Sequence[float], poll: Poll) -> Iterator[Features]:
    """The clearest features of pictures at half their size, which takes a quarter of the time."""
    for first in range(0, len(times), _AT_ONCE):
        poll()
        for look in source.looks(times[first : first + _AT_ONCE]):
            half = cv2.resize(look, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
            yield features(np.asarray(half, np.uint8), _FEATURES)

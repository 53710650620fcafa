"""Goes through a leak piece by piece and gathers what its pictures say of the mark, segment by segment.

Each picture of the title's reference is compared with the picture of the leak that shows the same moment. Pictures
beside a border of segments are left out: which segment they belong to is not sure.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from telecine.core.watermark.statistic import Sums
from telecine.media.detect.follow import follow, straighten
from telecine.media.detect.frames import Film, Frame
from telecine.media.detect.geometry import apart, seen, warp
from telecine.media.detect.pieces import Floats, Look, Piece, Transform, mirror
from telecine.media.detect.reference import Reference
from telecine.media.detect.residual import (
    Evidence,
    Places,
    TitleView,
    evidence,
    misfit,
    power,
    small,
    title_view,
    to_cells,
)
from telecine.media.mark_mask import MASK, Map

type Gathered = dict[int, Sums]
"""What was gathered of each position of a title."""
type Done = Callable[[float], None]
"""Told how many seconds of the leak are done; may raise."""

BORDER = 1.25
"""Pictures beside a border of segments that are left out, in pictures of the slower film."""
NEAR_ENOUGH = 0.75
"""Pictures of the leak by which the moment of one may differ from the title's."""
STILL = 0.4
"""Pixels of `LOOK`: a correction below is none."""
BENT = 0.9
"""What bending must leave of a picture's misfit at most, to be taken for real: noise bends a little too."""
TRUSTED = 8
"""Pictures that need no correction, one after the other, before only each so many-th is looked at for one."""

_EDGE = 6
_WHOLE = 250


def gather(leak: Film, title: Reference, pieces: Sequence[Piece], done: Done) -> Gathered:
    """What `pieces` of `leak` say of the mark. A segment that is shown twice has both in its sums."""
    gathered: Gathered = {}
    for piece in pieces:
        _gather_piece(gathered, leak, title, piece, done)
    return gathered


def _gather_piece(gathered: Gathered, leak: Film, title: Reference, piece: Piece, done: Done) -> None:
    moments = _moments(leak, title, piece)
    place = _Place(piece)
    segment = float(title.facts.segment)
    run = _Run()
    for shown, meant in _pairs(leak, title, piece, moments):
        position = int(meant.time // segment)
        if position != run.position:
            run.end(gathered)
            run = _Run(position)
        view = title_view(meant.look, title.facts.strength)
        run.take(evidence(*place.lay(shown.look, meant.look, view), view))
        done(shown.time)
    run.end(gathered)


def _moments(leak: Film, title: Reference, piece: Piece) -> Floats:
    """Times of the title's pictures that the piece shows, and that are surely of one segment."""
    begin, end = piece.title_time(piece.begin), piece.title_time(piece.end)
    times = title.times[(title.times >= begin) & (title.times <= end)]
    step = max(1 / float(title.facts.rate), piece.speed * leak.step)
    shown = (times - piece.offset) / piece.speed
    off = leak.nearest(shown) - shown
    segment = float(title.facts.segment)
    margin = BORDER * step
    inside = (times % segment >= margin) & (times % segment <= segment - margin)
    chosen: Floats = times[inside & (np.abs(off) <= NEAR_ENOUGH * leak.step)]
    return chosen


def _pairs(leak: Film, title: Reference, piece: Piece, moments: Floats) -> Iterator[tuple[Frame, Frame]]:
    """Pictures of the leak and of the title that show the same moment, one after the other."""
    yield from zip(leak.frames((moments - piece.offset) / piece.speed), title.frames(moments), strict=True)


class _Run:
    """What pictures in a row say of one segment."""

    def __init__(self, position: int = -1) -> None:
        self.position = position
        self._pictures = 0
        self._seen: Map = np.zeros(MASK, np.float32)
        self._weight: Map = np.zeros(MASK, np.float32)

    def take(self, said: Evidence | None) -> None:
        if said:
            self._pictures += 1
            self._seen += said.seen
            self._weight += said.weight

    def end(self, gathered: Gathered) -> None:
        """Add what was said to what has been gathered."""
        if not self._pictures:
            return
        cells = to_cells(self._seen).ravel().astype(np.float64)
        sums = Sums(cells, power(self._weight), self._pictures)
        gathered[self.position] = gathered[self.position] + sums if self.position in gathered else sums


class _Place:
    """Lays the pictures of a piece on the title's, and follows where they move and bend.

    Where nothing moves for a while, only some pictures are looked at for motion, which saves a third of the work. The
    same for bending: whoever filmed a curved screen filmed all of it so.
    """

    def __init__(self, piece: Piece) -> None:
        self._mirrored = piece.mirrored
        self._transform = piece.transform
        self._number = 0
        self._still = 0
        self._bent = False

    def lay(self, leak: Look, title: Look, view: TitleView) -> tuple[Map, Places]:
        """The leak's picture as it lies in the title's, and where it shows anything, on the grid of the mask."""
        look = mirror(leak) if self._mirrored else leak
        self._number += 1
        best = _Laid.by(look, self._transform, view)
        if self._still < TRUSTED or self._number % TRUSTED == 0:
            best = self._followed(best, look, title, view)
        if self._bent or self._number % TRUSTED == 1:
            best = self._straightened(best, title, view)
        return best.picture, best.visible

    def _followed(self, laid: "_Laid", look: Look, title: Look, view: TitleView) -> "_Laid":
        transform = follow(look, title, self._transform)
        if apart(transform, self._transform) > STILL:
            moved = _Laid.by(look, transform, view)
            if moved.misfit < laid.misfit:
                self._still = 0
                return moved
        self._still += 1
        return laid

    def _straightened(self, laid: "_Laid", title: Look, view: TitleView) -> "_Laid":
        bent = _Laid.of(straighten(laid.look, title), laid.visible, view)
        self._bent = bent.misfit < BENT * laid.misfit
        return bent if self._bent else laid


@dataclass(frozen=True, slots=True)
class _Laid:
    """A picture of a leak as it lies in the title's: whole, and on the grid of the mask with what it shows there."""

    look: Look
    picture: Map
    visible: Places
    misfit: float

    @classmethod
    def by(cls, look: Look, transform: Transform, view: TitleView) -> "_Laid":
        return cls.of(warp(look, transform), _visible(transform), view)

    @classmethod
    def of(cls, look: Look, visible: Places, view: TitleView) -> "_Laid":
        picture = small(look)
        return cls(look, picture, visible, misfit(picture, visible, view))


def _visible(transform: Transform) -> Places:
    shown = cv2.resize(seen(transform, _EDGE), MASK[::-1], interpolation=cv2.INTER_AREA)
    return np.asarray(shown >= _WHOLE)

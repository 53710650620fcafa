"""Goes through a leak piece by piece and gathers what its pictures say of the mark, segment by segment.

Each picture of the title's reference is compared with the picture of the leak that shows the same moment. Pictures
beside a border of segments are left out: which segment they belong to is not sure. Where segments are of a few pictures
only, there would be none left; there each picture is asked whether it is surely of its segment.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telecine.core.watermark.statistic import Sums
from telecine.media.detect.follow import follow, straighten
from telecine.media.detect.frames import Film
from telecine.media.detect.geometry import apart, warp
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
    visible,
)
from telecine.media.detect.stills import Still
from telecine.media.mark_mask import MASK, Map

type Gathered = dict[int, Sums]
"""What was gathered of each position of a title."""
type Done = Callable[[float], None]
"""Told how many seconds of the leak are done; may raise."""

BORDER = 1.25
"""Pictures beside a border of segments that are left out, in pictures of the slower film."""
NEAR_ENOUGH = 0.75
"""Pictures of the leak by which the moment of one may differ from the title's."""
SHORT = 8.0
"""Pictures: of a shorter segment each is looked at by itself."""
SURE = 0.2
"""Pictures of the title by which a leak's must lie inside a short segment: where rates differ, one that lies between
two of the title's may show either."""
SAME_PICTURE = 0.6
"""Pictures of the title by which a leak's may be off to be compared with one of a short segment."""
STILL = 0.4
"""Pixels of `LOOK`: a correction below is none."""
BENT = 0.9
"""What bending must leave of a picture's misfit at most, to be taken for real: noise bends a little too."""
TRUSTED = 8
"""Pictures that need no correction, one after the other, before only each so many-th is looked at for one."""


def gather(leak: Film, title: Reference, pieces: Sequence[Piece], done: Done) -> Gathered:
    """What `pieces` of `leak` say of the mark. A segment that is shown twice has both in its sums."""
    gathered: Gathered = {}
    for piece in pieces:
        _gather_piece(gathered, leak, title, piece, done)
    return gathered


def gather_still(leak: Film, title: Reference, still: Still) -> Gathered:
    """What one picture of `leak` says of each segment of the title that it may be of: between two of the reference's
    pictures, of which one is the nearest, a segment may have ended."""
    gathered: Gathered = {}
    (look,) = leak.looks([still.time])
    piece = Piece(still.time, still.time, still.moments[0] - still.time, 1.0, still.view.mirrored, still.view.transform)
    away = title.step - 1 / float(title.facts.rate)
    for moment in still.moments:
        positions = {position_of(time, title) for time in (moment, moment - away, moment + away)} - set(gathered)
        if positions:
            (meant,) = title.looks([moment])
            view = title_view(meant, title.facts.strength)
            said = evidence(*_Place(piece).lay(look, meant, view), view)
            for position in positions:
                run = _Run(position)
                run.take(said)
                run.end(gathered)
    return gathered


def _gather_piece(gathered: Gathered, leak: Film, title: Reference, piece: Piece, done: Done) -> None:
    moments = _moments(leak, title, piece)
    place = _Place(piece)
    run = _Run()
    pairs = zip(leak.frames((moments - piece.offset) / piece.speed), title.frames(moments), strict=True)
    for shown, meant in pairs:
        position = position_of(meant.time, title)
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
    shown = (times - piece.offset) / piece.speed
    off = leak.nearest(shown) - shown
    if title.facts.pictures < SHORT:
        return times[_surely(title, times, off * piece.speed)]
    step = max(1 / float(title.facts.rate), piece.speed * leak.step)
    segment = float(title.facts.segment)
    margin = BORDER * step
    inside = (times % segment >= margin) & (times % segment <= segment - margin)
    chosen: Floats = times[inside & (np.abs(off) <= NEAR_ENOUGH * leak.step)]
    return chosen


def _surely(title: Reference, times: Floats, off: Floats) -> NDArray[np.bool_]:
    """Which of the title's pictures at `times` are shown by pictures of the leak that surely are of the same short
    segment, those being `off` so many seconds of the title."""
    rate, pictures = float(title.facts.rate), title.facts.pictures
    number = np.rint(times * rate)
    place = number % pictures + off * rate
    return (np.abs(off) * rate <= SAME_PICTURE) & (place >= SURE - 0.5) & (place <= pictures - 0.5 - SURE)


def position_of(time: float, title: Reference) -> int:
    """The segment of the title's picture at `time`. Times are rounded to ticks, and numbers of pictures are not."""
    return int(round(time * float(title.facts.rate)) // title.facts.pictures)


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
        return cls.of(warp(look, transform), visible(transform), view)

    @classmethod
    def of(cls, look: Look, visible: Places, view: TitleView) -> "_Laid":
        picture = small(look)
        return cls(look, picture, visible, misfit(picture, visible, view))

"""Reads a leak: from a file of unknown origin and a title's reference to footage that a report can be made of.

First the leak is copied small; then its pieces are laid on the title; then what they say is gathered and weighed. Where
a single picture may tell enough, one is looked for by itself if no piece is found.
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from telecine.core.progress import Tick
from telecine.core.watermark.carried import without_carried_over
from telecine.core.watermark.chips import clearest
from telecine.core.watermark.pattern import MarkKey
from telecine.core.watermark.reading import FEWEST_PICTURES, Reading, read_sums
from telecine.media.context import Context
from telecine.media.detect.anchor import find_pieces
from telecine.media.detect.exact import to_the_picture
from telecine.media.detect.frames import Film
from telecine.media.detect.gather import SHORT, Done, Gathered, gather, gather_still
from telecine.media.detect.pieces import Poll
from telecine.media.detect.reference import Facts, Reference
from telecine.media.detect.small_copy import copy_small
from telecine.media.detect.stills import find_stills

_COPIED = 0.5
_LAID = 0.7
_GATHERED = 0.95
"""How much of the work is done after each part."""


def read_leak(leak: Path, reference: Path, key: MarkKey, context: Context) -> Reading:
    """Read the file `leak` against the folder `reference` of the title that was marked under `key`.

    The small copy of the leak, up to about 2 GB for an hour, lies in a temporary folder beside the leak meanwhile.
    Reports parts of 1; `context.poll` is called often and may raise. Raises REFERENCE_MISSING, TRACK_MISSING, and what
    `probe` and the sandbox raise for a file that cannot be read. A leak that shows something else gives a reading with
    objections.
    """
    title = Reference.open(reference)
    with tempfile.TemporaryDirectory(prefix=".small-", dir=leak.parent) as folder:
        film = copy_small(leak, Path(folder), replace(context, report=_part(context, 0, _COPIED)))
        pieces = find_pieces(film, title, context.poll)
        if title.facts.pictures < SHORT:
            rate = float(title.facts.rate)
            pieces = [to_the_picture(film, title, piece, rate, context.poll) for piece in pieces]
        context.report(Tick(_LAID, 1))
        tell = _part(context, _LAID, _GATHERED)
        length = max(float(film.times[-1]), film.step)

        def done(seconds: float) -> None:
            context.poll()
            tell(Tick(seconds, length))

        sums = gather(film, title, pieces, done)
        if not sums and title.facts.chips > 1:
            sums = _stills(film, title, key, done)
    context.report(Tick(_GATHERED, 1))
    reading = weigh(sums, title.facts, key, context.poll)
    context.report(Tick(1, 1))
    return reading


def weigh(sums: Gathered, facts: Facts, key: MarkKey, poll: Poll) -> Reading:
    """What was gathered of a title with these `facts`, read under its `key`. `poll` may raise."""
    short = facts.pictures < SHORT
    one_is_enough = facts.chips > 1 or short
    return read_sums(
        without_carried_over(sums) if short else sums, key, facts.positions, float(facts.segment), poll,
        chips=facts.chips, fewest=1 if one_is_enough else FEWEST_PICTURES,
    )  # fmt: skip


def _stills(film: Film, title: Reference, key: MarkKey, done: Done) -> Gathered:
    """What single pictures of a leak say. Where nothing moves, one may be of several segments, and is taken to be of
    that whose marks are the clearest in it: which knows nothing of who has which."""
    gathered: Gathered = {}
    for still in find_stills(film, title, lambda: done(0.0)):
        sums = gather_still(film, title, still)
        if sums:
            segment = clearest({place: said.cells for place, said in sums.items()}, key)
            gathered[segment] = gathered[segment] + sums[segment] if segment in gathered else sums[segment]
    return gathered


def _part(context: Context, begun: float, ended: float) -> Callable[[Tick], None]:
    """A `report` for the part of the work from `begun` to `ended`."""
    return lambda tick: context.report(Tick(begun + (ended - begun) * tick.fraction, 1))

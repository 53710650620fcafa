"""Reads a leak: from a file of unknown origin and a title's reference to footage that a report can be made of.

First the leak is copied small; then its pieces are laid on the title; then what they say is gathered and weighed.
"""

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from telecine.core.progress import Tick
from telecine.core.watermark.pattern import MarkKey
from telecine.core.watermark.reading import Reading, read_sums
from telecine.media.context import Context
from telecine.media.detect.anchor import find_pieces
from telecine.media.detect.gather import gather
from telecine.media.detect.reference import Reference
from telecine.media.detect.small_copy import copy_small

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
        context.report(Tick(_LAID, 1))
        tell = _part(context, _LAID, _GATHERED)
        length = max(float(film.times[-1]), film.step)

        def done(seconds: float) -> None:
            context.poll()
            tell(Tick(seconds, length))

        sums = gather(film, title, pieces, done)
    context.report(Tick(_GATHERED, 1))
    reading = read_sums(sums, key, title.facts.positions, float(title.facts.segment), context.poll)
    context.report(Tick(1, 1))
    return reading


def _part(context: Context, begun: float, ended: float) -> Callable[[Tick], None]:
    """A `report` for the part of the work from `begun` to `ended`."""
    return lambda tick: context.report(Tick(begun + (ended - begun) * tick.fraction, 1))

"""Draws the evidence of a leak, segment by segment, so that a person can see what a report says.

Above, the statistic of every segment of the title that the leak has: which variant was read, and how clearly. Below,
a row for each session that is named: where its variant is the one that was read, and where not. For copies of
recipients the same, by groups or chips.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

CLEAR = 2.0
"""Deviations below which a segment says next to nothing."""
MOST_ROWS = 8
"""Of those named who are drawn; the report has them all."""
MOST_BARS = 2000
"""Beyond so many pieces each is a line, for bars take their time and would be narrower than one anyway."""

_FIRST, _SECOND, _WEAK = "#2f6db5", "#d9822b", "#b5b5b5"
_AGREES, _DIFFERS, _UNSEEN = "#3a9a5b", "#c8333a", "#ececec"
_DPI = 110
_WIDE = 12.0


@dataclass(frozen=True, slots=True)
class Row:
    """One who is named: how he is labelled, and his variant at every position of the title."""

    label: str
    bits: NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Labels:
    """What the picture calls one who is named, and a piece of the whole that carries one bit."""

    one: str = "session"
    piece: str = "segment"
    whole: str = "title"


def draw(
    z: NDArray[np.float64],
    piece_seconds: float,
    rows: Sequence[Row],
    heading: str,
    lines: Sequence[str],
    labels: Labels = Labels(),
) -> bytes:
    """A PNG of about 1300 pixels in a row. `z` is positive where variant 0 was seen, NaN where nothing was; `lines` are
    printed below the heading."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = rows[:MOST_ROWS]
    first, last = _span(z)
    text_height = 0.45 + 0.22 * len(lines)
    rows_height = 0.34 * len(rows)
    height = text_height + 3.0 + rows_height + 1.1
    figure = Figure(figsize=(_WIDE, height), dpi=_DPI)
    FigureCanvasAgg(figure)
    figure.text(0.075, 1 - 0.28 / height, heading, fontsize=13, fontweight="bold", va="center", parse_math=False)
    for number, line in enumerate(lines):
        place = 1 - (0.56 + 0.22 * number) / height
        figure.text(0.075, place, line, fontsize=9, color="#333333", va="center", parse_math=False)
    bottom = (rows_height + 0.85) / height if rows else 0.75 / height
    above = figure.add_axes((0.075, bottom, 0.9, 3.0 / height))
    _draw_statistic(above, z, first, last)
    lowest = above
    if rows:
        lowest = figure.add_axes((0.075, 0.65 / height, 0.9, rows_height / height), sharex=above)
        _draw_rows(lowest, z, rows, first, last)
        above.tick_params(labelbottom=False)
        legend = (
            f"green: the {labels.one}'s variant was read  ·  red: the other one  ·  grey: unclear or not in the leak"
        )
        figure.text(0.975, 0.12 / height, legend, fontsize=8, color="#555555", ha="right", va="center")
    length = f"{piece_seconds:.3g} s each (first {labels.piece}: 0)"
    lowest.set_xlabel(f"{labels.piece} of the {labels.whole}, of {length}", fontsize=9)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", facecolor="white")
    return picture.getvalue()


def _span(z: NDArray[np.float64]) -> tuple[int, int]:
    """The first and the last position worth drawing; all where nothing was seen."""
    seen = np.flatnonzero(np.isfinite(z))
    return (int(seen[0]), int(seen[-1])) if len(seen) else (0, max(0, len(z) - 1))


def _draw_statistic(axes: Any, z: NDArray[np.float64], first: int, last: int) -> None:  # noqa: ANN401
    seen = np.isfinite(z)
    weak = seen & (np.abs(np.where(seen, z, 0.0)) < CLEAR)
    kinds = (
        (seen & ~weak & (z > 0), _FIRST, "variant 0 was read"),
        (seen & ~weak & (z < 0), _SECOND, "variant 1 was read"),
        (weak, _WEAK, "unclear"),
    )
    for chosen, colour, label in kinds:
        at = np.flatnonzero(chosen)
        if last - first > MOST_BARS:
            axes.vlines(at, 0, z[at], colors=colour, linewidth=0.5)
        else:
            axes.bar(at, z[at], width=0.85, color=colour, linewidth=0)
        axes.bar(0, 0, color=colour, label=f"{label} ({len(at)})")  # for the legend, also where there is none
    axes.axhline(0, color="#555555", linewidth=0.8)
    axes.axhspan(-CLEAR, CLEAR, color="#000000", alpha=0.05, linewidth=0)
    axes.set_xlim(first - 1, last + 1)
    axes.set_ylabel("deviations from no mark", fontsize=9)
    axes.tick_params(labelsize=8)
    axes.legend(fontsize=8, ncols=3, loc="upper right", framealpha=0.9)
    axes.margins(y=0.18)


def _draw_rows(axes: Any, z: NDArray[np.float64], rows: Sequence[Row], first: int, last: int) -> None:  # noqa: ANN401
    from matplotlib.colors import ListedColormap

    clear = np.isfinite(z) & (np.abs(np.where(np.isfinite(z), z, 0.0)) >= CLEAR)
    read = (np.where(np.isfinite(z), z, 0.0) < 0).astype(np.uint8)
    cells = np.stack([np.where(clear, np.where(row.bits == read, 1, 2), 0) for row in rows])
    colours = ListedColormap([_UNSEEN, _AGREES, _DIFFERS])
    edges = (first - 0.5, last + 0.5, len(rows) - 0.5, -0.5)
    axes.imshow(
        cells[:, first : last + 1], cmap=colours, vmin=0, vmax=2, aspect="auto", interpolation="nearest", extent=edges
    )
    for number in range(1, len(rows)):
        axes.axhline(number - 0.5, color="white", linewidth=2)
    axes.set_yticks(range(len(rows)), [row.label for row in rows], fontsize=8, parse_math=False)
    axes.tick_params(axis="x", labelsize=8)
    axes.tick_params(axis="y", length=0)

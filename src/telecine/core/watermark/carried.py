"""Takes out of each group what a leak carried over from the group before.

An encoder predicts pictures from pictures. Where marks change with every few of them, and the leak was coded hard,
most of what is left over in a group is the last one's: its mark, and the coding noise of whatever stood still. None of
it says anything of this group's mark, so it is noise, and known. Fields are drawn without regard to each other, so
wrong keys still get what chance gives.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from telecine.core.watermark.evidence import Floats
from telecine.core.watermark.statistic import Sums


def without_carried_over(sums: Mapping[int, Sums]) -> dict[int, Sums]:
    """The sums of each group less the part that those of the group before explain, by least squares."""
    return {
        group: replace(seen, cells=_rest(seen.cells, sums[group - 1].cells)) if group - 1 in sums else seen
        for group, seen in sums.items()
    }


def _rest(cells: Floats, before: Floats) -> Floats:
    seen, known = cells - cells.mean(), before - before.mean()
    most = float(known @ known)
    rest: Floats = seen - known * (float(seen @ known) / most) if most > 0 else cells
    return np.asarray(rest)

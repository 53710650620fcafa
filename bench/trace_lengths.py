"""How long a leak must be to name one of a million viewers, given how clearly its segments are read.

The simulator of `bench.collusion`, fed with measured statistics instead of an assumed share of errors, in the worst of
its attacks, for the codes that viewers' sequences follow.
"""

from collections.abc import Sequence

from bench.collusion import ATTACKS, Row, shortest
from telecine.core.watermark.bias import Family

LONGEST = {1: 200, 2: 640, 3: 1600}
"""Where the search ends, in segments, for 1, 2 and 3 colluders."""
DESIGNED_FOR = {Family.UNIFORM: 2, Family.UP_TO_4: 3}
"""The codes, and how many colluders are simulated for each."""
HEADER = "| code | colluders | segments, worst attack | leak | by attack |\n|---|---|---|---|---|"


def lengths(z: Sequence[float], segment_seconds: float, trials: int, most: int = 3, seed: int = 4) -> list[str]:
    """Lines of a table under `HEADER`: for each code and number of colluders, the fewest segments that name one.

    `z`: the statistic of segments that were read, positive where right; `most`: colluders at most. The limit is 1e-6
    for a million viewers.
    """
    lines = []
    for code, designed_for in DESIGNED_FOR.items():
        # The search ends at 2.5 times what it takes for the prototype's figure.
        row = Row(code, "all", tuple(longest * 2 // 5 for longest in LONGEST.values()), measured=tuple(z))
        for colluders in range(1, min(most, designed_for) + 1):
            attacks = ATTACKS if colluders > 1 else ATTACKS[:1]
            found = {attack: shortest(row, colluders, attack, trials, seed) for attack in attacks}
            lines.append(_line(code, colluders, found, segment_seconds))
    return lines


def _line(code: Family, colluders: int, found: dict[str, int | None], segment_seconds: float) -> str:
    known = [length for length in found.values() if length]
    segments, leak = f"more than {LONGEST[colluders]}", "-"
    if len(known) == len(found):
        segments, seconds = str(max(known)), max(known) * segment_seconds
        leak = f"{seconds:.0f} s" if seconds < 180 else f"{seconds / 60:.1f} min"
    details = ", ".join(f"{attack} {length or '-'}" for attack, length in found.items())
    return f"| {code} | {colluders} | {segments} | {leak} | {details} |"

"""What one leak's reading was worth: how many segments were read, rightly and how clearly, beside what must hold."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np

from bench.attacks import Attack
from telecine.core.watermark.evidence import Floats

HEADER = (
    "| picture | attack | wrong | z median | z 10 % | z least | read | prototype, at 0.7 | at 0.5 | s CPU |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


@dataclass(frozen=True, slots=True)
class Row:
    """One attack on one rendition. `right`: the z of each segment that was read, positive where its bit was right.

    `expected`: segments that the attack left. `split`: |z| where two mixed copies had different bits, which no reading
    can be right about. `objections` are the detector's own, `cpu` seconds of this process and its children.
    """

    picture: str
    attack: str
    expected: int
    right: tuple[float, ...]
    split: tuple[float, ...]
    objections: tuple[str, ...]
    cpu: float

    @property
    def wrong(self) -> int:
        return sum(z <= 0 for z in self.right)

    @property
    def errors(self) -> float:
        """Share of the segments read whose bit is wrong."""
        return self.wrong / len(self.right) if self.right else 0.0

    def write(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def read(cls, text: str) -> Self:
        said: dict[str, Any] = json.loads(text)
        return cls(**said | {name: tuple(said[name]) for name in ("right", "split", "objections")})


def score(
    attack: Attack, picture: str, z: Floats, bits: Sequence[Sequence[int]], expected: Sequence[int],
    objections: Sequence[str] = (), cpu: float = 0.0,
) -> Row:  # fmt: skip
    """The row of a reading `z` (one for each position, positive for variant 0) of a leak made of copies with `bits`.

    `expected` are the positions that the attack left, of which only those count at which all copies are the same.
    """
    copies = np.array(bits)[: attack.copies]
    left = np.zeros(len(z), bool)
    left[list(expected)] = True
    alike = (copies == copies[0]).all(axis=0)
    seen = np.isfinite(z)
    right = (z * (1 - 2 * copies[0]))[left & alike & seen]
    split = np.abs(z[left & ~alike & seen])
    return Row(
        picture=picture,
        attack=attack.name,
        expected=int(np.count_nonzero(left & alike)),
        right=tuple(float(round(one, 3)) for one in right),
        split=tuple(float(round(one, 3)) for one in split),
        objections=tuple(objections),
        cpu=cpu,
    )


def table_row(row: Row, attack: Attack) -> str:
    """The row as a line of the table under `HEADER`."""
    figures = ["-"] * 3
    if row.right:
        figures = [f"{value:.1f}" for value in (np.median(row.right), np.quantile(row.right, 0.1), min(row.right))]
    old = ["" if pair is None else f"{pair[0]} / {pair[1]}" for pair in (attack.prototype, attack.at_half)]
    read = f"{len(row.right)} of {row.expected}"
    cells = (row.picture, row.attack, f"{row.errors:.0%}", *figures, read, *old, f"{row.cpu:.0f}")
    return f"| {' | '.join(cells)} |"


def complaints(row: Row, attack: Attack) -> list[str]:
    """What of the row must not be: more wrong bits than the gate lets pass, any where the prototype had none, half of
    the segments or more not read, or a reading that its own detector does not trust."""
    where = f"{row.picture}, {row.attack}"
    found = []
    if attack.gate is not None and row.errors > attack.gate:
        found.append(f"{where}: {row.errors:.1%} wrong bits, {attack.gate:.0%} allowed")
    if attack.prototype and row.wrong:
        found.append(f"{where}: {row.wrong} wrong bits, the prototype had none")
    if attack.gate is not None and 2 * len(row.right) < row.expected:
        found.append(f"{where}: {len(row.right)} of {row.expected} segments read")
    return found + [f"{where}: {objection}" for objection in row.objections if attack.gate is not None]

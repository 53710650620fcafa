"""How likely a viewer gets variant 1, position by position: the bias that makes a code resist collusion.

Where all viewers got each variant equally often, a few of them could mix their copies so that nobody stands out. So
each position has a secret probability, drawn from few values that are optimal against so many colluders (Nuida et al.):
the nodes of Gauss-Legendre quadrature, weighted by w / sqrt(p (1 - p)). Probabilities are whole 65536ths, so that
who scores a code uses exactly the probability by which its bits were drawn.
"""

from enum import StrEnum
from typing import NamedTuple

STEPS = 1 << 16


class Family(StrEnum):
    """A set of biases, named by the most colluders it is made for."""

    UNIFORM = "uniform"
    """Always one half: shortest against one or two, none against three who take the rarer variant."""
    UP_TO_4 = "up_to_4"
    UP_TO_6 = "up_to_6"


class Node(NamedTuple):
    """A value that the bias takes. Both in 65536ths: `threshold` is the probability of variant 1, and `until` the
    cumulated weight of this value and those before it."""

    threshold: int
    until: int


NODES: dict[Family, tuple[Node, ...]] = {
    Family.UNIFORM: (Node(32768, STEPS),),
    Family.UP_TO_4: (Node(13849, 32768), Node(51687, STEPS)),
    Family.UP_TO_6: (Node(7386, 21759), Node(32768, 43777), Node(58150, STEPS)),
}


def threshold_of(family: Family, word: int) -> int:
    """The bias, in 65536ths, that a uniform `word` of 16 bits draws."""
    return next(node.threshold for node in NODES[family] if word < node.until)

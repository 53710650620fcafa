"""What a distribution is: one master, prepared once, and a copy of it for each recipient that only a detector can tell
from another's.

The master's pictures are cut into *groups* that are switched together: a second of closed GOPs where the codec predicts
between pictures, a few pictures where it does not. Every group is made in two *takes* of the same size. A copy is the
choice of a take for each group, so it is put together by copying bytes. Where each recipient has an encode of his own,
a group carries many *chips* instead, and one picture may be enough to tell him.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field

from telecine.core.watermark.bias import Family

MOST_RECIPIENTS = 4095
"""Recipients of one content."""
MOST_INDIVIDUAL = 500
"""Recipients of one job whose copies are individual: each of them is an encode."""


class CopyMode(StrEnum):
    """How copies are told apart."""

    POOL = "pool"
    """By the takes of groups: the master is encoded twice, whatever the number of recipients."""
    INDIVIDUAL = "individual"
    """By chips within each picture: the master is encoded once for each recipient."""


class Distribution(BaseModel):
    """How a master is prepared."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    mode: CopyMode = CopyMode.POOL
    code: Family = Family.UNIFORM
    """The shortest leak against one recipient or two; UP_TO_4 and UP_TO_6 for those who fear that three or more mix."""
    strength: float = Field(default=0.5, ge=0.3, le=1.0)
    """Amplitude of the mark in units of what the eye forgives; 0.7 is strong."""
    group_seconds: float | None = Field(default=None, gt=0, le=10)
    """Wanted length of a group; None means a second, and three pictures where every picture stands alone."""

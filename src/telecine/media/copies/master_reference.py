"""The reference of a distributed master: the small unmarked picture of the whole, which leaks are laid on."""

from collections.abc import Callable
from pathlib import Path

from telecine.core.master import MasterPlan
from telecine.media.context import no_poll
from telecine.media.detect.reference import Facts, Reel, write_reference
from telecine.media.workspace import Workspace


def make_master_reference(
    plan: MasterPlan, workspace: Workspace, target: Path, poll: Callable[[], None] = no_poll
) -> None:
    """Make the folder `target`, which must not be there, from `workspace.reference(i)` of every chunk of `plan`.

    `poll` is called for every picture and may raise. Raises ENCODE_FAILED where a chunk's reference is missing.
    """
    aspect = plan.width * plan.sample_aspect / plan.height
    facts = Facts(
        segment=plan.group_duration,
        positions=plan.groups,
        strength=plan.strength,
        duration=plan.frames / plan.rate,
        rate=plan.rate,
        aspect=float(1 / aspect if plan.rotation in (90, 270) else aspect),
        chips=plan.chips,
    )
    reels = [Reel(workspace.reference(chunk.index), chunk.first / plan.rate) for chunk in plan.chunks]
    write_reference(facts, reels, target, poll)

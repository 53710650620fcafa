"""All steps of a distribution in order, in one process over folders: `telecine dwm pre-embed --here`.

What a leak is compared with is kept before anybody's copy appears, so that no copy is out that could not be traced.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import ValidationError

from telecine.core.distribution import CopyMode
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import JobSpec
from telecine.core.master import MasterPlan
from telecine.core.progress import Phase, Tick
from telecine.core.watermark.recipients import RecipientKeys
from telecine.jobs import distribution_steps as steps
from telecine.jobs import references
from telecine.jobs.here import Engines, Steps, Stores
from telecine.jobs.prepared import REFERENCE, open_entry
from telecine.jobs.recipient_folders import copy_key
from telecine.jobs.staging import stage_in, sweep
from telecine.media.context import Context
from telecine.media.side_by_side import side_by_side
from telecine.media.workspace import Workspace, write_finished

PLAN = "master.json"
"""The plan of the master, in the folder that is kept."""
COPIES_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Copy:
    """The copy of a recipient: its key in the output storage, and its size in bytes."""

    recipient: int
    name: str
    key: str
    size: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was made. `seconds` is the wall time of each step, in order; `warnings` are those of the plan too."""

    plan: MasterPlan
    copies: tuple[Copy, ...]
    seconds: dict[str, float]
    warnings: tuple[str, ...] = ()


def run_all(
    spec: JobSpec, stores: Stores, work: Path, kept: Path, names: Mapping[int, str], keys: RecipientKeys, by: Engines
) -> Outcome:
    """Make a copy for each recipient in `names` (by number), and return what was made.

    `kept` is the folder for what leaks are compared with. Whatever is raised, no tool is left running; copies that
    appeared are whole, and finished chunks stay in `work` for another call with the same job. Raises CONFLICT where
    another master, or the same one prepared otherwise, is kept there, and what the steps raise.
    """
    return _OneShot(spec, stores, Workspace(work), kept, names, keys, Steps(by)).run()


def kept_plan(kept: Path) -> MasterPlan | None:
    """The plan of the master whose reference is kept in a folder, or None. Raises FIELD_INVALID where it is damaged."""
    if not (kept / PLAN).exists():
        return None
    try:
        return MasterPlan.model_validate_json((kept / PLAN).read_bytes())
    except ValidationError as error:
        raise TelecineError(ErrorKind.FIELD_INVALID, f"{kept / PLAN} is damaged.", field="--keep") from error


@dataclass(slots=True)
class _OneShot:
    spec: JobSpec
    stores: Stores
    workspace: Workspace
    kept: Path
    names: Mapping[int, str]
    keys: RecipientKeys
    steps: Steps

    def run(self) -> Outcome:
        try:
            return self._run()
        except BaseException:
            sweep(self.workspace)
            raise

    def _run(self) -> Outcome:
        with self.steps.timed("stage in", Phase.STAGE_IN) as context:
            stage_in(self.spec, self.stores.input, self.workspace, context)
        with self.steps.timed("probe and plan", Phase.PROBE) as context:
            plan = steps.analyse(self.spec, self.workspace, self.workspace.root, self.steps.by.policy, context)
            self._check_kept(plan)
        warnings = (*plan.warnings, *steps.warnings_of(plan, self.keys, list(self.names)))
        made = self._individual(plan) if plan.mode is CopyMode.INDIVIDUAL else self._pool(plan)
        return Outcome(plan, tuple(made), self.steps.seconds, warnings)

    def _check_kept(self, plan: MasterPlan) -> None:
        """What is kept is of one master, prepared in one way: a reference of another would name nobody."""
        before = kept_plan(self.kept)
        if before is not None and before != plan:
            why = f"{self.kept} is of another master, or of the same one prepared in another way."
            raise TelecineError(ErrorKind.CONFLICT, why, field="--keep")

    def _pool(self, plan: MasterPlan) -> list[Copy]:
        with self.steps.timed("encode", Phase.ENCODE, in_units=True):
            self._encode(
                plan, lambda index, context: steps.encode_takes(plan, index, self.workspace, context, self.keys)
            )
        with self.steps.timed("join", Phase.JOIN) as context:
            steps.prepare(plan, self.workspace, context)
        with self.steps.timed("verify", Phase.VERIFY) as context:
            steps.verify(plan, self.workspace, context)
        self._keep(plan)
        with self.steps.timed("copy", Phase.COPY) as context:
            return self._splice(context)

    def _splice(self, context: Context) -> list[Copy]:
        """A copy for each, some at once."""
        entry = open_entry(self.workspace.prepared)
        assert entry is not None, "it was made just now"
        made: list[Copy] = []

        def one(number: int, name: str) -> None:
            key = copy_key(self.spec, name, entry.prepared.suffix)
            size = steps.upload_spliced(entry, self.keys, number, key, self.stores.output, lambda *_: context.poll())
            made.append(Copy(number, name, key, size))
            context.report(Tick(len(made), len(self.names)))

        side_by_side([partial(one, *each) for each in self.names.items()], COPIES_AT_ONCE, self.steps.stop)
        return sorted(made, key=lambda copy: copy.recipient)

    def _individual(self, plan: MasterPlan) -> list[Copy]:
        """An encode for each, one after the other: each takes twice the master's size of the disk meanwhile."""
        made: list[Copy] = []
        for number, name in self.names.items():
            with self.steps.timed("encode", Phase.ENCODE, in_units=True):
                self._encode(plan, partial(self._encode_one, plan, number))
            with self.steps.timed("join and verify", Phase.JOIN) as context:
                steps.assemble_copy(plan, number, self.workspace, context)
            if not made:
                with self.steps.timed("keep the reference", Phase.VERIFY) as context:
                    steps.prepare(plan, self.workspace, context)
                    self._keep(plan)
            with self.steps.timed("copy", Phase.COPY) as context:
                key, size = steps.upload_assembled(
                    self.spec, name, number, self.workspace, self.stores.output, lambda *_: context.poll()
                )
            steps.drop_copy(self.workspace, number)
            made.append(Copy(number, name, key, size))
        return made

    def _encode_one(self, plan: MasterPlan, number: int, index: int, context: Context) -> object:
        return steps.encode_copy(plan, index, self.workspace, context, self.keys, number)

    def _keep(self, plan: MasterPlan) -> None:
        """Keep what leaks are compared with. What was kept of the same plan is of the same pictures."""
        if kept_plan(self.kept) is None:
            references.copy(self.workspace.prepared / REFERENCE, self.kept / REFERENCE)
            write_finished(Workspace(self.kept), self.kept / PLAN, plan.model_dump_json().encode())

    def _encode(self, plan: MasterPlan, encode: Callable[[int, Context], object]) -> None:
        """Every chunk, some at once; the first failure, or an interrupt, ends all of them."""
        parts: list[Callable[[], object]] = []
        for chunk in plan.chunks:
            self.steps.by.report(Phase.ENCODE, chunk.index, Tick(0, chunk.frames))
            parts.append(partial(encode, chunk.index, self.steps.context(Phase.ENCODE, chunk.index)))
        self.steps.beside_each_other(parts)

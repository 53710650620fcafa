"""All steps of an enhancement in order, in one process over files of this machine: `telecine enhance`."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from telecine.core.enhance.plan import EnhancePlan
from telecine.core.enhance.spec import Enhancement
from telecine.core.job import InputFile, JobSpec
from telecine.core.progress import Phase, Tick
from telecine.jobs import enhance_steps as steps
from telecine.jobs.here import Engines, Steps
from telecine.jobs.staging import remove, sweep
from telecine.media.enhance.chunk import enhance_chunk
from telecine.media.enhance.files import report_file, whole_file
from telecine.media.workspace import Workspace, finish


@dataclass(frozen=True, slots=True)
class Outcome:
    """What was made. `seconds` is the wall time of each step, in order; `report` is JSON, or empty."""

    plan: EnhancePlan
    seconds: dict[str, float]
    report: str = ""


def run_all(asked: Enhancement, source: Path, target: Path, work: Path, by: Engines) -> Outcome:
    """Make the file `target` of the file `source`, and say how.

    Whatever is raised, no tool is left running and no target there; finished chunks stay in `work` for another call
    with the same source and the same wishes. Raises what the steps raise.
    """
    return _OneShot(asked, source, target, Workspace(work), Steps(by)).run()


@dataclass(slots=True)
class _OneShot:
    asked: Enhancement
    source: Path
    target: Path
    workspace: Workspace
    steps: Steps

    def run(self) -> Outcome:
        try:
            return self._run()
        except BaseException:
            sweep(self.workspace)
            raise

    def _run(self) -> Outcome:
        workspace = self.workspace
        with self.steps.timed("copy", Phase.STAGE_IN) as context:
            context.report(Tick(0, 1))
            self.steps.by.report(Phase.ENHANCE, 0, Tick(0, 1))  # what kind of job it is, for the weights
            self._stage_in()
        with self.steps.timed("index and plan", Phase.PROBE) as context:
            plan = steps.analyse(self._spec(), None, workspace, self.steps.by.policy, context)
        with self.steps.timed("enhance", Phase.ENHANCE, in_units=True):
            self._enhance(plan)
        with self.steps.timed("join", Phase.JOIN) as context:
            steps.join(plan, workspace, context)
        with self.steps.timed("verify", Phase.VERIFY) as context:
            steps.verify(plan, workspace, context)
        with self.steps.timed("deliver", Phase.PUBLISH):
            self._deliver(plan)
        report = report_file(workspace)
        return Outcome(plan, self.steps.seconds, report.read_text() if report.exists() else "")

    def _spec(self) -> JobSpec:
        file = InputFile(path=self.source.name, video=True)
        places = {"input_storage": "here", "output_storage": "here", "output_path": ""}
        return JobSpec(name=self.target.name, content_id="enhanced", files=(file,), enhancement=self.asked, **places)

    def _stage_in(self) -> None:
        """Copy the source into the work folder, the only place that tools may read; anew where it is another one."""
        place, stamp = self.workspace.input_file(0), self.workspace.root / "source.txt"
        there = self.source.stat()
        identity = f"{self.source} {there.st_size} {there.st_mtime_ns}"
        if place.exists() and stamp.exists() and stamp.read_text() == identity:
            return
        for path in list(self.workspace.root.iterdir()):
            remove(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self.source, place)
        stamp.write_text(identity)

    def _enhance(self, plan: EnhancePlan) -> None:
        """Every chunk, `slots` at once; the first failure, or an interrupt, ends all of them."""
        parts: list[Callable[[], object]] = []
        for chunk in plan.chunks:
            context = self.steps.context(Phase.ENHANCE, chunk.index)
            context.report(Tick(0, float(chunk.wanted.frames / plan.target.picture.rate)))
            parts.append(partial(enhance_chunk, plan, chunk.index, self.workspace, context))
        self.steps.beside_each_other(parts)

    def _deliver(self, plan: EnhancePlan) -> None:
        temporary = Workspace(self.target.parent).temporary(self.target)
        try:
            shutil.copyfile(whole_file(self.workspace, plan.target.container), temporary)
            finish(temporary, self.target)
        finally:
            temporary.unlink(missing_ok=True)

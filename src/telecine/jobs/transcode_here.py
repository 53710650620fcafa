"""A whole transcoding or packaging job in this process, in order, for `telecine run`: no server, no database.

The steps are those of `jobs.stages`, as a server's activities take them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from telecine.core.job import JobSpec
from telecine.core.plan import Plan
from telecine.core.progress import Phase, Tick
from telecine.core.watermark.pattern import MarkKey
from telecine.jobs.here import Engines, Steps, Stores
from telecine.jobs.protection import JobKeys, Ring
from telecine.jobs.publishing import Published, publish, withdraw
from telecine.jobs.stages import analyse, encode_chunk, make_title_reference, make_tree
from telecine.jobs.staging import stage_in, sweep
from telecine.media import audio, import_tracks, join, package, verify
from telecine.media.context import Context
from telecine.media.mark_report import MarkReport, load_mark_report
from telecine.media.verify_report import VerifyReport
from telecine.media.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a one-shot job made. `seconds` is the wall time of each step, in order; `marks` is of a marked job."""

    plan: Plan
    verified: VerifyReport
    published: Published
    seconds: dict[str, float]
    marks: MarkReport | None = None


def run_all(
    spec: JobSpec,
    stores: Stores,
    work: Path,
    by: Engines,
    ring: Ring | None = None,
    mark_key: MarkKey | None = None,
) -> Outcome:
    """Do the whole job in this process and return what was made.

    `ring` gives the content keys, where the job asks for encryption; `mark_key` is the title's, where it is marked.
    Whatever is raised, no tool is left running and nothing published; finished chunks stay in `work` for another call
    with the same job.
    """
    return _OneShot(spec, stores, Workspace(work), ring, mark_key, Steps(by)).run()


@dataclass(slots=True)
class _OneShot:
    spec: JobSpec
    stores: Stores
    workspace: Workspace
    ring: Ring | None
    mark_key: MarkKey | None
    steps: Steps

    def run(self) -> Outcome:
        try:
            return self._run()
        except BaseException:
            self.steps.stop.clear()
            withdraw(lambda _: self.stores.output, self.workspace)
            sweep(self.workspace)
            raise

    def _run(self) -> Outcome:
        spec, workspace, timed = self.spec, self.workspace, self.steps.timed
        with timed("stage in", Phase.STAGE_IN) as context:
            stage_in(spec, self.stores.input, workspace, context)
        with timed("probe and plan", Phase.PROBE) as context:
            plan = analyse(spec, workspace, self.steps.by.policy, context)
        if plan.imported:
            with timed("import", Phase.IMPORT) as context:
                import_tracks.import_tracks(plan, workspace, context)
        else:
            with timed("encode", Phase.AUDIO) as context:
                self._encode(plan, context)
            with timed("join", Phase.JOIN) as context:
                join.join(plan, workspace, context, self.mark_key)
                make_title_reference(plan, workspace, context.poll)
        keys = JobKeys(workspace, self.ring) if self.ring else None
        with timed("package", Phase.PACKAGE) as context:
            make_tree(plan, workspace, context, keys or package.no_keys)
        with timed("verify", Phase.VERIFY) as context:
            known, owners = (keys.by_id(), keys.owners()) if keys else (verify.NO_KEYS, verify.NOBODY)
            verified = verify.verify(plan, workspace, context, known, owners)
        with timed("publish", Phase.PUBLISH) as context:
            published = publish(spec, plan, self.stores.output, workspace, context)
        marks = load_mark_report(workspace) if plan.marking else None
        return Outcome(plan, verified, published, self.steps.seconds, marks)

    def _encode(self, plan: Plan, sound: Context) -> None:
        """Every chunk, and beside them the audio, which takes one core for a little while and so needs no slot."""
        chunks: list[Callable[[], object]] = []
        for chunk in plan.chunks:
            context = self.steps.context(Phase.ENCODE, chunk.index)
            context.report(Tick(0, float(chunk.end - chunk.start)))
            chunks.append(partial(encode_chunk, plan, chunk.index, self.workspace, context, self.mark_key))
        beside = partial(audio.encode_audio, plan, self.workspace, sound)
        self.steps.beside_each_other(chunks, [beside] if plan.audio else [])

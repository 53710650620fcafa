"""The activities of a job: each loads what it needs by id, calls the step's function, and writes down what came of it.

They run in threads. Cancellation reaches them through `ActiveStep.report`, never as an exception out of nowhere.
"""

import time
from collections.abc import Callable
from typing import Any

from temporalio import activity

from telecine.catalog import jobs, marked_titles
from telecine.core.plan import Plan
from telecine.core.progress import Phase, Tick
from telecine.core.states import JobState
from telecine.core.watermark.pattern import MarkKey
from telecine.jobs import references, stages
from telecine.jobs.active_step import ActiveStep, active_step, cpu_slot
from telecine.jobs.endings import conclude, take_back
from telecine.jobs.messages import Ending, JobRef, Planned, Step
from telecine.jobs.protection import JobKeys
from telecine.jobs.publishing import publish
from telecine.jobs.services import Services
from telecine.jobs.staging import stage_in
from telecine.media import audio, import_tracks, join, verify
from telecine.media.mark_report import load_mark_report


class JobActivities:
    """Every effect that `JobWorkflow` asks for. One object serves all threads of a worker."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def transfers(self) -> list[Callable[..., Any]]:
        """Activities of the io queue."""
        return [self.stage_in, self.publish]

    @property
    def encodes(self) -> list[Callable[..., Any]]:
        """Activities of the cpu queue."""
        made: list[Callable[..., Any]] = [self.encode_chunk, self.encode_audio, self.join, self.import_tracks]
        return [self.analyse, *made, self.package, self.verify]

    @property
    def endings(self) -> list[Callable[..., Any]]:
        """Short activities that must never wait behind long ones."""
        return [self.withdraw, self.conclude]

    @activity.defn(name=Step.STAGE_IN, no_thread_cancel_exception=True)
    def stage_in(self, ref: JobRef) -> None:
        """Fetch the inputs."""
        with active_step(self._services, ref, Phase.STAGE_IN, JobState.DOWNLOADING) as step:
            self._announce(step)
            store = self._services.store(step.job, step.job.input_storage)
            stage_in(step.spec, store, step.workspace, step.context)
            step.finish()
            step.enter(JobState.DOWNLOADED)

    @activity.defn(name=Step.ANALYSE, no_thread_cancel_exception=True)
    def analyse(self, ref: JobRef) -> Planned:
        """Probe and plan; the row learns what was found and what is to be wondered at."""
        with active_step(self._services, ref, Phase.PROBE, JobState.ANALYSING) as step, cpu_slot(step):
            plan = stages.analyse(step.spec, step.workspace, self._services.settings.policy, step.context)
            media = [info.model_dump(mode="json") for info in stages.load_probes(step.workspace)]
            with self._services.database.write() as s:
                jobs.set_media(s, ref.job_id, ref.attempt, {"files": media})
                jobs.add_warnings(s, ref.job_id, ref.attempt, plan.warnings)
                if plan.imported:
                    jobs.report_work(s, ref.job_id, ref.attempt, Phase.IMPORT, 0, Tick(0.0, 1.0))
                for chunk in plan.chunks:
                    tick = Tick(0.0, float(chunk.end - chunk.start))
                    jobs.report_work(s, ref.job_id, ref.attempt, Phase.ENCODE, chunk.index, tick)
            step.finish()
        if plan.imported:
            return Planned(chunks=0, audio=False, imported=True)
        return Planned(chunks=len(plan.chunks) if plan.video else 0, audio=bool(plan.audio))

    @activity.defn(name=Step.IMPORT_TRACKS, no_thread_cancel_exception=True)
    def import_tracks(self, ref: JobRef) -> None:
        """Make every track of an asset that is encoded already."""
        self._media_step(ref, Phase.IMPORT, JobState.PACKAGING, import_tracks.import_tracks)

    @activity.defn(name=Step.ENCODE_CHUNK, no_thread_cancel_exception=True)
    def encode_chunk(self, ref: JobRef, index: int) -> None:
        """Encode one chunk of every rendition."""
        with active_step(self._services, ref, Phase.ENCODE, JobState.TRANSCODING, unit=index) as step, cpu_slot(step):
            plan = stages.load_plan(step.workspace)
            begun = time.monotonic()
            made = stages.encode_chunk(plan, index, step.workspace, step.context, self._mark_key(step, plan))
            seconds = round(time.monotonic() - begun, 2)
            what = "encoded" if made else "found finished"
            step.tell(f"Chunk {index + 1} of {len(plan.chunks)} {what}.", data={"chunk": index, "seconds": seconds})
            step.finish()

    @activity.defn(name=Step.ENCODE_AUDIO, no_thread_cancel_exception=True)
    def encode_audio(self, ref: JobRef) -> None:
        """Make every audio track."""
        self._media_step(ref, Phase.AUDIO, JobState.TRANSCODING, audio.encode_audio)

    @activity.defn(name=Step.JOIN, no_thread_cancel_exception=True)
    def join(self, ref: JobRef) -> None:
        """Join the chunks of every rendition."""
        with active_step(self._services, ref, Phase.JOIN, JobState.TRANSCODING) as step, cpu_slot(step):
            plan = stages.load_plan(step.workspace)
            join.join(plan, step.workspace, step.context, self._mark_key(step, plan))
            stages.make_title_reference(plan, step.workspace, step.pulse.alive)
            if plan.marking:
                report = load_mark_report(step.workspace)
                step.tell(f"Marked: {report.summary}", data=report.model_dump(mode="json"))
            step.finish()

    @activity.defn(name=Step.PACKAGE, no_thread_cancel_exception=True)
    def package(self, ref: JobRef) -> None:
        """Make the trees that will be published, encrypted by the site's keys where the plan says so."""
        with active_step(self._services, ref, Phase.PACKAGE, JobState.PACKAGING) as step, cpu_slot(step):
            stages.make_tree(stages.load_plan(step.workspace), step.workspace, step.context, self._keys(step))
            step.finish()

    @activity.defn(name=Step.VERIFY, no_thread_cancel_exception=True)
    def verify(self, ref: JobRef) -> None:
        """Read the trees as a stranger would who has the keys."""
        with active_step(self._services, ref, Phase.VERIFY, JobState.VERIFYING) as step, cpu_slot(step):
            keys = self._keys(step)
            plan = stages.load_plan(step.workspace)
            verify.verify(plan, step.workspace, step.context, keys.by_id(), keys.owners())
            step.finish()

    @activity.defn(name=Step.PUBLISH, no_thread_cancel_exception=True)
    def publish(self, ref: JobRef) -> None:
        """Upload the trees, and tell the row where they are."""
        with active_step(self._services, ref, Phase.PUBLISH, JobState.UPLOADING) as step:
            plan = stages.load_plan(step.workspace)
            store = self._services.store(step.job, step.job.output_storage)
            reference = self._keep_reference(step, plan)
            published = publish(step.spec, plan, store, step.workspace, step.context, step.check)
            outlived = ""
            with self._services.database.write() as s:
                if jobs.set_outputs(s, ref.job_id, ref.attempt, published.as_json()):
                    outlived = marked_titles.published(s, step.job, step.spec, plan, reference)
            if outlived:
                references.drop(self._services.settings.references, outlived)
            step.finish()

    @activity.defn(name=Step.WITHDRAW, no_thread_cancel_exception=True)
    def withdraw(self, ref: JobRef) -> None:
        """Take back what a failed or stopped attempt has published."""
        with active_step(self._services, ref, Phase.PUBLISH, give_up=False) as step:
            gone = take_back(self._services, step.job)
            step.tell(f"{gone} published files were taken back.")

    @activity.defn(name=Step.CONCLUDE, no_thread_cancel_exception=True)
    def conclude(self, ref: JobRef, ending: Ending) -> str:
        """Clean the work folder and write the end into the row; returns the state that the job now has."""
        with active_step(self._services, ref, Phase.PUBLISH, give_up=False):
            return conclude(self._services, ref.job_id, ref.attempt, ending)

    def _announce(self, step: ActiveStep) -> None:
        """Say of what kind a job of videos is by its phases, so that its progress is weighed rightly from the start."""
        spec = step.spec
        phases = [Phase.ENHANCE] if spec.enhancement else [Phase.LOOK] if spec.ingestion else []
        phases += [Phase.EXAMINE] if spec.ingestion and not spec.ingestion.light else []
        with self._services.database.write() as s:
            for phase in phases:
                jobs.report_work(s, step.ref.job_id, step.ref.attempt, phase, 0, Tick(0.0, 1.0))

    def _keep_reference(self, step: ActiveStep, plan: Plan) -> str:
        """Put a marked title's reference into the store, before anything of it is public; its name, or nothing."""
        if plan.marking is None:
            return ""
        stages.make_title_reference(plan, step.workspace, step.pulse.alive)
        name = references.name_of(step.job.site_id, plan.content_id, step.job.id)
        references.put(self._services.settings.references, name, step.workspace.title_reference)
        return name

    def _keys(self, step: ActiveStep) -> JobKeys:
        return JobKeys(step.workspace, self._services.key_ring(step.job.site_id, step.pulse.check))

    def _mark_key(self, step: ActiveStep, plan: Plan) -> MarkKey | None:
        return self._services.mark_key(step.job.site_id, plan.content_id) if plan.marking else None

    def _media_step(self, ref: JobRef, phase: Phase, state: JobState, work: Callable[[Plan, Any, Any], object]) -> None:
        with active_step(self._services, ref, phase, state) as step, cpu_slot(step):
            work(stages.load_plan(step.workspace), step.workspace, step.context)
            step.finish()

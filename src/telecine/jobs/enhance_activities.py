"""The activities of an enhancement: each loads what it needs by id, calls the step's function, and writes down what
came of it. Each can be done twice.
"""

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session
from temporalio import activity

from telecine.catalog import jobs, video_results
from telecine.catalog.models import Job
from telecine.core.enhance.parameters import processing_parameters
from telecine.core.enhance.plan import EnhancePlan
from telecine.core.ingest import Findings
from telecine.core.progress import Phase, Tick
from telecine.core.states import JobState
from telecine.jobs import enhance_steps as steps
from telecine.jobs.active_step import ActiveStep, active_step, cpu_slot
from telecine.jobs.messages import EnhanceStep, JobRef
from telecine.jobs.services import Services
from telecine.jobs.video_rows import write_video
from telecine.media.context import share
from telecine.media.enhance.chunk import enhance_chunk


class EnhanceActivities:
    """Every effect that `EnhanceWorkflow` asks for. One object serves all threads of a worker."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def transfers(self) -> list[Callable[..., Any]]:
        """Activities of the io queue."""
        return [self.deliver]

    @property
    def encodes(self) -> list[Callable[..., Any]]:
        """Activities of the cpu queue."""
        return [self.plan, self.enhance_chunk, self.assemble, self.verify]

    @activity.defn(name=EnhanceStep.PLAN, no_thread_cancel_exception=True)
    def plan(self, ref: JobRef) -> int:
        """Probe, index and plan; the rows learn what was decided. Returns the number of chunks."""
        with active_step(self._services, ref, Phase.PROBE, JobState.ANALYSING) as step, cpu_slot(step):
            known = self._known(step)
            policy = self._services.settings.policy
            plan = steps.analyse(step.spec, known, step.workspace, policy, step.context)
            asked = step.spec.enhancement
            parameters = processing_parameters(plan, asked.clip if asked else None)
            write_video(step, lambda s, job: video_results.set_parameters(s, job, parameters))
            with self._services.database.write() as s:
                jobs.add_warnings(s, ref.job_id, ref.attempt, [*plan.substitutions, *plan.warnings])
                for chunk in plan.chunks:
                    tick = Tick(0.0, float(chunk.wanted.frames / plan.target.picture.rate))
                    jobs.report_work(s, ref.job_id, ref.attempt, Phase.ENHANCE, chunk.index, tick)
            step.tell(_in_words(plan), data=plan.model_dump(mode="json", exclude={"chunks"}))
            step.finish()
            return len(plan.chunks)

    @activity.defn(name=EnhanceStep.ENHANCE_CHUNK, no_thread_cancel_exception=True)
    def enhance_chunk(self, ref: JobRef, index: int) -> None:
        """Make one chunk."""
        with active_step(self._services, ref, Phase.ENHANCE, JobState.TRANSCODING, unit=index) as step, cpu_slot(step):
            plan = steps.load_plan(step.workspace)
            begun = time.monotonic()
            made = enhance_chunk(plan, index, step.workspace, step.context)
            about: dict[str, object] = {"chunk": index, "seconds": round(time.monotonic() - begun, 2)}
            what = "encoded" if made else "found finished"
            step.tell(f"Chunk {index + 1} of {len(plan.chunks)} {what}.", data=about)
            step.finish()

    @activity.defn(name=EnhanceStep.ASSEMBLE, no_thread_cancel_exception=True)
    def assemble(self, ref: JobRef) -> None:
        """Join the chunks with the sounds."""
        with active_step(self._services, ref, Phase.JOIN, JobState.PACKAGING) as step, cpu_slot(step):
            steps.join(steps.load_plan(step.workspace), step.workspace, step.context)
            step.finish()

    @activity.defn(name=EnhanceStep.VERIFY, no_thread_cancel_exception=True)
    def verify(self, ref: JobRef) -> None:
        """Read the result as a stranger would, and compare it with its source."""
        with active_step(self._services, ref, Phase.VERIFY, JobState.VERIFYING) as step, cpu_slot(step):
            steps.verify(steps.load_plan(step.workspace), step.workspace, step.context)
            step.finish()

    @activity.defn(name=EnhanceStep.DELIVER, no_thread_cancel_exception=True)
    def deliver(self, ref: JobRef) -> None:
        """Bring the result to the storage; the video has its media from now on."""
        with active_step(self._services, ref, Phase.PUBLISH, JobState.UPLOADING) as step:
            plan = steps.load_plan(step.workspace)
            found = steps.look_at_result(plan, step.workspace, share(step.context, 0.0, 0.1))
            store = self._services.store(step.job, step.job.output_storage)
            made = steps.deliver(step.spec, plan, store, step.workspace, share(step.context, 0.1, 1.0))
            step.check()  # the last moment to stop: the next line publishes
            write_video(step, lambda s, job: _publish(s, job, plan, made, found))
            with self._services.database.write() as s:
                outputs = {"media": made.key, "bytes": made.size, "pictures": made.pictures}
                jobs.set_outputs(s, ref.job_id, ref.attempt, outputs)
            step.finish()

    def _known(self, step: ActiveStep) -> Findings | None:
        """What an ingestion has found out about the media that is to be enhanced."""
        with self._services.database.read() as s:
            path = step.spec.files[0].path
            found = video_results.findings_of_media(s, step.job.site_id, step.job.input_storage, path)
        return Findings.model_validate(found) if found else None


def _publish(s: Session, job: Job, plan: EnhancePlan, made: steps.Delivered, found: Findings) -> bool:
    container = plan.target.container
    media = video_results.Made(
        key=made.key,
        size=made.size,
        etag=made.etag,
        file_name=steps.file_name_of(jobs.spec_of(job).name, container),
        file_type=steps.CONTENT_TYPES[container],
    )
    return (
        video_results.set_media(s, job, media)
        and video_results.set_pictures(s, job, made.pictures)
        and video_results.set_findings(s, job, found.model_dump(mode="json"))
    )


def _in_words(plan: EnhancePlan) -> str:
    """What will be done, as a line for the job's log."""
    done = ", ".join(f"{stage.option} by {stage.engine} {stage.version}".strip() for stage in plan.stages)
    target = plan.target
    picture = target.picture
    what = f"{picture.width}x{picture.height}, {float(picture.rate):.5g} fps, {target.codec} in {target.container}"
    return f"{plan.source.picture.frames} frames become {picture.frames} of {what}{'; ' if done else ''}{done}."

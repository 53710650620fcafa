"""The activities of an ingestion: each loads what it needs by id, calls the step's function, and writes down what came
of it. Each can be done twice.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session
from temporalio import activity

from telecine.catalog import jobs, video_results
from telecine.catalog.models import Job
from telecine.core.ingest import Findings
from telecine.core.progress import Phase, Tick
from telecine.core.states import JobState
from telecine.jobs.active_step import ActiveStep, active_step, cpu_slot
from telecine.jobs.messages import IngestStep, JobRef
from telecine.jobs.services import Services
from telecine.jobs.video_pictures import PICTURES, is_light
from telecine.jobs.video_rows import write_video
from telecine.media.context import share
from telecine.media.ingest.examine import examine
from telecine.media.ingest.look import look
from telecine.media.ingest.pictures import make_pictures
from telecine.storage.store import Store


class IngestActivities:
    """Every effect that `IngestWorkflow` asks for. One object serves all threads of a worker."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def transfers(self) -> list[Callable[..., Any]]:
        """Activities of the io queue."""
        return [self.keep_findings]

    @property
    def encodes(self) -> list[Callable[..., Any]]:
        """Activities of the cpu queue."""
        return [self.look, self.examine]

    @activity.defn(name=IngestStep.LOOK, no_thread_cancel_exception=True)
    def look(self, ref: JobRef) -> bool:
        """Read the metadata, which the video shows from now on; returns whether that is all that was asked for."""
        with active_step(self._services, ref, Phase.LOOK, JobState.ANALYSING) as step, cpu_slot(step):
            found = look(step.workspace, step.context)
            with self._services.database.write() as s:
                jobs.set_media(s, ref.job_id, ref.attempt, {"files": [found.media.model_dump(mode="json")]})
            write_video(step, lambda s, job: video_results.set_findings(s, job, found.model_dump(mode="json")))
            step.finish()
            return is_light(step.spec)

    @activity.defn(name=IngestStep.EXAMINE, no_thread_cancel_exception=True)
    def examine(self, ref: JobRef) -> None:
        """Judge the pictures, and make those that are shown of the video."""
        with active_step(self._services, ref, Phase.EXAMINE) as step, cpu_slot(step):
            step.check()
            found = examine(look(step.workspace, step.context), step.workspace, share(step.context, 0.0, 0.7))
            make_pictures(found, step.workspace, share(step.context, 0.7, 1.0))
            step.finish()

    @activity.defn(name=IngestStep.KEEP_FINDINGS, no_thread_cancel_exception=True)
    def keep_findings(self, ref: JobRef) -> None:
        """Bring the pictures to the storage, and write into the row all that was found."""
        with active_step(self._services, ref, Phase.PUBLISH, JobState.UPLOADING) as step:
            found = look(step.workspace, step.context)
            keys: dict[str, str] = {}
            if not is_light(step.spec):
                found = examine(found, step.workspace, step.context)
                store = self._services.store(step.job, step.job.output_storage)
                keys = self._upload(step, found, store)
            with self._services.database.write() as s:
                jobs.add_warnings(s, ref.job_id, ref.attempt, found.warnings)
                jobs.set_outputs(s, ref.job_id, ref.attempt, {"pictures": keys})
            write_video(step, lambda s, job: _keep(s, job, found, keys))
            step.finish()

    def _upload(self, step: ActiveStep, found: Findings, store: Store) -> dict[str, str]:
        made = make_pictures(found, step.workspace, step.context)
        keys = {}
        for name, path in made.items():
            file_name, content_type = PICTURES[name]
            keys[name] = f"{step.spec.output_path}/{file_name}"
            store.upload(path, keys[name], content_type, lambda _done, _size: step.pulse.alive())
            step.report(Tick(float(len(keys)), float(len(made))))
        return keys


def _keep(s: Session, job: Job, found: Findings, keys: dict[str, str]) -> bool:
    kept = not keys or video_results.set_pictures(s, job, keys)
    return kept and video_results.set_findings(s, job, found.model_dump(mode="json"))

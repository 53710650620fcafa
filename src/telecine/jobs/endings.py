"""How an attempt ends: what was published is taken back or stays, the work folder is cleaned, the row is told.

Shared by the workflow's last activities and by the sweeper, which ends attempts whose workflow is no more.
Everything here can be done twice.
"""

from telecine.catalog import copies, jobs, marked_titles, video_results
from telecine.catalog.clock import utcnow
from telecine.catalog.models import Job
from telecine.core.dwm_codes import CopyState
from telecine.core.errors import ErrorKind
from telecine.core.job import JobSpec
from telecine.core.states import TERMINAL, JobState
from telecine.jobs import enhance_steps, failures, stages, video_pictures
from telecine.jobs.messages import STALE, Ending
from telecine.jobs.publishing import withdraw
from telecine.jobs.recipient_folders import folder_of
from telecine.jobs.services import Services
from telecine.jobs.staging import remove, sweep
from telecine.storage.store import Store


def take_back(services: Services, job: Job) -> int:
    """Delete what the job has published, and return how many files that were. Raises what the storage raises.

    Copies of a master stay: each is whole, and its recipient's. What is left of one that was broken off goes.
    """
    spec = jobs.spec_of(job)
    if spec.distribution:
        _clear_copies(services, job)
        return 0
    if spec.enhancement or spec.ingestion:
        return _take_back_video(services, job, spec)

    def store(storage_id: str) -> Store:
        return services.store(job, storage_id or job.output_storage)

    gone = withdraw(store, services.workspace(job.id))
    if gone and job.forensic_watermark:
        with services.database.write() as s:
            marked_titles.withdrawn(s, job)
    return gone


def _take_back_video(services: Services, job: Job, spec: JobSpec) -> int:
    """Remove what was made of a video or to be shown of it, unless the row says that another job works for it now."""
    with services.database.write() as s:
        if video_results.of_job(s, job) is None:
            return 0
        if spec.enhancement:
            video_results.withdraw(s, job)
    keys = enhance_steps.delivered_keys(spec) if spec.enhancement else video_pictures.kept_keys(spec)
    store = services.store(job, job.output_storage)
    there = [key for key in keys if store.head(key)]
    store.delete(there)
    store.clear_unfinished(f"{spec.output_path}/")
    return len(there)


def _clear_copies(services: Services, job: Job) -> None:
    """Remove what copies that never came to their end have left unseen in the output storage."""
    with services.database.read() as s:
        found = copies.recipients_of(s, job.site_id, job.id)
    broken_off = [recipient.name for task, recipient in found if task.state is CopyState.PROGRESSING]
    if broken_off:
        store = services.store(job, job.output_storage)
        for name in broken_off:
            store.clear_unfinished(f"{folder_of(jobs.spec_of(job), name)}/")


def conclude(services: Services, job_id: int, attempt: int, ending: Ending) -> str:
    """Clean the work folder, then write the end into the row. Returns the job's state, or `stale`.

    A complete job leaves nothing; another one leaves finished files for a restart, but no temporary ones. Files
    that failed verification are not kept: a restart has to make others.
    """
    with services.database.read() as s:
        job = jobs.load(s, job_id)
    if job.attempt != attempt:
        return STALE
    if job.state in TERMINAL:
        return job.state.value
    workspace = services.workspace(job_id)
    if ending.state == JobState.COMPLETE:
        remove(workspace.root)
    elif workspace.root.exists():
        sweep(workspace)
        if ending.failure is not None and ending.failure.kind == ErrorKind.VERIFY_FAILED:
            stages.discard_made(workspace)
    return _write_end(services, job, ending)


def _write_end(services: Services, job: Job, ending: Ending) -> str:
    error = failures.from_failure(ending.failure) if ending.failure else None
    code = failures.dialect_code(job.dialect, error) if error else ""
    with services.database.write() as s:
        jobs.advance(s, job.id, job.attempt, JobState(ending.state), now=utcnow(), error=error, error_code=code)
        return jobs.load(s, job.id).state.value

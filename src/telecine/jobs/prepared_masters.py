"""What jobs have prepared: the rows that say so, and the entries of the store that they name, together.

A master is prepared once: a later job that distributes the same file in the same way takes over what an earlier one
has prepared. It gets an entry of its own, of the same files, so that one job's can be dropped without the other's.
"""

import json
from collections.abc import Callable

from telecine.catalog import jobs, prepared
from telecine.catalog.distribution_models import PreparedMaster
from telecine.catalog.models import Job
from telecine.core.errors import TelecineError
from telecine.core.master import MasterPlan
from telecine.jobs import references, staging
from telecine.jobs.prepared import SOURCE, Entry, open_entry, put, source_of
from telecine.jobs.services import Services
from telecine.media.workspace import Workspace, write_finished


def find(services: Services, job: Job) -> tuple[MasterPlan, Entry] | None:
    """What the copies of a job are spliced of, and its plan; None where it has prepared nothing, or it is gone."""
    with services.database.read() as s:
        try:
            row = prepared.get(s, job.site_id, job.id)
        except TelecineError:
            return None
    entry = _entry(services, row)
    return (prepared.plan_of(row), entry) if entry else None


def keep(services: Services, job: Job, plan: MasterPlan, workspace: Workspace, poll: Callable[[], None]) -> None:
    """Put what lies in `workspace.prepared` into the store, then say that it is there.

    `poll` is called often while files are copied, and may raise.
    """
    source = staging.stamp(workspace.input_file(0))
    write_finished(workspace, workspace.prepared / SOURCE, json.dumps(source).encode())
    name = references.name_of(job.site_id, job.content_id, job.id)
    put(services.settings.prepared, name, workspace.prepared, poll)
    with services.database.write() as s:
        prepared.keep(s, job, plan.model_dump(mode="json"), name)


def take_over(services: Services, job: Job, poll: Callable[[], None]) -> int | None:
    """Let the job have what another one has prepared of the same file in the same way; the other one's number.

    None where there is none such, or it cannot be told that the file is the same. Raises what the input storage does.
    """
    others = _alike(services, job)
    if not others:
        return None
    spec = jobs.spec_of(job)
    there = services.store(job, spec.input_storage).head(spec.files[0].path)
    if there is None or not there.etag:
        return None
    for row in others:
        place = references.place_of(services.settings.prepared, row.name)
        if source_of(place) == staging.identity(there) and _entry(services, row):
            name = references.name_of(job.site_id, job.content_id, job.id)
            put(services.settings.prepared, name, place, poll)
            with services.database.write() as s:
                prepared.keep(s, job, row.plan, name)
            return row.job_id
    return None


def _alike(services: Services, job: Job) -> list[PreparedMaster]:
    """What other jobs of the content have prepared of a file of the same name in the same way, the newest first."""
    spec = jobs.spec_of(job)
    wanted = (spec.distribution, spec.input_storage, spec.files)
    with services.database.read() as s:
        others = [row for row in prepared.of_content(s, job.site_id, job.content_id) if row.job_id != job.id]
        specs = [jobs.spec_of(jobs.load(s, row.job_id)) for row in others]
    told = [(one.distribution, one.input_storage, one.files) for one in specs]
    return [row for row, one in zip(others, told, strict=True) if row.has_files and one == wanted]


def _entry(services: Services, row: PreparedMaster) -> Entry | None:
    """The entry that a row names, where its files are there."""
    return open_entry(references.place_of(services.settings.prepared, row.name)) if row.has_files else None

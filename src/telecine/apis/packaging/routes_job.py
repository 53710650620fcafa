"""Packaging routes: jobs."""

from typing import Any

from fastapi import APIRouter, Request
from sqlalchemy.orm import Session

from telecine.apis.envelope import Answer
from telecine.apis.findings import Findings
from telecine.apis.idempotency import IdempotencyKey, once_of
from telecine.apis.packaging import DIALECT, PREFIX, samples
from telecine.apis.packaging.access import ApiData, Opened, read_as
from telecine.apis.packaging.faults import success_body
from telecine.apis.packaging.filters import job_filter
from telecine.apis.packaging.mapping import Terms, Translated, translate_job
from telecine.apis.packaging.schema import JobId, Listed
from telecine.apis.packaging.schema_job import JobRegistration, JobSearch
from telecine.apis.packaging.views import job_line
from telecine.apis.paging import parse_zone
from telecine.apis.references import check_storages
from telecine.apis.services import Wired
from telecine.catalog import jobs, marks, packaging_sites, sites

routes = APIRouter(prefix=f"{PREFIX}/api/v2/pack", tags=["Packaging: job"])


@routes.post(
    "/{siteId}",
    response_model=JobId,
    summary="Register a packaging job",
    description=samples.shown("Checks the whole request, then puts the job in the queue.", samples.JOB_REGISTER),
)
def register_job(request: Request, services: Wired, data: Opened, key: IdempotencyKey = "") -> Answer:
    """Check the whole request, then put the job in the queue."""
    body = read_as(JobRegistration, data)
    once = once_of(request, data.fields, key)
    with services.database.write() as s:

        def make() -> tuple[dict[str, Any], dict[str, Any]]:
            job = _translated(s, data, body)
            created = jobs.create(
                s,
                data.site_id,
                jobs.NewJob(spec=job.spec, request=job.echo, dialect=DIALECT, warnings=job.warnings),
                now=services.now(),
            )
            answer = success_body(job_id=created.id)
            return answer, answer

        answer, headers = once.answer(s, data.site_id, make)
    return Answer(answer, headers=headers)


def _translated(s: Session, data: ApiData, body: JobRegistration) -> Translated:
    """What the registration means for this site. Raises every fault at once."""
    found = Findings()
    places = body.storage
    named = {
        "storage.input.storage_id": ("input", places.input.storage_id),
        "storage.output.storage_id": ("output", places.output.storage_id),
    }
    check_storages(s, data.site_id, named, found)
    terms = Terms(
        marking=marks.policy(s, data.site_id).marking(),
        trial=sites.get(s, data.site_id).trial_limit is not None,
        trial_bytes=packaging_sites.get(s, data.site_id).trial_bytes,
    )
    return translate_job(body, data.fields, terms, found)


@routes.get(
    "/{siteId}",
    response_model=Listed,
    summary="List packaging jobs",
    description=samples.shown("One page of the site's jobs of this API, newest first.", samples.JOB_LIST),
)
def list_jobs(services: Wired, data: Opened) -> Answer:
    """One page of the site's jobs of this API, newest first."""
    search = read_as(JobSearch, data)
    zone = parse_zone(search.time_zone)
    with services.database.read() as s:
        total, rows = jobs.search(s, data.site_id, job_filter(search, zone))
        requests = jobs.requests(s, data.site_id, [row.id for row in rows])
    lines = [job_line(row, requests[row.id]) for row in rows]
    return Answer(success_body(total_count=str(total), time_zone=str(zone), data=lines))

"""Packaging routes: jobs."""

from typing import NoReturn

from fastapi import APIRouter

from telecine.apis.envelope import Answer
from telecine.apis.packaging import PREFIX, samples
from telecine.apis.packaging.access import Opened, read_as
from telecine.apis.packaging.faults import success_body
from telecine.apis.packaging.filters import job_filter
from telecine.apis.packaging.registration import check, refusal
from telecine.apis.packaging.schema import Failure, Listed
from telecine.apis.packaging.schema_job import JobRegistration, JobSearch
from telecine.apis.packaging.views import job_line
from telecine.apis.paging import parse_zone
from telecine.apis.services import Wired
from telecine.catalog import jobs, sites, storages
from telecine.catalog.models import Storage
from telecine.core.errors import ErrorKind, TelecineError

routes = APIRouter(prefix=f"{PREFIX}/api/v2/pack", tags=["Packaging: job"])


@routes.post(
    "/{siteId}",
    status_code=400,
    response_model=Failure,
    summary="Register a packaging job",
    description=samples.shown("It is checked and refused until there are watermarks.", samples.JOB_REGISTER),
)
def register_job(services: Wired, data: Opened) -> NoReturn:
    """Check the whole request, then refuse it: there is no watermark yet, and no job is made without in silence."""
    body = read_as(JobRegistration, data)
    with services.database.read() as s:
        site = sites.get(s, data.site_id)

        def find(storage_id: str) -> Storage | None:
            try:
                return storages.get(s, data.site_id, storage_id)
            except TelecineError:
                return None

        if not site.in_service:
            raise TelecineError(ErrorKind.OUT_OF_SERVICE)
        check(body, find, trial=site.trial_limit is not None)
    raise refusal()


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

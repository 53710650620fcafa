"""T&P routes: jobs."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Security
from sqlalchemy.orm import Session

from telecine.apis.bearer import Caller
from telecine.apis.bodies import JsonRoute, SentBody
from telecine.apis.envelope import Answer
from telecine.apis.findings import Findings
from telecine.apis.idempotency import OnlyOnce
from telecine.apis.paging import parse_zone, span
from telecine.apis.parameters import TimeZone
from telecine.apis.references import check_storages
from telecine.apis.services import Wired
from telecine.apis.site_access import Authorised, token_scheme
from telecine.apis.tnp import DIALECT, PREFIX, samples
from telecine.apis.tnp.filters import job_filter
from telecine.apis.tnp.mapping import Translated, success_body, translate_job
from telecine.apis.tnp.schema import Dated, Listed, Success
from telecine.apis.tnp.schema_job import JobDetail, JobEventLine, JobId, JobLine, JobQuery, JobRequest
from telecine.apis.tnp.views import job_detail, job_event, job_line
from telecine.catalog import jobs, marks, notifications
from telecine.catalog.models import Job
from telecine.core.errors import ErrorKind, TelecineError
from telecine.jobs.door import progress

routes = APIRouter(prefix=f"{PREFIX}/api/job", route_class=JsonRoute, dependencies=[Security(token_scheme)])

JobInPath = Annotated[int, Path(alias="jobId", examples=[1])]
_EXAMPLES: Any = {
    "document": {"summary": "The document's sample", "value": samples.JOB_CREATE},
    "encrypted": {"summary": "The same without watermark", "value": samples.without_watermark(samples.JOB_CREATE)},
    "plain": {"summary": "The same, unprotected", "value": samples.without_protection(samples.JOB_CREATE)},
}


@routes.post("/{siteId}", response_model=Success[JobId], summary="Create a job")
def create_job(
    services: Wired,
    caller: Authorised,
    once: OnlyOnce,
    sent: SentBody,
    body: Annotated[JobRequest, Body(openapi_examples=_EXAMPLES)],
) -> Answer:
    """Check the whole request, then put the job in the queue."""
    with services.database.read() as s:
        policy = marks.policy(s, caller.site_id)
    job = translate_job(body, sent, services.settings.policy, policy)
    with services.database.write() as s:

        def make() -> tuple[dict[str, Any], dict[str, Any]]:
            _check_references(s, caller.site_id, job)
            created = jobs.create(
                s,
                caller.site_id,
                jobs.NewJob(
                    spec=job.spec,
                    request=job.echo,
                    priority=body.priority,
                    user_data=body.user_data or {},
                    drm=job.spec.protected,
                    forensic_watermark=job.spec.marking is not None,
                    noti_id=job.noti_id,
                    warnings=job.warnings,
                ),
            )
            answer = success_body({"job_id": created.id})
            return answer, answer

        answer, headers = once.answer(s, caller.site_id, make)
    return Answer(answer, headers=headers)


def _check_references(s: Session, site_id: str, job: Translated) -> None:
    """Storages and notification must be the site's, and each storage of the kind that it is used as."""
    found = Findings()
    named = {
        "input.storage_id": ("input", job.spec.input_storage),
        "output.storage_id": ("output", job.spec.output_storage),
    }
    check_storages(s, site_id, named, found)
    if job.noti_id is not None:
        try:
            notifications.get(s, site_id, job.noti_id)
        except TelecineError:
            found.invalid(job.noti_field, "the site has no notification with this id.")
    found.settle()


def _own(s: Session, caller: Caller, job_id: int) -> Job:
    """The site's job of this API; those of other APIs are found there only. Raises NOT_FOUND."""
    job = jobs.get(s, caller.site_id, job_id)
    if job.dialect != DIALECT:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Job {job_id}")
    return job


@routes.get("/{siteId}", response_model=Listed[JobLine], summary="Search the job list")
def list_jobs(services: Wired, caller: Authorised, query: Annotated[JobQuery, Query()]) -> Answer:
    """One page of the site's jobs, newest first."""
    zone = parse_zone(query.time_zone)
    wanted = job_filter(query, span(query.from_day, query.to_day, zone))
    with services.database.read() as s:
        total, rows = jobs.search(s, caller.site_id, wanted)
        percents = jobs.percent_done(s, rows)
    lines = [job_line(row, percents[row.id], zone) for row in rows]
    return Answer(success_body(lines, time_zone=str(zone), total_count=total))


@routes.get("/{siteId}/{jobId}", response_model=Dated[JobDetail], summary="Get a job's details")
def get_job(services: Wired, caller: Authorised, job_id: JobInPath, time_zone: TimeZone = "") -> Answer:
    """The job's request as it was sent, and how far it is."""
    zone = parse_zone(time_zone)
    with services.database.read() as s:
        job = _own(s, caller, job_id)
        done = progress(s, job, services.now())
    return Answer(success_body(job_detail(job, done, zone), time_zone=str(zone)))


@routes.put("/{siteId}/{jobId}/stop", response_model=Success[JobId], summary="Stop a job")
def stop_job(services: Wired, caller: Authorised, job_id: JobInPath) -> Answer:
    """Ask a job to stop. It is stopped within seconds and leaves nothing published."""
    with services.database.write() as s:
        job = jobs.request_stop(s, caller.site_id, _own(s, caller, job_id).id)
    return Answer(success_body({"job_id": job.id}))


@routes.put("/{siteId}/{jobId}/restart", response_model=Success[JobId], summary="Restart a job")
def restart_job(services: Wired, caller: Authorised, job_id: JobInPath) -> Answer:
    """Begin a new attempt of a job that failed or was stopped. What is finished is not done again."""
    with services.database.write() as s:
        job = jobs.restart(s, caller.site_id, _own(s, caller, job_id).id)
    return Answer(success_body({"job_id": job.id}))


AfterEvent = Annotated[int, Query(ge=0, description="Lines after the one with this id.")]


@routes.get("/{siteId}/{jobId}/events", response_model=Dated[list[JobEventLine]], summary="Read a job's log")
def get_events(
    services: Wired, caller: Authorised, job_id: JobInPath, after: AfterEvent = 0, time_zone: TimeZone = ""
) -> Answer:
    """Ours: up to 1000 lines of the job's log, oldest first."""
    zone = parse_zone(time_zone)
    with services.database.read() as s:
        events = jobs.events(s, caller.site_id, _own(s, caller, job_id).id, after)
    return Answer(success_body([job_event(event, zone) for event in events], time_zone=str(zone)))

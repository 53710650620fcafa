"""DWM routes: jobs, and the copies of a job. Creating, stopping and restarting one over HTTP is ours."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Body, Path, Query, Security
from sqlalchemy.orm import Session

from telecine.apis.answers import Dated, Listed, Success, success_body
from telecine.apis.bodies import JsonRoute, SentBody
from telecine.apis.dwm import PREFIX, samples
from telecine.apis.dwm.mapping import Translated, job_filter, translate_job
from telecine.apis.dwm.schema_job import CopyLine, JobDetail, JobId, JobLine, JobQuery, JobRequest, Named
from telecine.apis.dwm.views import copy_line, job_detail, job_line
from telecine.apis.envelope import Answer
from telecine.apis.findings import Findings
from telecine.apis.idempotency import OnlyOnce
from telecine.apis.paging import parse_zone, span
from telecine.apis.parameters import TimeZone
from telecine.apis.references import check_storages
from telecine.apis.services import Wired
from telecine.apis.site_access import Authorised, token_scheme
from telecine.catalog import copies, distributions, jobs, notifications, recipients
from telecine.catalog.distributions import NewDistribution
from telecine.core.errors import TelecineError
from telecine.jobs.door import progress

routes = APIRouter(prefix=f"{PREFIX}/api/job", route_class=JsonRoute, dependencies=[Security(token_scheme)])

JobInPath = Annotated[int, Path(alias="jobId", examples=[1])]
_EXAMPLES: Any = {
    "names": {"summary": "For recipients by name", "value": samples.JOB_CREATE},
    "all": {"summary": "For all recipients, everything chosen", "value": samples.JOB_CREATE_FOR_ALL},
}


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
    """One job: what was asked for, and how far it is."""
    zone = parse_zone(time_zone)
    with services.database.read() as s:
        job = distributions.get(s, caller.site_id, job_id)
        done = progress(s, job, services.now())
        counts = copies.count_by_state(s, job.id)
    return Answer(success_body(job_detail(job, done, counts, zone), time_zone=str(zone)))


@routes.get("/{siteId}/{jobId}/recipient", response_model=Listed[CopyLine], summary="Get all recipients of a job")
def get_recipients(services: Wired, caller: Authorised, job_id: JobInPath, time_zone: TimeZone = "") -> Answer:
    """Every recipient of the job, and how far his copy is."""
    zone = parse_zone(time_zone)
    with services.database.read() as s:
        job = distributions.get(s, caller.site_id, job_id)
        rows = copies.recipients_of(s, caller.site_id, job.id)
    lines = [copy_line(task, recipient, job, zone) for task, recipient in rows]
    return Answer(success_body(lines, time_zone=str(zone), total_count=len(lines)))


@routes.post("/{siteId}", response_model=Success[JobId], summary="Create a job")
def create_job(
    services: Wired,
    caller: Authorised,
    once: OnlyOnce,
    sent: SentBody,
    body: Annotated[JobRequest, Body(openapi_examples=_EXAMPLES)],
) -> Answer:
    """Ours: check the whole request, then put the job in the queue with a copy to be made for each recipient."""
    translated = translate_job(body, sent)
    with services.database.write() as s:

        def make() -> tuple[dict[str, Any], dict[str, Any]]:
            numbers, doubled = _checked(s, caller.site_id, translated, body)
            new = NewDistribution(
                spec=translated.spec,
                recipients=numbers,
                request=translated.echo,
                priority=body.priority,
                noti_id=body.job_noti_id,
                warnings=(*translated.warnings, *doubled),
            )
            job = distributions.create(s, caller.site_id, new, now=services.now())
            answer = success_body({"job_id": job.id})
            return answer, answer

        answer, headers = once.answer(s, caller.site_id, make)
    return Answer(answer, headers=headers)


def _checked(s: Session, site_id: str, job: Translated, body: JobRequest) -> tuple[list[int], Sequence[str]]:
    """The numbers of the recipients, and a warning for each that is named twice.

    Storages, notification and recipients must be the site's, and each storage of the kind that it is used as.
    """
    found = Findings()
    named = {
        "input.storage_id": ("input", job.spec.input_storage),
        "output.storage_id": ("output", job.spec.output_storage),
    }
    check_storages(s, site_id, named, found)
    if body.job_noti_id is not None:
        try:
            notifications.get(s, site_id, body.job_noti_id)
        except TelecineError:
            found.invalid("job_noti_id", "the site has no notification with this id.")
    numbers = _recipients(s, site_id, body.recipients, found)
    found.settle()
    return numbers, found.warnings


def _recipients(s: Session, site_id: str, wanted: Named, found: Findings) -> list[int]:
    if wanted == "all":
        everybody = [row.id for row in recipients.every(s, site_id)]
        if not everybody:
            found.invalid("recipients", "the site has no recipient yet.")
        return everybody
    numbers: dict[int, None] = {}
    for place, row in enumerate(recipients.named(s, site_id, wanted)):
        if row is None:
            found.invalid(f"recipients[{place}]", f"the site has no recipient {str(wanted[place])[:128]!r}.")
        elif row.id in numbers:
            found.warn(f"'recipients[{place}]' names {row.name} again and was ignored.")
        else:
            numbers[row.id] = None
    return list(numbers)


@routes.put("/{siteId}/{jobId}/stop", response_model=Success[JobId], summary="Stop a job")
def stop_job(services: Wired, caller: Authorised, job_id: JobInPath) -> Answer:
    """Ours: ask a job to stop. It is stopped within seconds."""
    with services.database.write() as s:
        job = distributions.request_stop(s, caller.site_id, job_id, now=services.now())
    return Answer(success_body({"job_id": job.id}))


@routes.put("/{siteId}/{jobId}/restart", response_model=Success[JobId], summary="Restart a job")
def restart_job(services: Wired, caller: Authorised, job_id: JobInPath) -> Answer:
    """Ours: begin a new attempt of a job that failed or was stopped. Copies that are complete are not made again."""
    with services.database.write() as s:
        job = distributions.restart(s, caller.site_id, job_id, now=services.now())
    return Answer(success_body({"job_id": job.id}))

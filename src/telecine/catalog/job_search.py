"""Finding jobs: one by id, or a page of those that match a filter, newest first; and how far each is.

How a list stays quick. `ix_job_list` begins with site, dialect and time of registration, which is the order of every
API's list, and holds every column of the filter. So counting and choosing a page read that index alone; only the rows
of one page are fetched, and of them only what a list shows. `states` and `content_id` have an index each that leads
straight to the matches. The others (name, region, formats, protection, codecs, ranges of ids) are found by walking
the site's part of `ix_job_list`, which `from_time` and `to_time` shorten: a part of a name is sought among the jobs
registered between the two, which takes about fifteen milliseconds for 100,000 of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from itertools import combinations
from typing import Any, Literal, get_args

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from telecine.catalog.columns import Json
from telecine.catalog.models import Job, JobWork
from telecine.catalog.position import position
from telecine.catalog.text import storable, within
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format, VideoRendition
from telecine.core.progress import Phase, percent
from telecine.core.states import JobState

Operator = Literal["eq", "gt", "goe", "lt", "loe"]

VIDEO_CODECS: tuple[str, ...] = get_args(VideoRendition.model_fields["codec"].annotation)


@dataclass(frozen=True, slots=True)
class JobFilter:
    """Which jobs to list. Whatever is left at its default does not matter.

    Registered from `from_time` on and before `to_time`; `name` somewhere in the name, in any case; in one of
    `states`; publishing all of `formats`; encoding with all of `codecs`; asked for by `dialect`. Pages count from 1
    and hold `page_unit` jobs.
    """

    from_time: datetime | None = None
    to_time: datetime | None = None
    name: str = ""
    region: str = ""
    job_id: int | None = None
    job_id_operator: Operator = "eq"
    content_id: str = ""
    formats: Sequence[Format] = ()
    states: Sequence[JobState] = ()
    drm: bool | None = None
    forensic_watermark: bool | None = None
    codecs: Sequence[str] = ()
    dialect: str = ""
    page_unit: int = 25
    page_index: int = 1


@dataclass(slots=True)
class JobLine:
    """What a list shows of a job. Plain values: a page of a thousand rows of the whole table takes three times as long.

    The names are those of `models.Job`.
    """

    id: int
    site_id: str
    attempt: int
    state: JobState
    name: str
    content_id: str
    region: str
    priority: int
    drm: bool
    forensic_watermark: bool
    dash: bool
    hls: bool
    cmaf: bool
    codecs: str
    reg_time: datetime
    start_time: datetime | None
    update_time: datetime
    end_time: datetime | None
    error_code: str
    error_message: str


_COLUMNS = tuple(getattr(Job, field.name) for field in fields(JobLine))


def get(s: Session, site_id: str, job_id: int) -> Job:
    """The site's job with all its columns. Raises NOT_FOUND."""
    job = s.get(Job, within(job_id))
    if job is None or job.site_id != site_id:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Job {job_id}")
    return job


def search(s: Session, site_id: str, wanted: JobFilter) -> tuple[int, list[JobLine]]:
    """How many jobs match, and one page of them, newest first."""
    texts = (wanted.name, wanted.region, wanted.content_id, *wanted.codecs)
    if not all(storable(value) for value in texts):
        return 0, []
    conditions = _conditions(site_id, wanted)
    # By the connection, because the session would look for objects of the mapper in each of a thousand rows.
    rows = [JobLine(*row) for row in s.connection().execute(page_query(conditions, wanted)).all()]
    before = (wanted.page_index - 1) * wanted.page_unit
    if len(rows) < wanted.page_unit and (rows or not before):
        return before + len(rows), rows  # the last page tells how many there are; a rare match is not sought twice
    return s.scalar(count_query(conditions)) or 0, rows


def requests(s: Session, site_id: str, job_ids: Sequence[int]) -> dict[int, Json]:
    """The requests of these jobs of the site as they were sent, by id; for lists that show parts of them."""
    own = select(Job.id, Job.request).where(Job.site_id == site_id, Job.id.in_(job_ids))
    return {row.id: row.request for row in s.execute(own)}


def percent_done(s: Session, watched: Sequence[Job | JobLine]) -> dict[int, float]:
    """How far each of these jobs is, in percent of all its work, by id; one query for all."""
    units: dict[int, dict[Phase, list[tuple[float, float]]]] = {job.id: {} for job in watched}
    attempts = {job.id: job.attempt for job in watched}
    begun = [job.id for job in watched if job.state not in (JobState.QUEUED, JobState.COMPLETE)]
    known = select(JobWork.job_id, JobWork.attempt, JobWork.phase, JobWork.done, JobWork.total)
    for job_id, attempt, phase, done, total in s.execute(known.where(JobWork.job_id.in_(begun))):
        if attempt == attempts[job_id]:
            units[job_id].setdefault(phase, []).append((done, total))
    return {job.id: 100.0 if job.state is JobState.COMPLETE else percent(units[job.id]) for job in watched}


def count_query(conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """How many jobs meet the conditions."""
    return select(func.count()).select_from(Job).where(*conditions)


def page_query(conditions: Sequence[ColumnElement[bool]], wanted: JobFilter) -> Select[Any]:
    """One page of the jobs that meet the conditions. The page is chosen in the index, then its rows are fetched."""
    newest_first: tuple[Any, ...] = (Job.reg_time.desc(), Job.id.desc())
    page = select(Job.id).where(*conditions).order_by(*newest_first)
    chosen = page.limit(wanted.page_unit).offset((wanted.page_index - 1) * wanted.page_unit).subquery("page")
    # Joined rather than compared with IN, for which SQLite would first sort the page by id.
    return select(*_COLUMNS).join_from(chosen, Job, chosen.c.id == Job.id).order_by(*newest_first)


def _conditions(site_id: str, wanted: JobFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = [Job.site_id == site_id]
    if wanted.from_time is not None:
        found.append(Job.reg_time >= wanted.from_time)
    if wanted.to_time is not None:
        found.append(Job.reg_time < wanted.to_time)
    if wanted.name:
        found.append(position(Job.name_key, wanted.name.lower()) > 0)
    if wanted.region:
        found.append(Job.region == wanted.region)
    if wanted.job_id is not None:
        found.append(_compare(within(wanted.job_id), wanted.job_id_operator))
    if wanted.content_id:
        found.append(Job.content_id == wanted.content_id)
    if wanted.dialect:
        found.append(Job.dialect == wanted.dialect)
    if wanted.states:
        found.append(Job.state.in_(wanted.states))
    return found + _made(wanted)


def _made(wanted: JobFilter) -> list[ColumnElement[bool]]:
    """Conditions on what the job makes."""
    columns = {Format.DASH: Job.dash, Format.HLS: Job.hls, Format.CMAF: Job.cmaf}
    found: list[ColumnElement[bool]] = [columns[tree].is_(True) for tree in wanted.formats]
    if wanted.drm is not None:
        found.append(Job.drm.is_(wanted.drm))
    if wanted.forensic_watermark is not None:
        found.append(Job.forensic_watermark.is_(wanted.forensic_watermark))
    if wanted.codecs:
        found.append(Job.codecs.in_(_ladders_with(frozenset(wanted.codecs))))
    return found


def _ladders_with(codecs: frozenset[str]) -> list[str]:
    """Every value of the column `codecs` that names all of `codecs`; far quicker to compare than parts of text."""
    sizes = range(len(VIDEO_CODECS) + 1)
    ladders = (ladder for size in sizes for ladder in combinations(sorted(VIDEO_CODECS), size))
    return [",".join(ladder) for ladder in ladders if codecs.issubset(ladder)]


def _compare(job_id: int, operator: Operator) -> ColumnElement[bool]:
    match operator:
        case "eq":
            return Job.id == job_id
        case "gt":
            return Job.id > job_id
        case "goe":
            return Job.id >= job_id
        case "lt":
            return Job.id < job_id
        case "loe":
            return Job.id <= job_id

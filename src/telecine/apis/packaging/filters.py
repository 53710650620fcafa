"""What the search fields of the two lists mean to the catalog."""

from telecine.apis.packaging import DIALECT
from telecine.apis.packaging.schema_job import JobSearch
from telecine.apis.packaging.schema_storage import StorageSearch
from telecine.apis.packaging.times import between
from telecine.apis.paging import Zone
from telecine.catalog.jobs import JobFilter
from telecine.catalog.storages import StorageFilter
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format
from telecine.core.states import TERMINAL, JobState

_READY = (JobState.QUEUED,)
_SUCCESS = (JobState.COMPLETE,)
_FAILED = (JobState.ERROR,)
_STOP = (JobState.STOP_REQUESTED, JobState.STOPPED)
_PROCESS = tuple(state for state in JobState if state not in {*TERMINAL, *_READY, *_STOP})

STATUSES: dict[str, tuple[JobState, ...]] = {
    "ready": _READY,
    "pending": _READY,
    "success": _SUCCESS,
    "failed": _FAILED,
    "failure": _FAILED,
    "complete": (*_SUCCESS, *_FAILED),
    "working": (*_READY, *_PROCESS),
    "process": _PROCESS,
    "processing": _PROCESS,
    "progress": _PROCESS,
    "job progress": _PROCESS,
    "stop": _STOP,
}
"""`search_status` in every spelling of the document."""


def storage_filter(search: StorageSearch, zone: Zone) -> StorageFilter:
    """Which storages a list call asks for. Raises FIELD_INVALID for its times."""
    begin, end = between(search.from_time, search.to_time, zone)
    by_id = search.search_keyword_type == "storageid"
    return StorageFilter(
        from_time=begin,
        to_time=end,
        name="" if by_id else search.search_keyword,
        storage_id=search.search_keyword if by_id else "",
        region=search.region or "",
        page_unit=search.page_unit,
        page_index=search.page_index,
    )


def job_filter(search: JobSearch, zone: Zone) -> JobFilter:
    """Which jobs a list call asks for. Raises FIELD_INVALID for its times and for a job id that is no number."""
    begin, end = between(search.from_time, search.to_time, zone)
    by = search.search_keyword_type
    return JobFilter(
        from_time=begin,
        to_time=end,
        name=search.search_keyword if by == "jobname" else "",
        content_id=search.search_keyword if by == "cid" else "",
        job_id=_job_id(search.search_keyword) if by == "jobid" else None,
        region=search.region or "",
        formats=[Format(tree) for tree in search.search_condition],
        states=STATUSES[search.search_status] if search.search_status else (),
        drm=True if "drm" in search.search_type else None,
        forensic_watermark=True if "watermark" in search.search_type else None,
        dialect=DIALECT,
        page_unit=search.page_unit,
        page_index=search.page_index,
    )


def _job_id(keyword: str) -> int | None:
    plain = keyword.strip()
    if not plain:
        return None
    if not (plain.isascii() and plain.isdigit() and len(plain) <= 18):
        raise TelecineError(ErrorKind.FIELD_INVALID, "a job id is a number.", field="search_keyword")
    return int(plain)

"""Everything about jobs under one name: their life, their reports, the search. See the three modules for each."""

from telecine.catalog.job_reports import (
    add_event,
    add_warnings,
    count_by_state,
    events,
    load,
    report_work,
    set_media,
    set_outputs,
    spec_of,
    successors,
    unfinished,
    work,
)
from telecine.catalog.job_search import JobFilter, JobLine, get, percent_done, requests, search
from telecine.catalog.job_states import NewJob, advance, create, replace, request_stop, restart

__all__ = [
    "JobFilter",
    "JobLine",
    "NewJob",
    "add_event",
    "add_warnings",
    "advance",
    "count_by_state",
    "create",
    "events",
    "get",
    "load",
    "percent_done",
    "replace",
    "report_work",
    "request_stop",
    "requests",
    "restart",
    "search",
    "set_media",
    "set_outputs",
    "spec_of",
    "successors",
    "unfinished",
    "work",
]

"""Translates between the DWM wire and the house: requests into `JobSpec` and filters, failures into codes."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from telecine.apis.answers import failure_body
from telecine.apis.dwm.schema_job import JobQuery, JobRequest
from telecine.apis.findings import Findings
from telecine.apis.paths import file_key, folder
from telecine.apis.wire import unknown_fields
from telecine.catalog.distributions import DIALECT
from telecine.catalog.jobs import JobFilter
from telecine.core.distribution import Distribution
from telecine.core.dwm_codes import ERROR_CODES, STATUS_CODES
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import InputFile, JobSpec
from telecine.core.states import JobState, JobWord, word

_LONGEST_PLACE = 120


@dataclass(frozen=True, slots=True)
class Translated:
    """What a request to create a job means. `echo` is the request as it was sent, without what we do not know."""

    spec: JobSpec
    echo: dict[str, Any]
    warnings: tuple[str, ...]


def translate_job(request: JobRequest, sent: dict[str, Any]) -> Translated:
    """The canonical job that `request` asks for; `sent` is the same request as it arrived.

    Raises every fault that it finds, each with the field's place in the request.
    """
    found = Findings()
    key = file_key(request.input.path, "input.path", found)
    path = folder(request.output.path, "output.path", found)
    for place in unknown_fields(request):
        found.warn(f"'{place[:_LONGEST_PLACE]}' is unknown and was ignored.")
    found.settle()
    spec = JobSpec(
        name=request.job_name or request.content_id,
        content_id=request.content_id,
        input_storage=request.input.storage_id,
        files=(InputFile(path=key, video=True),),
        output_storage=request.output.storage_id,
        output_path=path,
        distribution=Distribution(
            mode=request.mode,
            code=request.code,
            strength=request.strength,
            group_seconds=request.group_seconds,
        ),
    )
    echo = {name: sent[name] for name in type(request).model_fields if name in sent}
    return Translated(spec, echo, tuple(found.warnings))


def job_filter(query: JobQuery, registered: tuple[datetime | None, datetime | None]) -> JobFilter:
    """What a list call asks for, of jobs that were registered in this span. Raises FIELD_INVALID."""
    return JobFilter(
        from_time=registered[0],
        to_time=registered[1],
        content_id=query.content_id,
        states=states_of(query.job_status, "job_status"),
        dialect=DIALECT,
        page_unit=query.page_unit,
        page_index=query.page_index,
    )


def states_of(words: Sequence[str], at: str) -> list[JobState]:
    """The states that `words`, DM codes or status words in any case, stand for. Raises FIELD_INVALID."""
    states: list[JobState] = []
    for wanted in words:
        if wanted.upper() in set(STATUS_CODES.values()):
            states += [state for state, code in STATUS_CODES.items() if code == wanted.upper()]
        elif wanted.lower() in set(JobWord):
            states += [state for state in JobState if word(state) == wanted.lower()]
        else:
            known = ", ".join((*dict.fromkeys(STATUS_CODES.values()), *JobWord))
            raise TelecineError(ErrorKind.FIELD_INVALID, f"it takes {known}.", field=at)
    return list(dict.fromkeys(states))


def error_body(error: TelecineError) -> dict[str, Any]:
    """The envelope of a failed request, in the codes of this API."""
    return failure_body(error, ERROR_CODES)

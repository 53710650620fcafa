"""Where a leak is, as requests of every dialect say it: a file in a storage of the site, or a public address."""

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy.orm import Session

from telecine.apis.findings import Findings
from telecine.apis.paths import file_key
from telecine.apis.references import check_storages
from telecine.apis.wire import FilePath, Reference, Wire
from telecine.catalog.detections import Source
from telecine.core.detection_codes import STATUS_CODES, DetectionState
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.watermark.report import LEAD_LIMIT
from telecine.jobs.door import check_leak_url
from telecine.settings import Settings

SMALLEST_LIMIT = 1e-12
LARGEST_LIMIT = 1e-3

Limit = Annotated[float, Field(ge=SMALLEST_LIMIT, le=LARGEST_LIMIT)]
"""What bounds the probability that an answer accuses anybody wrongly."""
DEFAULT_LIMIT = LEAD_LIMIT

_STATE_BY_CODE = {code: state for state, code in STATUS_CODES.items()}


class LeakPlace(Wire):
    """Where the leak is: a file in a storage of the site, or a public address. One of the two."""

    storage_id: Reference | None = None
    path: FilePath | None = None
    url: Annotated[str, Field(max_length=2048)] | None = None


def read_place(given: LeakPlace, settings: Settings) -> Source:
    """The place that the request's `input` means. Raises every fault that it finds, each with its field."""
    found = Findings()
    if given.url is not None:
        for name in ("storage_id", "path"):
            if getattr(given, name) is not None:
                found.invalid(f"input.{name}", "a leak is at an address or in a storage, not both.")
        found.settle()
        check_leak_url(given.url, settings)
        return Source(url=given.url)
    for name in ("storage_id", "path"):
        if getattr(given, name) is None:
            found.missing(f"input.{name}", "Or send 'input.url'.")
    key = "" if given.path is None else file_key(given.path, "input.path", found)
    found.settle()
    return Source(storage_id=given.storage_id or "", path=key)


def check_place(s: Session, site_id: str, source: Source) -> None:
    """A storage must be the site's, and one that is read from. Raises FIELD_INVALID."""
    if source.storage_id:
        found = Findings()
        check_storages(s, site_id, {"input.storage_id": ("input", source.storage_id)}, found)
        found.settle()


def shown_place(source: Source) -> dict[str, Any]:
    """The place as it may be shown: what follows a question mark in an address may be the right to read there."""
    if source.url:
        return {"url": source.url.partition("?")[0].partition("#")[0]}
    return {"storage_id": source.storage_id, "path": source.path}


def read_states(words: Sequence[str]) -> list[DetectionState]:
    """The states meant by FD codes or words, in any case. Raises FIELD_INVALID."""
    states: list[DetectionState] = []
    for wanted in words:
        if wanted.upper() in _STATE_BY_CODE:
            states.append(_STATE_BY_CODE[wanted.upper()])
        elif wanted.lower() in set(DetectionState):
            states.append(DetectionState(wanted.lower()))
        else:
            known = ", ".join((*_STATE_BY_CODE, *DetectionState))
            raise TelecineError(ErrorKind.FIELD_INVALID, f"it takes {known}.", field="detection_status")
    return list(dict.fromkeys(states))

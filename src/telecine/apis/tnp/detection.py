"""Reads what a client asks of detections: a leak to trace, and which detections to list."""

from collections.abc import Sequence
from datetime import datetime

from telecine.apis.findings import Findings
from telecine.apis.paths import file_key
from telecine.apis.tnp.schema_detection import DetectionQuery, DetectionRequest
from telecine.catalog.detections import DetectionFilter, NewDetection, Source
from telecine.core.detection_codes import STATUS_CODES, DetectionState
from telecine.core.errors import ErrorKind, TelecineError
from telecine.jobs.door import check_leak_url
from telecine.settings import Settings

_STATE_BY_CODE = {code: state for state, code in STATUS_CODES.items()}


def read_detection(body: DetectionRequest, settings: Settings) -> NewDetection:
    """What the request asks for. Raises every fault that it finds, each with the field's place."""
    source = _source(body, settings)
    shown = {"url": _bare(source.url)} if source.url else {"storage_id": source.storage_id, "path": source.path}
    return NewDetection(
        content_id=body.content_id,
        title=body.title,
        source=source,
        limit=body.limit,
        noti_id=body.noti_id,
        sent={"input": shown},
    )


def _source(body: DetectionRequest, settings: Settings) -> Source:
    given, found = body.input, Findings()
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


def _bare(url: str) -> str:
    """An address as it may be shown: what follows a question mark may be the right to read there."""
    return url.partition("?")[0].partition("#")[0]


def detection_filter(query: DetectionQuery, registered: tuple[datetime | None, datetime | None]) -> DetectionFilter:
    """What a list call asks for, of detections asked for in this span. Raises FIELD_INVALID."""
    return DetectionFilter(
        from_time=registered[0],
        to_time=registered[1],
        content_id=query.content_id,
        states=_states(query.detection_status),
        page_unit=query.page_unit,
        page_index=query.page_index,
    )


def _states(words: Sequence[str]) -> list[DetectionState]:
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

"""Faults of session requests, by the codes that the document of the session manager has for them."""

from collections.abc import Sequence

from telecine.apis.findings import Problems
from telecine.apis.packaging.access import ApiData
from telecine.apis.packaging.faults import (
    AKAMAI_KEY,
    AKAMAI_REFUSED,
    EMPTY,
    INVALID_INPUT,
    MARK_TOO_LONG,
    STREAMING_FORMAT,
    TRIAL_CALLS,
    Fault,
)
from telecine.catalog.mark_sessions import LONGEST_MARK
from telecine.core.errors import ErrorKind, TelecineError

_FIELDS = {"content_id": "cid", "form": "wmt_type", "seconds": "expiry", "direct": "wmt_mode", "shared": "wmt_alg"}
"""What the catalog calls otherwise."""


def check_fields(data: ApiData, required: Sequence[str]) -> None:
    """Raise what has a code of its own: empty values, a format that is none, a mark that is too long."""
    found = [fault for fault in (*(_empty(data, name) for name in required), _format(data), _mark(data)) if fault]
    if found:
        raise found[0] if len(found) == 1 else Problems(found)


def of_catalog(error: TelecineError, *, akamai: bool) -> TelecineError:
    """What the catalog refused, with the request's names and the document's codes."""
    field = _FIELDS.get(error.field, error.field)
    if error.kind is ErrorKind.SESSION_LIMIT:
        return Fault(TRIAL_CALLS, "", error.detail, kind=error.kind)
    if error.field == "akamai_key":
        cure = "The operator registers one: 'telecine sessions akamai-key'."
        return Fault(AKAMAI_KEY, "", error.detail, kind=error.kind, cure=cure)
    if field == "streaming_format":
        return Fault(STREAMING_FORMAT, field, error.detail)
    if error.field == "form" and akamai:
        return Fault(AKAMAI_REFUSED, "code", error.detail)
    return TelecineError(error.kind, error.detail, field=field)


def _empty(data: ApiData, name: str) -> Fault | None:
    if name not in data.fields:
        return Fault(INVALID_INPUT, name, kind=ErrorKind.FIELD_MISSING)
    value = data.fields[name]
    empty = value is None or (isinstance(value, str) and not value.strip())
    return Fault(EMPTY, name, "it must not be empty.") if empty else None


def _format(data: ApiData) -> Fault | None:
    value = data.fields.get("streaming_format")
    if not isinstance(value, str) or value.strip().lower() in ("", "dash", "hls"):
        return None
    return Fault(STREAMING_FORMAT, "streaming_format", "it must be dash or hls.")


def _mark(data: ApiData) -> Fault | None:
    value = data.fields.get("forensic_mark")
    if not isinstance(value, str) or len(value.encode(errors="surrogatepass")) <= LONGEST_MARK:
        return None
    return Fault(MARK_TOO_LONG, "forensic_mark", f"at most {LONGEST_MARK} bytes.", kind=ErrorKind.FIELD_OUT_OF_RANGE)

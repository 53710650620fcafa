"""Translates between the PRI wire and the house: requests into plain values, states and errors into its words."""

import json
import re
from http import HTTPStatus
from typing import Any

from pydantic import ValidationError

from telecine.apis.findings import Problems
from telecine.apis.invalid import translate
from telecine.apis.pri.schema import AssetRequest, KeyValue
from telecine.apis.wire import Wire
from telecine.catalog.text import digest
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState, JobWord, word

DESTINATION = "destinationUri"
CONSUMPTION = "ConsumptionUrl_"
"""What the metadata keys begin with that answers add; a client that sends an answer back does not mean to set them."""

MOST_ERRORS = 50

_STATUSES = {
    JobWord.QUEUED: "Scheduled",
    JobWord.PROGRESSING: "InProgress",
    JobWord.COMPLETE: "Completed",
    JobWord.ERROR: "Failed",
    JobWord.STOPPED: "Cancelled",
}
_HTTP = {405: 501, 413: 400, 422: 400, 503: 504}
"""The document's statuses for those that it does not have."""

_PLAIN_FOLDER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", re.ASCII)
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+", re.ASCII)


def status_of(state: JobState, removed: bool) -> str:
    """The document's word for an asset whose job is in `state`; `removed` where its time was over."""
    return "Expired" if removed else _STATUSES[word(state)]


def error_status(error: TelecineError) -> int:
    """The HTTP status of a failure."""
    return _HTTP.get(error.entry.status, error.entry.status)


def error_body(error: TelecineError) -> dict[str, Any]:
    """A failure as the document prints one: what kind, what is wrong, and the cure, with `::` between."""
    status = error_status(error)
    title = "Internal Error" if status >= 500 else HTTPStatus(status).phrase
    what = "Method Not Implemented" if error.kind is ErrorKind.METHOD_NOT_ALLOWED else error.message
    why = error.message if error.kind is ErrorKind.METHOD_NOT_ALLOWED else error.cure
    body: dict[str, Any] = {"statusCode": str(status), "statusMessage": f"{title} ::{what}::{why}"}
    parts = error.errors if isinstance(error, Problems) else (error,)
    listed = [{"field": part.field, "message": part.message} for part in parts if part.field]
    if listed:
        body["errors"] = listed[:MOST_ERRORS]
    return body


def plain(request: Wire) -> dict[str, Any]:
    """What was sent of the fields that we know, without null, so that two spellings of one request are one."""
    values: dict[str, Any] = _plain(request)
    if "metadata" in values:
        values["metadata"] = [pair for pair in values["metadata"] if not pair["key"].startswith(CONSUMPTION)]
    return values


def _plain(value: Any) -> Any:  # noqa: ANN401 - any value of a request
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if not isinstance(value, Wire):
        return value
    known = ((name, getattr(value, name)) for name in type(value).model_fields)
    bare = {name: _plain(inner) for name, inner in known if inner is not None}
    return {"value": None} | bare if isinstance(value, KeyValue) and "value" not in bare else bare


def fingerprint(request: dict[str, Any]) -> str:
    """What stands for a request: the same again has the same."""
    return digest(json.dumps(request, sort_keys=True))


def merged(present: dict[str, Any], update: dict[str, Any]) -> dict[str, Any]:
    """A request after an update: fields that were sent replace, metadata key by key; a value of null takes one away."""
    result = present | update
    if "metadata" in update:
        pairs = {pair["key"]: pair for pair in (*present.get("metadata", ()), *update["metadata"])}
        result["metadata"] = [pair for pair in pairs.values() if pair["value"] is not None]
    return {"id": present["id"]} | result


def read_again(request: dict[str, Any]) -> AssetRequest:
    """A request after an update: each part was fine, but all of it may be too much. Raises as for a request."""
    try:
        return AssetRequest.model_validate(request)
    except ValidationError as error:
        found = translate({**part, "loc": ("body", *part["loc"])} for part in error.errors())
        raise Problems(found) from None


def destination(request: dict[str, Any]) -> Any:  # noqa: ANN401 - whatever the client sent
    """The value of the metadata key that says where to, the last one as in an update; None where there is none."""
    return {pair["key"]: pair["value"] for pair in request.get("metadata", ())}.get(DESTINATION)


def decisive(request: dict[str, Any], priority: int) -> dict[str, Any]:
    """What of a request decides the work; `priority` is the job's, where the request has none."""
    named = {name: request.get(name) for name in ("sourceUri", "drm", "packagingInfo")}
    return named | {"priority": request.get("priority", priority), DESTINATION: destination(request)}


def content_folder(asset_id: str) -> str:
    """The folder of an asset's outputs: its id, or where that is no plain name, what is plain of it with a digest."""
    if _PLAIN_FOLDER.fullmatch(asset_id):
        return asset_id
    readable = _UNSAFE.sub("-", asset_id).strip("-._")[:80]
    return f"{readable or 'asset'}-{digest(asset_id)[:12]}"

"""Shows detections as dialects do, whoever is looked for.

Whoever may ask as often as he likes learns by trial how to wash a mark out. So an answer that names nobody says little
more than that, and its picture is not shown.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from telecine.apis.paging import Zone
from telecine.catalog import detections
from telecine.catalog.columns import Json
from telecine.catalog.mark_models import Detection
from telecine.core.detection_codes import STATUS_CODES, DetectionState, Subject
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.notification import detection_failure
from telecine.core.watermark.report import Outcome

HALFWAY = 0.5
"""Of the needed bound, as a logarithm: beyond this share a leak that is not enough is called near."""


def detection_line(row: Detection, zone: Zone) -> dict[str, Any]:
    """One detection of a list."""
    state = DetectionState(row.state)
    line = {
        "detection_id": row.id,
        "title": row.title,
        "content_id": row.content_id,
        "detection_status": STATUS_CODES[state],
        "status": state.value,
        "progress": row.progress,
        "reg_time": zone.show(row.reg_time),
        "update_time": zone.show(row.update_time),
    }
    if row.end_time is not None:
        line["end_time"] = zone.show(row.end_time)
    return line | detection_failure(state, row.error_kind)


def detection_detail(row: Detection, zone: Zone, facts: Sequence[str]) -> dict[str, Any]:
    """One detection with its request, and once it has ended, what came of it: of each who is named, these `facts`."""
    ended = row.end_time is not None and row.result is not None
    detail = detection_line(row, zone) | {
        "input": row.request["sent"].get("input", {}),
        "limit": row.request["limit"],
        "noti_id": row.noti_id,
        "result": _result(row.result, facts) if ended and row.result else None,
    }
    if row.error_detail:
        detail["error_detail"] = row.error_detail
    return detail


def evidence(s: Session, site_id: str, detection_id: int, subject: Subject) -> bytes:
    """The picture of the evidence, as PNG. Raises NOT_FOUND where nobody is named."""
    row = detections.get(s, site_id, detection_id, subject)
    if not row.result or row.result["outcome"] != Outcome.NAMED:
        raise TelecineError(ErrorKind.NOT_FOUND, f"The picture of detection {detection_id}")
    return detections.picture(s, site_id, detection_id, subject)


def _result(result: Json, facts: Sequence[str]) -> Json:
    if result["outcome"] != Outcome.NAMED:
        return {"outcome": result["outcome"], "accused": [], "nearness": _nearness(result)}
    kept = ("outcome", "population", "limit", "positions", "positions_of_title", "seconds", "log10_best_bound")
    named = [{name: one[name] for name in facts} for one in result["accused"]]
    about = {"leak": result["leak"]} if "leak" in result else {}
    return {name: result[name] for name in kept} | about | {"accused": named}


def _nearness(result: Json) -> str:
    """How near a leak that names nobody came, in a word: `none`, `some` or `near`."""
    if result["outcome"] == Outcome.UNRELIABLE or not result["positions"]:
        return "none"
    return "near" if 10 ** result["log10_best_bound"] <= result["limit"] ** HALFWAY else "some"

"""Everything about detections under one name: their life (`detection_states`), and finding them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from telecine.catalog import prepared
from telecine.catalog.detection_states import (
    NewDetection,
    Source,
    Told,
    begin,
    cancel,
    create,
    finish,
    keep_result,
    report_progress,
    source_of,
)
from telecine.catalog.distribution_models import PreparedMaster
from telecine.catalog.mark_models import Detection, DetectionPicture, MarkedTitle, MarkSession
from telecine.catalog.text import storable, within
from telecine.core.detection_codes import DetectionState, Subject
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.watermark.policy import SessionCode

__all__ = [
    "DetectionFilter",
    "NewDetection",
    "Source",
    "Told",
    "begin",
    "cancel",
    "codes_in_use",
    "create",
    "finish",
    "get",
    "keep_result",
    "load",
    "master",
    "named",
    "picture",
    "report_progress",
    "search",
    "session_blocks",
    "source_of",
    "title",
    "unfinished",
]

BLOCK = 4096
"""Sessions read at a time: a detector's memory is that of one block, however many there are."""


@dataclass(frozen=True, slots=True)
class DetectionFilter:
    """Which detections to list. Whatever is left at its default does not matter; pages count from 1."""

    from_time: datetime | None = None
    to_time: datetime | None = None
    content_id: str = ""
    states: Sequence[DetectionState] = ()
    subject: Subject = Subject.VIEWERS
    page_unit: int = 25
    page_index: int = 1


def get(s: Session, site_id: str, detection_id: int, subject: Subject = Subject.VIEWERS) -> Detection:
    """The site's detection of viewers, or recipients. Raises NOT_FOUND."""
    row = s.get(Detection, within(detection_id))
    if row is None or (row.site_id, row.subject) != (site_id, subject):
        raise TelecineError(ErrorKind.NOT_FOUND, f"Detection {detection_id}")
    return row


def load(s: Session, detection_id: int) -> Detection:
    """A detection by the id that a worker was given. Raises NOT_FOUND."""
    row = s.get(Detection, within(detection_id))
    if row is None:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Detection {detection_id}")
    return row


def search(s: Session, site_id: str, wanted: DetectionFilter) -> tuple[int, Sequence[Detection]]:
    """How many detections match, and one page of them, newest first."""
    if not storable(wanted.content_id):
        return 0, []
    own = (Detection.site_id == site_id, Detection.subject == wanted.subject.value)
    conditions: list[ColumnElement[bool]] = [*own]
    if wanted.from_time is not None:
        conditions.append(Detection.reg_time >= wanted.from_time)
    if wanted.to_time is not None:
        conditions.append(Detection.reg_time < wanted.to_time)
    if wanted.content_id:
        conditions.append(Detection.content_id == wanted.content_id)
    if wanted.states:
        conditions.append(Detection.state.in_([state.value for state in wanted.states]))
    total = s.scalar(select(func.count()).select_from(Detection).where(*conditions)) or 0
    page = select(Detection).where(*conditions).order_by(Detection.reg_time.desc(), Detection.id.desc())
    page = page.limit(wanted.page_unit).offset((wanted.page_index - 1) * wanted.page_unit)
    return total, s.scalars(page).all()


def unfinished(s: Session) -> Sequence[Detection]:
    """Every detection of every site that has not ended: for the sweeper."""
    return s.scalars(select(Detection).where(Detection.end_time.is_(None)).order_by(Detection.id)).all()


def picture(s: Session, site_id: str, detection_id: int, subject: Subject = Subject.VIEWERS) -> bytes:
    """The plot of the evidence, as PNG. Raises NOT_FOUND where there is none."""
    get(s, site_id, detection_id, subject)
    row = s.get(DetectionPicture, within(detection_id))
    if row is None:
        raise TelecineError(ErrorKind.NOT_FOUND, f"The picture of detection {detection_id}")
    return row.png


def title(s: Session, site_id: str, content_id: str) -> MarkedTitle:
    """The marked title that a detection is about. Raises NOT_FOUND."""
    row = s.get(MarkedTitle, (site_id, content_id))
    if row is None:
        raise TelecineError(ErrorKind.NOT_FOUND, f"The marked content {content_id!r}")
    return row


def master(s: Session, row: Detection) -> PreparedMaster:
    """The prepared master that a detection of recipients is about. Raises NOT_FOUND."""
    if row.of_job is None:
        raise TelecineError(ErrorKind.NOT_FOUND, f"The master of detection {row.id}")
    return prepared.get(s, row.site_id, row.of_job)


def codes_in_use(s: Session, site_id: str, content_id: str) -> list[SessionCode]:
    """The codes that at least one session of the title follows, in the order of their declaration."""
    own = (MarkSession.site_id == site_id) & (MarkSession.content_id == content_id)
    found = set(s.scalars(select(MarkSession.code).where(own).distinct()))
    return [code for code in SessionCode if code.value in found]


def session_blocks(
    s: Session, site_id: str, content_id: str, code: SessionCode, size: int = BLOCK
) -> Iterator[tuple[list[str], list[str]]]:
    """All sessions of the title that follow `code`, with their payloads, `size` at a time."""
    last = 0
    own = (MarkSession.site_id == site_id) & (MarkSession.content_id == content_id) & (MarkSession.code == code.value)
    while True:
        page = select(MarkSession.id, MarkSession.session, MarkSession.payload)
        page = page.where(own, MarkSession.id > last).order_by(MarkSession.id).limit(size)
        rows = s.execute(page).all()
        if not rows:
            return
        last = rows[-1].id
        yield [row.session for row in rows], [row.payload for row in rows]


def named(s: Session, site_id: str, sessions: Sequence[str]) -> dict[str, MarkSession]:
    """The rows of these sessions of the site, by session."""
    own = select(MarkSession).where(MarkSession.site_id == site_id, MarkSession.session.in_(sessions))
    return {row.session: row for row in s.scalars(own)}

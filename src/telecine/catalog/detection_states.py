"""The life of a detection: how it is asked for, how it moves on, how it ends. Only these functions write its state.

Each change is one transaction with its consequences: the command to Temporal, the messages to whoever asked to be told.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from telecine.catalog import commands, prepared, sites
from telecine.catalog.clock import utcnow
from telecine.catalog.columns import Json
from telecine.catalog.mark_models import Detection, DetectionPicture, MarkedTitle
from telecine.catalog.models import SHORT, Delivery, Notification, Site
from telecine.catalog.seal import Sealer
from telecine.catalog.text import checked, storable, within
from telecine.core.detection_codes import ENDED, STATUS_CODES, DetectionState, Subject
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.notification import detection_payload
from telecine.core.states import JobWord

DAY = timedelta(days=1)
LONGEST_PLACE = 4096

_WORDS = {
    DetectionState.COMPLETE: JobWord.COMPLETE,
    DetectionState.ERROR: JobWord.ERROR,
    DetectionState.FAILED: JobWord.ERROR,
}
"""By which word of its alarms a notification wants to hear of an end. Cancelled ones are never told."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a leak is: `path` in the storage `storage_id`, or at `url`, or under the name `upload` in the work folder.
    One of the three."""

    storage_id: str = ""
    path: str = ""
    url: str = ""
    upload: str = ""

    def __repr__(self) -> str:  # a URL may carry the right to read it
        return f"Source({self.storage_id!r}, {self.path!r})"


@dataclass(frozen=True, slots=True)
class NewDetection:
    """A detection to make. `limit` bounds the probability of accusing anybody wrongly. `sent` is what the detail call
    gives back of the request, without secrets. `of_job`: of recipients, the distribution whose master the leak is
    compared with; None means the content's newest."""

    content_id: str
    title: str
    source: Source
    limit: float
    noti_id: int | None = None
    sent: Json | None = None
    subject: Subject = Subject.VIEWERS
    of_job: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """One who is named in an end: the caller's own words for the session, or the recipient's name; and the session's
    token where that is known."""

    forensic_mark: str
    watermark_token: str = ""


def create(
    s: Session, sealer: Sealer, site_id: str, new: NewDetection, *, per_day: int = 0, now: datetime | None = None
) -> Detection:
    """Add a detection with its start command. `per_day` is how many a site may ask for in 24 hours, 0 for any number.

    Raises OUT_OF_SERVICE, DETECTION_LIMIT, and FIELD_INVALID for a content without a mark, a job that distributed
    another one, or a notification that the site does not have.
    """
    now = now or utcnow()
    site = _serving(s, site_id)
    _check_limit(s, site_id, per_day, now)
    of_recipients = new.subject is Subject.RECIPIENTS
    job_id = _distribution(s, site_id, new) if of_recipients else _title(s, site_id, new.content_id).job_id
    _check_notification(s, site_id, new.noti_id)
    row = Detection(
        site_id=site_id,
        content_id=new.content_id,
        state=DetectionState.READY.value,
        title=checked(new.title, "title", SHORT),
        subject=new.subject.value,
        of_job=job_id if of_recipients else None,
        request={"job_id": job_id, "limit": new.limit, "sent": new.sent or {}},
        noti_id=new.noti_id,
        reg_time=now,
        update_time=now,
    )
    s.add(row)
    s.flush()  # a sealed URL is bound to the number that this gives the row
    row.request = row.request | {"source": _kept(sealer, row, new.source)}
    commands.add_for_detection(s, "start", row, site, now)
    s.flush()
    return row


def source_of(sealer: Sealer, detection: Detection) -> Source:
    """Where the leak of a detection is."""
    kept = dict(detection.request["source"])
    sealed = kept.pop("url_sealed", "")
    return Source(**kept, url=sealer.open(sealed, _context(detection)) if sealed else "")


def begin(s: Session, detection_id: int, attempt: int, now: datetime) -> bool:
    """Let it be under way; False where it has ended or the attempt is over."""
    row = _locked(s, detection_id)
    if row is None or row.attempt != attempt or row.state in ENDED:
        return False
    if row.state == DetectionState.READY:
        row.state, row.update_time = DetectionState.WORKING.value, now
        s.flush()
    return True


def report_progress(s: Session, detection_id: int, attempt: int, percent: float, now: datetime) -> None:
    """Write down how far it is (0 to 100), unless it has ended."""
    row = _locked(s, detection_id)
    if row is not None and row.attempt == attempt and row.state not in ENDED:
        row.progress, row.update_time = percent, now
        s.flush()


def finish(
    s: Session,
    detection_id: int,
    attempt: int,
    state: DetectionState,
    *,
    now: datetime,
    told: Sequence[Told] = (),
    error: TelecineError | None = None,
) -> bool:
    """End it, once: False, and nothing changes, where it has ended or the attempt is over.

    `told` are those named, strongest first, each of whom is told of in a message of his own.
    """
    row = _locked(s, detection_id)
    if row is None or row.attempt != attempt or row.state in ENDED:
        return False
    if error is not None:
        row.error_kind, row.error_detail = error.kind.value, error.message
    row.state, row.progress = state.value, 100.0
    row.update_time = row.end_time = now
    _tell(s, row, told, now)
    s.flush()
    return True


def keep_result(s: Session, detection_id: int, attempt: int, result: Json, png: bytes) -> bool:
    """Write the report and its picture down; False where the detection has ended or the attempt is over."""
    row = _locked(s, detection_id)
    if row is None or row.attempt != attempt or row.state in ENDED:
        return False
    row.result = result
    s.merge(DetectionPicture(detection_id=row.id, png=png))
    s.flush()
    return True


def cancel(
    s: Session,
    site_id: str,
    detection_id: int,
    *,
    subject: Subject = Subject.VIEWERS,
    now: datetime | None = None,
) -> Detection:
    """End it without an answer; the worker lets go within seconds. Raises NOT_FOUND, WRONG_STATE where it has ended."""
    now = now or utcnow()
    row = _locked(s, detection_id)
    if row is None or (row.site_id, row.subject) != (site_id, subject):
        raise TelecineError(ErrorKind.NOT_FOUND, f"Detection {detection_id}")
    if row.state in ENDED:
        raise TelecineError(ErrorKind.WRONG_STATE, f"Detection {row.id} is {row.state} and cannot be stopped.")
    row.state = DetectionState.CANCELLED.value
    row.update_time = row.end_time = now
    row.result = None
    commands.add_for_detection(s, "stop", row, sites.get(s, site_id), now)
    s.flush()
    return row


def _tell(s: Session, row: Detection, told: Sequence[Told], now: datetime) -> None:
    """A message for each one named, or one that says that there is none; where the notification wants it."""
    word = _WORDS.get(DetectionState(row.state))
    target = s.get(Notification, row.noti_id, with_for_update={"read": True}) if row.noti_id else None
    if target is None or word is None or not target.alarm_status.get(word.value, False):
        return
    for one in told or (Told(""),):
        s.add(
            Delivery(
                message_id=uuid.uuid4().hex,
                site_id=row.site_id,
                noti_id=target.id,
                job_id=row.request["job_id"],
                detection_id=row.id,
                attempt=row.attempt,
                word=STATUS_CODES[DetectionState(row.state)],
                payload=detection_payload(row, one.forensic_mark, one.watermark_token),
                next_try=now,
                reg_time=now,
                update_time=now,
            )
        )


def _kept(sealer: Sealer, row: Detection, source: Source) -> Json:
    if source.url:
        checked(source.url, "input.url", LONGEST_PLACE)
        return {"url_sealed": sealer.seal(source.url, _context(row))}
    if source.upload:
        return {"upload": source.upload}
    return {"storage_id": source.storage_id, "path": checked(source.path, "input.path", LONGEST_PLACE)}


def _context(row: Detection) -> str:
    return f"detection:{row.id}:url"


def _serving(s: Session, site_id: str) -> Site:
    site = sites.get(s, site_id)
    if not site.in_service:
        raise TelecineError(ErrorKind.OUT_OF_SERVICE)
    return site


def _check_limit(s: Session, site_id: str, per_day: int, now: datetime) -> None:
    """The site's row is held, so that of two requests at once the second sees the first."""
    if not per_day:
        return
    s.execute(select(Site.site_id).where(Site.site_id == site_id).with_for_update())
    recent = select(func.count()).where(Detection.site_id == site_id, Detection.reg_time > now - DAY)
    if (s.scalar(recent) or 0) >= per_day:
        raise TelecineError(ErrorKind.DETECTION_LIMIT, f"{per_day} in 24 hours.")


def _title(s: Session, site_id: str, content_id: str) -> MarkedTitle:
    row = s.get(MarkedTitle, (site_id, content_id)) if storable(content_id) else None
    if row is None:
        raise TelecineError(ErrorKind.FIELD_INVALID, "the site has no marked content with this id.", field="content_id")
    if not row.reference:
        why = "it was published without a reference that leaks could be compared with."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="content_id")
    return row


def _distribution(s: Session, site_id: str, new: NewDetection) -> int:
    """The job whose prepared master the leak is compared with."""
    masters = prepared.of_content(s, site_id, new.content_id)
    if not masters:
        why = "the site has no prepared master of a content with this id."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="content_id")
    if new.of_job is None:
        return masters[0].job_id
    if new.of_job not in [master.job_id for master in masters]:
        why = f"no job {new.of_job} of the site has prepared a master of this content."
        raise TelecineError(ErrorKind.FIELD_INVALID, why, field="job_id")
    return new.of_job


def _check_notification(s: Session, site_id: str, noti_id: int | None) -> None:
    if noti_id is None:
        return
    found = select(Notification.id).where(Notification.id == within(noti_id), Notification.site_id == site_id)
    if s.scalar(found) is None:
        raise TelecineError(ErrorKind.FIELD_INVALID, "the site has no notification with this id.", field="noti_id")


def _locked(s: Session, detection_id: int) -> Detection | None:
    wanted: Any = select(Detection).where(Detection.id == within(detection_id)).with_for_update()
    found: Detection | None = s.scalar(wanted.execution_options(populate_existing=True))
    return found

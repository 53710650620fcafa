"""Shows rows of the catalog as the T&P document prints them, keys in its order, our own additions behind.

A time that has not come yet is left out, as in the document's samples.
"""

from typing import Any

from telecine.apis.paging import Zone
from telecine.catalog.jobs import JobLine
from telecine.catalog.models import Delivery, Job, JobEvent, Notification, Storage
from telecine.core.states import JobState, word
from telecine.core.tnp_codes import STATUS_CODES
from telecine.jobs.door import Progress


def job_line(job: JobLine, percent: float, zone: Zone) -> dict[str, Any]:
    """One job of a list."""
    return {
        "job_id": job.id,
        "job_name": job.name,
        "content_id": job.content_id,
        "job_status": STATUS_CODES[job.state],
        "drm": job.drm,
        "forensic_watermark": job.forensic_watermark,
        "dash": job.dash,
        "hls": job.hls,
        "cmaf": job.cmaf,
        "codec": job.codecs,
        "region": job.region,
        **_times(job, zone),
        "status": word(job.state).value,
        "progress": percent,
        "attempt": job.attempt,
        "priority": job.priority,
        **_failure(job),
    }


def job_detail(job: Job, progress: Progress, zone: Zone) -> dict[str, Any]:
    """One job: the request as it was sent, then what became of it."""
    detail = dict(job.request) | {
        "job_id": job.id,
        "region": job.region,
        "job_status": STATUS_CODES[job.state],
        **_times(job, zone),
        "status": word(job.state).value,
        "progress": progress.percent,
        "phase": progress.phase.value if progress.phase else None,
        "speed": progress.speed,
        "eta": None if progress.remaining is None else round(progress.remaining),
        "attempt": job.attempt,
        "priority": job.priority,
        "warnings": job.warnings,
        "media": job.media,
        "outputs": job.outputs,
    }
    return detail | _failure(job)


def _times(job: Job | JobLine, zone: Zone) -> dict[str, Any]:
    times = (
        ("start_time", job.start_time),
        ("reg_time", job.reg_time),
        ("update_time", job.update_time),
        ("end_time", job.end_time),
    )
    return {name: zone.local(time) for name, time in times if time is not None}


def _failure(job: Job | JobLine) -> dict[str, Any]:
    if job.state is not JobState.ERROR:
        return {}
    return {"error_code": job.error_code, "error_message": job.error_message}


def job_event(event: JobEvent, zone: Zone) -> dict[str, Any]:
    """One line of a job's log."""
    return {
        "id": event.id,
        "time": zone.show(event.time),
        "attempt": event.attempt,
        "level": event.level,
        "phase": event.phase,
        "message": event.message,
        "data": event.data,
    }


def storage_line(storage: Storage, zone: Zone) -> dict[str, Any]:
    """One storage of a list; no key of it."""
    return {
        "storage_id": storage.storage_id,
        "storage_name": storage.storage_name,
        "aws_bucket": storage.aws_bucket,
        "io_type": storage.io_type,
        "region": storage.region,
        "reg_time": zone.show(storage.reg_time),
        "update_time": zone.show(storage.update_time),
    }


def storage_detail(storage: Storage, secret: str, zone: Zone) -> dict[str, Any]:
    """One storage, with `secret` as it may be shown."""
    return {
        "storage_id": storage.storage_id,
        "storage_name": storage.storage_name,
        "io_type": storage.io_type,
        "aws_bucket": storage.aws_bucket,
        "region": storage.region,
        "access_key_id": storage.access_key_id,
        "secret_key": secret,
        "description": storage.description,
        "update_time": zone.show(storage.update_time),
        "reg_time": zone.show(storage.reg_time),
    }


def notification_line(notification: Notification, zone: Zone) -> dict[str, Any]:
    """One notification of a list; the secret is not in it."""
    return {
        "noti_id": notification.id,
        "site_id": notification.site_id,
        "noti_name": notification.noti_name,
        "noti_type": notification.noti_type,
        "url_end_point": notification.url_end_point,
        "access_key": notification.access_key,
        "alarm_status": notification.alarm_status,
        "update_time": zone.show(notification.update_time),
        "reg_time": zone.show(notification.reg_time),
    }


def delivery_line(delivery: Delivery, zone: Zone) -> dict[str, Any]:
    """One delivery with every try."""
    return {
        "delivery_id": delivery.id,
        "message_id": delivery.message_id,
        "job_id": delivery.job_id,
        "detection_id": delivery.detection_id,
        "attempt": delivery.attempt,
        "job_status": delivery.word,
        "state": delivery.state,
        "payload": delivery.payload,
        "tries": [
            {"time": zone.show(attempt.time), "status": attempt.status, "answer": attempt.body}
            for attempt in delivery.tries
        ],
        "next_try": zone.show(delivery.next_try) if delivery.state == "pending" else None,
        "reg_time": zone.show(delivery.reg_time),
        "update_time": zone.show(delivery.update_time),
    }

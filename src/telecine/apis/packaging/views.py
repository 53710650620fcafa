"""Shows rows of the catalog as the document prints them, keys in its order, our own additions behind.

Its samples have numbers and truth values of lists as text, and so has this.
"""

from datetime import datetime
from typing import Any

from telecine.apis.packaging.times import show
from telecine.catalog.columns import Json
from telecine.catalog.jobs import JobLine
from telecine.catalog.mark_models import MarkSession
from telecine.catalog.models import Storage
from telecine.core.states import JobState
from telecine.core.wm_codes import status_code
from telecine.core.wm_result import listed


def storage_line(storage: Storage, secret: str) -> dict[str, Any]:
    """One storage of a list, with `secret` as it may be shown."""
    return {
        "storage_id": storage.storage_id,
        "storage_name": storage.storage_name,
        "type": "S3",
        "id": storage.access_key_id,
        "password": secret,
        "aws_bucket": storage.aws_bucket,
        "description": storage.description,
        "region": storage.region,
        "reg_date": show(storage.reg_time),
    }


def job_line(job: JobLine, request: Json) -> dict[str, Any]:
    """One job of a list; `request` is the API data by which it was registered."""
    line = {
        "job_id": str(job.id),
        "job_name": job.name,
        "start_date": show(job.start_time),
        "update_date": show(job.update_time),
        "reg_date": show(job.reg_time),
        "watermark": _truth(job.forensic_watermark),
        "drm": _truth(job.drm),
        "dash": _truth(job.dash),
        "hls": _truth(job.hls),
        "content_id": job.content_id,
        "status": status_code(job.state, drm=job.drm),
        "storage": {
            "input": {
                "storage_id": request["storage"]["input"]["storage_id"],
                "contents_path": listed(request["storage"]["input"]["contents_path"]),
            },
            "output": {
                "storage_id": request["storage"]["output"]["storage_id"],
                "path": listed(request["storage"]["output"]["path"])[0],
            },
        },
        "subtitles": [
            {"path": one["path"], "language": one.get("language") or ""} for one in request.get("subtitles") or []
        ],
    }
    failed = job.state is JobState.ERROR
    return line | ({"error_code": job.error_code, "error_message": job.error_message} if failed else {})


def session_line(row: MarkSession, now: datetime) -> dict[str, Any]:
    """One session of a list. Its token is shown where it is opened, and nowhere else."""
    return {
        "session_id": row.session,
        "cid": row.content_id,
        "streaming_format": row.streaming_format,
        "forensic_mark": row.forensic_mark,
        "payload": row.payload,
        "code": row.code,
        "wmt_type": row.form,
        "live": _truth(row.revoked is None and (row.expires is None or row.expires > now)),
        "reg_date": show(row.reg_time),
        "expire_date": show(row.expires),
        "revoke_date": show(row.revoked),
    }


def _truth(value: bool) -> str:
    return "true" if value else "false"

"""Shows rows of the catalog as the DWM document prints them, keys in its order, our own additions behind."""

from collections.abc import Mapping
from typing import Any

from telecine.apis.paging import Zone
from telecine.catalog.distribution_models import CopyTask, Recipient
from telecine.catalog.jobs import JobLine, spec_of
from telecine.catalog.models import Job
from telecine.core.dwm_codes import CLI_CODES, STATUS_CODES, TASK_CODES, CopyState, copy_shown
from telecine.core.errors import ErrorKind
from telecine.core.states import JobState, word
from telecine.jobs.door import Progress


def job_line(job: Job | JobLine, percent: float, zone: Zone) -> dict[str, Any]:
    """One job of a list."""
    line = {
        "job_id": job.id,
        "content_id": job.content_id,
        "job_status": STATUS_CODES[job.state],
        "reg_time": zone.show(job.reg_time),
        "update_time": zone.show(job.update_time),
        "status": word(job.state).value,
        "progress": percent,
        "attempt": job.attempt,
        "priority": job.priority,
    }
    line |= {
        name: zone.show(time) for name, time in (("start_time", job.start_time), ("end_time", job.end_time)) if time
    }
    if job.state is JobState.ERROR:
        line |= {"error_code": job.error_code, "error_message": job.error_message}
    return line


def job_detail(job: Job, progress: Progress, copies: Mapping[CopyState, int], zone: Zone) -> dict[str, Any]:
    """One job: what was asked for, how far it is, and how many of its copies are."""
    spec = spec_of(job)
    assert spec.distribution is not None
    counts = dict.fromkeys(CopyState, 0)
    for state, count in copies.items():
        counts[copy_shown(state, job.state)] += count
    return job_line(job, progress.percent, zone) | {
        "job_name": job.name,
        "input": {"storage_id": spec.input_storage, "path": spec.files[0].path},
        "output": {"storage_id": spec.output_storage, "path": spec.output_path},
        **spec.distribution.model_dump(mode="json"),
        "recipients": {state.value: count for state, count in counts.items()},
        "phase": progress.phase.value if progress.phase else None,
        "eta": None if progress.remaining is None else round(progress.remaining),
        "warnings": job.warnings,
        "media": job.media,
        "outputs": job.outputs,
    }


def copy_line(task: CopyTask, recipient: Recipient, job: Job, zone: Zone) -> dict[str, Any]:
    """The copy of one recipient. One that its job ended without has the job's trouble."""
    shown = copy_shown(task.state, job.state)
    line = {
        "dwm_id": recipient.id,
        "recipient": recipient.name,
        "description": recipient.description,
        "task_status": TASK_CODES[shown],
        "cli_error_code": task.error_code,
        "reg_time": zone.show(task.reg_time),
        "update_time": zone.show(task.update_time),
        "status": shown.value,
    }
    if shown is CopyState.COMPLETE:
        line |= {"path": task.object_key, "size": task.size}
    elif shown is not task.state:
        kind = ErrorKind.STOPPED if job.state is JobState.STOPPED else ErrorKind(job.error_kind or ErrorKind.INTERNAL)
        line |= {"cli_error_code": CLI_CODES[kind], "error_message": job.error_message or "The job was stopped."}
    elif shown is CopyState.FAILED:
        line |= {"error_message": task.error_message}
    return line


def recipient_line(row: Recipient, zone: Zone) -> dict[str, Any]:
    """One recipient of a list."""
    return {
        "dwm_id": row.id,
        "name": row.name,
        "description": row.description,
        "reg_time": zone.show(row.reg_time),
    }


def recipient_detail(row: Recipient, zone: Zone) -> dict[str, Any]:
    """One recipient."""
    return recipient_line(row, zone) | {"update_time": zone.show(row.update_time)}

"""How a worker reads a leak: with the reference of what it was made from, and the key of its marks.

Both are of this moment. A reference that goes while it is being read was replaced by that of a later job, which another
try finds.
"""

from dataclasses import replace
from pathlib import Path

from telecine.catalog import detections, prepared
from telecine.catalog.distribution_models import PreparedMaster
from telecine.catalog.mark_models import MarkedTitle
from telecine.core.detection_codes import Subject
from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.watermark.pattern import MarkKey
from telecine.core.watermark.report import Footage
from telecine.jobs import references
from telecine.jobs.detection_step import ActiveDetection
from telecine.jobs.leak_staging import leak_of
from telecine.media.detect.read import read_leak

REFERENCE = "reference"
"""Folder of the reference within an entry of the prepared store."""


def read_copy(step: ActiveDetection) -> Footage:
    """What the leak in the work folder shows of the title, or the master, that the detection is about.

    Raises NOT_FOUND where that is known no more, REFERENCE_MISSING, and what `read_leak` raises.
    """
    row = step.row
    if row.subject == Subject.RECIPIENTS:
        with step.services.database.read() as s:
            master = detections.master(s, row)
        return read_master_leak(step, master)
    with step.services.database.read() as s:
        title = detections.title(s, row.site_id, row.content_id)
    return read_title_leak(step, title)


def read_title_leak(step: ActiveDetection, title: MarkedTitle) -> Footage:
    """What the leak in the work folder shows of the title. Raises REFERENCE_MISSING, and what `read_leak` raises."""
    services = step.services
    place = references.place_of(services.settings.references, title.reference) if title.reference else None
    return _read(step, title, place, services.mark_key(title.site_id, title.content_id))


def read_master_leak(step: ActiveDetection, master: PreparedMaster) -> Footage:
    """The same of a master that is distributed."""
    services, plan = step.services, prepared.plan_of(master)
    keys = services.recipient_keys(master.site_id, master.content_id, plan.code)
    place = references.place_of(services.settings.prepared, master.name) / REFERENCE
    return _read(step, master, place, keys.mark)


def _read(step: ActiveDetection, of: MarkedTitle | PreparedMaster, reference: Path | None, key: MarkKey) -> Footage:
    if reference is None or not reference.exists():
        raise _missing(of)
    # Between two polls is little work of our own, and the sandbox ends a silent tool: who polls moves on.
    context = replace(step.context, poll=step.pulse.alive)
    try:
        return read_leak(leak_of(step.workspace), reference, key, context)
    except Cancelled:
        raise
    except Exception as error:
        if reference.exists():
            raise
        raise _missing(of) from error


def _missing(of: MarkedTitle | PreparedMaster) -> TelecineError:
    return TelecineError(ErrorKind.REFERENCE_MISSING, f"that of job {of.job_id}, of content {of.content_id!r}.")

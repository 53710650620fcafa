"""How a worker reads a leak: with the title's reference from the store, and the key of its marks.

Both are the title's of this moment. A reference that goes while it is being read was replaced by that of a later job,
which another try finds.
"""

from dataclasses import replace
from pathlib import Path

from telecine.catalog.mark_models import MarkedTitle
from telecine.core.errors import Cancelled, ErrorKind, TelecineError
from telecine.core.watermark.report import Footage
from telecine.jobs import references
from telecine.jobs.detection_step import ActiveDetection
from telecine.jobs.leak_staging import leak_of
from telecine.media.detect.read import read_leak


def read_title_leak(step: ActiveDetection, title: MarkedTitle) -> Footage:
    """What the leak in the work folder shows of the title. Raises REFERENCE_MISSING, and what `read_leak` raises."""
    services = step.services
    reference = _reference(services.settings.references, title)
    key = services.mark_key(title.site_id, title.content_id)
    # Between two polls is little work of our own, and the sandbox ends a silent tool: who polls moves on.
    context = replace(step.context, poll=step.pulse.alive)
    try:
        return read_leak(leak_of(step.workspace), reference, key, context)
    except Cancelled:
        raise
    except Exception as error:
        if reference.exists():
            raise
        raise _missing(title) from error


def _reference(store: Path, title: MarkedTitle) -> Path:
    place = references.place_of(store, title.reference) if title.reference else None
    if place is None or not place.exists():
        raise _missing(title)
    return place


def _missing(title: MarkedTitle) -> TelecineError:
    return TelecineError(ErrorKind.REFERENCE_MISSING, f"that of job {title.job_id}, of content {title.content_id!r}.")

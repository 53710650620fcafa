"""Removes references that nobody will compare a leak with: half copied ones, and those of jobs that name none.

Such are left where a worker is killed between two steps of a publication. A reference that is lost is lost for good, so
only those go whose job this very database knows, under this very name, and knows to be over: whoever starts a worker
with the wrong database and the right store loses nothing.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from telecine.catalog import jobs, marked_titles
from telecine.core.errors import TelecineError
from telecine.core.states import TERMINAL
from telecine.jobs import references
from telecine.jobs.services import Services

LEAST_HOURS = 1.0
"""For so long a half copied reference is taken for one that is being copied."""

_log = structlog.get_logger()


def sweep_references(services: Services, now: datetime) -> None:
    """Remove every reference in the store that is certainly of no use."""
    store = services.settings.references
    with services.database.read() as s:
        named = marked_titles.references(s)
    for place in references.entries(store):
        if references.is_half(place):
            if _older_than(place, max(LEAST_HOURS, services.settings.keep_work_hours), now):
                references.remove(place)
        elif place.relative_to(store).as_posix() not in named and _outlived(services, place):
            _log.info("a reference that no title has is removed", reference=place.relative_to(store).as_posix())
            references.remove(place)


def _outlived(services: Services, place: Path) -> bool:
    """Whether the reference is that of a job that is over and whose title has none or another.

    In one transaction, so that a job that publishes it at this moment is either over or not.
    """
    name = place.relative_to(services.settings.references).as_posix()
    number = place.name
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        return False
    with services.database.read() as s:
        try:
            job = jobs.load(s, int(number))
        except TelecineError:
            return False
        own = references.name_of(job.site_id, job.content_id, job.id) == name
        return own and job.state in TERMINAL and name not in marked_titles.references(s)


def _older_than(place: Path, hours: float, now: datetime) -> bool:
    return now - datetime.fromtimestamp(place.stat().st_mtime, UTC) > timedelta(hours=hours)

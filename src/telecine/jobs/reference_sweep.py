"""Removes references and prepared masters that nobody needs: half copied ones, and those of jobs that name none.

Such are left where a worker is killed between two steps of a publication. A reference that is lost is lost for good, so
only those go whose job this very database knows, under this very name, and knows to be over: whoever starts a worker
with the wrong database and the right store loses nothing.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from sqlalchemy.orm import Session

from telecine.catalog import jobs, marked_titles, prepared
from telecine.core.errors import TelecineError
from telecine.core.states import TERMINAL
from telecine.jobs import references
from telecine.jobs.prepared import drop_files
from telecine.jobs.services import Services

LEAST_HOURS = 1.0
"""For so long a half copied reference is taken for one that is being copied."""

_log = structlog.get_logger()


type Named = Callable[[Session], set[str]]
"""The names that rows know, of entries of one store."""


def sweep_references(services: Services, now: datetime) -> None:
    """Remove every reference, and every prepared master, that is certainly of no use."""
    _sweep(services, services.settings.references, marked_titles.references, now)
    _sweep(services, services.settings.prepared, prepared.names, now)
    with services.database.read() as s:
        forgotten = prepared.forgotten(s)
    for name in forgotten:
        drop_files(references.place_of(services.settings.prepared, name))


def _sweep(services: Services, store: Path, named: Named, now: datetime) -> None:
    with services.database.read() as s:
        known = named(s)
    for place in references.entries(store):
        if references.is_half(place):
            if _older_than(place, max(LEAST_HOURS, services.settings.keep_work_hours), now):
                references.remove(place)
        elif place.relative_to(store).as_posix() not in known and _outlived(services, store, place, named):
            _log.info("what no row names is removed", store=store.name, entry=place.relative_to(store).as_posix())
            references.remove(place)


def _outlived(services: Services, store: Path, place: Path, named: Named) -> bool:
    """Whether the entry is that of a job that is over and whose row names none or another.

    In one transaction, so that a job that publishes it at this moment is either over or not.
    """
    name = place.relative_to(store).as_posix()
    number = place.name
    if not (number.isascii() and number.isdigit() and len(number) <= 18):
        return False
    with services.database.read() as s:
        try:
            job = jobs.load(s, int(number))
        except TelecineError:
            return False
        own = references.name_of(job.site_id, job.content_id, job.id) == name
        return own and job.state in TERMINAL and name not in named(s)


def _older_than(place: Path, hours: float, now: datetime) -> bool:
    return now - datetime.fromtimestamp(place.stat().st_mtime, UTC) > timedelta(hours=hours)

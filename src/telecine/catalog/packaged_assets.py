"""Packaged assets: jobs under ids that clients choose, and the removal of what they published.

A removal is asked for by a client (`request_delete`) or by time (`set_expiry`); workers claim what is due under a
lease, remove the outputs and say so (`gone`). A worker that dies in between costs a delay: removing twice is once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session, defer

from telecine.catalog import jobs
from telecine.catalog.clock import utcnow
from telecine.catalog.columns import Json
from telecine.catalog.models import SHORT, TO_REMOVE, Job, PackagedAsset
from telecine.catalog.text import checked, checked_json, storable
from telecine.catalog.turns import one_at_a_time
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.states import JobState, stoppable

_LARGE = (Job.spec, Job.request, Job.media, Job.outputs)


@dataclass(frozen=True, slots=True)
class NewAsset:
    """A packaged asset as its dialect hands it in. `fingerprint` stands for the request, `urls` see the model."""

    id: str
    fingerprint: str
    request: Json
    groups: Sequence[str]
    urls: dict[str, str]
    retention: timedelta | None
    job: jobs.NewJob


@dataclass(frozen=True, slots=True)
class Asset:
    """A packaged asset with its job, of which the large columns are not there."""

    row: PackagedAsset
    job: Job


def recall(s: Session, site_id: str, asset_id: str, fingerprint: str) -> Asset | None:
    """The site's asset that the same request made before; None where the id is free, which then holds until the end.

    Raises CONFLICT where another request made it, or where it is still being removed.
    """
    one_at_a_time(s, "packaged asset", site_id, checked(asset_id, "id", SHORT))
    row = s.get(PackagedAsset, (site_id, asset_id), populate_existing=True)
    if row is None:
        return None
    if row.deleting:
        detail = f"Packaged asset {asset_id!r} is still being removed; its id is free again in a moment."
        raise TelecineError(ErrorKind.CONFLICT, detail, field="id")
    if row.fingerprint != fingerprint:
        detail = f"Packaged asset {asset_id!r} exists already, made by another request."
        raise TelecineError(ErrorKind.CONFLICT, detail, field="id")
    return Asset(row, jobs.load(s, row.job_id))


def create(s: Session, site_id: str, new: NewAsset, *, now: datetime | None = None) -> Asset:
    """Add an asset whose id is free, with its job in the queue. Raises what `jobs.create` raises."""
    now = now or utcnow()
    job = jobs.create(s, site_id, new.job, now=now)
    row = PackagedAsset(site_id=site_id, id=new.id, job_id=job.id, created=now, not_before=now)
    row.fingerprint = new.fingerprint
    _assign(row, new, now)
    s.add(row)
    s.flush()
    return Asset(row, job)


def get(s: Session, site_id: str, asset_id: str, *, lock: bool = False) -> Asset:
    """The site's asset, held with its job until the transaction ends where `lock` is set. Raises NOT_FOUND."""
    row = None
    if storable(asset_id):
        row = s.get(PackagedAsset, (site_id, asset_id), with_for_update=lock or None, populate_existing=lock)
    if row is None or row.deleting:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Packaged asset {asset_id[:SHORT]!r}")
    return Asset(row, jobs.load(s, row.job_id, lock=lock))


def search(s: Session, site_id: str, *, page_unit: int = 25, page_index: int = 1) -> tuple[int, list[Asset]]:
    """How many assets the site has, and one page of them, newest first."""
    own = (PackagedAsset.site_id == site_id) & PackagedAsset.deleting.is_(False)
    total = s.scalar(select(func.count()).select_from(PackagedAsset).where(own)) or 0
    newest: tuple[Any, ...] = (PackagedAsset.created.desc(), PackagedAsset.id.desc())
    page = select(PackagedAsset, Job).join(Job, Job.id == PackagedAsset.job_id).where(own).order_by(*newest)
    page = page.options(*(defer(column, raiseload=True) for column in _LARGE))
    rows = s.execute(page.limit(page_unit).offset((page_index - 1) * page_unit))
    return total, [Asset(row, job) for row, job in rows]


def rename(s: Session, asset: Asset, request: Json, *, now: datetime | None = None) -> None:
    """Keep another request of a locked asset whose job need not change."""
    asset.row.request = checked_json(request, "request")
    asset.row.update_time = now or utcnow()
    s.flush()


def replace(s: Session, asset: Asset, new: NewAsset, *, now: datetime | None = None) -> Asset:
    """Let a locked asset that waits in the queue be another one. Raises WRONG_STATE where its job has begun."""
    now = now or utcnow()
    job = jobs.replace(s, asset.row.site_id, asset.row.job_id, new.job, now=now)
    _assign(asset.row, new, now)
    s.flush()
    return Asset(asset.row, job)


def request_delete(s: Session, site_id: str, asset_id: str, *, now: datetime | None = None) -> Asset:
    """Ask for an asset to be stopped and removed; a worker does it. It cannot be found any more. Raises NOT_FOUND."""
    now = now or utcnow()
    asset = get(s, site_id, asset_id, lock=True)
    if stoppable(asset.job.state):
        jobs.request_stop(s, site_id, asset.job.id, now=now)
    if asset.row.removed is not None:
        s.delete(asset.row)  # there is nothing left to remove
    else:
        asset.row.deleting, asset.row.not_before, asset.row.update_time = True, now, now
    s.flush()
    return asset


def set_expiry(s: Session) -> int:
    """Say of every asset that has become complete when its outputs go; returns how many those are."""
    open_end = PackagedAsset.expires.is_(None) & PackagedAsset.keep_seconds.is_not(None)
    # Not a join: SQLite would begin it with all jobs there are.
    complete = exists().where(Job.id == PackagedAsset.job_id, Job.state == JobState.COMPLETE)
    found = list(s.scalars(select(PackagedAsset).where(open_end, complete)))
    for row in found:
        ended = jobs.load(s, row.job_id).end_time
        assert ended is not None
        row.expires = ended + timedelta(seconds=row.keep_seconds or 0)
        if not row.deleting:
            row.not_before = row.expires
    s.flush()
    return len(found)


def due(s: Session, now: datetime, lease_seconds: float, limit: int) -> list[PackagedAsset]:
    """Claim up to `limit` assets whose outputs are to be removed: nobody else gets them for `lease_seconds`."""
    wanted = PackagedAsset.deleting.is_(True) | (PackagedAsset.expires <= now)
    query = select(PackagedAsset).where(TO_REMOVE, wanted, PackagedAsset.not_before <= now)
    query = query.order_by(PackagedAsset.not_before).limit(limit).with_for_update(skip_locked=True)
    claimed = list(s.scalars(query))
    for row in claimed:
        row.not_before = now + timedelta(seconds=lease_seconds)
    s.flush()
    return claimed


def gone(s: Session, site_id: str, asset_id: str, now: datetime) -> None:
    """Say that an asset's outputs are removed: the deleted one is forgotten, the other one has expired."""
    row = _locked(s, site_id, asset_id)
    if row is None:
        return
    if row.deleting:
        s.delete(row)
    else:
        row.removed = row.update_time = now
        row.trouble = ""
    s.flush()


def retry_later(s: Session, site_id: str, asset_id: str, when: datetime, why: str) -> None:
    """Make a removal claimable again at `when`, with the reason that people will want to know."""
    row = _locked(s, site_id, asset_id)
    if row is not None:
        row.not_before, row.trouble = when, why
        s.flush()


def _locked(s: Session, site_id: str, asset_id: str) -> PackagedAsset | None:
    return s.get(PackagedAsset, (site_id, asset_id), with_for_update=True, populate_existing=True)


def _assign(row: PackagedAsset, new: NewAsset, now: datetime) -> None:
    row.request = checked_json(new.request, "request")
    row.groups = list(new.groups)
    row.urls = dict(new.urls)
    row.keep_seconds = None if new.retention is None else int(new.retention.total_seconds())
    row.update_time = now

"""Packaging groups: what a site's packaged assets are made into, and where to, under a name that requests use."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import Enum
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from telecine.catalog import sites, storages
from telecine.catalog.clock import utcnow
from telecine.catalog.models import SHORT, PackagingGroup
from telecine.catalog.text import checked, storable
from telecine.core.errors import ErrorKind, TelecineError
from telecine.core.job import Format, Protection

LONGEST_SEGMENT = 60
LONGEST_RETENTION = timedelta(days=100 * 366)
_PUBLIC_URL = re.compile(r"https?://[^\s?#]+", re.ASCII)


class Unchanged(Enum):
    """Marks what an update leaves as it is, where None has a meaning of its own."""

    UNCHANGED = "unchanged"


UNCHANGED = Unchanged.UNCHANGED


@dataclass(frozen=True, slots=True)
class GroupValues:
    """What a packaging group says. `segment_seconds` None is the house's length, `protection` None publishes in the
    clear, `storage_id` None leaves it to requests where to, `retention` None keeps what was published for ever.

    `path` is a folder of the storage; `public_url` the base by which viewers reach the bucket, empty where that
    follows from the storage.
    """

    formats: Sequence[Format] = tuple(Format)
    segment_seconds: float | None = None
    protection: Protection | None = None
    storage_id: str | None = None
    path: str = ""
    public_url: str = ""
    retention: timedelta | None = None


@dataclass(frozen=True, slots=True)
class GroupChanges:
    """What to change in a group; whatever is UNCHANGED stays. See `GroupValues`."""

    formats: Sequence[Format] | Unchanged = UNCHANGED
    segment_seconds: float | Unchanged | None = UNCHANGED
    protection: Protection | Unchanged | None = UNCHANGED
    storage_id: str | Unchanged | None = UNCHANGED
    path: str | Unchanged = UNCHANGED
    public_url: str | Unchanged = UNCHANGED
    retention: timedelta | Unchanged | None = UNCHANGED


def create(s: Session, site_id: str, name: str, values: GroupValues) -> PackagingGroup:
    """Add a group. Raises NOT_FOUND (site, storage), CONFLICT (name), FIELD_INVALID, FIELD_OUT_OF_RANGE."""
    sites.get(s, site_id)
    if not name.strip() or not checked(name, "name", SHORT).isprintable():
        raise TelecineError(ErrorKind.FIELD_INVALID, "it must be a line of text.", field="name")
    if s.get(PackagingGroup, (site_id, name)) is not None:
        raise TelecineError(ErrorKind.CONFLICT, f"Packaging group {name} exists already.", field="name")
    row = PackagingGroup(site_id=site_id, name=name, reg_time=utcnow())
    _assign(s, row, values)
    s.add(row)
    s.flush()
    return row


def get(s: Session, site_id: str, name: str) -> PackagingGroup:
    """The site's group. Raises NOT_FOUND."""
    row = s.get(PackagingGroup, (site_id, name)) if storable(name) and storable(site_id) else None
    if row is None:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Packaging group {name!r}")
    return row


def every(s: Session, site_id: str) -> list[PackagingGroup]:
    """All groups of the site, by name."""
    return list(
        s.scalars(select(PackagingGroup).where(PackagingGroup.site_id == site_id).order_by(PackagingGroup.name))
    )


def update(s: Session, site_id: str, name: str, changes: GroupChanges) -> PackagingGroup:
    """Change what `changes` names, for requests to come. Raises as `create`."""
    row = get(s, site_id, name)
    _assign(s, row, changes)
    s.flush()
    return row


def delete(s: Session, site_id: str, name: str) -> None:
    """Delete the group. What was asked for with it goes on. Raises NOT_FOUND."""
    s.delete(get(s, site_id, name))
    s.flush()


def protection_of(row: PackagingGroup) -> Protection | None:
    """How the group encrypts; None where it does not."""
    return None if row.protection is None else Protection.model_validate(row.protection)


def retention_of(row: PackagingGroup) -> timedelta | None:
    """How long the group keeps what was published; None means for ever."""
    return None if row.keep_seconds is None else timedelta(seconds=row.keep_seconds)


def _assign(s: Session, row: PackagingGroup, values: GroupValues | GroupChanges) -> None:
    for name in (field.name for field in fields(values)):
        value = getattr(values, name)
        if value is not UNCHANGED:
            _SETTERS[name](s, row, value)
    row.update_time = utcnow()


def _set_formats(_s: Session, row: PackagingGroup, formats: Sequence[Format]) -> None:
    if not formats:
        raise TelecineError(ErrorKind.FIELD_MISSING, field="format")
    row.formats = [tree.value for tree in Format if tree in formats]


def _set_segment(_s: Session, row: PackagingGroup, seconds: float | None) -> None:
    if seconds is not None and not 0 < seconds <= LONGEST_SEGMENT:
        detail = f"above 0, at most {LONGEST_SEGMENT} seconds."
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, detail, field="segment_seconds")
    row.segment_seconds = seconds


def _set_protection(_s: Session, row: PackagingGroup, protection: Protection | None) -> None:
    row.protection = None if protection is None else protection.model_dump(mode="json")


def _set_storage(s: Session, row: PackagingGroup, storage_id: str | None) -> None:
    if storage_id is not None and not storages.serves(storages.get(s, row.site_id, storage_id), "output"):
        detail = "the storage is registered for input; a group publishes to one for output."
        raise TelecineError(ErrorKind.FIELD_INVALID, detail, field="storage")
    row.storage_id = storage_id


def _set_path(_s: Session, row: PackagingGroup, path: str) -> None:
    parts = [part for part in checked(path, "path", SHORT).split("/") if part]
    if any(part in (".", "..") for part in parts) or "\\" in path or not path.isprintable():
        detail = "it must not hold '.' or '..' as a folder, backslashes or control characters."
        raise TelecineError(ErrorKind.FIELD_INVALID, detail, field="path")
    row.path = "/".join(parts)


def _set_public_url(_s: Session, row: PackagingGroup, url: str) -> None:
    if url and not _PUBLIC_URL.fullmatch(checked(url, "public_url", SHORT)):
        detail = "it must be an http or https address without query."
        raise TelecineError(ErrorKind.FIELD_INVALID, detail, field="public_url")
    row.public_url = url.rstrip("/")


def _set_retention(_s: Session, row: PackagingGroup, retention: timedelta | None) -> None:
    if retention is not None and not timedelta(0) < retention <= LONGEST_RETENTION:
        raise TelecineError(ErrorKind.FIELD_OUT_OF_RANGE, "above 0, at most 100 years.", field="retention")
    row.keep_seconds = None if retention is None else int(retention.total_seconds())


_SETTERS: dict[str, Any] = {
    "formats": _set_formats,
    "segment_seconds": _set_segment,
    "protection": _set_protection,
    "storage_id": _set_storage,
    "path": _set_path,
    "public_url": _set_public_url,
    "retention": _set_retention,
}

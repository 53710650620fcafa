"""Registered buckets of a site."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from telecine.catalog.clock import utcnow
from telecine.catalog.models import SHORT, Job, Storage
from telecine.catalog.position import position
from telecine.catalog.seal import Sealer
from telecine.catalog.text import checked, storable
from telecine.core.errors import ErrorKind, TelecineError

LONGEST_DESCRIPTION = 10_000

BOTH = "both"
"""The kind of a storage that was registered by an API without kinds, and may be read and written."""

_PLACE = ("aws_bucket", "io_type", "region")
"""What says where a storage's files are."""


@dataclass(frozen=True, slots=True)
class StorageValues:
    """A new storage. `io_type` is `input`, `output` or `both`, `region` a region code."""

    storage_name: str
    aws_bucket: str
    io_type: str
    region: str
    access_key_id: str
    secret_key: str
    description: str = ""

    def __repr__(self) -> str:
        return f"StorageValues({self.storage_name!r})"


@dataclass(frozen=True, slots=True)
class StorageChanges:
    """What to change in a storage; None leaves a value as it is."""

    storage_name: str | None = None
    aws_bucket: str | None = None
    io_type: str | None = None
    region: str | None = None
    access_key_id: str | None = None
    secret_key: str | None = None
    description: str | None = None

    def __repr__(self) -> str:
        return f"StorageChanges({self.storage_name!r})"


@dataclass(frozen=True, slots=True)
class StorageFilter:
    """What to list: registered from `from_time` on and before `to_time`, `name` somewhere in the name in any case.

    `io_type` finds what can be used so, that is storages of both kinds too. Pages count from 1 and hold `page_unit`
    rows.
    """

    from_time: datetime | None = None
    to_time: datetime | None = None
    name: str = ""
    storage_id: str = ""
    region: str = ""
    io_type: str = ""
    page_unit: int = 25
    page_index: int = 1


def create(s: Session, sealer: Sealer, site_id: str, values: StorageValues) -> Storage:
    """Register a storage under a new id of 32 hexadecimal digits. Raises FIELD_INVALID, FIELD_OUT_OF_RANGE."""
    storage = Storage(storage_id=uuid.uuid4().hex, site_id=site_id, reg_time=utcnow())
    _assign(sealer, storage, values)
    s.add(storage)
    s.flush()
    return storage


def get(s: Session, site_id: str, storage_id: str, *, lock: bool = False) -> Storage:
    """The site's storage, held until the transaction ends where `lock` is set. Raises NOT_FOUND."""
    storage = s.get(Storage, storage_id, with_for_update=lock or None) if storable(storage_id) else None
    if storage is None or storage.site_id != site_id:
        raise TelecineError(ErrorKind.NOT_FOUND, f"Storage {storage_id!r}")
    return storage


def search(s: Session, site_id: str, wanted: StorageFilter) -> tuple[int, Sequence[Storage]]:
    """How many storages match, and one page of them, newest first."""
    if not all(storable(value) for value in (wanted.name, wanted.storage_id, wanted.region, wanted.io_type)):
        return 0, []
    matching = _matching(site_id, wanted)
    total = s.scalar(select(func.count()).select_from(matching.subquery())) or 0
    page = (
        matching.order_by(Storage.reg_time.desc(), Storage.storage_id.desc())
        .limit(wanted.page_unit)
        .offset((wanted.page_index - 1) * wanted.page_unit)
    )
    return total, s.scalars(page).all()


def serves(storage: Storage, io_type: str) -> bool:
    """Whether the storage may be used as `input` or `output`."""
    return storage.io_type in (io_type, BOTH)


def of_bucket(s: Session, site_id: str, bucket: str, io_type: str) -> Storage | None:
    """The site's newest storage for `bucket` that may be used so, if any.

    A name with capitals, which no bucket has, finds the one without: clients write them, and the document does.
    """
    if not storable(bucket):
        return None
    own = select(Storage).where(
        Storage.site_id == site_id,
        Storage.io_type.in_([io_type, BOTH]),
        Storage.aws_bucket.in_([bucket, bucket.lower()]),
    )
    exact_first = (Storage.aws_bucket != bucket, Storage.reg_time.desc(), Storage.storage_id.desc())
    return s.scalar(own.order_by(*exact_first).limit(1))


def is_published(s: Session, bucket: str) -> bool:
    """Whether `bucket` is an output of some site and nobody's input, so that its files may be shown to anybody."""
    kinds = set(s.scalars(select(Storage.io_type).where(Storage.aws_bucket == bucket))) if storable(bucket) else set()
    return kinds == {"output"}


def publishers(s: Session, bucket: str) -> set[str]:
    """Every site that has `bucket` as an output."""
    kinds = Storage.io_type.in_(["output", BOTH])
    return set(s.scalars(select(Storage.site_id).where(Storage.aws_bucket == bucket, kinds)))


def update(s: Session, sealer: Sealer, site_id: str, storage_id: str, changes: StorageChanges) -> Storage:
    """Change what `changes` names. Raises NOT_FOUND, FIELD_INVALID, FIELD_OUT_OF_RANGE.

    Raises IN_USE where the change would move an unfinished job to another place; new keys are always welcome.
    """
    storage = get(s, site_id, storage_id, lock=True)
    if any(getattr(changes, name) not in (None, getattr(storage, name)) for name in _PLACE):
        _refuse_used(s, [storage_id])
    _assign(sealer, storage, changes)
    s.flush()
    return storage


def delete(s: Session, site_id: str, ids: Sequence[str]) -> None:
    """Delete all of `ids` or none. Raises NOT_FOUND, and IN_USE where an unfinished job reads or writes one."""
    wanted = sorted(set(ids))
    # Locked in one order, against a job that is being created with one of them at this moment.
    query = select(Storage).where(Storage.site_id == site_id, Storage.storage_id.in_(filter(storable, wanted)))
    rows = s.scalars(query.order_by(Storage.storage_id).with_for_update()).all()
    known = {row.storage_id for row in rows}
    for storage_id in wanted:
        if storage_id not in known:
            raise TelecineError(ErrorKind.NOT_FOUND, f"Storage {storage_id!r}")
    _refuse_used(s, wanted)
    for row in rows:
        s.delete(row)
    s.flush()


def secret(sealer: Sealer, storage: Storage) -> str:
    """The storage's secret key in plain."""
    return sealer.open(storage.secret_key_sealed, _context(storage.storage_id))


def _assign(sealer: Sealer, storage: Storage, values: StorageValues | StorageChanges) -> None:
    """Copy every given value into the row, the secret sealed."""
    for name in (field.name for field in fields(values)):
        value = getattr(values, name)
        if value is None:
            continue
        checked(value, name, LONGEST_DESCRIPTION if name == "description" else SHORT)
        if name == "secret_key":
            storage.secret_key_sealed = sealer.seal(value, _context(storage.storage_id))
        else:
            setattr(storage, name, value)
    storage.name_key = storage.storage_name.lower()
    storage.update_time = utcnow()


def _matching(site_id: str, wanted: StorageFilter) -> Select[Storage]:
    query = select(Storage).where(Storage.site_id == site_id)
    if wanted.from_time is not None:
        query = query.where(Storage.reg_time >= wanted.from_time)
    if wanted.to_time is not None:
        query = query.where(Storage.reg_time < wanted.to_time)
    if wanted.name:
        query = query.where(position(Storage.name_key, wanted.name.lower()) > 0)
    if wanted.region:
        query = query.where(Storage.region == wanted.region)
    if wanted.io_type:
        query = query.where(Storage.io_type.in_([wanted.io_type, BOTH]))
    if wanted.storage_id:
        query = query.where(Storage.storage_id == wanted.storage_id)
    return query


def _refuse_used(s: Session, ids: Sequence[str]) -> None:
    used = or_(Job.input_storage.in_(ids), Job.output_storage.in_(ids))
    found = s.execute(
        select(Job.id, Job.input_storage, Job.output_storage).where(Job.end_time.is_(None), used).limit(1)
    ).first()
    if found is not None:
        storage_id = found.input_storage if found.input_storage in ids else found.output_storage
        raise TelecineError(ErrorKind.IN_USE, f"Storage {storage_id!r} is used by job {found.id}.")


def _context(storage_id: str) -> str:
    return f"storage:{storage_id}:secret_key"

"""What the database keeps, one class per table.

Columns named `…_sealed` hold text of `seal.Sealer`, never a plain secret. Times are aware and in UTC. Rows that
belong to a tenant carry its `site_id`. A job's row is changed by `catalog.jobs` only.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from telecine.catalog.columns import Json, JsonColumn, Number, UtcDateTime, word_of
from telecine.core.progress import Phase
from telecine.core.states import JobState

SHORT = 255
"""Longest text that an index holds, in characters."""


class Base(DeclarativeBase):
    """Common ground of the tables. The shown form of a row names its key and nothing else."""

    type_annotation_map = {datetime: UtcDateTime(), Json: JsonColumn, list[str]: JsonColumn, list[Json]: JsonColumn}  # noqa: RUF012

    def __repr__(self) -> str:
        key = ", ".join(str(getattr(self, column.key)) for column in self.__table__.primary_key)
        return f"{type(self).__name__}({key})"


class Site(Base):
    """A tenant. `trial_limit` is how many jobs its trial allows; None means that it is not on trial."""

    __tablename__ = "site"

    site_id: Mapped[str] = mapped_column(String(4), primary_key=True)
    region: Mapped[str] = mapped_column(String(16))
    in_service: Mapped[bool] = mapped_column(default=True)
    trial_limit: Mapped[int | None]
    trial_used: Mapped[int] = mapped_column(default=0)
    show_storage_secrets: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int] = mapped_column(default=3)
    site_key_sealed: Mapped[str] = mapped_column(Text)
    reg_time: Mapped[datetime]


class Account(Base):
    """Somebody who may get tokens for a site. A token carries `key_version` and dies when that moves on."""

    __tablename__ = "account"

    account_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    email: Mapped[str] = mapped_column(String(SHORT))
    email_key: Mapped[str] = mapped_column(String(SHORT))
    """The email in lower case, by which an account is found."""
    access_key_sealed: Mapped[str] = mapped_column(Text)
    key_version: Mapped[int] = mapped_column(default=1)
    revoked: Mapped[bool] = mapped_column(default=False)
    reg_time: Mapped[datetime]

    __table_args__ = (UniqueConstraint("site_id", "email_key", name="uq_account_email"),)


class Storage(Base):
    """A registered bucket with the keys that open it."""

    __tablename__ = "storage"

    storage_id: Mapped[str] = mapped_column(String(32), primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    storage_name: Mapped[str] = mapped_column(String(SHORT))
    name_key: Mapped[str] = mapped_column(String(SHORT))
    """The name in lower case, in which a search looks."""
    aws_bucket: Mapped[str] = mapped_column(String(SHORT))
    io_type: Mapped[str] = mapped_column(String(8))
    region: Mapped[str] = mapped_column(String(16))
    access_key_id: Mapped[str] = mapped_column(String(SHORT))
    secret_key_sealed: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    reg_time: Mapped[datetime]
    update_time: Mapped[datetime]

    __table_args__ = (
        Index("ix_storage_list", "site_id", "reg_time", "storage_id"),
        Index("ix_storage_bucket", "aws_bucket", "io_type"),
    )


def _only_on(dialect: str, index: Index) -> Index:
    """Make the index on one kind of database; `info` tells the comparison with migrations (see `applies`)."""
    index.info["dialect"] = dialect
    index.ddl_if(dialect=dialect)
    return index


def applies(thing: Any, dialect: str) -> bool:  # noqa: ANN401 - any object of a schema
    """Whether a table, column or index of this module exists on databases of `dialect`."""
    info: dict[str, Any] = getattr(thing, "info", {})
    return bool(info.get("dialect", dialect) == dialect)


_UNFINISHED = text("end_time IS NULL")
_LISTED = ("site_id", "dialect", "reg_time", "id")
_FILTERED = ("state", "region", "dash", "hls", "cmaf", "drm", "forensic_watermark", "codecs", "name_key")


class Job(Base):
    """One job of a site. `end_time` is set exactly while the job is in a terminal state."""

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    attempt: Mapped[int] = mapped_column(default=1)
    state: Mapped[JobState] = mapped_column(word_of(JobState))
    dialect: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(SHORT))
    name_key: Mapped[str] = mapped_column(String(SHORT))
    """The name in lower case, in which a search looks."""
    content_id: Mapped[str] = mapped_column(String(SHORT))
    region: Mapped[str] = mapped_column(String(16))
    priority: Mapped[int]
    drm: Mapped[bool]
    forensic_watermark: Mapped[bool]
    dash: Mapped[bool]
    hls: Mapped[bool]
    cmaf: Mapped[bool]
    codecs: Mapped[str] = mapped_column(String(64))
    """Video codecs in alphabetical order with commas between: `h264,h265`."""
    input_storage: Mapped[str] = mapped_column(String(32))
    output_storage: Mapped[str] = mapped_column(String(32))
    noti_id: Mapped[int | None] = mapped_column(Number)
    reg_time: Mapped[datetime]
    start_time: Mapped[datetime | None]
    update_time: Mapped[datetime]
    end_time: Mapped[datetime | None]
    error_kind: Mapped[str] = mapped_column(String(32), default="")
    error_code: Mapped[str] = mapped_column(String(16), default="")
    """The dialect's own code of the error, made by whoever reported it."""
    error_message: Mapped[str] = mapped_column(Text, default="")
    error_cure: Mapped[str] = mapped_column(Text, default="")
    warnings: Mapped[list[str]]
    user_data: Mapped[Any] = mapped_column(JsonColumn)
    spec: Mapped[Json]
    request: Mapped[Json]
    media: Mapped[Json | None]
    outputs: Mapped[Json | None]

    __table_args__ = (
        # In the order of every list, and holding every column that a list can be filtered by: see job_search.
        # PostgreSQL is quicker when the latter are no part of the key; SQLite knows only keys.
        _only_on("sqlite", Index("ix_job_list", *_LISTED, *_FILTERED)),
        _only_on("postgresql", Index("ix_job_list_pg", *_LISTED, postgresql_include=list(_FILTERED))),
        Index("ix_job_state", "site_id", "dialect", "state", "reg_time", "id"),
        Index("ix_job_content", "site_id", "dialect", "content_id", "reg_time", "id"),
        Index("ix_job_unfinished", "id", sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
        Index("ix_job_reading", "input_storage", sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
        Index("ix_job_writing", "output_storage", sqlite_where=_UNFINISHED, postgresql_where=_UNFINISHED),
        {"sqlite_autoincrement": True},
    )


class JobEvent(Base):
    """A line of a job's log."""

    __tablename__ = "job_event"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"))
    attempt: Mapped[int]
    time: Mapped[datetime]
    level: Mapped[str] = mapped_column(String(8))
    phase: Mapped[str] = mapped_column(String(16))
    message: Mapped[str] = mapped_column(Text)
    data: Mapped[Json]

    __table_args__ = (Index("ix_job_event", "job_id", "id"), {"sqlite_autoincrement": True})


class JobWork(Base):
    """How far one unit of one phase is: `done` of `total` in the unit of `core.progress.Tick`."""

    __tablename__ = "job_work"

    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), primary_key=True)
    attempt: Mapped[int] = mapped_column(primary_key=True)
    phase: Mapped[Phase] = mapped_column(word_of(Phase), primary_key=True)
    unit: Mapped[int] = mapped_column(primary_key=True)
    done: Mapped[float]
    total: Mapped[float]
    speed: Mapped[float | None]
    update_time: Mapped[datetime]


class Command(Base):
    """Something that Temporal must be told about a job or a detection. The row lives until it has been told.

    Nobody may claim it before `not_before`; a claim moves that instant on by the length of the lease.
    """

    __tablename__ = "command"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    kind: Mapped[str] = mapped_column(String(8))
    """`start` or `stop`."""
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"))
    """The job; of a detection, the job that published the title."""
    detection_id: Mapped[int | None] = mapped_column(Number)
    attempt: Mapped[int]
    region: Mapped[str] = mapped_column(String(16))
    priority: Mapped[int]
    reg_time: Mapped[datetime]
    not_before: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    trouble: Mapped[str] = mapped_column(Text, default="")
    """Why the last try failed."""

    __table_args__ = (
        Index("ix_command_due", "not_before", "id"),
        Index("ix_command_job", "job_id"),
        {"sqlite_autoincrement": True},
    )


class Notification(Base):
    """Where and of what a site wants to be told. For webhooks the secret is the signing secret."""

    __tablename__ = "notification"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    noti_name: Mapped[str] = mapped_column(String(SHORT))
    noti_type: Mapped[str] = mapped_column(String(16))
    """`SNS` or `WEBHOOK`."""
    url_end_point: Mapped[str] = mapped_column(Text)
    access_key: Mapped[str] = mapped_column(Text)
    secret_key_sealed: Mapped[str] = mapped_column(Text)
    alarm_status: Mapped[dict[str, bool]] = mapped_column(JsonColumn)
    """Which of the five words of `core.states.JobWord` are told."""
    reg_time: Mapped[datetime]
    update_time: Mapped[datetime]

    __table_args__ = (Index("ix_notification_site", "site_id", "id"), {"sqlite_autoincrement": True})


CALLBACK = 0
"""`noti_id` of a delivery to the site's result callback, which is no notification: those are numbered from 1."""


class Delivery(Base):
    """One message to one notification's target, written in the transaction that changed the job's state.

    Nobody may claim a pending one before `next_try`; a claim moves that instant on by the length of the lease.
    """

    __tablename__ = "delivery"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    message_id: Mapped[str] = mapped_column(String(32))
    """Unique in the world and the same on every try, so that a receiver can drop what it has seen."""
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    noti_id: Mapped[int] = mapped_column(Number)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"))
    """The job; of a detection, the job that published the title."""
    detection_id: Mapped[int | None] = mapped_column(Number)
    attempt: Mapped[int]
    word: Mapped[str] = mapped_column(String(16))
    payload: Mapped[Json]
    state: Mapped[str] = mapped_column(String(16), default="pending")
    """`pending`, `delivered` or `dead`."""
    attempts: Mapped[int] = mapped_column(default=0)
    """Tries since it was written or last resent."""
    next_try: Mapped[datetime]
    reg_time: Mapped[datetime]
    update_time: Mapped[datetime]
    tries: Mapped[list["DeliveryTry"]] = relationship(order_by="DeliveryTry.id", lazy="raise")

    __table_args__ = (
        Index(
            "ix_delivery_due",
            "next_try",
            "id",
            sqlite_where=text("state = 'pending'"),
            postgresql_where=text("state = 'pending'"),
        ),
        Index("ix_delivery_noti", "site_id", "noti_id", "id"),
        Index("ix_delivery_job", "site_id", "job_id", "id"),
        {"sqlite_autoincrement": True},
    )


class DeliveryTry(Base):
    """One try to deliver. `status` is the HTTP status, or None where there was no answer; `body` its beginning."""

    __tablename__ = "delivery_try"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    delivery_id: Mapped[int] = mapped_column(ForeignKey("delivery.id"))
    time: Mapped[datetime]
    status: Mapped[int | None]
    body: Mapped[str] = mapped_column(Text)

    __table_args__ = (Index("ix_delivery_try", "delivery_id", "id"),)


class IdempotencyRecord(Base):
    """The answer that was given under an Idempotency-Key; `key` is the key's SHA-256."""

    __tablename__ = "idempotency"

    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(128))
    answer: Mapped[Json]
    reg_time: Mapped[datetime]

    __table_args__ = (Index("ix_idempotency_age", "reg_time"),)


class LoginFailure(Base):
    """Wrong credentials in a row for one account or from one address; `key` is the SHA-256 of which."""

    __tablename__ = "login_failure"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_time: Mapped[datetime]

    __table_args__ = (Index("ix_login_failure_age", "last_time"),)


class PackagingGroup(Base):
    """What a site's packaged assets are made into, and where to. See `packaging_groups.GroupValues` for the values."""

    __tablename__ = "packaging_group"

    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(SHORT), primary_key=True)
    formats: Mapped[list[str]]
    segment_seconds: Mapped[float | None]
    protection: Mapped[Json | None]
    storage_id: Mapped[str | None] = mapped_column(String(32))
    """No foreign key: a storage may go, and then the group says so when it is used."""
    path: Mapped[str] = mapped_column(String(SHORT))
    public_url: Mapped[str] = mapped_column(String(SHORT), default="")
    keep_seconds: Mapped[int | None] = mapped_column(Number)
    reg_time: Mapped[datetime]
    update_time: Mapped[datetime]


TO_REMOVE = text("removed IS NULL AND (deleting OR expires IS NOT NULL)")
"""Which packaged assets have outputs to be removed some day: the index of those is found by these very words."""
_TO_EXPIRE = text("expires IS NULL AND keep_seconds IS NOT NULL")


class PackagedAsset(Base):
    """What the PRI API calls a packaged asset: a job under the client's own id, and what became of its outputs.

    The row of one that is being deleted lives until its outputs are removed; clients see it no more.
    """

    __tablename__ = "packaged_asset"

    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"), primary_key=True)
    id: Mapped[str] = mapped_column(String(SHORT), primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), unique=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    """Of the request that made it: the same one again is no other asset."""
    request: Mapped[Json]
    groups: Mapped[list[str]]
    urls: Mapped[dict[str, str]] = mapped_column(JsonColumn)
    """Where viewers find its main manifests, by the name of the tree; the first is the delivery URL."""
    keep_seconds: Mapped[int | None] = mapped_column(Number)
    """How long its outputs stay after completion; None means for ever."""
    created: Mapped[datetime]
    update_time: Mapped[datetime]
    deleting: Mapped[bool] = mapped_column(default=False)
    expires: Mapped[datetime | None]
    """When its outputs are to be removed; known once they are complete."""
    removed: Mapped[datetime | None]
    """When its outputs were removed because their time was over."""
    not_before: Mapped[datetime]
    """Nobody may try to remove its outputs before this; a claim moves it on by the length of the lease."""
    trouble: Mapped[str] = mapped_column(Text, default="")
    """Why the last try to remove its outputs failed."""

    __table_args__ = (
        Index("ix_packaged_asset_list", "site_id", "created", "id"),
        Index("ix_packaged_asset_due", "not_before", sqlite_where=TO_REMOVE, postgresql_where=TO_REMOVE),
        Index("ix_packaged_asset_keep", "job_id", sqlite_where=_TO_EXPIRE, postgresql_where=_TO_EXPIRE),
    )


class PriAccess(Base):
    """From which networks the PRI API may be called for a site. See `pri_access.Rule`."""

    __tablename__ = "pri_access"

    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"), primary_key=True)
    networks: Mapped[list[str]]
    require_credentials: Mapped[bool] = mapped_column(default=False)
    update_time: Mapped[datetime]

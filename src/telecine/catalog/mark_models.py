"""What the database keeps about watermarks: a site's secret, marked titles, viewers' sessions, and detections."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from telecine.catalog.columns import Json, Number
from telecine.catalog.models import SHORT, Base

_OPEN = text("end_time IS NULL")


class MarkSecret(Base):
    """The secret from which the keys of all marks of a site follow. It never changes: published titles depend on it."""

    __tablename__ = "mark_secret"

    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"), primary_key=True)
    secret_sealed: Mapped[str] = mapped_column(Text)
    reg_time: Mapped[datetime]


class MarkedTitle(Base):
    """A content of a site whose published trees are marked; a later job of the same content replaces the row."""

    __tablename__ = "marked_title"

    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"), primary_key=True)
    content_id: Mapped[str] = mapped_column(String(SHORT), primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"))
    layout: Mapped[str] = mapped_column(String(16))
    """`unlabeled` or `prefixed`."""
    strength: Mapped[float]
    segment_ticks: Mapped[int] = mapped_column(Number)
    """A segment lasts `segment_ticks / segment_scale` seconds."""
    segment_scale: Mapped[int] = mapped_column(Number)
    positions: Mapped[int]
    """Segments of a rendition."""
    aspect: Mapped[float]
    """Width of the picture by its height."""
    formats: Mapped[list[str]]
    """Folders of the trees: `dash`, `hls`, `cmaf`."""
    output_storage: Mapped[str] = mapped_column(String(32))
    output_path: Mapped[str] = mapped_column(Text)
    """Folder in that storage that holds the content's folder; without a slash at either end."""
    reference: Mapped[str] = mapped_column(Text)
    """Name of the detector's reference in the reference store; empty where there is none."""
    reg_time: Mapped[datetime]


class MarkSession(Base):
    """One viewer's copy of one content, as the caller of the session API named it."""

    __tablename__ = "mark_session"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    content_id: Mapped[str] = mapped_column(String(SHORT))
    session: Mapped[str] = mapped_column(String(64))
    """What the viewer's sequence follows from: 32 hexadecimal digits."""
    payload: Mapped[str] = mapped_column(String(14))
    """What the delivery format carries: hexadecimal, unique in the site."""
    code: Mapped[str] = mapped_column(String(16))
    """`delivery`, or the family of a sequence: `uniform`, `up_to_4`, `up_to_6`."""
    forensic_mark: Mapped[str] = mapped_column(Text)
    """The caller's own words for the viewer."""
    form: Mapped[str] = mapped_column(String(8), default="")
    """How its token is written: `aes`, `jwt`, `cwt` or `akamai`; empty where there is none."""
    streaming_format: Mapped[str] = mapped_column(String(8), default="")
    """`dash` or `hls`, as the caller asked."""
    token_digest: Mapped[str] = mapped_column(String(64))
    """SHA-256 of the token, hexadecimal, by which a revoked one is known."""
    token_sealed: Mapped[str | None] = mapped_column(Text)
    """The token itself, for messages about who leaked (`session_tokens`); None where it is not kept."""
    reg_time: Mapped[datetime]
    expires: Mapped[datetime | None]
    revoked: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("site_id", "payload", name="uq_mark_session_payload"),
        UniqueConstraint("site_id", "session", name="uq_mark_session_session"),
        Index("ix_mark_session_title", "site_id", "content_id", "id"),
        Index("ix_mark_session_token", "site_id", "token_digest"),
        Index("ix_mark_session_list", "site_id", "id"),
        Index("ix_mark_session_mark", "site_id", "forensic_mark"),
    )


class AkamaiKey(Base):
    """The pair and password under which a site's tokens for Akamai are written (`session_keys`)."""

    __tablename__ = "akamai_key"

    site_id: Mapped[str] = mapped_column(String(4), ForeignKey("site.site_id"), primary_key=True)
    private_sealed: Mapped[str] = mapped_column(Text)
    password_sealed: Mapped[str] = mapped_column(Text)
    update_time: Mapped[datetime]


class Detection(Base):
    """One search for who leaked a copy. `state` is one of `ready`, `working`, `complete`, `failed`, `error`,
    `cancelled`."""

    __tablename__ = "detection"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    content_id: Mapped[str] = mapped_column(String(SHORT))
    attempt: Mapped[int] = mapped_column(default=1)
    state: Mapped[str] = mapped_column(String(16))
    title: Mapped[str] = mapped_column(String(SHORT))
    subject: Mapped[str] = mapped_column(String(16), default="viewers")
    """Whose copy the leak is thought to be: `viewers` or `recipients`."""
    of_job: Mapped[int | None] = mapped_column(Number)
    """The distribution job whose prepared master the leak is compared with; None for viewers."""
    request: Mapped[Json]
    """Where the leak is, and the wanted bound."""
    result: Mapped[Json | None]
    """The report, without pictures."""
    progress: Mapped[float] = mapped_column(default=0.0)
    error_kind: Mapped[str] = mapped_column(String(32), default="")
    error_detail: Mapped[str] = mapped_column(Text, default="")
    noti_id: Mapped[int | None] = mapped_column(Number)
    reg_time: Mapped[datetime]
    update_time: Mapped[datetime]
    end_time: Mapped[datetime | None]

    __table_args__ = (
        Index("ix_detection_list", "site_id", "reg_time", "id"),
        Index("ix_detection_open", "id", sqlite_where=_OPEN, postgresql_where=_OPEN),
        {"sqlite_autoincrement": True},
    )


class DetectionPicture(Base):
    """The plot of a detection's evidence. In the database, because workers draw it and any API process may show it."""

    __tablename__ = "detection_picture"

    detection_id: Mapped[int] = mapped_column(ForeignKey("detection.id"), primary_key=True)
    png: Mapped[bytes] = mapped_column(LargeBinary)


class MarkPolicy(Base):
    """How a site marks and delivers; without a row, the defaults."""

    __tablename__ = "mark_policy"

    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"), primary_key=True)
    policy: Mapped[Json]
    """The fields of `core.watermark.policy.MarkingPolicy` that differ from the defaults."""
    update_time: Mapped[datetime]

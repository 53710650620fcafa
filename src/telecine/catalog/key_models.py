"""What the database keeps about content keys: the keys, where a site's come from, and who took some away.

Apart from `models` only because that file is long; the base and the rules are the same.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from telecine.catalog.columns import Json, Number, word_of
from telecine.catalog.models import SHORT, Base
from telecine.core.drm import Label


class StoredKey(Base):
    """One version of the key of one label of one content. The newest version that is not retired is the current one."""

    __tablename__ = "content_key"

    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"), primary_key=True)
    kid: Mapped[str] = mapped_column(String(32), primary_key=True)
    """32 hexadecimal digits in lower case, as `iv`."""
    content_id: Mapped[str] = mapped_column(String(SHORT))
    label: Mapped[Label] = mapped_column(word_of(Label))
    version: Mapped[int]
    source: Mapped[str] = mapped_column(String(16))
    """Kind of the source that it came from: `vault`, `speke`, `widevine`."""
    key_sealed: Mapped[str | None] = mapped_column(Text)
    """None from when the KID was chosen until the key server has answered."""
    iv: Mapped[str] = mapped_column(String(32))
    """Constant IV for cbcs. No secret: it stands in every playlist."""
    signals: Mapped[Json]
    """By scheme, what a key server wants said about the key. A scheme that is missing was never asked for."""
    reg_time: Mapped[datetime]
    retired_time: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("site_id", "content_id", "label", "version", name="uq_content_key_version"),
        Index("ix_content_key_list", "site_id", "reg_time", "kid"),
    )


class SiteKeySource(Base):
    """Where the keys of a site come from; without a row, the vault. Addresses hold tokens, so all of it is sealed."""

    __tablename__ = "key_source"

    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"), primary_key=True)
    config_sealed: Mapped[str] = mapped_column(Text)
    update_time: Mapped[datetime]


class KeyAudit(Base):
    """Somebody did something with keys that must be answered for: exported or rotated them, or changed their source."""

    __tablename__ = "key_audit"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    time: Mapped[datetime]
    action: Mapped[str] = mapped_column(String(16))
    """`export`, `rotate` or `source`."""
    who: Mapped[str] = mapped_column(String(SHORT))
    origin: Mapped[str] = mapped_column(String(SHORT))
    """From where: a host, an address."""
    content_id: Mapped[str] = mapped_column(String(SHORT))
    """Empty where it was about no content."""
    detail: Mapped[Json]

    __table_args__ = (Index("ix_key_audit", "site_id", "id"), {"sqlite_autoincrement": True})

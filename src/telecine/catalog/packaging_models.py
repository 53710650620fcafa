"""What the database keeps about sites that use the watermark packaging API."""

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from telecine.catalog.columns import Number
from telecine.catalog.models import Base


class PackagingSite(Base):
    """What the operator sets for a site's jobs of the packaging API. See `packaging_sites.PackagingTerms`."""

    __tablename__ = "packaging_site"

    site_id: Mapped[str] = mapped_column(String(4), ForeignKey("site.site_id"), primary_key=True)
    callback_url: Mapped[str] = mapped_column(Text, default="")
    trial_bytes: Mapped[int | None] = mapped_column(Number)
    trial_sessions: Mapped[int | None] = mapped_column(Number)
    update_time: Mapped[datetime]

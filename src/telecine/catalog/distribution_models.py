"""What the database keeps about distributions: recipients, their copies, and prepared masters.

A distribution is a row of `Job` like any other, of the dialect `dwm`.
"""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from telecine.catalog.columns import Json, Number, word_of
from telecine.catalog.models import SHORT, Base
from telecine.core.dwm_codes import NO_ERROR, CopyState
from telecine.core.recipient_names import LONGEST_DESCRIPTION, LONGEST_NAME


class Recipient(Base):
    """Somebody who gets copies.

    `id` is the dwm_id. The marks of his copies follow from it, so it is never used again.
    """

    __tablename__ = "recipient"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    name: Mapped[str] = mapped_column(String(LONGEST_NAME))
    name_key: Mapped[str] = mapped_column(String(LONGEST_NAME))
    """The name in lower case, by which a recipient is found."""
    description: Mapped[str] = mapped_column(String(LONGEST_DESCRIPTION), default="")
    reg_time: Mapped[datetime]
    update_time: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("site_id", "name_key", name="uq_recipient_name"),
        Index("ix_recipient_list", "site_id", "reg_time", "id", "name_key"),
        {"sqlite_autoincrement": True},
    )


class CopyTask(Base):
    """The copy of one recipient in one job. What clients are told of it is `dwm_codes.copy_shown`."""

    __tablename__ = "copy_task"

    id: Mapped[int] = mapped_column(Number, primary_key=True)
    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"))
    recipient_id: Mapped[int] = mapped_column(ForeignKey("recipient.id"))
    state: Mapped[CopyState] = mapped_column(word_of(CopyState), default=CopyState.READY)
    error_code: Mapped[str] = mapped_column(String(16), default=NO_ERROR)
    """The document's `cli_error_code`."""
    error_message: Mapped[str] = mapped_column(Text, default="")
    object_key: Mapped[str] = mapped_column(Text, default="")
    """Where the copy is in the job's output storage, once it is there."""
    size: Mapped[int | None] = mapped_column(Number)
    """Bytes of the copy, once it is there."""
    reg_time: Mapped[datetime]
    update_time: Mapped[datetime]

    __table_args__ = (
        UniqueConstraint("job_id", "recipient_id", name="uq_copy_task_job"),
        Index("ix_copy_task_recipient", "recipient_id"),
        {"sqlite_autoincrement": True},
    )


class PreparedMaster(Base):
    """The master that a job has prepared and verified: what copies are made of and leaks are compared with."""

    __tablename__ = "prepared_master"

    job_id: Mapped[int] = mapped_column(ForeignKey("job.id"), primary_key=True)
    site_id: Mapped[str] = mapped_column(ForeignKey("site.site_id"))
    content_id: Mapped[str] = mapped_column(String(SHORT))
    plan: Mapped[Json]
    """`core.master.MasterPlan`."""
    name: Mapped[str] = mapped_column(Text)
    """Of the entry in the prepared store."""
    has_files: Mapped[bool]
    """Whether the two files that copies are made of are in that entry; a reference is there in any case."""
    reg_time: Mapped[datetime]

    __table_args__ = (Index("ix_prepared_master_content", "site_id", "content_id", "job_id"),)

"""Create the tables of distributions: recipients, their copies, prepared masters."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def _number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "recipient",
        sa.Column("id", _number(), nullable=False),
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("name", sa.String(length=128), nullable=False),
        sa.Column("name_key", sa.String(length=128), nullable=False),
        sa.Column("description", sa.String(length=50), nullable=False),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("site_id", "name_key", name="uq_recipient_name"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_recipient_list", "recipient", ["site_id", "reg_time", "id", "name_key"])
    op.create_table(
        "copy_task",
        sa.Column("id", _number(), nullable=False),
        sa.Column("job_id", _number(), nullable=False),
        sa.Column("recipient_id", _number(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("error_code", sa.String(length=16), nullable=False),
        sa.Column("error_message", sa.Text(), nullable=False),
        sa.Column("object_key", sa.Text(), nullable=False),
        sa.Column("size", _number(), nullable=True),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"]),
        sa.ForeignKeyConstraint(["recipient_id"], ["recipient.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("job_id", "recipient_id", name="uq_copy_task_job"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_copy_task_recipient", "copy_task", ["recipient_id"])
    op.create_table(
        "prepared_master",
        sa.Column("job_id", _number(), nullable=False),
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("content_id", sa.String(length=255), nullable=False),
        sa.Column("plan", sa.JSON(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("has_files", sa.Boolean(), nullable=False),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"]),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("job_id"),
    )
    op.create_index("ix_prepared_master_content", "prepared_master", ["site_id", "content_id", "job_id"])

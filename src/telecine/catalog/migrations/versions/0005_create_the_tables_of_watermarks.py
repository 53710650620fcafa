"""Create the tables of watermarks: secrets, policies, titles, sessions, detections."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def _number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "mark_secret",
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("secret_sealed", sa.Text(), nullable=False),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("site_id"),
    )
    op.create_table(
        "mark_policy",
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("site_id"),
    )
    op.create_table(
        "marked_title",
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("content_id", sa.String(length=255), nullable=False),
        sa.Column("job_id", _number(), nullable=False),
        sa.Column("layout", sa.String(length=16), nullable=False),
        sa.Column("strength", sa.Double(), nullable=False),
        sa.Column("segment_ticks", _number(), nullable=False),
        sa.Column("segment_scale", _number(), nullable=False),
        sa.Column("positions", sa.Integer(), nullable=False),
        sa.Column("formats", sa.JSON(), nullable=False),
        sa.Column("output_storage", sa.String(length=32), nullable=False),
        sa.Column("output_path", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"]),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("site_id", "content_id"),
    )
    op.create_table(
        "mark_session",
        sa.Column("id", _number(), nullable=False),
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("content_id", sa.String(length=255), nullable=False),
        sa.Column("session", sa.String(length=64), nullable=False),
        sa.Column("payload", sa.String(length=14), nullable=False),
        sa.Column("code", sa.String(length=16), nullable=False),
        sa.Column("forensic_mark", sa.Text(), nullable=False),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("site_id", "session", name="uq_mark_session_session"),
        sa.UniqueConstraint("site_id", "payload", name="uq_mark_session_payload"),
    )
    op.create_index("ix_mark_session_title", "mark_session", ["site_id", "content_id", "id"])
    op.create_index("ix_mark_session_token", "mark_session", ["site_id", "token_digest"])
    op.create_table(
        "detection",
        sa.Column("id", _number(), nullable=False),
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("content_id", sa.String(length=255), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("title", sa.String(length=255), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("error_kind", sa.String(length=32), nullable=False),
        sa.Column("error_detail", sa.Text(), nullable=False),
        sa.Column("noti_id", _number(), nullable=True),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_detection_list", "detection", ["site_id", "reg_time", "id"])

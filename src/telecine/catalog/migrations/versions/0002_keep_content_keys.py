"""Keep content keys, where a site's come from, and who took some away."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "content_key",
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("kid", sa.String(length=32), nullable=False),
        sa.Column("content_id", sa.String(length=255), nullable=False),
        sa.Column("label", sa.String(length=20), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=16), nullable=False),
        sa.Column("key_sealed", sa.Text(), nullable=True),
        sa.Column("iv", sa.String(length=32), nullable=False),
        sa.Column("signals", sa.JSON(), nullable=False),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("retired_time", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("site_id", "kid"),
        sa.UniqueConstraint("site_id", "content_id", "label", "version", name="uq_content_key_version"),
    )
    op.create_index("ix_content_key_list", "content_key", ["site_id", "reg_time", "kid"])

    op.create_table(
        "key_source",
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("config_sealed", sa.Text(), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("site_id"),
    )

    op.create_table(
        "key_audit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("action", sa.String(length=16), nullable=False),
        sa.Column("who", sa.String(length=255), nullable=False),
        sa.Column("origin", sa.String(length=255), nullable=False),
        sa.Column("content_id", sa.String(length=255), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_key_audit", "key_audit", ["site_id", "id"])

"""Create packaging groups, packaged assets and the access rules of their API."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def _number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "packaging_group",
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("formats", sa.JSON(), nullable=False),
        sa.Column("segment_seconds", sa.Double(), nullable=True),
        sa.Column("protection", sa.JSON(), nullable=True),
        sa.Column("storage_id", sa.String(length=32), nullable=True),
        sa.Column("path", sa.String(length=255), nullable=False),
        sa.Column("public_url", sa.String(length=255), nullable=False),
        sa.Column("keep_seconds", _number(), nullable=True),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("site_id", "name"),
    )

    op.create_table(
        "packaged_asset",
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("id", sa.String(length=255), nullable=False),
        sa.Column("job_id", _number(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("groups", sa.JSON(), nullable=False),
        sa.Column("urls", sa.JSON(), nullable=False),
        sa.Column("keep_seconds", _number(), nullable=True),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deleting", sa.Boolean(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=True),
        sa.Column("removed", sa.DateTime(timezone=True), nullable=True),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["job_id"], ["job.id"]),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("site_id", "id"),
        sa.UniqueConstraint("job_id"),
    )
    op.create_index("ix_packaged_asset_list", "packaged_asset", ["site_id", "created", "id"])
    to_remove = sa.text("removed IS NULL AND (deleting OR expires IS NOT NULL)")
    op.create_index(
        "ix_packaged_asset_due", "packaged_asset", ["not_before"], sqlite_where=to_remove, postgresql_where=to_remove
    )
    to_expire = sa.text("expires IS NULL AND keep_seconds IS NOT NULL")
    op.create_index(
        "ix_packaged_asset_keep", "packaged_asset", ["job_id"], sqlite_where=to_expire, postgresql_where=to_expire
    )

    op.create_table(
        "pri_access",
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("networks", sa.JSON(), nullable=False),
        sa.Column("require_credentials", sa.Boolean(), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("site_id"),
    )

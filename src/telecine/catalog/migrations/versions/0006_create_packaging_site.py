"""Create the table of what the operator sets for sites that use the watermark packaging API."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.create_table(
        "packaging_site",
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("callback_url", sa.Text(), nullable=False),
        sa.Column("trial_bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("site_id"),
    )

"""Keep how a session's token is written, find sessions by viewer, and keep sites' keys for Akamai."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for name in ("form", "streaming_format"):
        op.add_column("mark_session", sa.Column(name, sa.String(8), nullable=False, server_default=""))
    op.create_index("ix_mark_session_list", "mark_session", ["site_id", "id"])
    op.create_index("ix_mark_session_mark", "mark_session", ["site_id", "forensic_mark"])
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("packaging_site", sa.Column("trial_sessions", number, nullable=True))
    op.create_table(
        "akamai_key",
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("private_sealed", sa.Text(), nullable=False),
        sa.Column("password_sealed", sa.Text(), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["site_id"], ["site.site_id"]),
        sa.PrimaryKeyConstraint("site_id"),
    )

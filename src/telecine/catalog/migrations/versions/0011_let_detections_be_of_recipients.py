"""Let a detection look for a recipient of a distributed master, not only for a viewer of a title."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    op.add_column("detection", sa.Column("subject", sa.String(16), nullable=False, server_default="viewers"))
    op.add_column("detection", sa.Column("of_job", number, nullable=True))

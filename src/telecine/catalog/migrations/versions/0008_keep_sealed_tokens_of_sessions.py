"""Keep the token of a viewer's session, sealed, so that whoever blocks leakers is told which one to block."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    op.add_column("mark_session", sa.Column("token_sealed", sa.Text(), nullable=True))

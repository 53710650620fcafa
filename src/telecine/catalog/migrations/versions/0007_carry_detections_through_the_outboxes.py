"""Let commands and deliveries be about detections; keep pictures of evidence, and the shape of marked pictures."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def _number() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("command", sa.Column("detection_id", _number(), nullable=True))
    op.add_column("delivery", sa.Column("detection_id", _number(), nullable=True))
    op.create_table(
        "detection_picture",
        sa.Column("detection_id", _number(), nullable=False),
        sa.Column("png", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["detection_id"], ["detection.id"]),
        sa.PrimaryKeyConstraint("detection_id"),
    )
    op.add_column("marked_title", sa.Column("aspect", sa.Double(), nullable=False, server_default=sa.text("1.7777778")))
    unfinished = sa.text("end_time IS NULL")
    op.create_index("ix_detection_open", "detection", ["id"], sqlite_where=unfinished, postgresql_where=unfinished)

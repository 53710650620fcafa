"""Create every table of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def _number() -> sa.types.TypeEngine[int]:
    """SQLite numbers rows by itself only in a column declared INTEGER."""
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "login_failure",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("ix_login_failure_age", "login_failure", ["last_time"])

    op.create_table(
        "site",
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("in_service", sa.Boolean(), nullable=False),
        sa.Column("trial_limit", sa.Integer(), nullable=True),
        sa.Column("trial_used", sa.Integer(), nullable=False),
        sa.Column("show_storage_secrets", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("site_key_sealed", sa.Text(), nullable=False),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("site_id"),
    )
    op.create_table(
        "account",
        sa.Column("account_id", sa.String(length=32), nullable=False),
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("email_key", sa.String(length=255), nullable=False),
        sa.Column("access_key_sealed", sa.Text(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("revoked", sa.Boolean(), nullable=False),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.site_id"],
        ),
        sa.PrimaryKeyConstraint("account_id"),
        sa.UniqueConstraint("site_id", "email_key", name="uq_account_email"),
    )
    op.create_table(
        "idempotency",
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("fingerprint", sa.String(length=128), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.site_id"],
        ),
        sa.PrimaryKeyConstraint("site_id", "key"),
    )
    op.create_index("ix_idempotency_age", "idempotency", ["reg_time"])

    op.create_table(
        "job",
        sa.Column("id", _number(), nullable=False),
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("dialect", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("name_key", sa.String(length=255), nullable=False),
        sa.Column("content_id", sa.String(length=255), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("drm", sa.Boolean(), nullable=False),
        sa.Column("forensic_watermark", sa.Boolean(), nullable=False),
        sa.Column("dash", sa.Boolean(), nullable=False),
        sa.Column("hls", sa.Boolean(), nullable=False),
        sa.Column("cmaf", sa.Boolean(), nullable=False),
        sa.Column("codecs", sa.String(length=64), nullable=False),
        sa.Column("input_storage", sa.String(length=32), nullable=False),
        sa.Column("output_storage", sa.String(length=32), nullable=False),
        sa.Column("noti_id", _number(), nullable=True),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error_kind", sa.String(length=32), nullable=False),
        sa.Column("error_code", sa.String(length=16), nullable=False),
        sa.Column("error_message", sa.Text(), nullable=False),
        sa.Column("error_cure", sa.Text(), nullable=False),
        sa.Column("warnings", sa.JSON(), nullable=False),
        sa.Column("user_data", sa.JSON(), nullable=False),
        sa.Column("spec", sa.JSON(), nullable=False),
        sa.Column("request", sa.JSON(), nullable=False),
        sa.Column("media", sa.JSON(), nullable=True),
        sa.Column("outputs", sa.JSON(), nullable=True),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.site_id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_job_content", "job", ["site_id", "content_id", "reg_time", "id"])
    listed = ["site_id", "reg_time", "id"]
    filtered = ["state", "region", "dash", "hls", "cmaf", "drm", "forensic_watermark", "codecs", "name_key"]
    if op.get_bind().dialect.name == "sqlite":
        op.create_index("ix_job_list", "job", listed + filtered)
    else:
        op.create_index("ix_job_list_pg", "job", listed, postgresql_include=filtered)
    op.create_index(
        "ix_job_reading",
        "job",
        ["input_storage"],
        sqlite_where=sa.text("end_time IS NULL"),
        postgresql_where=sa.text("end_time IS NULL"),
    )
    op.create_index("ix_job_state", "job", ["site_id", "state", "reg_time", "id"])
    op.create_index(
        "ix_job_unfinished",
        "job",
        ["id"],
        sqlite_where=sa.text("end_time IS NULL"),
        postgresql_where=sa.text("end_time IS NULL"),
    )
    op.create_index(
        "ix_job_writing",
        "job",
        ["output_storage"],
        sqlite_where=sa.text("end_time IS NULL"),
        postgresql_where=sa.text("end_time IS NULL"),
    )

    op.create_table(
        "notification",
        sa.Column("id", _number(), nullable=False),
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("noti_name", sa.String(length=255), nullable=False),
        sa.Column("noti_type", sa.String(length=16), nullable=False),
        sa.Column("url_end_point", sa.Text(), nullable=False),
        sa.Column("access_key", sa.Text(), nullable=False),
        sa.Column("secret_key_sealed", sa.Text(), nullable=False),
        sa.Column("alarm_status", sa.JSON(), nullable=False),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.site_id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_notification_site", "notification", ["site_id", "id"])

    op.create_table(
        "storage",
        sa.Column("storage_id", sa.String(length=32), nullable=False),
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("storage_name", sa.String(length=255), nullable=False),
        sa.Column("name_key", sa.String(length=255), nullable=False),
        sa.Column("aws_bucket", sa.String(length=255), nullable=False),
        sa.Column("io_type", sa.String(length=8), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("access_key_id", sa.String(length=255), nullable=False),
        sa.Column("secret_key_sealed", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.site_id"],
        ),
        sa.PrimaryKeyConstraint("storage_id"),
    )
    op.create_index("ix_storage_list", "storage", ["site_id", "reg_time", "storage_id"])
    op.create_index("ix_storage_bucket", "storage", ["aws_bucket", "io_type"])

    op.create_table(
        "command",
        sa.Column("id", _number(), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("job_id", _number(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(length=16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("not_before", sa.DateTime(timezone=True), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_command_due", "command", ["not_before", "id"])
    op.create_index("ix_command_job", "command", ["job_id"])

    op.create_table(
        "delivery",
        sa.Column("id", _number(), nullable=False),
        sa.Column("message_id", sa.String(length=32), nullable=False),
        sa.Column("site_id", sa.String(length=4), nullable=False),
        sa.Column("noti_id", _number(), nullable=False),
        sa.Column("job_id", _number(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("word", sa.String(length=16), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reg_time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
        ),
        sa.ForeignKeyConstraint(
            ["site_id"],
            ["site.site_id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index(
        "ix_delivery_due",
        "delivery",
        ["next_try", "id"],
        sqlite_where=sa.text("state = 'pending'"),
        postgresql_where=sa.text("state = 'pending'"),
    )
    op.create_index("ix_delivery_job", "delivery", ["site_id", "job_id", "id"])
    op.create_index("ix_delivery_noti", "delivery", ["site_id", "noti_id", "id"])

    op.create_table(
        "job_event",
        sa.Column("id", _number(), nullable=False),
        sa.Column("job_id", _number(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("level", sa.String(length=8), nullable=False),
        sa.Column("phase", sa.String(length=16), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_job_event", "job_event", ["job_id", "id"])

    op.create_table(
        "job_work",
        sa.Column("job_id", _number(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("phase", sa.String(length=20), nullable=False),
        sa.Column("unit", sa.Integer(), nullable=False),
        sa.Column("done", sa.Double(), nullable=False),
        sa.Column("total", sa.Double(), nullable=False),
        sa.Column("speed", sa.Double(), nullable=True),
        sa.Column("update_time", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"],
            ["job.id"],
        ),
        sa.PrimaryKeyConstraint("job_id", "attempt", "phase", "unit"),
    )
    op.create_table(
        "delivery_try",
        sa.Column("id", _number(), nullable=False),
        sa.Column("delivery_id", _number(), nullable=False),
        sa.Column("time", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["delivery.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_delivery_try", "delivery_try", ["delivery_id", "id"])

"""Let the indexes of lists begin with site and dialect, for each API lists its own jobs."""

from alembic import op

revision = "0004"
down_revision = "0003"

_LISTED = ["reg_time", "id"]
_FILTERED = ["state", "region", "dash", "hls", "cmaf", "drm", "forensic_watermark", "codecs", "name_key"]
_DIRECT = {"ix_job_state": ["state", *_LISTED], "ix_job_content": ["content_id", *_LISTED]}


def upgrade() -> None:
    _make(["site_id", "dialect"])


def downgrade() -> None:
    _make(["site_id"])


def _make(owner: list[str]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_job_list", "job")
        op.create_index("ix_job_list", "job", [*owner, *_LISTED, *_FILTERED])
    else:
        op.drop_index("ix_job_list_pg", "job")
        op.create_index("ix_job_list_pg", "job", [*owner, *_LISTED], postgresql_include=_FILTERED)
    for name, columns in _DIRECT.items():
        op.drop_index(name, "job")
        op.create_index(name, "job", [*owner, *columns])

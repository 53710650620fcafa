"""Let the indexes of lists hold the dialect, so that each API finds its own jobs."""

from alembic import op

revision = "0004"
down_revision = "0003"

_LISTED = ["site_id", "reg_time", "id"]
_FILTERED = ["state", "region", "dash", "hls", "cmaf", "drm", "forensic_watermark", "codecs", "name_key"]
_DIRECT = {
    "ix_job_state": ["site_id", "state", "reg_time", "id"],
    "ix_job_content": ["site_id", "content_id", "reg_time", "id"],
}


def upgrade() -> None:
    _make(["dialect"])


def downgrade() -> None:
    _make([])


def _make(added: list[str]) -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_job_list", "job")
        op.create_index("ix_job_list", "job", [*_LISTED, *_FILTERED, *added])
    else:
        op.drop_index("ix_job_list_pg", "job")
        op.create_index("ix_job_list_pg", "job", _LISTED, postgresql_include=[*_FILTERED, *added])
    for name, columns in _DIRECT.items():
        op.drop_index(name, "job")
        op.create_index(name, "job", [*columns, *added])

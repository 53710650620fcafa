"""Let the indexes of lists begin with site and dialect, for each API lists its own jobs."""

from alembic import op

revision = "0004"
down_revision = "0003"

_LISTED = ["reg_time", "id"]
_FILTERED = ["state", "region", "dash", "hls", "cmaf", "drm", "forensic_watermark", "codecs", "name_key"]
_OWNER = ["site_id", "dialect"]


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        op.drop_index("ix_job_list", "job")
        op.create_index("ix_job_list", "job", [*_OWNER, *_LISTED, *_FILTERED])
    else:
        op.drop_index("ix_job_list_pg", "job")
        op.create_index("ix_job_list_pg", "job", [*_OWNER, *_LISTED], postgresql_include=_FILTERED)
    for name, column in (("ix_job_state", "state"), ("ix_job_content", "content_id")):
        op.drop_index(name, "job")
        op.create_index(name, "job", [*_OWNER, column, *_LISTED])

"""Alembic's entry: runs revisions on the connection that `Database.migrate` hands over, inside its transaction.

Revisions only go forward: what takes an older release back is the backup made before the upgrade.
`tests/contract/test_catalog_schema.py` fails, and says what is missing, while models and revisions differ.
"""

from alembic import context

# They register their tables.
from telecine.catalog import (  # noqa: F401
    distribution_models,
    key_models,
    mark_models,
    packaging_models,
    video_models,
)
from telecine.catalog.models import Base, applies

connection = context.config.attributes["connection"]
dialect = connection.dialect.name
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    include_object=lambda thing, *_: applies(thing, dialect),
    render_as_batch=dialect == "sqlite",  # SQLite changes a column by copying its table
)
context.run_migrations()

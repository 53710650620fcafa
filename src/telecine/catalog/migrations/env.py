"""Alembic's entry: runs revisions on the connection that `Database.migrate` hands over, inside its transaction."""

from alembic import context

from telecine.catalog.models import Base

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Base.metadata,
    render_as_batch=connection.dialect.name == "sqlite",  # SQLite changes a column by copying its table
)
context.run_migrations()

"""What Alembic runs for each command; the connection is handed in by `archiver.storage.index.migrate`."""

from __future__ import annotations

from alembic import context

from archiver.storage.index.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller holds the transaction and the lock
)
context.run_migrations()

"""How an index database gets from one schema to the next: an Alembic environment, one file per revision."""

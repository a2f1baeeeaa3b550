"""Brings an index database to the schema that this program works with, or says why it cannot.

Alembic is only loaded when there is something to do: most starts read one row.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NoReturn

from sqlalchemy import Connection, inspect, text

import archiver.storage.migrations as migrations
from archiver.errors import IndexUnavailableError
from archiver.storage.index.schema import SCHEMA_VERSION

_OURS = re.compile(r"v\d{4}")
_MIGRATION_LOCK = 7_236_118_004
"""An arbitrary number that all programs of this name agree on (PostgreSQL advisory lock)."""


def is_current(connection: Connection, where: str) -> bool:
    """Whether the database has the schema of this program; False for an older one and for an empty database.

    Raises IndexUnavailableError when it belongs to a newer program or to something else.
    """
    tables = inspect(connection).get_table_names()
    if "alembic_version" not in tables:
        if tables:
            raise _foreign(where)
        return False
    version = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if version is None or version == SCHEMA_VERSION:
        return version is not None
    if not _OURS.fullmatch(version):
        raise _foreign(where)
    if version > SCHEMA_VERSION:
        raise IndexUnavailableError(
            f"the index {where} was written by a newer program (schema {version}, this one knows "
            f"{SCHEMA_VERSION}); update news-archiver"
        )
    return False


def is_empty(connection: Connection) -> bool:
    """Whether the database holds no table at all."""
    return not inspect(connection).get_table_names()


def refuse_old(where: str) -> NoReturn:
    """What an index says that is older than the program and may not be migrated now."""
    raise IndexUnavailableError(
        f"the index {where} has not the schema {SCHEMA_VERSION} of this program; "
        "any command that writes upgrades it"
    )


def _foreign(where: str) -> IndexUnavailableError:
    return IndexUnavailableError(
        f"the database {where} holds tables of another program; give the archive a database of its own"
    )


def migrate(connection: Connection, where: str) -> None:
    """Bring the schema up to date in the transaction of `connection`; several processes may try at once."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATION_LOCK})
    if is_current(connection, where):
        return
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")

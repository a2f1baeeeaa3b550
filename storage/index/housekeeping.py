"""What a database needs now and then: fresh statistics, and a log that does not grow for ever."""

from __future__ import annotations

import logging
import sqlite3

from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from archiver.storage.index.engine import BUSY_TIMEOUT, Database
from archiver.storage.index.schema import metadata

log = logging.getLogger(__name__)

_PATIENCE = 1.0
"""Seconds to wait for others: they would wait for us meanwhile."""


def tidy(database: Database) -> bool:
    """See `Index.tidy`."""
    if not database.is_sqlite:
        names = ", ".join(f'"{table.name}"' for table in metadata.sorted_tables)
        with database.reading() as connection:
            connection.execute(text(f"ANALYZE {names}"))
        return True
    with database.turn(), database.reading() as connection:
        _wait_at_most(connection, _PATIENCE)
        try:
            return _optimized(connection) & _truncated(connection)
        finally:
            _wait_at_most(connection, BUSY_TIMEOUT)


def _wait_at_most(connection: Connection, seconds: float) -> None:
    connection.exec_driver_sql(f"PRAGMA busy_timeout = {int(seconds * 1000)}")


def _optimized(connection: Connection) -> bool:
    try:
        connection.exec_driver_sql("PRAGMA optimize")
    except OperationalError as error:
        if not _is_busy(error):
            raise
        log.info("the statistics of the index stay as they are, as another process writes")
        return False
    return True


def _truncated(connection: Connection) -> bool:
    """SQLite answers with a row: busy or not, pages in the log, pages moved."""
    try:
        row = connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").one()
    except OperationalError as error:
        if not _is_busy(error):
            raise
        return False
    return not row[0]


def _is_busy(error: OperationalError) -> bool:
    name: str = getattr(error.orig, "sqlite_errorname", "")
    return isinstance(error.orig, sqlite3.Error) and name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED"))

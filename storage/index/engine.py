"""Connections to the index: SQLite in WAL mode or PostgreSQL, with every driver error told in one line.

Reads run in autocommit, one statement at a time; a write takes the database's write lock at its start, so
that it waits for its turn instead of failing half-way.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Dialect, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.elements import ClauseElement

from archiver.errors import (
    ArchiverError,
    DiskFullError,
    IndexDamagedError,
    IndexUnavailableError,
    UnstorableError,
)
from archiver.storage.index.turns import among_others

BUSY_TIMEOUT: Final = 30.0
"""Seconds that a write waits for another process's write (SQLite)."""

HURRIED: Final = 1.0
"""The same, when somebody wants an end, or where nobody may be kept waiting; then for any answer too."""

_PROMPT: Final = 3.0
"""Seconds that a server may take to answer where nobody may be kept waiting (PostgreSQL)."""

_PATIENT: Final = float("inf")
_PAUSE: Final = 0.01
"""Seconds between two tries where SQLite does not wait by itself."""

_UNHELD: Final = re.compile("[\0\ud800-\udfff]")
_CACHE_KIB: Final = 8_192
_CHECKPOINT_PAGES: Final = 16_000


class _Ordered:
    """Puts values by name in the order in which a statement names them."""

    def __init__(self, order: Sequence[str]) -> None:
        self._get = itemgetter(*order) if len(order) > 1 else None
        self._names = order

    def __call__(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return self._get(values) if self._get else tuple(values[name] for name in self._names)


def can_be_held(text: str) -> bool:
    """Whether both databases can hold `text`; what they cannot hold need not be looked for."""
    return _UNHELD.search(text) is None


class Statement:
    """A Core statement compiled once for a dialect and run by the driver itself.

    The compiler and the description of result columns would cost several times what the query costs.
    """

    def __init__(self, element: ClauseElement, dialect: Dialect) -> None:
        compiled = element.compile(dialect=dialect)
        assert isinstance(compiled, SQLCompiler)
        self.sql = str(compiled)
        self._constants = {name: value for name, value in compiled.params.items() if value is not None}
        order = compiled.positiontup  # by position where the driver binds so, which is faster; else by name
        self._bound: Callable[[Mapping[str, Any]], Any] = dict if order is None else _Ordered(order)

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """What the query gives for these values by name."""
        cursor = connection.connection.cursor()
        try:
            cursor.execute(self.sql, self._bound({**self._constants, **values}))
            return list(cursor.fetchall())
        finally:
            cursor.close()

    def first(self, connection: Connection, values: Mapping[str, Any]) -> tuple[Any, ...] | None:
        """The first row of what the query gives."""
        return next(iter(self.rows(connection, values)), None)

    def run(self, connection: Connection, batch: Sequence[Mapping[str, Any]]) -> int:
        """Execute once for each row of values; the number of rows changed."""
        cursor = connection.connection.cursor()
        try:
            cursor.executemany(self.sql, [self._bound(row) for row in batch])
            return cursor.rowcount
        finally:
            cursor.close()


class Database:
    """One index database, reachable from several threads; a private one is known to no other process."""

    def __init__(self, url: str, *, is_private: bool = False) -> None:
        self._hurried = False
        try:
            self.url: URL = make_url(url)
            self.engine: Engine = self._engine(_PATIENT)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise IndexUnavailableError(f"database.url cannot be used: {error}") from None
        driver: Any = self.engine.dialect.loaded_dbapi
        self._driver_error: type[Exception] = driver.Error
        self._contradiction: type[Exception] = driver.IntegrityError
        self._not_held: tuple[type[Exception], ...] = (driver.DataError, OverflowError)
        self._is_private = is_private
        self._place: tuple[int, int] | None = None
        """Device and inode of the SQLite file."""
        self._reader = self.engine
        if not self.is_sqlite:  # SQLite connections begin no transaction unless told to
            self._reader = self.engine.execution_options(isolation_level="AUTOCOMMIT")
        self._statements: dict[tuple[Callable[..., ClauseElement], tuple[bool | int, ...]], Statement] = {}

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is a file of ours."""
        return self.engine.dialect.name == "sqlite"

    @property
    def path(self) -> Path:
        """The database file (SQLite only)."""
        assert self.url.database is not None
        return Path(self.url.database)

    @cached_property
    def where(self) -> str:
        """The database as a person would name it, without the password."""
        return str(self.path) if self.is_sqlite else self.url.render_as_string(hide_password=True)

    def statement(self, build: Callable[..., ClauseElement], *choices: bool | int) -> Statement:
        """What `build(*choices)` gives, compiled on first use."""
        known = self._statements.get((build, choices))
        if known is None:
            known = self._statements[build, choices] = Statement(build(*choices), self.engine.dialect)
        return known

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection on which every statement stands for itself."""
        with self.explaining(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def unchanging(self) -> Iterator[Connection]:
        """A connection on which all statements see the database of one moment."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self.explaining(), self.engine.connect().execution_options(**options) as connection:
            if self.is_sqlite:
                connection.exec_driver_sql("BEGIN")
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = False) -> Iterator[Connection]:
        """A transaction: committed at the end, rolled back on any error.

        A power cut may take the last ones from an SQLite index, since the WARC files say the same;
        `durable` ones stay, for what nothing else says.
        """
        with self.explaining(), self.turn(), self.engine.connect() as connection:
            if self.is_sqlite:
                self._refuse_another_file()
            flushing = _flushing(connection) if self.is_sqlite and durable else nullcontext()
            with flushing, connection.begin():
                if self.is_sqlite:
                    self._begin_in_turn(_driver_of(connection))
                yield connection

    def session(self) -> Connection:
        """A connection of its own that the caller closes, for locks that last as long as it (PostgreSQL).

        The server is asked for signs of life, so that a dead one is noticed within half a minute.
        """
        alone = self._engine(_PATIENT, poolclass=NullPool, isolation_level="AUTOCOMMIT")
        with self.explaining():
            return alone.connect()

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """Tells in one line what the driver raises.

        As IndexUnavailableError or DiskFullError, for which waiting may help, or as IndexDamagedError or
        UnstorableError, for which it does not.
        """
        try:
            yield
        except (DBAPIError, self._driver_error, OverflowError) as error:
            raise self._explained(error) from error

    @cached_property
    def prompt_engine(self) -> Engine:
        """For who may not be kept waiting, by another process's write or by a server that is silent."""
        return self._engine(HURRIED if self.is_sqlite else _PROMPT)

    def turn(self) -> AbstractContextManager[None]:
        """The turn to write that `writing` takes; for writers that bring their own transactions."""
        if self._is_private or not self.is_sqlite:
            return nullcontext()
        return among_others(self.path)

    def hurry(self) -> None:
        """From now on nothing waits longer than a moment for the database: somebody wants an end."""
        self._hurried = True

    def _engine(self, patience: float, **options: Any) -> Engine:
        """Connections that wait `patience` seconds: with SQLite for a lock, with PostgreSQL for an answer."""
        backend = self.url.get_backend_name()
        if backend == "sqlite":
            if not self.url.database or self.url.database == ":memory:":
                raise IndexUnavailableError(
                    "database.url names no SQLite file; write sqlite:////folder/index.sqlite"
                )
            return _sqlite_engine(self.url, min(patience, BUSY_TIMEOUT))
        if backend == "postgresql":
            from archiver.storage.index.postgresql import postgresql_engine

            return postgresql_engine(
                self.url, lambda: min(patience, HURRIED) if self._hurried else patience, **options
            )
        raise IndexUnavailableError(f"database.url must be sqlite or postgresql, not {backend}")

    def _begin_in_turn(self, driver: sqlite3.Connection) -> None:
        """Take the write lock; SQLite's own waiting for it could not be cut short."""
        driver.execute(f"PRAGMA busy_timeout={min(HURRIED, BUSY_TIMEOUT) * 1_000:.0f}")
        try:
            _run_in_turn(driver, "BEGIN IMMEDIATE", BUSY_TIMEOUT, lambda: self._hurried)
        finally:
            driver.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT * 1_000:.0f}")

    def _refuse_another_file(self) -> None:
        """A file that was removed can be written for as long as it is open, and nobody would find it."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            place = None
        else:
            place = (found.st_dev, found.st_ino)
        if self._place is None:
            self._place = place
        if place != self._place:
            raise _damaged(self.where, "its file was removed or replaced while it was open")

    def close(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()
        self.prompt_engine.dispose()

    def _explained(self, error: Exception) -> ArchiverError:
        cause = error.orig if isinstance(error, DBAPIError) else error
        message = str(cause).strip().partition("\n")[0]
        if isinstance(cause, self._not_held):
            return UnstorableError(f"the index {self.where} cannot hold this: {message}")
        if isinstance(cause, self._contradiction):
            return _damaged(self.where, message)
        if self.is_sqlite:
            return _sqlite_error(self.where, self.path, cause, message)
        if "connection" in message:
            return IndexUnavailableError(
                f"the index database {self.where} cannot be reached: {message}; check database.url"
            )
        return IndexUnavailableError(f"the index database {self.where} refused: {message}")


def _sqlite_engine(url: URL, patience: float) -> Engine:
    engine = create_engine(url, connect_args={"timeout": patience})
    event.listen(engine, "connect", lambda connection, _record: _prepare_sqlite(connection, patience))
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, patience: float) -> None:
    connection.isolation_level = None  # transactions begin where we say so
    # while a new file is turned to WAL mode SQLite does not wait for another that does the same
    _run_in_turn(connection, "PRAGMA journal_mode=WAL", patience)
    cursor = connection.cursor()
    for pragma in (
        "synchronous=NORMAL",
        "foreign_keys=ON",
        f"cache_size=-{_CACHE_KIB}",
        f"wal_autocheckpoint={_CHECKPOINT_PAGES}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _run_in_turn(
    driver: sqlite3.Connection,
    statement: str,
    patience: float,
    is_hurried: Callable[[], bool] = lambda: False,
) -> None:
    """Execute, and again while another process holds a lock; for `patience` seconds, or until hurried."""
    deadline = time.monotonic() + patience
    while True:
        try:
            driver.execute(statement)
        except sqlite3.OperationalError as error:
            is_locked = error.sqlite_errorname.startswith("SQLITE_BUSY")
            if not is_locked or is_hurried() or time.monotonic() >= deadline:
                raise
            time.sleep(_PAUSE)
        else:
            return


def _driver_of(connection: Connection) -> sqlite3.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    return driver


@contextmanager
def _flushing(connection: Connection) -> Iterator[None]:
    """Commits of this connection reach the disk before they return."""
    driver = _driver_of(connection)
    driver.execute("PRAGMA synchronous=FULL")
    try:
        yield
    finally:
        driver.execute("PRAGMA synchronous=NORMAL")


def _is_full(folder: Path) -> bool:
    """Whether no room is left; SQLite calls it an I/O error when its shared memory file cannot grow."""
    try:
        return os.statvfs(folder).f_bavail == 0
    except OSError:
        return False


def _damaged(where: str, message: str) -> IndexDamagedError:
    return IndexDamagedError(
        f"the index {where} is damaged ({message}); stop what uses it, "
        "move it away and run `archiver reindex`, which makes a new one from the WARC files"
    )


def _sqlite_error(where: str, path: Path, cause: BaseException | None, message: str) -> ArchiverError:
    name = getattr(cause, "sqlite_errorname", "")
    if name.startswith("SQLITE_FULL") or (name.startswith("SQLITE_IOERR") and _is_full(path.parent)):
        return DiskFullError(f"no space is left for the index {where}; free some and try again")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return IndexUnavailableError(
            f"the index {where} is locked by another process; try again when it has finished"
        )
    if name.startswith(("SQLITE_NOTADB", "SQLITE_CORRUPT")):
        return _damaged(where, message)
    if "no such table" in message:  # another file stands in its place
        return _damaged(where, message)
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM", "SQLITE_IOERR")):
        reason = "the folder does not exist" if not path.parent.is_dir() else message
        return IndexUnavailableError(
            f"the index {where} cannot be opened or written: {reason}; check the folder and its permissions"
        )
    return IndexUnavailableError(f"the index {where} failed: {message}")

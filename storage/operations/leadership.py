"""Which service process leads: PostgreSQL keeps a lock for as long as the leader's connection lives.

With SQLite an archive has one machine, where the home's lock file decides; this one always agrees.
"""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Final, Self

from sqlalchemy import Connection, text

from archiver.errors import IndexUnavailableError
from archiver.storage.index.engine import Database

_LEADER_LOCK: Final = 7_236_118
"""An arbitrary number that all programs of this name agree on; the schema makes it one archive's."""

_KEYS: Final = "CAST(:number AS integer), hashtext(current_schema())"
_IS_HELD: Final = text(
    "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() "
    "AND classid = CAST(:number AS oid) AND objsubid = 2 "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()))"
)


class Leadership:
    """The place that one process holds at a time, until it gives it back or its connection dies."""

    def __init__(self, database: Database, owner: str) -> None:
        self.owner = owner
        self._database = database
        self._session: Connection | None = None
        self._holds = False
        self._one_at_a_time = threading.Lock()

    def try_acquire(self) -> bool:
        """Whether the place is ours now; does not wait. Raises IndexUnavailableError."""
        with self._one_at_a_time:
            if self._database.is_sqlite:
                self._holds = True
            elif not self._is_held():
                self._holds = self._asked()
            return self._holds

    def is_held(self) -> bool:
        """Whether the place is still ours: asked of the server on the very connection that holds it."""
        with self._one_at_a_time:
            return self._is_held()

    def release(self) -> None:
        """Give the place back; it is free for another at once."""
        with self._one_at_a_time:
            if self._session is not None and self._is_held():
                with self._database.explaining():
                    self._session.execute(text("SELECT pg_advisory_unlock_all()"))
            self._close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def _is_held(self) -> bool:
        if self._session is None:
            return self._holds
        try:
            with self._database.explaining():
                held = self._session.scalar(_IS_HELD, {"number": _LEADER_LOCK})
        except IndexUnavailableError:  # the session died, and the lock with it
            held = False
        if not held:
            self._close()
        return bool(held)

    def _asked(self) -> bool:
        self._session = self._database.session()
        try:
            with self._database.explaining():
                name = text("SELECT set_config('application_name', :name, false)")
                self._session.execute(name, {"name": f"archiver {self.owner}"})
                asked = text(f"SELECT pg_try_advisory_lock({_KEYS})")
                got = bool(self._session.scalar(asked, {"number": _LEADER_LOCK}))
        except BaseException:
            self._close()
            raise
        if not got:
            self._close()
        return got

    def _close(self) -> None:
        session, self._session, self._holds = self._session, None, False
        if session is None:
            return
        session.invalidate()  # ends the connection, and with it the lock
        session.close()

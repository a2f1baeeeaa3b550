"""Connections to PostgreSQL that notice a dead server, and do not wait for a silent one where none may."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, Final, TypeVar

from psycopg import Connection, OperationalError
from psycopg.abc import PQGen
from sqlalchemy import Dialect, Engine, create_engine, event
from sqlalchemy.engine import URL

CONNECT_TIMEOUT: Final = 10.0
"""Seconds that a connection may take to be made."""

_SHORTEST_CONNECT_TIMEOUT: Final = 2
"""What libpq takes at least."""

_SIGNS_OF_LIFE: Final = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""Parameters of libpq that find a dead server out within half a minute; seconds, the last milliseconds."""

R = TypeVar("R")
Patience = Callable[[], float]
"""How many seconds an answer may take; asked again and again while one is waited for."""


def postgresql_engine(url: URL, patience: Patience, **options: Any) -> Engine:
    """The engine for the server at `url`; `options` are those of SQLAlchemy's `create_engine`."""
    engine = create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args=_SIGNS_OF_LIFE,
        pool_pre_ping=True,
        skip_autocommit_rollback=True,
        **options,
    )

    def connect(_dialect: Dialect, _record: object, _: object, parameters: dict[str, Any]) -> _Connection:
        seconds = max(_SHORTEST_CONNECT_TIMEOUT, int(min(CONNECT_TIMEOUT, patience())))
        connection = _Connection.connect(**{"connect_timeout": seconds, **parameters})
        connection.patience = patience
        return connection

    event.listen(engine, "do_connect", connect)
    return engine


class _SilentServerError(OperationalError):
    """The server keeps the connection and does not answer."""


class _Connection(Connection[Any]):
    """A connection that is given up when an answer takes longer than there is patience for."""

    patience: Patience = staticmethod(lambda: float("inf"))

    def wait(self, gen: PQGen[R], interval: float = 0.1, timeout: float | None = None) -> R:
        """The result of `gen`. Raises OperationalError and closes the connection when there is none."""
        try:
            return super().wait(self._limited(gen), interval, timeout)
        except _SilentServerError:
            self.close()
            raise

    def _limited(self, gen: PQGen[R]) -> PQGen[R]:
        begun = time.monotonic()
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and time.monotonic() - begun >= self.patience():
                    raise _SilentServerError("the server does not answer on this connection")
                wanted = gen.send(ready)
        except StopIteration as end:
            result: R = end.value
            return result

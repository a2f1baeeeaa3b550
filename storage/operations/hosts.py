"""The hosts that are closed for a while, or treated with more care than others."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from archiver.model.moment import to_microseconds
from archiver.model.operations import HostState
from archiver.storage.index.engine import Database
from archiver.storage.index.rows import storable
from archiver.storage.operations.rows import insert_into, moment_of, one_line, past_moment_of, stored_moment
from archiver.storage.operations.tables import host_states

_c = host_states.c


class HostStates:
    """The states of hosts by name, small enough to be read whole."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, states: Sequence[HostState]) -> None:
        """Replace what is known of these hosts; one that is open and did not fail lately is forgotten."""
        latest = {storable(each.host): each for each in states}
        noted = [
            _row(host, each) for host, each in sorted(latest.items()) if each.closed_until or each.failures
        ]
        forgotten = sorted(latest.keys() - {row["host"] for row in noted})
        if not latest:
            return
        insert = insert_into(self._database, host_states)
        values = {column.name: insert.excluded[column.name] for column in _c if column.name != "host"}
        with self._database.writing() as connection:
            if noted:
                connection.execute(insert.on_conflict_do_update(index_elements=["host"], set_=values), noted)
            if forgotten:
                connection.execute(delete(host_states).where(_c.host.in_(forgotten)))

    def all(self) -> list[HostState]:
        """Every host that something is known of, by name."""
        with self._database.reading() as connection:
            rows = connection.execute(select(host_states).order_by(_c.host)).all()
        return [_state(row) for row in rows]

    def closed(self, at: datetime) -> list[HostState]:
        """The hosts that are closed at the moment `at`, by name."""
        query = select(host_states).where(_c.closed_until > to_microseconds(at)).order_by(_c.host)
        with self._database.reading() as connection:
            rows = connection.execute(query).all()
        return [state for state in map(_state, rows) if state.closed_until]


def _row(host: str, state: HostState) -> dict[str, Any]:
    return {
        "host": host,
        "closed_until": stored_moment(state.closed_until),
        "reason": one_line(state.reason),
        "failures": state.failures,
        "delay": state.delay,
        "at": to_microseconds(state.at),
    }


def _state(row: Any) -> HostState:
    return HostState(
        row.host, moment_of(row.closed_until), row.reason, row.failures, row.delay, past_moment_of(row.at)
    )

"""The service processes of the archive: each says now and then that it lives, and how it does."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import ColumnElement, and_, delete, select

from archiver.model.moment import to_microseconds
from archiver.model.operations import Beat
from archiver.storage.index.engine import Database
from archiver.storage.index.rows import storable
from archiver.storage.operations.rows import insert_into, past_moment_of
from archiver.storage.operations.tables import beats

_c = beats.c
_LARGEST: Final = 2**63


class Beats:
    """One row a process, replaced at each beat."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, beat: Beat) -> None:
        """Replace what the process said before."""
        insert = insert_into(self._database, beats).values(
            owner=beat.owner,
            host=storable(beat.host),
            pid=beat.pid,
            role=beat.role,
            started_at=to_microseconds(beat.started_at),
            at=to_microseconds(beat.at),
            document=msgspec.json.encode(beat.document),
        )
        values = {column.name: insert.excluded[column.name] for column in _c if column.name != "owner"}
        with self._database.writing() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["owner"], set_=values))

    def all(self) -> list[Beat]:
        """What every process said last, the newest first."""
        with self._database.reading() as connection:
            rows = connection.execute(select(beats).order_by(_c.at.desc(), _c.owner)).all()
        return [_beat(row) for row in rows]

    def forget(self, owner: str) -> None:
        """The process ended."""
        self._forget(_c.owner == owner)

    def forget_other_leaders(self, owner: str) -> None:
        """The process leads now: whoever says to lead, or to have led, is dead or will say otherwise."""
        self._forget(and_(_c.owner != owner, _c.role.in_(("leader", "stopping"))))

    def forget_before(self, at: datetime) -> None:
        """Forget the processes that were last heard of before `at`."""
        self._forget(_c.at < to_microseconds(at))

    def _forget(self, which: ColumnElement[bool]) -> None:
        with self._database.writing() as connection:
            connection.execute(delete(beats).where(which))


def _beat(row: Any) -> Beat:
    return Beat(
        row.owner, row.host, row.pid, row.role, past_moment_of(row.started_at), past_moment_of(row.at),
        _facts(row.document),
    )  # fmt: skip


def _facts(document: bytes) -> dict[str, float | int | str]:
    """The numbers and texts of a document; another version of the program may say more than these."""
    try:
        told = msgspec.json.decode(document, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}
    return {name: value for name, value in told.items() if _is_fact(value)}


def _is_fact(value: object) -> bool:
    if isinstance(value, int):
        return not isinstance(value, bool) and abs(value) < _LARGEST
    return isinstance(value, float | str)

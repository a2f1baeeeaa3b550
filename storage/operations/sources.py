"""How far the work on each source is: passes, what they brought, leases, pauses, plans."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, func, or_, select, update

from archiver.model.moment import to_microseconds
from archiver.model.operations import COUNTS, PassCounts, SourceState
from archiver.storage.index.engine import Database
from archiver.storage.index.rows import storable
from archiver.storage.operations.rows import (
    insert_into,
    is_void,
    length_of,
    moment_of,
    one_line,
    stored_moment,
)
from archiver.storage.operations.tables import source_states

_MICROSECOND = timedelta(microseconds=1)
_c = source_states.c


class SourceStates:
    """The states of the sources, by name; a source without a row was never worked on.

    Whoever works on a source holds its lease, so that no two do at once. Each method is one transaction.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[SourceState]:
        """Every source that was ever paused, planned or worked on, by name."""
        with self._database.reading() as connection:
            return [_state(row) for row in connection.execute(select(source_states).order_by(_c.name)).all()]

    def get(self, name: str) -> SourceState:
        """The state of one source; an empty one when nothing is known of it."""
        query = select(source_states).where(_c.name == storable(name))
        with self._database.reading() as connection:
            row = connection.execute(query).first()
        return SourceState(name) if row is None else _state(row)

    def pause(self, name: str, at: datetime, reason: str | None) -> None:
        """Begin no further work on the source; one that is paused stays so since when it was.

        A reason that is given replaces an earlier one.
        """
        insert = insert_into(self._database, source_states).values(
            name=storable(name), paused_at=to_microseconds(at), paused_reason=one_line(reason)
        )
        given = insert.excluded
        kept = {
            "paused_at": case((_c.paused_at.is_(None), given.paused_at), else_=_c.paused_at),
            "paused_reason": case(
                (given.paused_reason.is_(None), _c.paused_reason), else_=given.paused_reason
            ),
        }
        with self._database.writing(durable=True) as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=kept))

    def resume(self, name: str) -> None:
        """Let work on the source begin again."""
        with self._database.writing(durable=True) as connection:
            connection.execute(
                update(source_states)
                .where(_c.name == storable(name))
                .values(paused_at=None, paused_reason=None)
            )

    def want(self, name: str, at: datetime) -> None:
        """A pass over the source waits for its turn since `at`; until it ends it counts as unfinished."""
        since = to_microseconds(at)
        insert = insert_into(self._database, source_states).values(
            name=storable(name), unfinished_since=since
        )
        kept = {"unfinished_since": func.coalesce(_c.unfinished_since, since)}
        with self._database.writing() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=kept))

    def claim(self, name: str, owner: str, at: datetime, until: datetime, *, is_pass: bool = True) -> bool:
        """Take the lease of the source until `until` and begin work; False when another holds it.

        A lease that ended, or that `owner` has already, is free to take. A batch of revisits
        (`is_pass=False`) is not missed when it never ends: what is due stays due.
        """
        began = {"started_at": to_microseconds(at)}
        if is_pass:
            began["unfinished_since"] = to_microseconds(at)
        taken = {"lease_owner": owner, "lease_until": to_microseconds(until), **began}
        free = or_(_c.lease_owner == owner, _is_free(at))
        insert = insert_into(self._database, source_states).values(name=storable(name), **taken)
        claiming = insert.on_conflict_do_update(index_elements=["name"], set_=taken, where=free)
        with self._database.writing() as connection:
            return connection.execute(claiming.returning(_c.name)).first() is not None

    def renew(self, owner: str, until: datetime) -> list[str]:
        """Hold all leases of `owner` until `until`; the sources that these are of."""
        holding = (
            update(source_states)
            .where(_c.lease_owner == owner)
            .values(lease_until=to_microseconds(until))
            .returning(_c.name)
        )
        with self._database.writing() as connection:
            return sorted(connection.scalars(holding))

    def release(self, name: str, owner: str) -> None:
        """Give back the lease without an end of the work; a pass stays unfinished."""
        with self._database.writing() as connection:
            connection.execute(
                update(source_states)
                .where(_c.name == storable(name), _c.lease_owner == owner)
                .values(lease_owner=None, lease_until=None)
            )

    def release_others(self, owner: str) -> None:
        """Void the leases of all but `owner`, who knows that it is alone."""
        with self._database.writing() as connection:
            connection.execute(
                update(source_states)
                .where(_c.lease_owner != owner)
                .values(lease_owner=None, lease_until=None)
            )

    def brought(self, more: Mapping[str, PassCounts]) -> None:
        """Count what the work on sources, by name, brought since it was last counted."""
        with self._database.writing() as connection:
            for name, counts in more.items():
                self._locked(connection, name)
                connection.execute(
                    update(source_states).where(_c.name == storable(name)).values(_added(counts))
                )

    def finished(
        self,
        name: str,
        owner: str,
        at: datetime,
        counts: PassCounts,
        problem: str | None,
        *,
        is_pass: bool,
        counted: PassCounts = PassCounts(),  # noqa: B008 - it is frozen
    ) -> None:
        """Count what the work brought but for what is `counted` already, and give back the lease.

        A pass that ended also says how the source does now, and so does a batch of revisits that failed. When
        another took the lease meanwhile, only the counts are added: the rest is what the other will say.
        """
        with self._database.writing() as connection:
            row = self._locked(connection, name)
            values = _added(counts - counted)
            if row.lease_owner in (None, owner):
                values |= {"lease_owner": None, "lease_until": None}
                if is_pass or row.unfinished_since == row.started_at:
                    values["unfinished_since"] = None
                if is_pass:
                    values |= _ended(row, at, counts, one_line(problem))
                elif problem:
                    values["problem"] = one_line(problem)
            connection.execute(update(source_states).where(_c.name == storable(name)).values(values))

    def plan(self, name: str, next_run_at: datetime | None, interval: timedelta | None) -> None:
        """When the next pass over the source is, and the time between passes that suits it."""
        planned = {
            "next_run_at": stored_moment(next_run_at),
            "interval": None if interval is None else interval // _MICROSECOND,
        }
        insert = insert_into(self._database, source_states).values(name=storable(name), **planned)
        with self._database.writing() as connection:
            connection.execute(insert.on_conflict_do_update(index_elements=["name"], set_=planned))

    def unfinished(self, at: datetime | None = None) -> list[str]:
        """The sources with a pass that was wanted and never ended, and that nobody works on at `at` (now)."""
        free = _is_free(at or datetime.now(UTC))
        query = select(_c.name).where(_c.unfinished_since.is_not(None), free).order_by(_c.name)
        with self._database.reading() as connection:
            return list(connection.scalars(query))

    def _locked(self, connection: Connection, name: str) -> Any:
        """The row of a source, made when there is none; nobody else changes it in this transaction."""
        insert = insert_into(self._database, source_states).values(name=storable(name))
        connection.execute(insert.on_conflict_do_nothing(index_elements=["name"]))
        query = select(source_states).where(_c.name == storable(name)).with_for_update()
        return connection.execute(query).one()


def _is_free(at: datetime) -> ColumnElement[bool]:
    """Whether nobody holds the source at the moment `at`."""
    return or_(_c.lease_owner.is_(None), _c.lease_until <= to_microseconds(at), is_void(_c.lease_until, at))


def _added(counts: PassCounts) -> dict[str, Any]:
    return {f"total_{each}": _c[f"total_{each}"] + getattr(counts, each) for each in COUNTS}


def _ended(row: Any, at: datetime, counts: PassCounts, problem: str | None) -> dict[str, Any]:
    now = to_microseconds(at)
    return {
        "finished_at": now,
        "succeeded_at": row.succeeded_at if problem else now,
        "failures": row.failures + 1 if problem else 0,
        "problem": problem,
        **{f"last_{each}": getattr(counts, each) for each in COUNTS},
    }


def _state(row: Any) -> SourceState:
    return SourceState(
        name=row.name,
        paused_at=moment_of(row.paused_at),
        paused_reason=row.paused_reason,
        started_at=moment_of(row.started_at),
        finished_at=moment_of(row.finished_at),
        succeeded_at=moment_of(row.succeeded_at),
        next_run_at=moment_of(row.next_run_at),
        interval=length_of(row.interval),
        failures=row.failures,
        problem=row.problem,
        last=PassCounts(*(getattr(row, f"last_{each}") for each in COUNTS)),
        total=PassCounts(*(getattr(row, f"total_{each}") for each in COUNTS)),
        lease_owner=row.lease_owner,
        lease_until=moment_of(row.lease_until),
    )

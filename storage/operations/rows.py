"""Moments as the tables keep them, and the statements that both databases spell alike."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Table
from sqlalchemy.dialects import postgresql, sqlite

from archiver.model.moment import from_microseconds, to_microseconds
from archiver.storage.index.engine import Database
from archiver.storage.index.rows import storable

LONGEST_LEASE = timedelta(minutes=15)
"""A lease that ends later than that was taken under a clock that was ahead, and holds nothing."""

_LONGEST = timedelta(days=36_525) // timedelta(microseconds=1)


def is_void(until: ColumnElement[int], at: datetime) -> ColumnElement[bool]:
    """Whether a lease that ends at `until` (microseconds) cannot have been taken before the moment `at`."""
    return until > to_microseconds(at + LONGEST_LEASE)


def insert_into(database: Database, table: Table) -> Any:
    """An INSERT that can be told what to do on a conflict."""
    return (sqlite.insert if database.is_sqlite else postgresql.insert)(table)


def stored_moment(moment: datetime | None) -> int | None:
    """The microseconds of a moment, if there is one."""
    return None if moment is None else to_microseconds(moment)


def moment_of(stored: int | None) -> datetime | None:
    """The moment of a column that may be empty, or hold what is no moment."""
    if stored is None:
        return None
    try:
        return from_microseconds(stored)
    except OverflowError:
        return None


def past_moment_of(stored: int) -> datetime:
    """The moment of a column that is never empty; what is no moment counts as long ago."""
    return moment_of(stored) or from_microseconds(0)


def length_of(stored: int | None) -> timedelta | None:
    """The length of time of a column that may be empty, or hold what nobody can wait for."""
    if stored is None or not 0 <= stored <= _LONGEST:
        return None
    return timedelta(microseconds=stored)


def one_line(text: str | None) -> str | None:
    """`text` as one line that both databases store, or None for none."""
    return " ".join(storable(text).split()) or None if text else None

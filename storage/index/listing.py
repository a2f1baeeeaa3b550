"""Captures in order, page by page: no connection is held between pages, so a slow reader blocks nobody.

Pages go by keys, never by offsets: each starts with a seek behind the last row of the one before.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final, Self
from uuid import UUID

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Integer,
    Select,
    bindparam,
    func,
    or_,
    select,
    tuple_,
)

from archiver.model.capture import Capture
from archiver.model.moment import from_microseconds, to_microseconds
from archiver.storage.index.engine import Database, Statement
from archiver.storage.index.lookup import resolved
from archiver.storage.index.ranges import KeyRange, Match, key_of, key_ranges
from archiver.storage.index.rows import select_captures, sort_key, to_capture
from archiver.storage.index.schema import captures, segments, stands_for_something, urls

_PAGE: Final = 1_000
_FIRST_PAGE: Final = 100
"""Rows read at first, so that a long listing begins at once."""
_MERGED: Final = 16
"""URLs of one urlkey up to which each is asked for on its own."""
_of_the_key = urls.alias("of_the_key")
_LAST_ID: Final = b"\xff" * 17


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a listing: behind this capture."""

    urlkey: str
    captured_at: datetime
    record_id: UUID

    @classmethod
    def behind(cls, capture: Capture) -> Self:
        """The place behind `capture`."""
        return cls(capture.urlkey, capture.captured_at, capture.record_id)

    def __str__(self) -> str:
        return f"{self.urlkey} {to_microseconds(self.captured_at)} {self.record_id.hex}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what `str` wrote. Raises ValueError for anything else."""
        try:
            key, moment, record_id = text.rsplit(" ", 2)
            return cls(key, from_microseconds(int(moment)), UUID(hex=record_id))
        except (ValueError, OverflowError):
            raise ValueError(f"not a place in a listing: {text[:100]!r}") from None


@dataclass(frozen=True, slots=True)
class Listing:
    """What to list: moments in microseconds, both included; with `least` 1 only exchanges with a response.

    Without `hollow` no 304 that stands for nothing.
    """

    first: int
    last: int
    least: int
    descending: bool
    hollow: bool = True

    @property
    def values(self) -> dict[str, Any]:
        """The bound values that every page has."""
        return {"first": self.first, "last": self.last, "least": self.least, "hollow": self.hollow}


def list_captures(
    database: Database, match: Match, url: str, listing: Listing, limit: int | None, after: Cursor | None
) -> Iterator[Capture]:
    """See `Index.captures`."""
    page = _PAGE if limit is None else max(1, min(limit, _PAGE))
    if match is Match.EXACT:
        key = key_of(url)
        place = _place(after) if after and after.urlkey == key else None
        found = _of_key(database, sort_key(key), listing, page, place)
    else:
        ranges = key_ranges(match, url)
        found = _of_ranges(database, ranges, listing, page, after)
    return islice(found, limit)


_Place = tuple[int, bytes]


def _place(cursor: Cursor) -> _Place:
    return to_microseconds(cursor.captured_at), cursor.record_id.bytes


def _of_ranges(
    database: Database, ranges: tuple[KeyRange, ...], listing: Listing, page: int, after: Cursor | None
) -> Iterator[Capture]:
    passed = sort_key(after.urlkey) if after else None
    for span in reversed(ranges) if listing.descending else ranges:
        low, high = span.low, span.high
        if after and passed is not None:
            if low <= passed < high:
                yield from _beginning(_of_key(database, passed, listing, page, _place(after)), span)
            low, high = _beyond(low, high, passed, listing)
        yield from _beginning(_of_range(database, low, high, listing, page), span)


def _beyond(low: str, high: str, passed: str, listing: Listing) -> tuple[str, str]:
    """What is left of the keys from `low` to before `high` when `passed` has been listed."""
    if listing.descending:
        return low, min(high, passed)
    return max(low, f"{passed}\x01"), high


def _beginning(found: Iterator[Capture], span: KeyRange) -> Iterator[Capture]:
    if span.prefix == span.low:
        return found
    return (capture for capture in found if capture.urlkey.startswith(span.prefix))


def _of_range(database: Database, low: str, high: str, listing: Listing, page: int) -> Iterator[Capture]:
    size = min(page, _FIRST_PAGE)
    while low < high:
        values = {**listing.values, "low": low, "high": high, "page": size}
        found = _page(database, database.statement(_range_page, listing.descending), values)
        yield from found
        if len(found) < size:
            return
        size = page
        last = found[-1]
        key = sort_key(last.urlkey)
        yield from _of_key(database, key, listing, page, _place(Cursor.behind(last)))
        low, high = _beyond(low, high, key, listing)


def _of_key(
    database: Database, key: str, listing: Listing, page: int, place: _Place | None
) -> Iterator[Capture]:
    """The captures of all URLs of one key, merged; each URL's are read in index order.

    A question for each of very many URLs would take longer than letting the database put all in order.
    """
    with database.reading() as connection:
        rows = database.statement(_urls_of_key).rows(connection, {"key": key})
    if len(rows) > _MERGED:
        return _in_order(database, _key_page, {"key": key}, listing, page, place)
    streams = [_in_order(database, _url_page, {"url_id": url_id}, listing, page, place) for (url_id,) in rows]
    if len(streams) == 1:
        return streams[0]
    return heapq.merge(*streams, key=_order, reverse=listing.descending)


def _order(capture: Capture) -> tuple[datetime, bytes]:
    return capture.captured_at, capture.record_id.bytes


def _in_order(
    database: Database,
    pages: Callable[[bool], Select[Any]],
    of: dict[str, Any],
    listing: Listing,
    page: int,
    place: _Place | None,
) -> Iterator[Capture]:
    statement = database.statement(pages, listing.descending)
    if place is None:
        place = (listing.last, _LAST_ID) if listing.descending else (listing.first, b"")
    size = min(page, _FIRST_PAGE)
    while True:
        moment, record_id = place
        values = {**listing.values, **of, "moment": moment, "record_id": record_id, "page": size}
        found = _page(database, statement, values)
        yield from found
        if len(found) < size:
            return
        size = page
        place = _place(Cursor.behind(found[-1]))


def count_captures(
    database: Database, connection: Connection, match: Match, url: str, listing: Listing
) -> int:
    """See `Index.count`."""
    if match is Match.EXACT:
        key = sort_key(key_of(url))
        ranges = [(key, f"{key}\x01")]
    else:
        ranges = [(span.low, span.high) for span in key_ranges(match, url)]
    counts = database.statement(_count)
    total = 0
    for low, high in ranges:
        row = counts.first(connection, {**listing.values, "low": low, "high": high})
        total += row[0] if row else 0
    return total


def list_segment(database: Database, name: str) -> Iterator[Capture]:
    """See `Index.captures_in_segment`."""
    statement = database.statement(_segment_page)
    place = -1
    while True:
        found = _page(database, statement, {"name": name, "place": place, "page": _PAGE})
        yield from found
        if len(found) < _PAGE:
            return
        place = found[-1].location.offset


def _page(database: Database, statement: Statement, values: dict[str, Any]) -> list[Capture]:
    with database.reading() as connection:
        found = [to_capture(row) for row in statement.rows(connection, values)]
        return resolved(database, connection, found)


def _urls_of_key() -> Select[Any]:
    return select(urls.c.id).where(urls.c.sort_key == bindparam("key"))


def _wanted() -> Select[Any]:
    return (
        select_captures()
        .where(captures.c.status >= bindparam("least"))
        .where(or_(stands_for_something(captures), bindparam("hollow", type_=Boolean)))
        .where(captures.c.captured_at >= bindparam("first"), captures.c.captured_at <= bindparam("last"))
        .limit(bindparam("page", type_=Integer))
    )


def _count() -> Select[Any]:
    return (
        select(func.count())
        .select_from(urls.join(captures, captures.c.url_id == urls.c.id))
        .where(urls.c.sort_key >= bindparam("low"), urls.c.sort_key < bindparam("high"))
        .where(captures.c.status >= bindparam("least"))
        .where(or_(stands_for_something(captures), bindparam("hollow", type_=Boolean)))
        .where(captures.c.captured_at >= bindparam("first"), captures.c.captured_at <= bindparam("last"))
    )


def _segment_page() -> Select[Any]:
    segment = select(segments.c.id).where(segments.c.name == bindparam("name")).scalar_subquery()
    return (
        select_captures()
        .where(captures.c.segment_id == segment, captures.c.offset > bindparam("place"))
        .order_by(captures.c.offset)
        .limit(bindparam("page", type_=Integer))
    )


def _range_page(descending: bool) -> Select[Any]:
    keys = (urls.c.sort_key, captures.c.captured_at, captures.c.record_id)
    return (
        _wanted()
        .where(urls.c.sort_key >= bindparam("low"), urls.c.sort_key < bindparam("high"))
        .order_by(*([key.desc() for key in keys] if descending else keys))
    )


def _url_page(descending: bool) -> Select[Any]:
    return _behind_place(captures.c.url_id == bindparam("url_id"), descending)


def _key_page(descending: bool) -> Select[Any]:
    of_key = select(_of_the_key.c.id).where(_of_the_key.c.sort_key == bindparam("key"))
    return _behind_place(captures.c.url_id.in_(of_key), descending)


def _behind_place(belongs: ColumnElement[bool], descending: bool) -> Select[Any]:
    keys = (captures.c.captured_at, captures.c.record_id)
    place = tuple_(bindparam("moment"), bindparam("record_id"))
    return (
        _wanted()
        .where(belongs)
        .where(tuple_(*keys) < place if descending else tuple_(*keys) > place)
        .order_by(*([key.desc() for key in keys] if descending else keys))
    )

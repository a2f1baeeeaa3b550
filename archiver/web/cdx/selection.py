"""Which captures answer a CDX question, in which order, as a stream."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import islice
from typing import Final

from archiver.errors import UsageError
from archiver.model.capture import Capture
from archiver.storage.index import Cursor, Index
from archiver.web.cdx.query import Collapse, Query
from archiver.web.cdx.row import DUPLICATES, Row, row_of
from archiver.web.listing_pages import PageStarts

_TICK = timedelta(microseconds=1)
MOST_LAST: Final = 100_000
"""The most that may be asked for with a negative limit, since those are held in memory."""
_MOST_DIGESTS: Final = 500_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """A capture that answers, and its row."""

    capture: Capture
    row: Row


def select(index: Index, query: Query, starts: PageStarts) -> Iterator[Chosen]:
    """The answer to `query`, at most as many as it asks for."""
    if query.limit is not None and query.limit < 0:
        return _last(index, query)
    found = _narrowed(_captures(index, query, starts), query)
    stop = None if query.limit is None else query.offset + query.limit
    return islice(found, query.offset, stop)


def _last(index: Index, query: Query) -> Iterator[Chosen]:
    """The last ones, in the order of the listing."""
    assert query.limit is not None
    if -query.limit > MOST_LAST:
        raise UsageError(f"a negative limit may be {-MOST_LAST} at most")
    backwards = replace(query, descending=not query.descending, limit=None, offset=0)
    if query.collapses or query.shows_duplicates:  # these count from the beginning
        kept = deque(_narrowed(_listed(index, query), query), maxlen=-query.limit)
        return iter(kept)
    found = list(islice(_narrowed(_listed(index, backwards), backwards), -query.limit))
    return iter(found[::-1])


def _captures(index: Index, query: Query, starts: PageStarts) -> Iterator[Capture]:
    if query.closest is not None:
        return _by_distance(index, query)
    if query.page is not None:
        return _page(index, query, starts)
    return _listed(index, query)


def _listed(index: Index, query: Query, after: Cursor | None = None) -> Iterator[Capture]:
    return index.captures(
        query.match, query.url, query.from_, query.to,
        descending=query.descending, after=after or query.resume,
    )  # fmt: skip


def _page(index: Index, query: Query, starts: PageStarts) -> Iterator[Capture]:
    """The captures of one numbered page; where the next one begins is remembered."""
    assert query.page is not None
    number, cursor = starts.nearest(query.listing, query.page)
    captures = _listed(index, query, cursor)
    while True:
        last: Capture | None = None
        count = 0
        for capture in islice(captures, query.page_size):
            last, count = capture, count + 1
            if number == query.page:
                yield capture
        if last is None or count < query.page_size:
            return
        starts.remember(query.listing, number + 1, Cursor.behind(last))
        if number == query.page:
            return
        number += 1


def page_count(index: Index, query: Query) -> int:
    """How many numbered pages there are, one at least; filters do not count.

    Some clients ask for the number without the match type, and read no page at all when it is 0.
    """
    captures = index.count(query.match, query.url, query.from_, query.to)
    return max(1, -(-captures // query.page_size))


def _by_distance(index: Index, query: Query) -> Iterator[Capture]:
    """Merged from both sides of the moment; of two at the same distance the earlier first."""
    at = query.closest
    assert at is not None
    to = at if query.to is None else min(at, query.to)
    from_ = at + _TICK if query.from_ is None else max(at + _TICK, query.from_)
    before = index.captures(query.match, query.url, query.from_, to, descending=True)
    after = index.captures(query.match, query.url, from_, query.to)
    earlier, later = next(before, None), next(after, None)
    while earlier or later:
        if later is None or (earlier is not None and at - earlier.captured_at <= later.captured_at - at):
            assert earlier is not None
            yield earlier
            earlier = next(before, None)
        else:
            yield later
            later = next(after, None)


def _narrowed(captures: Iterator[Capture], query: Query) -> Iterator[Chosen]:
    seen: Counter[str] = Counter()
    previous: dict[Collapse, str] = {}
    for capture in captures:
        row = row_of(capture, resolves_revisits=query.resolves_revisits)
        if not all(condition.keeps(row.get(condition.field, "-")) for condition in query.filters):
            continue
        if query.collapses and _collapsed(row, query.collapses, previous):
            continue
        if query.shows_duplicates:
            row[DUPLICATES] = str(seen[row["digest"]])
            if row["digest"] in seen or len(seen) < _MOST_DIGESTS:
                seen[row["digest"]] += 1
        yield Chosen(capture, row)


def _collapsed(row: Row, collapses: tuple[Collapse, ...], previous: dict[Collapse, str]) -> bool:
    """Whether the row is like the one before in any of the collapsed fields."""
    alike = False
    for collapse in collapses:
        value = row.get(collapse.field, "-")[: collapse.length]
        alike = alike or previous.get(collapse) == value
        previous[collapse] = value
    return alike

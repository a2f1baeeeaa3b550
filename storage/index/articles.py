"""The articles that the archive follows, and when each is to be visited again.

What is known of an article follows from its snapshots and events; when it is due is the crawler's own plan,
which no WARC file says: an index made without the old one has every article due to be planned anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from archiver.model.moment import to_microseconds
from archiver.model.snapshot import Snapshot
from archiver.storage.index.engine import Database
from archiver.storage.index.former import belongs, digests_of
from archiver.storage.index.rows import read_moment, storable, url_digest, url_names
from archiver.storage.index.schema import articles, snapshots, urls

_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class FollowedArticle:
    """An article as it is followed: `url` is what is asked for, `unchanged` counts visits since a change.

    `next_visit_at` is None for an article that is not to be visited again, and not after `last_visit` for one
    whose plan is not known.
    """

    key: str
    url: str
    source: str | None
    first_seen: datetime
    last_visit: datetime
    last_change: datetime
    unchanged: int = 0
    next_visit_at: datetime | None = None

    @property
    def is_planned(self) -> bool:
        """Whether it is known when the article is to be visited again, or that it is not."""
        return self.next_visit_at is None or self.next_visit_at > self.last_visit


def follow(database: Database, connection: Connection, followed: Sequence[FollowedArticle]) -> None:
    """Insert or replace what is known of these articles."""
    if not followed:
        return
    rows = [_row(article) for article in followed]
    insert = _insert(database, rows)
    kept = {"first_seen": _lesser(database, articles.c.first_seen, insert.excluded.first_seen)}
    names = ("url", "source", "last_visit", "last_change", "unchanged", "next_visit_at")
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["article_digest"],
            set_={**{name: insert.excluded[name] for name in names}, **kept},
        )
    )


def follow_snapshots(database: Database, connection: Connection, snapshots: Iterable[Snapshot]) -> None:
    """Take note of the articles of new snapshots, which are to be planned."""
    latest: dict[str, FollowedArticle] = {}
    for snapshot in snapshots:
        key = snapshot.article_key
        if key is None:
            continue
        seen = latest.get(key)
        source = snapshot.provenance.source
        first = min(snapshot.captured_at, seen.first_seen) if seen else snapshot.captured_at
        last = max(snapshot.captured_at, seen.last_change) if seen else snapshot.captured_at
        latest[key] = FollowedArticle(
            key, snapshot.seed, source, first, last, last, 0, last if source else None
        )
    rows = [_row(article) for article in latest.values()]
    if not rows:
        return
    insert = _insert(database, rows)
    earlier, later = articles.c, insert.excluded
    connection.execute(
        insert.on_conflict_do_update(
            index_elements=["article_digest"],
            set_={
                "first_seen": _lesser(database, earlier.first_seen, later.first_seen),
                "last_visit": _greater(database, earlier.last_visit, later.last_visit),
                "last_change": _greater(database, earlier.last_change, later.last_change),
            },
        )
    )


def one(connection: Connection, key: str) -> FollowedArticle | None:
    """See `Index.followed`."""
    rows = connection.execute(select(articles).where(articles.c.article_digest.in_(digests_of(key)))).all()
    found = sorted(map(_article, rows), key=lambda article: article.key != key)
    return next((article for article in found if belongs(key, article.key, [article.url])), None)


@dataclass(frozen=True, slots=True)
class DueSource:
    """A source with articles that are due: how many, and since when the longest."""

    source: str
    count: int
    oldest: datetime


def due(
    connection: Connection, at: datetime, source: str | None, limit: int, *, newest_first: bool = False
) -> list[FollowedArticle]:
    """See `Index.due`."""
    query = select(articles).where(articles.c.next_visit_at <= to_microseconds(at))
    if source is not None:
        query = query.where(articles.c.source == source)
    order = articles.c.first_seen.desc() if newest_first else articles.c.next_visit_at
    rows = connection.execute(query.order_by(order).limit(limit)).all()
    return [_article(row) for row in rows]


def due_sources(connection: Connection, at: datetime) -> list[DueSource]:
    """See `Index.due_sources`."""
    source = func.coalesce(articles.c.source, "")  # keeps SQLite from reading a whole index in this order
    query = (
        select(source, func.count(), func.min(articles.c.next_visit_at))
        .where(articles.c.next_visit_at <= to_microseconds(at))
        .group_by(source)
    )
    found = [
        DueSource(name, count, read_moment(oldest))
        for name, count, oldest in connection.execute(query).all()
        if name
    ]
    return sorted(found, key=lambda each: each.source)


def carry_over(source: Connection, target: Connection) -> None:
    """Give the articles of `target` their plans in `source`, where that knew all that `target` does.

    An article that goes by another key in `target`, which has its address, is followed as before.
    """
    names = ("url", "source", "last_visit", "last_change", "unchanged", "next_visit_at")
    plan: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    known = articles.c.article_digest == bindparam("digest")
    change = update(articles).where(known, articles.c.last_visit <= plan["last_visit"]).values(plan)
    is_planned = articles.c.next_visit_at.is_(None) | (articles.c.next_visit_at > articles.c.last_visit)
    query = select(articles).where(is_planned).execution_options(yield_per=_PAGE)
    with source.execute(query) as rows:
        for page in rows.mappings().partitions():
            digests = [row["article_digest"] for row in page]
            among = select(articles.c.article_digest).where(articles.c.article_digest.in_(digests))
            there = set(target.scalars(among))
            plans = [
                {"digest": row["article_digest"], **{f"new_{name}": row[name] for name in names}}
                for row in page
                if row["article_digest"] in there
            ]
            if plans:
                target.execute(change, plans)
            for row in page:
                is_due = row["next_visit_at"] is not None and row["article_digest"] not in there
                if is_due and _is_shown(target, row["url"]):
                    target.execute(insert(articles), dict(row))


def _is_shown(connection: Connection, url: str) -> bool:
    """Whether there is a snapshot that `url` was asked for, or led to."""
    place = select(urls.c.id).where(urls.c.sort_key == bindparam("key"), urls.c.digest == bindparam("digest"))
    query = select(snapshots.c.id).where(
        snapshots.c.seed_url_id.in_(place) | snapshots.c.page_url_id.in_(place)
    )
    return connection.execute(query.limit(1), url_names("", url)).first() is not None


def _row(article: FollowedArticle) -> dict[str, Any]:
    due_at = article.next_visit_at
    return {
        "article_digest": url_digest(article.key),
        "article_key": storable(article.key),
        "url": storable(article.url),
        "source": None if article.source is None else storable(article.source),
        "first_seen": to_microseconds(article.first_seen),
        "last_visit": to_microseconds(article.last_visit),
        "last_change": to_microseconds(article.last_change),
        "unchanged": article.unchanged,
        "next_visit_at": None if due_at is None else to_microseconds(due_at),
    }


def _article(row: Any) -> FollowedArticle:
    return FollowedArticle(
        key=row.article_key,
        url=row.url,
        source=row.source,
        first_seen=read_moment(row.first_seen),
        last_visit=read_moment(row.last_visit),
        last_change=read_moment(row.last_change),
        unchanged=row.unchanged,
        next_visit_at=None if row.next_visit_at is None else read_moment(row.next_visit_at),
    )


def _insert(database: Database, rows: list[dict[str, Any]]) -> Any:
    build = sqlite.insert if database.is_sqlite else postgresql.insert
    return build(articles).values(rows)


def _lesser(database: Database, one: Any, other: Any) -> Any:
    return func.min(one, other) if database.is_sqlite else func.least(one, other)


def _greater(database: Database, one: Any, other: Any) -> Any:
    return func.max(one, other) if database.is_sqlite else func.greatest(one, other)

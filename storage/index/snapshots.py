"""Snapshots by identifier, URL, time or record, and where a picture was seen before."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final
from uuid import UUID

from sqlalchemy import (
    BindParameter,
    CompoundSelect,
    Connection,
    Integer,
    Select,
    bindparam,
    select,
    tuple_,
    union,
)

from archiver.model.capture import RecordLocation
from archiver.model.digest import Digest
from archiver.model.moment import to_microseconds
from archiver.model.picture import PictureRole, PictureStatus
from archiver.model.snapshot import Snapshot
from archiver.storage import snapshot_codec
from archiver.storage.index.engine import Database, can_be_held
from archiver.storage.index.former import belongs, digests_of
from archiver.storage.index.ranges import cased_key_of, key_of
from archiver.storage.index.rows import read_moment, sort_key
from archiver.storage.index.schema import segments, snapshot_pictures, snapshots, urls
from archiver.uri import cased_urlkey

_PAGE: Final = 200
_LAST_IDENTIFIER: Final = "\U0010ffff"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One place where a picture with certain bytes was seen: in which snapshot, under which URL."""

    snapshot_id: str
    page_url: str
    captured_at: datetime
    position: int
    url: str
    record_id: UUID | None
    status: PictureStatus
    role: PictureRole


def by_identifier(database: Database, connection: Connection, identifier: str) -> Snapshot | None:
    """See `Index.snapshot`."""
    if not can_be_held(identifier):
        return None
    row = database.statement(_by_identifier).first(connection, {"identifier": identifier})
    return None if row is None else snapshot_codec.decode(row[0])


def location(connection: Connection, identifier: str) -> RecordLocation | None:
    """See `Index.snapshot_location`."""
    row = connection.execute(
        select(segments.c.name, snapshots.c.offset, snapshots.c.length)
        .join(segments, segments.c.id == snapshots.c.segment_id)
        .where(snapshots.c.identifier == identifier)
    ).first()
    return None if row is None else RecordLocation(*row)


def of_record(database: Database, connection: Connection, record_id: UUID) -> Snapshot | None:
    """See `Index.snapshot_of_record`."""
    row = database.statement(_of_record).first(connection, {"record_id": record_id.bytes})
    return None if row is None else snapshot_codec.decode(row[0])


def holders(database: Database, connection: Connection, record_id: UUID) -> list[str]:
    """See `Index.snapshots_of_record`."""
    rows = database.statement(_holders).rows(connection, {"record_id": record_id.bytes})
    return [identifier for _, _, identifier in rows]


def of_pages(connection: Connection, record_ids: Collection[UUID]) -> dict[UUID, str]:
    """See `Index.page_snapshots`."""
    wanted = snapshots.c.page_record_id.in_([record_id.bytes for record_id in record_ids])
    rows = connection.execute(
        select(snapshots.c.captured_at, snapshots.c.identifier, snapshots.c.page_record_id).where(wanted)
    ).all()
    return {UUID(bytes=page): identifier for _, identifier, page in sorted(rows, reverse=True)}


def listed(
    database: Database,
    url: str | None,
    first: int,
    last: int,
    *,
    descending: bool,
    limit: int | None,
    after: tuple[datetime, str] | None,
) -> Iterator[Snapshot]:
    """See `Index.snapshots`."""
    values: dict[str, Any] = {"first": first, "last": last}
    page = _PAGE if limit is None else max(1, min(limit, _PAGE))
    if url is None:
        return islice(_pages(database, values, after, page, descending=descending), limit)
    key = cased_key_of(url)
    found = _pages(database, {**values, "key": sort_key(key_of(url))}, after, page, descending=descending)
    return islice(
        (each for each in found if key in map(cased_urlkey, (each.seed, each.page.target_uri))), limit
    )


def of_article(
    database: Database, article_key: str, *, descending: bool, limit: int | None
) -> Iterator[Snapshot]:
    """See `Index.article_snapshots`."""
    first, last = (digests_of(article_key) * 2)[:2]
    values: dict[str, Any] = {"article": first, "former": last, "first": -(2**62), "last": 2**62}
    page = _PAGE if limit is None else max(1, min(limit, _PAGE))
    found = _pages(database, values, None, page, descending=descending)
    return islice((each for each in found if belongs(article_key, each.article_key, _urls(each))), limit)


def _urls(snapshot: Snapshot) -> tuple[str | None, ...]:
    canonical = snapshot.article.canonical_url if snapshot.article else None
    return snapshot.seed, snapshot.page.target_uri, canonical


def _pages(
    database: Database,
    values: dict[str, Any],
    after: tuple[datetime, str] | None,
    page: int,
    *,
    descending: bool,
) -> Iterator[Snapshot]:
    builds = {"key": _page_of_url, "article": _page_of_article}
    build = next((builds[name] for name in builds if name in values), _page_of_all)
    statement = database.statement(build, descending)
    moment, identifier = (values["last"], _LAST_IDENTIFIER) if descending else (values["first"], "")
    if after:
        moment, identifier = to_microseconds(after[0]), after[1]
    while True:
        place = {"moment": moment, "identifier": identifier, "page": page}
        with database.reading() as connection:
            rows = statement.rows(connection, {**values, **place})
        for moment, identifier, document in rows:  # noqa: B007  the last one is where the next page begins
            yield snapshot_codec.decode(document)
        if len(rows) < page:
            return
        page = _PAGE


def sightings(database: Database, digest: Digest) -> Iterator[Sighting]:
    """See `Index.picture_sightings`."""
    statement = database.statement(_sightings)
    names = ("moment", "snapshot_id", "position", "rank")
    place: tuple[int, ...] = (-1, 0, 0, 0)
    while True:
        values = {"digest": digest.value, "page": _PAGE, **dict(zip(names, place, strict=True))}
        with database.reading() as connection:
            rows = statement.rows(connection, values)
        for row in rows:
            yield _sighting(row)
        if len(rows) < _PAGE:
            return
        place = rows[-1][: len(names)]


def _sighting(row: tuple[Any, ...]) -> Sighting:
    captured_at, _, position, _, identifier, page_url, url, record_id, status, role = row
    return Sighting(
        snapshot_id=identifier,
        page_url=page_url,
        captured_at=read_moment(captured_at),
        position=position,
        url=url,
        record_id=None if record_id is None else UUID(bytes=record_id),
        status=PictureStatus(status),
        role=PictureRole(role),
    )


def _by_identifier() -> Select[Any]:
    return select(snapshots.c.document).where(snapshots.c.identifier == bindparam("identifier"))


def _of_record() -> Select[Any]:
    """The earliest snapshot whose page or one of whose pictures the record is."""
    found = _holding().subquery()
    earliest = select(found.c.id).order_by(found.c.captured_at, found.c.identifier).limit(1)
    return select(snapshots.c.document).where(snapshots.c.id == earliest.scalar_subquery())


def _holders() -> Select[Any]:
    found = _holding().subquery()
    keys = (found.c.captured_at, found.c.identifier)
    return select(found.c.id, *keys).order_by(*keys)


def _holding() -> CompoundSelect[Any]:
    """The snapshots whose page or one of whose pictures the record is."""
    wanted: BindParameter[bytes] = bindparam("record_id")
    keys = (snapshots.c.id, snapshots.c.captured_at, snapshots.c.identifier)
    pictures = snapshot_pictures.c
    return union(
        select(*keys).where(snapshots.c.page_record_id == wanted),
        select(*keys)
        .join(snapshot_pictures, pictures.snapshot_id == snapshots.c.id)
        .where(pictures.record_id == wanted, pictures.record_id.is_not(None)),
    )


def _page_of_all(descending: bool) -> Select[Any]:
    keys = (snapshots.c.captured_at, snapshots.c.identifier)
    place = tuple_(bindparam("moment"), bindparam("identifier"))
    return (
        select(*keys, snapshots.c.document)
        .where(tuple_(*keys) < place if descending else tuple_(*keys) > place)
        .where(snapshots.c.captured_at >= bindparam("first"), snapshots.c.captured_at <= bindparam("last"))
        .order_by(*([key.desc() for key in keys] if descending else keys))
        .limit(bindparam("page", type_=Integer))
    )


def _page_of_article(descending: bool) -> Select[Any]:
    return _page_of_all(descending).where(
        snapshots.c.article_digest.in_([bindparam("article"), bindparam("former")])
    )


def _page_of_url(descending: bool) -> Select[Any]:
    """The same among the snapshots that a URL of the urlkey was asked for, or led to.

    They are chosen before they are put in order: a database might else walk through all in order.
    """
    of_key = select(urls.c.id).where(urls.c.sort_key == bindparam("key"))
    keys = (snapshots.c.captured_at, snapshots.c.identifier)
    place = tuple_(bindparam("moment"), bindparam("identifier"))
    behind = (
        tuple_(*keys) < place if descending else tuple_(*keys) > place,
        snapshots.c.captured_at.between(bindparam("first"), bindparam("last")),
    )
    found = union(
        select(snapshots.c.id, *keys).where(snapshots.c.seed_url_id.in_(of_key), *behind),
        select(snapshots.c.id, *keys).where(snapshots.c.page_url_id.in_(of_key), *behind),
    ).subquery()
    order = (found.c.captured_at, found.c.identifier)
    return (
        select(*order, snapshots.c.document)
        .join(snapshots, snapshots.c.id == found.c.id)
        .order_by(*([key.desc() for key in order] if descending else order))
        .limit(bindparam("page", type_=Integer))
    )


def _sightings() -> Select[Any]:
    pictures, page_urls = snapshot_pictures, urls.alias("page_urls")
    keys = (pictures.c.captured_at, pictures.c.snapshot_id, pictures.c.position, pictures.c.rank)
    place = tuple_(bindparam("moment"), bindparam("snapshot_id"), bindparam("position"), bindparam("rank"))
    return (
        select(
            *keys,
            snapshots.c.identifier,
            page_urls.c.url.label("page_url"),
            urls.c.url,
            pictures.c.record_id,
            pictures.c.status,
            pictures.c.role,
        )
        .join(snapshots, snapshots.c.id == pictures.c.snapshot_id)
        .join(page_urls, page_urls.c.id == snapshots.c.page_url_id)
        .join(urls, urls.c.id == pictures.c.url_id)
        .where(pictures.c.payload_digest == bindparam("digest"), tuple_(*keys) > place)
        .order_by(*keys)
        .limit(bindparam("page", type_=Integer))
    )

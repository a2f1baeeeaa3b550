"""One batch into the index: URLs, captures, snapshots, segments and tallies in one transaction.

Recording twice changes nothing: captures are known by record id, snapshots by identifier. Rows that two
processes may write at once are always touched in the same order, so that PostgreSQL sees no deadlock.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Insert, Table, bindparam, select
from sqlalchemy.dialects import postgresql, sqlite

from archiver.errors import UnsafeURLError
from archiver.model.capture import Capture, RecordLocation
from archiver.model.moment import to_microseconds
from archiver.model.snapshot import Snapshot
from archiver.storage import snapshot_codec
from archiver.storage.index.articles import follow_snapshots
from archiver.storage.index.engine import Database
from archiver.storage.index.events import IdentifiedEvent, write_events
from archiver.storage.index.extractions import Extraction, write_extractions
from archiver.storage.index.rows import capture_row, storable, url_digest, url_id, url_names, url_row
from archiver.storage.index.schema import captures, segments, snapshot_pictures, snapshots, tallies, urls
from archiver.storage.index.search import write_texts
from archiver.storage.index.tallies import Tallies
from archiver.uri import target_uri

_AT_ONCE = 1_000
"""Values in one IN list."""

LocatedSnapshot = tuple[Snapshot, RecordLocation]


def write(
    database: Database,
    connection: Connection,
    batch: Sequence[Capture],
    indexed_ends: Mapping[str, int],
    located: Sequence[LocatedSnapshot],
    observed: Sequence[IdentifiedEvent] = (),
    read: Sequence[Extraction] = (),
) -> None:
    """Insert what is new of the batch in one transaction; move the segments' indexed ends forward."""
    segment_ids = _segment_ids(database, connection, batch, indexed_ends, located)
    new = _unknown(connection, batch)
    new_snapshots = _unknown_snapshots(connection, located)
    counted = Tallies()
    url_rows = {row["digest"]: row for row in _url_rows(new, new_snapshots)}
    if url_rows:
        insert = database.statement(_insert_urls, database.is_sqlite)
        counted.add_urls(insert.run(connection, sorted(url_rows.values(), key=_by_key)))
    if new:
        rows = [capture_row(capture, segment_ids) for capture in new]
        database.statement(_insert_captures, database.is_sqlite).run(connection, rows)
        counted.add_captures(new)
    if new_snapshots:
        _write_snapshots(database, connection, new_snapshots, segment_ids)
        counted.add_snapshots(snapshot for snapshot, _ in new_snapshots)
        follow_snapshots(database, connection, (snapshot for snapshot, _ in new_snapshots))
    if observed:
        write_events(database, connection, observed)
    if read:
        write_extractions(database, connection, read)
    if rows := counted.rows():
        database.statement(_add_tallies, database.is_sqlite).run(connection, rows)


def _by_key(row: Mapping[str, Any]) -> tuple[str, bytes]:
    return row["sort_key"], row["digest"]


def _segment_ids(
    database: Database,
    connection: Connection,
    batch: Iterable[Capture],
    indexed_ends: Mapping[str, int],
    located: Iterable[LocatedSnapshot],
) -> dict[str, int]:
    names = {capture.location.segment for capture in batch}
    names.update(indexed_ends)
    names.update(location.segment for _, location in located)
    if not names:
        return {}
    now = to_microseconds(datetime.now(UTC))
    database.statement(_upsert_segments, database.is_sqlite).run(
        connection,
        [
            {"name": name, "state": "open", "indexed_end": indexed_ends.get(name, 0), "created_at": now}
            for name in sorted(names)
        ],
    )
    found = connection.execute(select(segments.c.name, segments.c.id).where(segments.c.name.in_(names)))
    return {row.name: row.id for row in found}


def _unknown(connection: Connection, batch: Sequence[Capture]) -> list[Capture]:
    new = {capture.record_id.bytes: capture for capture in reversed(batch)}
    ids = list(new)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        for known in connection.scalars(select(captures.c.record_id).where(captures.c.record_id.in_(some))):
            del new[known]
    return list(reversed(new.values()))


def _unknown_snapshots(connection: Connection, located: Sequence[LocatedSnapshot]) -> list[LocatedSnapshot]:
    new = {snapshot.id: (snapshot, location) for snapshot, location in reversed(located)}
    ids = list(new)
    for start in range(0, len(ids), _AT_ONCE):
        some = ids[start : start + _AT_ONCE]
        for known in connection.scalars(
            select(snapshots.c.identifier).where(snapshots.c.identifier.in_(some))
        ):
            del new[known]
    return list(reversed(new.values()))


def _url_rows(batch: Iterable[Capture], located: Iterable[LocatedSnapshot]) -> Iterable[dict[str, Any]]:
    for capture in batch:
        yield url_row(capture.target_uri)
    for snapshot, _ in located:
        for uri in _snapshot_uris(snapshot):
            yield url_row(uri)


def _snapshot_uris(snapshot: Snapshot) -> Collection[str]:
    uris = {as_target(snapshot.seed), as_target(snapshot.page.target_uri)}
    uris.update(as_target(rendition.url) for picture in snapshot.pictures for rendition in picture.fetched)
    return uris


def as_target(url: str) -> str:
    """The target URI of `url`; a URL that is none (a foreign record's) as it is."""
    try:
        return target_uri(url)
    except UnsafeURLError:
        return url


def _write_snapshots(
    database: Database,
    connection: Connection,
    located: Sequence[LocatedSnapshot],
    segment_ids: Mapping[str, int],
) -> None:
    rows = [_snapshot_row(snapshot, location, segment_ids) for snapshot, location in located]
    database.statement(_insert_snapshots, database.is_sqlite).run(connection, rows)
    if pictures := [row for snapshot, _ in located for row in _picture_rows(snapshot)]:
        database.statement(_insert_pictures, database.is_sqlite).run(connection, pictures)
    write_texts(connection, [snapshot for snapshot, _ in located])


def _snapshot_row(
    snapshot: Snapshot, location: RecordLocation, segment_ids: Mapping[str, int]
) -> dict[str, Any]:
    source = snapshot.provenance.source
    return {
        "identifier": snapshot.id,
        "captured_at": to_microseconds(snapshot.captured_at),
        **url_names("seed_", as_target(snapshot.seed)),
        **url_names("page_", as_target(snapshot.page.target_uri)),
        "page_record_id": snapshot.page.record_id.bytes,
        "source": None if source is None else storable(source),
        "pictures_found": len(snapshot.pictures),
        "pictures_captured": len(snapshot.captured),
        "pictures_missing": len(snapshot.missing),
        "segment_id": segment_ids[location.segment],
        "offset": location.offset,
        "length": location.length,
        "document": snapshot_codec.encode(snapshot),
        "article_digest": snapshot.article_key and url_digest(snapshot.article_key),
    }


def _picture_rows(snapshot: Snapshot) -> Iterator[dict[str, Any]]:
    captured_at = to_microseconds(snapshot.captured_at)
    for position, picture in enumerate(snapshot.pictures):
        for rank, rendition in enumerate(picture.fetched):
            digest = rendition.payload_digest
            yield {
                "identifier": snapshot.id,
                "position": position,
                "rank": rank,
                "captured_at": captured_at,
                **url_names("url_", as_target(rendition.url)),
                "record_id": None if rendition.record_id is None else rendition.record_id.bytes,
                "status": rendition.status.value,
                "role": picture.found.role.value,
                "payload_digest": None if digest is None else digest.value,
            }


def _insert(for_sqlite: bool, table: Table, *conflict: str, **values: Any) -> Insert:
    """INSERT that leaves a row alone which is there already; columns not in `values` are bound by name."""
    build = sqlite.insert if for_sqlite else postgresql.insert
    names = (column.name for column in table.c)
    bound: dict[str, Any] = {name: bindparam(name) for name in names if name != "id" and name not in values}
    return build(table).values({**bound, **values}).on_conflict_do_nothing(index_elements=list(conflict))


def _insert_urls(for_sqlite: bool) -> Insert:
    return _insert(for_sqlite, urls, "sort_key", "digest")


def _insert_captures(for_sqlite: bool) -> Insert:
    return _insert(for_sqlite, captures, "record_id", url_id=url_id("url_"))


def _insert_snapshots(for_sqlite: bool) -> Insert:
    ids = {"seed_url_id": url_id("seed_"), "page_url_id": url_id("page_")}
    return _insert(for_sqlite, snapshots, "identifier", **ids)


def _insert_pictures(for_sqlite: bool) -> Insert:
    snapshot_id = (
        select(snapshots.c.id).where(snapshots.c.identifier == bindparam("identifier")).scalar_subquery()
    )
    key = ("snapshot_id", "position", "rank")
    return _insert(for_sqlite, snapshot_pictures, *key, snapshot_id=snapshot_id, url_id=url_id("url_"))


def _upsert_segments(for_sqlite: bool) -> Insert:
    build = sqlite.insert if for_sqlite else postgresql.insert
    names = ("name", "state", "indexed_end", "created_at")
    insert = build(segments).values({name: bindparam(name) for name in names})
    further = insert.excluded.indexed_end
    return insert.on_conflict_do_update(
        index_elements=["name"],
        set_={"indexed_end": further},
        where=further > segments.c.indexed_end,
    )


def _add_tallies(for_sqlite: bool) -> Insert:
    build = sqlite.insert if for_sqlite else postgresql.insert
    names = [column.name for column in tallies.c]
    insert = build(tallies).values({name: bindparam(name) for name in names})
    sums = {name: tallies.c[name] + insert.excluded[name] for name in names if name != "source"}
    return insert.on_conflict_do_update(index_elements=["source"], set_=sums)

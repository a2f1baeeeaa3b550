"""Reads and writes the log's tables; everything is known by digest or record id, so that twice is once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection, Select, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from archiver.model.capture import RecordLocation
from archiver.model.digest import Digest
from archiver.model.moment import to_microseconds
from archiver.storage.index.engine import Database
from archiver.storage.index.rows import read_moment
from archiver.storage.index.schema import snapshots
from archiver.storage.ledger.documents import (
    Batch,
    Cosignature,
    Fixity,
    IdentifiedLogDocument,
    LogDocument,
    StoredStatement,
    Timestamp,
    decode_log,
    encode_log,
)
from archiver.storage.ledger.schema import WITHDRAWAL, log_records, statements

_PAGE: Final = 1_000
_AT_ONCE: Final = 500
"""Subjects named in one query."""
_KINDS: Final = {Batch: "batch", Timestamp: "timestamp", Cosignature: "cosignature", Fixity: "fixity"}


def write_statements(database: Database, connection: Connection, stated: Sequence[StoredStatement]) -> None:
    """Insert those that are not there yet."""
    rows = [
        {
            "digest": statement.digest.value,
            "kind": statement.kind,
            "subject": statement.subject,
            "issued_at": to_microseconds(statement.issued_at),
            "segment": statement.location.segment,
            "offset": statement.location.offset,
            "length": statement.location.length,
            "leaf": statement.leaf,
        }
        for statement in stated
    ]
    build = sqlite.insert if database.is_sqlite else postgresql.insert
    connection.execute(build(statements).on_conflict_do_nothing(index_elements=["digest"]), rows)


def write_documents(
    database: Database, connection: Connection, documents: Sequence[IdentifiedLogDocument]
) -> None:
    """Insert those that are not there yet, and number the statements that a batch put into the log."""
    build = sqlite.insert if database.is_sqlite else postgresql.insert
    rows = [
        {
            "record_id": record_id.bytes,
            "kind": _KINDS[type(document)],
            "size": document.size,
            "document": encode_log(document),
        }
        for document, record_id in documents
    ]
    connection.execute(build(log_records).on_conflict_do_nothing(index_elements=["record_id"]), rows)
    for document, _ in documents:
        if isinstance(document, Batch):
            number(connection, document)


def number(connection: Connection, batch: Batch) -> int:
    """Say of the statements in `batch` where they are in the log; returns how many the index has."""
    numbered = (
        update(statements)
        .where(statements.c.digest == bindparam("wanted"), statements.c.leaf.is_(None))
        .values(leaf=bindparam("place"))
    )
    rows = [{"wanted": digest, "place": batch.first + place} for place, digest in enumerate(batch.digests)]
    return connection.execute(numbered, rows).rowcount if rows else 0


def waiting(connection: Connection, limit: int) -> list[StoredStatement]:
    """The statements that are not in the log, in the order in which they came."""
    query = _select_statements().where(statements.c.leaf.is_(None)).order_by(statements.c.id).limit(limit)
    return [_statement(row) for row in connection.execute(query).all()]


def about(connection: Connection, subject: str) -> list[StoredStatement]:
    """All statements about an identifier, oldest first."""
    query = _select_statements().where(statements.c.subject == subject)
    ordered = query.order_by(statements.c.issued_at, statements.c.id)
    return [_statement(row) for row in connection.execute(ordered).all()]


def about_each(connection: Connection, subjects: Sequence[str], kind: str) -> list[StoredStatement]:
    """The statements of one kind about any of these subjects, by subject, oldest first."""
    c = statements.c
    found: list[StoredStatement] = []
    for start in range(0, len(subjects), _AT_ONCE):
        chosen = subjects[start : start + _AT_ONCE]
        query = _select_statements().where(c.subject.in_(chosen), c.kind == kind)
        rows = connection.execute(query.order_by(c.subject, c.issued_at, c.id)).all()
        found += [_statement(row) for row in rows]
    return found


def withdrawals(connection: Connection) -> list[str]:
    """The identifiers that were withdrawn; reads a partial index that is empty for most archives."""
    query = select(statements.c.subject).where(statements.c.kind == WITHDRAWAL)
    return list(connection.scalars(query))


def segments_of_statements(connection: Connection) -> list[tuple[str, str, int]]:
    """The files that hold logged statements, each with one subject of theirs and the count of snapshots."""
    c = statements.c
    snapshots_stated = func.count().filter(c.kind == "capture")
    query = select(c.segment, func.min(c.subject), snapshots_stated).where(c.leaf.is_not(None))
    rows = connection.execute(query.group_by(c.segment).order_by(c.segment))
    return [(row[0], row[1], row[2]) for row in rows]


def numbered(connection: Connection) -> int:
    """How many entries of the log have their statement in the index."""
    found = connection.scalar(select(func.count(func.distinct(statements.c.leaf))))
    return found or 0


def unstated(connection: Connection) -> list[str]:
    """The identifiers of snapshots that no statement is about."""
    stated = select(statements.c.id).where(
        statements.c.subject == snapshots.c.identifier, statements.c.kind == "capture"
    )
    query = select(snapshots.c.identifier).where(~stated.exists()).order_by(snapshots.c.identifier)
    return list(connection.scalars(query))


def at_leaf(connection: Connection, leaf: int) -> StoredStatement | None:
    """The statement with this number in the log."""
    row = connection.execute(_select_statements().where(statements.c.leaf == leaf)).first()
    return _statement(row) if row else None


def logged(connection: Connection) -> int:
    """How many entries the database knows the log to have; 0 for none."""
    highest = select(func.max(log_records.c.size)).where(log_records.c.kind == "batch")
    return connection.scalar(highest) or 0


def documents(connection: Connection, kind: str, least: int = 0) -> Iterator[LogDocument]:
    """The documents of one kind whose tree has at least `least` entries, by size; read page by page."""
    last = (least, 0)
    columns = (log_records.c.size, log_records.c.id, log_records.c.document)
    place = log_records.c.size, log_records.c.id
    while True:
        behind = (place[0] > last[0]) | ((place[0] == last[0]) & (place[1] > last[1]))
        query = select(*columns).where(log_records.c.kind == kind, behind).order_by(*place).limit(_PAGE)
        rows = connection.execute(query).all()
        if not rows:
            return
        for row in rows:
            yield decode_log(row.document)
        last = rows[-1].size, rows[-1].id


def carry_over(source: Connection, target: Connection, is_sqlite: bool, since: int) -> None:
    """Copy what `source` got since the moment `since` (microseconds) and `target` lacks."""
    build = sqlite.insert if is_sqlite else postgresql.insert
    columns = [column for column in statements.c if column.name != "id"]
    rows = source.execute(select(*columns).where(statements.c.issued_at >= since)).mappings().all()
    if rows:
        insert = build(statements).on_conflict_do_nothing(index_elements=["digest"])
        target.execute(insert, [dict(row) for row in rows])
    known = target.scalar(select(func.coalesce(func.max(log_records.c.size), 0))) or 0
    columns = [column for column in log_records.c if column.name != "id"]
    later = source.execute(select(*columns).where(log_records.c.size >= known)).mappings().all()
    if later:
        insert = build(log_records).on_conflict_do_nothing(index_elements=["record_id"])
        target.execute(insert, [dict(row) for row in later])
    for row in target.execute(select(log_records.c.document).where(log_records.c.kind == "batch")):
        document = decode_log(row.document)
        assert isinstance(document, Batch)
        number(target, document)


def _select_statements() -> Select[Any]:
    c = statements.c
    return select(c.digest, c.kind, c.subject, c.issued_at, c.segment, c.offset, c.length, c.leaf)


def _statement(row: Any) -> StoredStatement:
    return StoredStatement(
        Digest(row.digest), row.kind, row.subject, read_moment(row.issued_at),
        RecordLocation(row.segment, row.offset, row.length), row.leaf,
    )  # fmt: skip

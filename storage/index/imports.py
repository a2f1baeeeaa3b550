"""Captures in foreign files: told from our own, and their revisits tied to what they refer to."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, Connection, FromClause, or_, select, update

from archiver.model.capture import IMPORTED, Capture, RecordType
from archiver.storage.index.rows import select_captures, to_capture
from archiver.storage.index.schema import captures, segments

_SOURCE: Final = "import:"
_PAST_SOURCE: Final = "import;"
_PAST_NAME: Final = f"{IMPORTED[:-1]}."


def is_own(table: FromClause) -> ColumnElement[bool]:
    """Whether a row of `captures` (or an alias) is a capture that this archive took itself."""
    source = table.c.source
    return or_(source.is_(None), source < _SOURCE, source >= _PAST_SOURCE)


def unlinked(connection: Connection) -> list[Capture]:
    """See `Index.unlinked_revisits`; reads the captures in imported files."""
    imported = select(segments.c.id).where(segments.c.name >= IMPORTED, segments.c.name < _PAST_NAME)
    query = (
        select_captures()
        .where(
            captures.c.segment_id.in_(imported),
            captures.c.record_type == RecordType.REVISIT.value,
            captures.c.payload_digest.is_(None),
            captures.c.original_record_id.is_(None),
        )
        .order_by(segments.c.name, captures.c.offset)
    )
    return [to_capture(row) for row in connection.execute(query).all()]


def link(connection: Connection, record_id: UUID, original: Capture) -> None:
    """See `Index.link_revisit`."""
    digest = original.payload_digest
    connection.execute(
        update(captures)
        .where(captures.c.record_id == record_id.bytes)
        .values(
            original_record_id=original.record_id.bytes,
            payload_digest=None if digest is None else digest.value,
            payload_length=original.payload_length,
        )
    )

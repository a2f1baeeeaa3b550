"""What visits found that is no snapshot: an article gone, walled, moved, back again."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from archiver.errors import DamagedRecordError
from archiver.model.moment import to_microseconds
from archiver.model.version import ArticleEvent
from archiver.storage.index.engine import Database
from archiver.storage.index.former import belongs, digests_of
from archiver.storage.index.rows import url_digest
from archiver.storage.index.schema import events

MIME = "application/vnd.news-archiver.event+json"
IdentifiedEvent = tuple[ArticleEvent, UUID]
"""An event, and the record id of the metadata record that holds it."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(ArticleEvent)


def encode_event(event: ArticleEvent) -> bytes:
    """The JSON document of an event: the block of its metadata record."""
    return _encoder.encode(event)


def decode_event(document: bytes) -> ArticleEvent:
    """The event that `encode_event` wrote. Raises DamagedRecordError for anything else."""
    try:
        return _decoder.decode(document)
    except msgspec.DecodeError as error:
        raise DamagedRecordError(f"the event document is damaged: {error}") from None


def write_events(database: Database, connection: Connection, observed: Sequence[IdentifiedEvent]) -> None:
    """Insert those that are not there yet."""
    build = sqlite.insert if database.is_sqlite else postgresql.insert
    rows = [
        {
            "event_id": record_id.bytes,
            "kind": event.kind.value,
            "observed_at": to_microseconds(event.observed_at),
            "url_digest": url_digest(event.url),
            "article_digest": event.article_key and url_digest(event.article_key),
            "record_id": event.record_id.bytes,
            "document": encode_event(event),
        }
        for event, record_id in observed
    ]
    connection.execute(build(events).on_conflict_do_nothing(index_elements=["event_id"]), rows)


def list_events(connection: Connection, article_key: str | None, url: str | None) -> list[ArticleEvent]:
    """See `Index.events`."""
    wanted: ColumnElement[bool] = events.c.url_digest == url_digest(url or "")
    if article_key is not None:
        wanted = events.c.article_digest.in_(digests_of(article_key))
    found = connection.scalars(
        select(events.c.document).where(wanted).order_by(events.c.observed_at, events.c.event_id)
    ).all()
    every = [decode_event(document) for document in found]
    return [e for e in every if article_key is None or belongs(article_key, e.article_key, [e.url])]

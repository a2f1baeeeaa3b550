"""The tables of the index, for SQLite and PostgreSQL alike; migrations bring a database to this state.

All moments are microseconds since 1970 UTC, all digests and record ids plain bytes. Nothing here is more than
an index of the WARC files; what runs the archive has tables of its own (`storage.operations`).
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    ForeignKey,
    FromClause,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    and_,
    column,
    literal_column,
    or_,
)
from sqlalchemy.types import TypeEngine

SCHEMA_VERSION: Final = "v0005"
"""The newest Alembic revision: what this program works with."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

ROW_ID: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
"""SQLite numbers rows by itself only where the column is declared INTEGER."""

BYTEWISE: TypeEngine[str] = Text().with_variant(Text(collation="C"), "postgresql")
"""Text in the order of its bytes, so that key ranges mean the same in both databases."""

segments = Table(
    "segments",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("name", BYTEWISE, nullable=False, unique=True),
    Column("state", Text, nullable=False),
    Column("size", BigInteger),
    Column("sha256", LargeBinary(32)),
    Column("indexed_end", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Column("sealed_at", BigInteger),
)

urls = Table(
    "urls",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("sort_key", BYTEWISE, nullable=False),
    Column("urlkey", BYTEWISE),
    Column("url", Text, nullable=False),
    Column("digest", LargeBinary(16), nullable=False),
)
"""`sort_key` is the urlkey, cut where PostgreSQL could not index it; only then `urlkey` holds the whole."""

Index("ix_urls_key", urls.c.sort_key, urls.c.digest, unique=True)

captures = Table(
    "captures",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("url_id", BigInteger, ForeignKey("urls.id"), nullable=False),
    Column("captured_at", BigInteger, nullable=False),
    Column("record_id", LargeBinary(16), nullable=False, unique=True),
    Column("method", Text, nullable=False),
    Column("status", SmallInteger, nullable=False),
    Column("mime", Text, nullable=False),
    Column("record_type", Text, nullable=False),
    Column("payload_digest", LargeBinary(32)),
    Column("payload_length", BigInteger, nullable=False),
    Column("segment_id", BigInteger, ForeignKey("segments.id"), nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("truncated", Text),
    Column("failure", Text),
    Column("redirect", Text),
    Column("original_record_id", LargeBinary(16)),
    Column("source", Text),
    Column("purpose", Text),
)
"""`original_record_id` is no foreign key: the original may come later, or never."""

Index("ix_captures_place", captures.c.segment_id, captures.c.offset)
Index("ix_captures_url_time", captures.c.url_id, captures.c.captured_at, captures.c.record_id)


RESPONSE: ColumnElement[str] = literal_column("'response'")
"""Written out, as SQLite plans a query anew for each bound value that is compared with a partial index."""


def stands_for_something(table: FromClause) -> ColumnElement[bool]:
    """Whether a row of `captures` (or an alias) can be given out, which a 304 about nothing cannot."""
    return or_(table.c.status != HTTPStatus.NOT_MODIFIED, table.c.original_record_id.is_not(None))


def can_be_original(table: FromClause) -> ColumnElement[bool]:
    """Whether a row of `captures` (or an alias) is a complete response that a revisit may refer to."""
    return and_(
        table.c.record_type == RESPONSE,
        table.c.truncated.is_(None),
        table.c.payload_digest.is_not(None),
    )


Index(
    "ix_captures_originals",
    captures.c.payload_digest,
    captures.c.captured_at,
    captures.c.record_id,
    sqlite_where=can_be_original(captures),
    postgresql_where=can_be_original(captures),
)

snapshots = Table(
    "snapshots",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("identifier", BYTEWISE, nullable=False, unique=True),
    Column("captured_at", BigInteger, nullable=False),
    Column("seed_url_id", BigInteger, ForeignKey("urls.id"), nullable=False),
    Column("page_url_id", BigInteger, ForeignKey("urls.id"), nullable=False),
    Column("page_record_id", LargeBinary(16), nullable=False, index=True),
    Column("source", Text),
    Column("pictures_found", Integer, nullable=False),
    Column("pictures_captured", Integer, nullable=False),
    Column("pictures_missing", Integer, nullable=False),
    Column("segment_id", BigInteger, ForeignKey("segments.id"), nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),
    Column("article_digest", LargeBinary(16)),
)
"""`article_digest` names the article across its versions: the digest of its key, which may be long."""

Index(
    "ix_snapshots_article_time", snapshots.c.article_digest, snapshots.c.captured_at, snapshots.c.identifier
)
Index("ix_snapshots_time", snapshots.c.captured_at, snapshots.c.identifier)
Index("ix_snapshots_seed_time", snapshots.c.seed_url_id, snapshots.c.captured_at)
Index("ix_snapshots_page_time", snapshots.c.page_url_id, snapshots.c.captured_at)

snapshot_pictures = Table(
    "snapshot_pictures",
    metadata,
    Column("snapshot_id", BigInteger, ForeignKey("snapshots.id"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("captured_at", BigInteger, nullable=False),
    Column("url_id", BigInteger, ForeignKey("urls.id"), nullable=False),
    Column("record_id", LargeBinary(16)),
    Column("status", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("payload_digest", LargeBinary(32)),
)
"""One row for each rendition that was asked for; `rank` counts them within the picture."""

Index(
    "ix_snapshot_pictures_sightings",
    snapshot_pictures.c.payload_digest,
    snapshot_pictures.c.captured_at,
    snapshot_pictures.c.snapshot_id,
    sqlite_where=column("payload_digest").is_not(None),
    postgresql_where=column("payload_digest").is_not(None),
)
Index(
    "ix_snapshot_pictures_record",
    snapshot_pictures.c.record_id,
    sqlite_where=column("record_id").is_not(None),
    postgresql_where=column("record_id").is_not(None),
)

events = Table(
    "events",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("event_id", LargeBinary(16), nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("observed_at", BigInteger, nullable=False),
    Column("url_digest", LargeBinary(16), nullable=False),
    Column("article_digest", LargeBinary(16)),
    Column("record_id", LargeBinary(16), nullable=False),
    Column("document", LargeBinary, nullable=False),
)
"""What visits found that is no snapshot: gone, walled, moved, back again. `record_id` is the evidence."""

Index("ix_events_article_time", events.c.article_digest, events.c.observed_at)
Index("ix_events_url_time", events.c.url_digest, events.c.observed_at)

articles = Table(
    "articles",
    metadata,
    Column("article_digest", LargeBinary(16), primary_key=True),
    Column("article_key", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("source", Text),
    Column("first_seen", BigInteger, nullable=False),
    Column("last_visit", BigInteger, nullable=False),
    Column("last_change", BigInteger, nullable=False),
    Column("unchanged", Integer, nullable=False),
    Column("next_visit_at", BigInteger),
)
"""The articles that are followed; `unchanged` counts the visits since the last change."""

Index("ix_articles_due", articles.c.next_visit_at, articles.c.source)
Index("ix_articles_source_due", articles.c.source, articles.c.next_visit_at)

extractions = Table(
    "extractions",
    metadata,
    Column("page_record_id", LargeBinary(16), primary_key=True),
    Column("extractor_version", Text, primary_key=True),
    Column("document", LargeBinary, nullable=False),
)
"""What later extractor versions read in stored pages."""

tallies = Table(
    "tallies",
    metadata,
    Column("source", BYTEWISE, primary_key=True),
    Column("captures", BigInteger, nullable=False),
    Column("revisits", BigInteger, nullable=False),
    Column("failures", BigInteger, nullable=False),
    Column("urls", BigInteger, nullable=False),
    Column("snapshots", BigInteger, nullable=False),
    Column("pictures_captured", BigInteger, nullable=False),
    Column("pictures_missing", BigInteger, nullable=False),
    Column("stored_bytes", BigInteger, nullable=False),
    Column("payload_bytes", BigInteger, nullable=False),
    Column("saved_bytes", BigInteger, nullable=False),
)
"""What `stats` says, kept with each batch so that no table is ever counted; `source` is empty for none."""

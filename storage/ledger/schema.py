"""The tables of the log in the index database: where each statement stands, and what the log recorded.

Like the rest of the index they hold nothing that the WARC files do not.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ColumnElement, Index, LargeBinary, Table, Text, literal_column

from archiver.storage.index.schema import BYTEWISE, ROW_ID, metadata

WITHDRAWAL: ColumnElement[str] = literal_column("'withdrawal'")
"""Written out, so that the partial index on it is used."""

statements = Table(
    "statements",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("digest", LargeBinary(32), nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("subject", BYTEWISE, nullable=False),
    Column("issued_at", BigInteger, nullable=False),
    Column("segment", Text, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("length", BigInteger, nullable=False),
    Column("leaf", BigInteger),
)
"""`digest` is of the canonical statement; `leaf` its number in the log, none while it waits."""

Index("ix_statements_subject_time", statements.c.subject, statements.c.issued_at)
Index(
    "ix_statements_waiting",
    statements.c.id,
    sqlite_where=statements.c.leaf.is_(None),
    postgresql_where=statements.c.leaf.is_(None),
)
Index("ix_statements_leaf", statements.c.leaf)
Index(
    "ix_statements_withdrawn",
    statements.c.subject,
    sqlite_where=statements.c.kind == WITHDRAWAL,
    postgresql_where=statements.c.kind == WITHDRAWAL,
)

log_records = Table(
    "log_records",
    metadata,
    Column("id", ROW_ID, primary_key=True),
    Column("record_id", LargeBinary(16), nullable=False, unique=True),
    Column("kind", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("document", LargeBinary, nullable=False),
)
"""What the log did: batches of entries with checkpoint, timestamps, cosignatures; `size` of the tree."""

Index("ix_log_records_kind_size", log_records.c.kind, log_records.c.size)

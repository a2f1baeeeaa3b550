"""Full-text search: what snapshots say, as FTS5 or PostgreSQL find it; those that are there are read in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from archiver.storage import snapshot_codec
from archiver.storage.index.search import text_row

revision = "v0004"
down_revision = "v0003"

_AT_ONCE = 200


def upgrade() -> None:
    """Make the table and fill it."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        op.execute(
            "CREATE VIRTUAL TABLE snapshot_texts USING fts5"
            "(authors, words, tokenize = 'unicode61 remove_diacritics 0')"
        )
    else:
        op.create_table(
            "snapshot_texts",
            sa.Column("rowid", sa.BigInteger(), nullable=False, autoincrement=False),
            sa.Column("authors", sa.Text(), nullable=False),
            sa.Column("words", sa.Text(), nullable=False),
            sa.PrimaryKeyConstraint("rowid", name="pk_snapshot_texts"),
        )
        for name in ("authors", "words"):
            op.execute(
                f"CREATE INDEX ix_snapshot_texts_{name} ON snapshot_texts "
                f"USING gin (to_tsvector('simple'::regconfig, {name}))"
            )
    _fill(connection)


def _fill(connection: sa.Connection) -> None:
    last = 0
    page = sa.text("SELECT id, document FROM snapshots WHERE id > :last ORDER BY id LIMIT :count")
    insert = sa.text("INSERT INTO snapshot_texts (rowid, authors, words) VALUES (:rowid, :authors, :words)")
    while rows := connection.execute(page, {"last": last, "count": _AT_ONCE}).all():
        connection.execute(
            insert, [{"rowid": row[0], **text_row(snapshot_codec.decode(row[1]))} for row in rows]
        )
        last = rows[-1][0]

"""Full-text search over the titles, authors and bodies of snapshots: FTS5 in SQLite, tsvector in PostgreSQL.

Both get the words already folded and parted, so that they find the same: letters without accents, and each
character of a script without spaces as a word of its own.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Index,
    Table,
    Text,
    bindparam,
    func,
    insert,
    literal_column,
    select,
    text,
)

from archiver.model.moment import to_microseconds
from archiver.model.snapshot import Snapshot
from archiver.storage import snapshot_codec
from archiver.storage.index.engine import Database, can_be_held
from archiver.storage.index.schema import ROW_ID, metadata, snapshots

LONGEST: Final = 200_000
"""Characters of a snapshot's text that are indexed."""

MOST_TERMS: Final = 12
_TERM: Final = re.compile(r'"([^"]*)"|(\S+)')
_UNSPACED: Final = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_WORD: Final = re.compile(rf"[{_UNSPACED}]|[^\W_{_UNSPACED}]+")

snapshot_texts = Table(
    "snapshot_texts",
    metadata,
    Column("rowid", ROW_ID, primary_key=True, autoincrement=False),
    Column("authors", Text, nullable=False),
    Column("words", Text, nullable=False),
)
"""`rowid` is the snapshot's; an FTS5 table in SQLite. `words` has title, authors and body."""

_SIMPLE: ColumnElement[Any] = literal_column("'simple'::regconfig")

for _name in ("authors", "words"):
    Index(
        f"ix_snapshot_texts_{_name}",
        func.to_tsvector(_SIMPLE, snapshot_texts.c[_name]),
        postgresql_using="gin",
    ).ddl_if(dialect="postgresql")


@dataclass(frozen=True, slots=True)
class Sought:
    """What snapshots are sought by; all that is given must hold. Words in `"..."` stand side by side."""

    words: str = ""
    author: str = ""
    source: str = ""
    from_: datetime | None = None
    to: datetime | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """A snapshot that was found; `place` is where a further search goes on behind it."""

    place: int
    snapshot: Snapshot


def folded(written: str) -> str:
    """The words of a text in small letters without accents, a space between each."""
    plain = "".join(
        letter
        for letter in unicodedata.normalize("NFKD", written[:LONGEST].casefold())
        if not unicodedata.combining(letter)
    )
    return " ".join(_WORD.findall(unicodedata.normalize("NFC", plain)))


def terms(written: str) -> list[str]:
    """What must be found: words, or several that stand side by side."""
    found = [folded(quoted or word) for quoted, word in _TERM.findall(written)]
    return [term for term in found if term][:MOST_TERMS]


def text_row(snapshot: Snapshot) -> dict[str, str]:
    """The values of a snapshot in `snapshot_texts`, but its rowid."""
    article = snapshot.article
    announced = snapshot.announcement
    authors = article.authors if article else announced.authors if announced else ()
    title = (article.title if article else None) or (announced.title if announced else None) or ""
    body = article.text if article else ""
    return {
        "authors": folded("\n".join(authors)),
        "words": folded("\n".join((title, *authors, body))),
    }


def write_texts(connection: Connection, new: Sequence[Snapshot]) -> None:
    """Make new snapshots findable. SQLite gives out again the number of a last row that was lost."""
    if not new:
        return
    ids = dict(
        connection.execute(
            select(snapshots.c.identifier, snapshots.c.id).where(
                snapshots.c.identifier.in_([snapshot.id for snapshot in new])
            )
        ).all()
    )
    rows = [{"rowid": ids[snapshot.id], **text_row(snapshot)} for snapshot in new]
    connection.execute(insert(snapshot_texts).prefix_with("OR REPLACE", dialect="sqlite"), rows)


def search(
    database: Database, connection: Connection, sought: Sought, limit: int, behind: int | None
) -> list[Hit]:
    """See `Index.search`."""
    if not can_be_held(sought.source):
        return []
    words, authors = terms(sought.words), terms(sought.author)
    query = select(snapshots.c.id, snapshots.c.document).order_by(snapshots.c.id.desc()).limit(limit)
    values: dict[str, Any] = {}
    if words or authors:
        texts = snapshot_texts
        query = query.join(texts, texts.c.rowid == snapshots.c.id)
        if database.is_sqlite:
            query = query.where(text("snapshot_texts MATCH :sought")).order_by(None)
            query = query.order_by(texts.c.rowid.desc())
            values["sought"] = _fts5(words, authors)
        else:
            for number, (column, term) in enumerate(
                [*(("words", term) for term in words), *(("authors", term) for term in authors)]
            ):
                query = query.where(_tsvector(texts.c[column], f"term{number}"))
                values[f"term{number}"] = term
    if sought.source:
        query = query.where(snapshots.c.source == sought.source)
    if sought.from_:
        query = query.where(snapshots.c.captured_at >= to_microseconds(sought.from_))
    if sought.to:
        query = query.where(snapshots.c.captured_at <= to_microseconds(sought.to))
    if behind is not None:
        query = query.where(snapshots.c.id < behind)
    rows = connection.execute(query, values).all()
    return [Hit(row[0], snapshot_codec.decode(row[1])) for row in rows]


def _fts5(words: Sequence[str], authors: Sequence[str]) -> str:
    """The terms hold letters, digits and spaces only, so that none can be read as an operator."""
    parts = [f'words : "{term}"' for term in words] + [f'authors : "{term}"' for term in authors]
    return " AND ".join(parts)


def _tsvector(column: ColumnElement[str], name: str) -> ColumnElement[bool]:
    query = func.phraseto_tsquery(_SIMPLE, bindparam(name, type_=Text))
    return func.to_tsvector(_SIMPLE, column).op("@@")(query)

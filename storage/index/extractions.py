"""Articles as later extractor versions read them out of stored pages; the snapshot itself never changes."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from archiver.errors import DamagedRecordError
from archiver.model.article import ExtractedArticle
from archiver.storage.index.engine import Database
from archiver.storage.index.schema import extractions

MIME = "application/vnd.news-archiver.article+json"
Extraction = tuple[ExtractedArticle, UUID]
"""An article, and the record id of the page that it was read from."""

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(ExtractedArticle)


def encode_article(article: ExtractedArticle) -> bytes:
    """The JSON document of an article: the block of its metadata record."""
    return _encoder.encode(article)


def decode_article(document: bytes) -> ExtractedArticle:
    """The article that `encode_article` wrote. Raises DamagedRecordError for anything else."""
    try:
        return _decoder.decode(document)
    except msgspec.DecodeError as error:
        raise DamagedRecordError(f"the article document is damaged: {error}") from None


def write_extractions(database: Database, connection: Connection, read: Sequence[Extraction]) -> None:
    """Insert those that are not there yet."""
    build = sqlite.insert if database.is_sqlite else postgresql.insert
    rows = [
        {
            "page_record_id": page.bytes,
            "extractor_version": article.extractor_version,
            "document": encode_article(article),
        }
        for article, page in read
    ]
    key = ["page_record_id", "extractor_version"]
    connection.execute(build(extractions).on_conflict_do_nothing(index_elements=key), rows)


def find_extraction(connection: Connection, page: UUID, version: str) -> ExtractedArticle | None:
    """See `Index.extraction`."""
    document = connection.scalar(
        select(extractions.c.document).where(
            extractions.c.page_record_id == page.bytes, extractions.c.extractor_version == version
        )
    )
    return None if document is None else decode_article(document)

"""What the archive remembers of a URL, for a crawl that asks again: its validators and their payload."""

from __future__ import annotations

import asyncio
from uuid import UUID

from archiver.errors import ArchiverError
from archiver.model.exchange import Condition
from archiver.retrieval import Retrieval
from archiver.storage.index import Index


class ArchiveMemory:
    """Answers from the archive; see `archiver.spiders.fetching.Memory`."""

    def __init__(self, index: Index, retrieval: Retrieval) -> None:
        self._index = index
        self._retrieval = retrieval

    async def condition(self, url: str) -> Condition | None:
        """The validators of the last complete capture (RFC 9110, 13.1), if it has any."""
        return await asyncio.to_thread(self._condition, url)

    async def payload(self, record_id: UUID) -> tuple[bytes, str] | None:
        """The decoded payload and the Content-Type of a capture."""
        return await asyncio.to_thread(self._payload, record_id)

    def _condition(self, url: str) -> Condition | None:
        capture = self._index.unchanged_since(url)
        if capture is None:
            return None
        try:
            head = self._retrieval.open(capture).record.http()
        except ArchiverError:
            return None  # a damaged record cannot vouch for anything: the page is fetched in full
        etag, last_modified = _sendable(head.header("ETag")), _sendable(head.header("Last-Modified"))
        if not (etag or last_modified):
            return None
        return Condition(capture.record_id, capture.target_uri, etag, last_modified)

    def _payload(self, record_id: UUID) -> tuple[bytes, str] | None:
        capture = self._index.capture(record_id)
        if capture is None:
            return None
        try:
            found = self._retrieval.open(capture)
            return b"".join(found.payload()), found.record.http().header("Content-Type") or ""
        except ArchiverError:
            return None


def _sendable(value: str | None) -> str | None:
    return value if value and value.isascii() and value.isprintable() else None

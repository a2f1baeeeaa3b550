"""What the archive remembers of a URL, for a crawl that asks again: validators and the last payload."""

from __future__ import annotations

import asyncio

from archiver.errors import ArchiverError
from archiver.model.capture import Capture
from archiver.retrieval import Retrieval
from archiver.storage.index import Index


class ArchiveMemory:
    """Answers from the archive; see `archiver.spiders.fetching.Memory`."""

    def __init__(self, index: Index, retrieval: Retrieval) -> None:
        self._index = index
        self._retrieval = retrieval

    async def validators(self, url: str) -> dict[str, str]:
        """`If-None-Match` and `If-Modified-Since` for the last complete capture (RFC 9110, 13.1)."""
        capture = await asyncio.to_thread(self._index.unchanged_since, url)
        return await asyncio.to_thread(self._validators, capture) if capture else {}

    async def payload(self, url: str) -> tuple[bytes, str] | None:
        """The decoded payload and the Content-Type of the last complete capture."""
        capture = await asyncio.to_thread(self._index.unchanged_since, url)
        return await asyncio.to_thread(self._payload, capture) if capture else None

    def _validators(self, capture: Capture) -> dict[str, str]:
        try:
            head = self._retrieval.open(capture).record.http()
        except ArchiverError:
            return {}  # a damaged record cannot vouch for anything: the page is fetched in full
        pairs = (("If-None-Match", head.header("ETag")), ("If-Modified-Since", head.header("Last-Modified")))
        return {name: value for name, value in pairs if value and value.isascii() and value.isprintable()}

    def _payload(self, capture: Capture) -> tuple[bytes, str] | None:
        try:
            found = self._retrieval.open(capture)
            return b"".join(found.payload()), found.record.http().header("Content-Type") or ""
        except ArchiverError:
            return None

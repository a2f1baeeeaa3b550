"""Keeps what spiders hand over: waits until a page and its pictures are durable, then writes its snapshot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus

from archiver.crawl.archive import SOFTWARE, Archive, user_agent
from archiver.crawl.assemble import assemble
from archiver.crawl.extracting import Extractor
from archiver.model import identifier
from archiver.model.article import ExtractedArticle
from archiver.model.capture import Capture
from archiver.model.digest import Digest
from archiver.model.fetched import FetchedPage
from archiver.model.picture import PictureStatus
from archiver.model.snapshot import Provenance, Snapshot
from archiver.spiders.discovery.identity import article_identity
from archiver.spiders.extraction import EXTRACTOR_VERSION


class Outcome(StrEnum):
    """What a visit to a page brought."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PageResult:
    """What became of one URL.

    `snapshot` is None when the page could not be had (`reason` says why) or nothing had changed.
    """

    url: str
    snapshot: Snapshot | None
    status: int
    captured_at: datetime | None
    warc: str | None
    reason: str | None = None
    outcome: Outcome = Outcome.FAILED


OnPage = Callable[[PageResult], None]


class SnapshotKeeper:
    """Takes pages from spiders and makes each a durable snapshot.

    With `only_changes`, a visit that found page and pictures as they were makes none: the revisit records
    stand for it.
    """

    def __init__(
        self, archive: Archive, extractor: Extractor, on_page: OnPage, *, only_changes: bool = False
    ) -> None:
        self._archive = archive
        self._extractor = extractor
        self._on_page = on_page
        self._only_changes = only_changes

    async def keep(self, fetched: FetchedPage) -> None:
        """Wait until all of the page is durable, write its snapshot, report it."""
        page = fetched.page
        if not page.exchanges:
            self._on_page(PageResult(fetched.seed, None, 0, None, None, page.reason or "not fetched"))
            return
        for exchange in page.exchanges:
            capture = await self._archive.ingest.capture(exchange)
        if page.reason or not _is_page(capture):
            reason = page.reason or f"the server answered {capture.status}"
            self._report(fetched, capture, None, Outcome.FAILED, reason)
            return
        await self._keep_page(fetched, capture)

    async def _keep_page(self, fetched: FetchedPage, capture: Capture) -> None:
        settings = self._archive.settings
        snapshot = await assemble(
            fetched,
            self._archive.ingest.capture,
            identifier.mint(settings.identity.naan),
            self._provenance(fetched),
        )
        previous = next(self._archive.index.snapshots(fetched.seed, descending=True, limit=1), None)
        if self._only_changes and previous and _payloads(previous) == _payloads(snapshot):
            self._report(fetched, capture, None, Outcome.UNCHANGED)
            return
        article = await self._article(fetched, snapshot, previous)
        snapshot = replace(snapshot, article=article, article_key=_article_key(fetched, article))
        await self._archive.ingest.record(snapshot)
        cut = f"cut off ({capture.truncated})" if capture.truncated else None
        outcome = Outcome.CHANGED if previous else Outcome.NEW
        self._report(fetched, capture, snapshot, outcome, cut)

    async def _article(
        self, fetched: FetchedPage, snapshot: Snapshot, previous: Snapshot | None
    ) -> ExtractedArticle | None:
        known = previous.article if previous else None
        if (
            previous
            and known
            and known.extractor_version == EXTRACTOR_VERSION
            and known.url == fetched.page.final_url
            and previous.page.payload_digest == snapshot.page.payload_digest
        ):
            return known
        if not fetched.body:
            return None
        return await self._extractor.article(fetched.body, fetched.page.final_url, fetched.charset)

    def _report(
        self,
        fetched: FetchedPage,
        capture: Capture,
        snapshot: Snapshot | None,
        outcome: Outcome,
        reason: str | None = None,
    ) -> None:
        self._on_page(
            PageResult(
                fetched.seed,
                snapshot,
                capture.status,
                capture.captured_at,
                capture.location.segment,
                reason,
                outcome,
            )
        )

    def _provenance(self, fetched: FetchedPage) -> Provenance:
        identity = self._archive.settings.identity
        return Provenance(
            software=SOFTWARE,
            operator=identity.operator or None,
            vantage=identity.vantage or None,
            user_agent=user_agent(self._archive.settings),
            source=fetched.source,
            spider=fetched.spider,
            robots=fetched.robots,
            noarchive=fetched.noarchive,
        )


def _is_page(capture: Capture) -> bool:
    return 200 <= capture.status < 300 or (
        capture.status == HTTPStatus.NOT_MODIFIED and capture.original is not None
    )


def _payloads(snapshot: Snapshot) -> tuple[Digest | None, frozenset[tuple[str, Digest | None]]]:
    """What a snapshot's bytes are: the page's payload, and each picture's."""
    return snapshot.page.payload_digest, frozenset(
        (rendition.url, rendition.payload_digest)
        for picture in snapshot.pictures
        if picture.status is not PictureStatus.LISTED
        for rendition in picture.fetched
    )


def _article_key(fetched: FetchedPage, article: ExtractedArticle | None) -> str:
    return article_identity(
        fetched.seed,
        canonical=article.canonical_url if article else None,
        redirected_to=fetched.page.final_url,
        amp_url=article.amp_url if article else None,
    ).key

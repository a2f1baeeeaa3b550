"""Keeps what spiders hand over: waits until a page and its pictures are durable, then writes its snapshot."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from http import HTTPStatus

from archiver.crawl.archive import SOFTWARE, Archive, user_agent
from archiver.crawl.assemble import assemble, reason_for
from archiver.crawl.claims import Claims
from archiver.crawl.extracting import Extractor
from archiver.crawl.planning import LOOKED_BACK, is_sooner, pictures_again_at, try_again
from archiver.model import identifier
from archiver.model.article import ExtractedArticle
from archiver.model.capture import Capture
from archiver.model.digest import Digest
from archiver.model.exchange import Truncation
from archiver.model.fetched import FetchedPage
from archiver.model.picture import PictureRole, PictureStatus
from archiver.model.snapshot import Provenance, Snapshot
from archiver.model.version import ArticleEvent, ChangeKind, PictureChangeKind
from archiver.spiders.extraction import EXTRACTOR_VERSION
from archiver.storage.index import FollowedArticle
from archiver.versions import (
    Pictures,
    Visit,
    address_key,
    article_key,
    asked_key,
    classify,
    compare_pictures,
    has_changed,
    key_of,
    pictures_through,
)
from archiver.versions.revisit import SECOND_LOOK, next_look, next_visit


class Outcome(StrEnum):
    """What a visit to a page brought."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    GONE = "gone"
    WALLED = "walled"
    FAILED = "failed"
    LEFT_OUT = "left-out"
    """The page asks not to be archived, and the settings say to heed that."""


SEEN = (Outcome.NEW, Outcome.CHANGED, Outcome.UNCHANGED)
LEFT_OUT = (
    "the page asks not to be archived (noarchive), so there is no snapshot of it; capture.noarchive ="
    ' "record" archives such pages and notes the wish'
)


@dataclass(frozen=True, slots=True)
class PageResult:
    """What became of one URL.

    `snapshot` is None when the page could not be had (`reason` says why) or nothing had changed. `again_at`
    is when it is worth asking again, where a limit stood against it.
    """

    url: str
    snapshot: Snapshot | None
    status: int
    captured_at: datetime | None
    warc: str | None
    reason: str | None = None
    outcome: Outcome = Outcome.FAILED
    again_at: datetime | None = None


OnPage = Callable[[PageResult], None]


class SnapshotKeeper:
    """Takes pages from spiders and makes each a durable snapshot.

    With `only_changes`, a visit that found page and pictures as they were makes none: the revisit records
    stand for it; but the second look that finds a picture still gone is evidence and makes one, and so does
    the first visit at which the article could be read. With a `ladder` of ages, each article is followed: its
    next visit is planned (an empty one plans none).
    """

    def __init__(
        self,
        archive: Archive,
        extractor: Extractor,
        on_page: OnPage,
        *,
        only_changes: bool = False,
        ladder: Sequence[timedelta] | None = None,
    ) -> None:
        self._archive = archive
        self._extractor = extractor
        self._on_page = on_page
        self._only_changes = only_changes
        self._ladder = ladder
        self._claims = Claims(archive)

    async def keep(self, fetched: FetchedPage) -> None:
        """Wait until all of the page is durable, write its snapshot, report it."""
        if not fetched.page.exchanges:
            reason = fetched.page.reason or "not fetched"
            again_at = fetched.page.again_at
            self._on_page(PageResult(fetched.seed, None, 0, None, None, reason, again_at=again_at))
            return
        *hops, page = [await self._archive.ingest.capture(each) for each in fetched.page.exchanges]
        known = await self._archive.ingest.ask(self._known, fetched)
        if fetched.page.reason or not _is_page(page):
            visit = Visit(fetched.seed, page, tuple(hops))
            event, _ = await self._record_event(visit, known)
            reason = reason_for(fetched.page, page) or f"the server answered {page.status}"
            await self._done(fetched, page, known, None, _outcome_of(event), reason, event)
            return
        if fetched.noarchive and self._archive.settings.capture.noarchive == "skip":
            await self._done(fetched, page, known, None, Outcome.LEFT_OUT, LEFT_OUT)
            return
        snapshot = await self._snapshot(fetched)
        article = await self._article(fetched, snapshot, known)
        event, comparable = await self._record_event(Visit(fetched.seed, page, tuple(hops), article), known)
        if event and not comparable and event.kind is ChangeKind.GONE:
            reason = f"the article is gone: {event.detail}"
            await self._done(fetched, page, known, None, Outcome.GONE, reason, event)
            return
        if known and event is None:
            unusable = await asyncio.to_thread(self._no_version, known, page, snapshot, fetched, article)
            if unusable:
                await self._done(fetched, page, known, None, Outcome.FAILED, unusable)
                return
        sides = await self._archive.ingest.ask(self._pictures, known, snapshot)
        look = next_look(sides[1], snapshot.captured_at)
        newly_read = article is not None and (known is None or known.article is None)
        same = known is not None and _payloads(known) == _payloads(snapshot)
        if self._only_changes and same and not newly_read and not _confirms(*sides):
            await self._done(fetched, page, known, None, Outcome.UNCHANGED, look=look)
            return
        key = _key(fetched, article, known)
        snapshot = await self._claims.recorded(snapshot, fetched, article, key, is_new=known is None)
        cut = f"cut off ({page.truncated})" if page.truncated else None
        outcome = Outcome.NEW
        if known:
            changed = await asyncio.to_thread(has_changed, known, snapshot, sides)
            outcome = Outcome.CHANGED if changed else Outcome.UNCHANGED
        await self._done(fetched, page, known, snapshot, outcome, cut, event, look)

    async def _done(
        self,
        fetched: FetchedPage,
        page: Capture,
        known: Snapshot | None,
        snapshot: Snapshot | None,
        outcome: Outcome,
        reason: str | None = None,
        event: ArticleEvent | None = None,
        look: datetime | None = None,
    ) -> None:
        """Plan the next visit, no later than `look` if that is given, then report this one."""
        shown = snapshot or known
        if self._ladder is not None and shown:
            key = key_of(shown) if outcome in SEEN else asked_key(fetched.seed, shown)
            if key != key_of(shown):
                await self._archive.ingest.ask(self._leave_where_it_is, shown, fetched.seed)
            if key:
                await self._archive.ingest.ask(
                    self._follow, self._ladder, key, fetched, page, outcome, event, look
                )
        self._report(fetched, page, snapshot, outcome, reason)

    def _follow(
        self,
        ladder: Sequence[timedelta],
        key: str,
        fetched: FetchedPage,
        page: Capture,
        outcome: Outcome,
        event: ArticleEvent | None,
        look: datetime | None,
    ) -> None:
        """Keep what is known of the article after this visit, and when it is due again."""
        now = page.captured_at
        url = fetched.seed
        is_led = address_key(page.target_uri) != address_key(url)
        own = article_key(None, url, url)
        before = self._archive.index.followed(key)
        if key != own and is_led and before and before.next_visit_at and before.url != url:
            key, before = own, self._archive.index.followed(own)  # that article is followed where it is
        elif key != own and not is_led and self._archive.index.followed(own):
            key, before = own, self._archive.index.followed(own)  # its claim to be another was not believed
        first_seen = min(before.first_seen, now) if before else now
        changed = outcome is Outcome.CHANGED
        unchanged = before.unchanged if before else 0
        due = next_visit(ladder, first_seen, now, changed=changed, unchanged=unchanged)
        if event and not event.confirmed:
            due = now + SECOND_LOOK
        elif outcome is Outcome.FAILED:
            due = fetched.page.again_at or try_again(self._archive.index, fetched.seed, now, before)
        for moment in filter(None, (look, pictures_again_at(fetched, first_seen, now))):
            due = min(due or moment, moment)
        source = fetched.source
        if before and before.source not in (None, source) and is_sooner(before.next_visit_at, due, now):
            source, due = before.source, before.next_visit_at  # another follows it more closely
        followed = FollowedArticle(
            key=key,
            url=url,
            source=source,
            first_seen=first_seen,
            last_visit=now,
            last_change=now if changed or before is None else before.last_change,
            unchanged=unchanged + 1 if outcome is Outcome.UNCHANGED else 0,
            next_visit_at=due,
        )
        self._archive.index.follow([followed])

    def _leave_where_it_is(self, shown: Snapshot, seed: str) -> None:
        """Follow at its own address the article to which `seed` led and leads no more."""
        key = key_of(shown)
        followed = self._archive.index.followed(key) if key else None
        if followed and followed.url == seed:
            self._archive.index.follow([replace(followed, url=shown.page.target_uri)])

    def _known(self, fetched: FetchedPage) -> Snapshot | None:
        """The last snapshot of what was asked for."""
        snapshots = self._archive.index.snapshots(fetched.seed, descending=True, limit=1)
        return next(snapshots, None)

    def _pictures(self, known: Snapshot | None, snapshot: Snapshot) -> tuple[Pictures, Pictures]:
        """The pictures of both, with what earlier snapshots had of those that one of them has not."""
        if known is None:
            return (), pictures_through([snapshot])[snapshot.id]
        missing = (*known.missing, *snapshot.missing)
        wanted = any(picture.found.role is not PictureRole.FURNITURE for picture in missing)
        index = self._archive.index
        earlier = index.snapshots(snapshot.seed, descending=True, limit=LOOKED_BACK) if wanted else [known]
        through = pictures_through([*earlier, snapshot])
        return through[known.id], through[snapshot.id]

    def _no_version(
        self,
        known: Snapshot,
        page: Capture,
        snapshot: Snapshot,
        fetched: FetchedPage,
        article: ExtractedArticle | None,
    ) -> str | None:
        """Why what came, or what a 304 says is still there, is not what became of the article of `known`."""
        if known.article is None or snapshot.page.payload_digest == known.page.payload_digest:
            return None
        if page.truncated not in (None, Truncation.LENGTH):
            return f"cut off ({page.truncated})"
        is_empty = article is not None and not (article.title or article.paragraphs)
        if not fetched.body or is_empty:
            return f"no article can be read in what came ({snapshot.page.mime})"
        return self._archive.retrieval.open(page).content_problem()

    async def _snapshot(self, fetched: FetchedPage) -> Snapshot:
        name = identifier.mint(self._archive.settings.identity.naan)
        return await assemble(fetched, self._archive.ingest.capture, name, self._provenance(fetched))

    async def _record_event(self, visit: Visit, known: Snapshot | None) -> tuple[ArticleEvent | None, bool]:
        """What the visit says of the article besides its content, made durable."""
        if known is None:
            return None, True
        key = asked_key(visit.seed, known)
        earlier = await self._archive.ingest.ask(self._archive.index.events, key, visit.seed)
        outcome = await asyncio.to_thread(classify, visit, known, earlier)
        if outcome.event:
            await self._archive.ingest.record(outcome.event)
        return outcome.event, outcome.comparable

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
        page: Capture,
        snapshot: Snapshot | None,
        outcome: Outcome,
        reason: str | None = None,
    ) -> None:
        segment = page.location.segment
        self._on_page(
            PageResult(fetched.seed, snapshot, page.status, page.captured_at, segment, reason, outcome)
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


def _outcome_of(event: ArticleEvent | None) -> Outcome:
    """What a visit without a page is called: an event of the article, if it is one, else a failure."""
    if event and event.kind is ChangeKind.GONE:
        return Outcome.GONE
    return Outcome.WALLED if event and event.kind is ChangeKind.WALLED else Outcome.FAILED


def _confirms(before: Pictures, after: Pictures) -> bool:
    """Whether a second look finds a picture still gone."""
    return any(change.kind is PictureChangeKind.STILL_GONE for change in compare_pictures(before, after))


def _key(fetched: FetchedPage, article: ExtractedArticle | None, known: Snapshot | None) -> str:
    """The article's key; a page that could not be read is the article that its address gave before."""
    final_url = fetched.page.final_url
    if article is None and known and known.article_key and known.page.target_uri == final_url:
        return known.article_key
    return article_key(article, final_url, fetched.seed)


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

"""What a visit keeps of a page whose text could not be read: it is read again, and then kept."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

from version_builders import URL, article, capture

from archiver.config.settings import Settings
from archiver.crawl.archive import Archive
from archiver.crawl.extracting import Extractor
from archiver.crawl.keeping import Outcome, PageResult, SnapshotKeeper
from archiver.model.article import ExtractedArticle
from archiver.model.capture import Capture
from archiver.model.digest import Digest
from archiver.model.fetched import Download, FetchedPage
from archiver.model.snapshot import Snapshot
from archiver.model.version import ArticleEvent
from archiver.spiders.extraction import EXTRACTOR_VERSION
from archiver.versions.identity import address_key

CANONICAL = "https://news.example/city/bridge-closed-after-cracks-77777"
READ = replace(article(canonical_url=CANONICAL), extractor_version=EXTRACTOR_VERSION)


@dataclass
class Visits:
    """Visits to one page, whose bytes are one of `pages` after the other; each reading of its text brings the
    next of `readings`.
    """

    readings: list[ExtractedArticle | None]
    pages: tuple[bytes, ...] = (b"",)
    snapshots: list[Snapshot] = field(default_factory=list)
    events: list[ArticleEvent] = field(default_factory=list)
    results: list[PageResult] = field(default_factory=list)
    captures: dict[UUID, Capture] = field(default_factory=dict)

    async def article(self, *_: object) -> ExtractedArticle | None:
        return self.readings.pop(0)

    async def capture(self, record_id: UUID) -> Capture:
        return self.captures[record_id]

    async def ask(self, question: Any, *arguments: Any) -> Any:
        return question(*arguments)

    async def record(self, made: Snapshot | ArticleEvent) -> None:
        if isinstance(made, Snapshot):
            self.snapshots.append(made)
        else:
            self.events.append(made)

    def newest(self, *_: object, **__: object) -> Iterator[Snapshot]:
        return iter(self.snapshots[:-2:-1])

    async def make(self, count: int) -> list[Outcome]:
        index = SimpleNamespace(
            snapshots=self.newest, article_snapshots=self.newest, events=lambda *_: self.events
        )
        whole = SimpleNamespace(content_problem=lambda: None)
        retrieval = SimpleNamespace(open=lambda _: whole)
        archive = SimpleNamespace(ingest=self, index=index, settings=Settings(), retrieval=retrieval)
        keeper = SnapshotKeeper(
            cast("Archive", archive), cast("Extractor", self), self.results.append, only_changes=True
        )
        for hours in range(count):
            page = replace(
                capture(hours=hours), payload_digest=Digest.of(self.pages[hours % len(self.pages)])
            )
            self.captures[page.record_id] = page
            await keeper.keep(FetchedPage(URL, Download(URL, URL, (page.record_id,), 200), body=b"<p>"))
        return [result.outcome for result in self.results]


async def test_a_page_that_could_not_be_read_is_read_again_when_it_is_unchanged_and_its_text_is_kept() -> (
    None
):
    visits = Visits([None, READ])
    await visits.make(3)
    assert [snapshot.article for snapshot in visits.snapshots] == [None, READ]
    assert visits.results[2].outcome is Outcome.UNCHANGED
    assert visits.readings == []
    assert visits.events == []


async def test_a_page_that_can_never_be_read_makes_one_snapshot_as_long_as_it_is_unchanged() -> None:
    visits = Visits([None, None, None])
    assert await visits.make(3) == [Outcome.NEW, Outcome.UNCHANGED, Outcome.UNCHANGED]
    assert len(visits.snapshots) == 1


async def test_the_text_of_an_unchanged_page_is_read_once() -> None:
    visits = Visits([READ])
    assert await visits.make(2) == [Outcome.NEW, Outcome.UNCHANGED]
    assert len(visits.snapshots) == 1


async def test_a_page_that_cannot_be_read_once_is_still_the_article_that_it_was() -> None:
    visits = Visits([READ, None, READ], (b"one", b"two", b"three"))
    await visits.make(3)
    assert [snapshot.article for snapshot in visits.snapshots] == [READ, None, READ]
    assert {snapshot.article_key for snapshot in visits.snapshots} == {address_key(CANONICAL)}
    assert visits.events == []

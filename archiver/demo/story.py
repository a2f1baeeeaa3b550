"""Plays the demo: archives the bundled site while its story goes on, then asks the archive what happened."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from archiver.config.home import Home
from archiver.config.settings import Settings
from archiver.crawl.archive import Archive, open_archive
from archiver.crawl.capture import visit_pages
from archiver.crawl.keeping import PageResult
from archiver.crawl.reactor import run_under_reactor
from archiver.demo.site import COURIER, DemoSite, Stage
from archiver.errors import ArchiverError
from archiver.fixity import Verified, verify_folder
from archiver.history import Historian
from archiver.model.moment import to_warc_date
from archiver.model.snapshot import Snapshot
from archiver.retrieval import Retrieval
from archiver.versions.words import details, summary

OLD_PATH = "/news/48211"
Tell = Callable[[str], None]


class DemoError(ArchiverError):
    """The demo did not go as it should; please report what it printed."""


class Story:
    """The demo in the archive of `home`, told line by line through `tell`."""

    def __init__(self, home: Home, settings: Settings, tell: Tell) -> None:
        self._home = home
        self._settings = settings
        self._tell = tell
        self._visits: dict[Stage, dict[str, PageResult]] = {}

    def play(self) -> Snapshot:
        """All of it; returns the snapshot of the article as readers first saw it.

        Raises DemoError when the archive does not give back what was served.
        """
        return run_under_reactor(self._play)

    async def _play(self) -> Snapshot:
        with DemoSite() as site:
            async with open_archive(self._home, self._settings) as archive:
                await self._crawl_stages(archive, site)
            async with open_archive(self._home, self._settings) as archive:
                self._ask(archive, site)
            return self._snapshot(Stage.PUBLISHED, site.article_url)

    async def _crawl_stages(self, archive: Archive, site: DemoSite) -> None:
        self._tell("A year passes in seconds: the sites change as in the story, the times shown are today's.")
        self._heading("A year before: the Evening Post shows a relief convoy")
        site.stage = Stage.A_YEAR_BEFORE
        await self._visit(archive, site, [site.earlier_url])
        self._heading("The ministry publishes pictures as proof, the Daily Courier carries five of them")
        site.stage = Stage.PUBLISHED
        await self._visit(archive, site, [site.statement_url, site.article_url, site.url(COURIER, OLD_PATH)])
        self._heading("Hours later: two pictures replaced at the same address, the text edited")
        site.stage = Stage.EDITED
        await self._visit(archive, site, [site.statement_url, site.article_url])
        self._heading("The next day: the article and the statement are gone")
        site.stage = Stage.GONE
        await self._visit(archive, site, [site.statement_url, site.article_url])

    async def _visit(self, archive: Archive, site: DemoSite, urls: list[str]) -> None:
        results: dict[str, PageResult] = {}

        def note(result: PageResult) -> None:
            results[result.url] = result

        await visit_pages(archive, urls, note)
        for url in urls:
            self._tell_result(results[url])
        self._visits[site.stage] = results

    def _tell_result(self, result: PageResult) -> None:
        snapshot = result.snapshot
        if snapshot is None:
            self._tell(f"  {result.url}\n    {result.reason}; that answer is archived too")
            return
        self._tell(f"  {result.url}\n    {snapshot.id}: {_pictures(snapshot)}")
        if snapshot.redirects:
            self._tell(f"    reached through a redirect, which is archived too: {snapshot.page.target_uri}")
        for picture in snapshot.missing:
            self._tell(f'    missing: "{picture.found.alt}": {picture.reason}')

    def _ask(self, archive: Archive, site: DemoSite) -> None:
        retrieval = archive.retrieval
        self._heading(f"What the archive has of {site.article_url}")
        for capture in archive.index.captures("exact", site.article_url):
            self._tell(f"  {to_warc_date(capture.captured_at)}  {capture.status}  {capture.payload_digest}")
        self._heading("The pictures as readers first saw them, got back by date")
        before = self._snapshot(Stage.PUBLISHED, site.article_url)
        after = self._snapshot(Stage.EDITED, site.article_url)
        replaced: set[int] = set()
        for url, (digest, position) in _payloads(before).items():
            now, _ = _payloads(after).get(url, (None, 0))
            payload = b"".join(retrieval.closest(url, before.captured_at).entity())
            if f"sha256:{hashlib.sha256(payload).hexdigest()}" != digest:
                raise DemoError(f"{url} did not come back as it was archived")
            if now and now != digest:
                replaced.add(position)
                self._tell(f"  {url}\n    then {digest}\n    now  {now}: REPLACED at the same address")
        if len(replaced) != 2:
            raise DemoError(f"two pictures were replaced, but the archive shows {len(replaced)}")
        self._sightings(archive, before, site)
        self._history(archive, retrieval, site)
        self._verify(archive)

    def _sightings(self, archive: Archive, snapshot: Snapshot, site: DemoSite) -> None:
        self._heading("Which of the pictures had been seen before the ministry published them")
        statement = self._snapshot(Stage.PUBLISHED, site.statement_url)
        published = min(statement.captured_at, snapshot.captured_at)
        for picture in snapshot.captured:
            for rendition in picture.fetched:
                if rendition.payload_digest is None:
                    continue
                for sighting in archive.index.picture_sightings(rendition.payload_digest):
                    if sighting.snapshot_id == snapshot.id:
                        break
                    if sighting.captured_at < published and sighting.page_url != snapshot.page.target_uri:
                        self._tell(f"  {rendition.url}\n    the same bytes stood in {sighting.page_url}")
                        break

    def _history(self, archive: Archive, retrieval: Retrieval, site: DemoSite) -> None:
        self._heading("The history of the article")
        for moment, step in Historian(archive.index, retrieval).history(site.article_url).steps():
            self._tell(f"  {to_warc_date(moment)}  {summary(step)}")
            for line in details(step):
                self._tell(f"    {line}")

    def _verify(self, archive: Archive) -> None:
        self._heading("Every byte re-read and checked")
        count = Verified()
        faults = list(verify_folder(archive.warc_folder, archive.index, count))
        if faults:
            raise DemoError(f"{len(faults)} faults, the first: {faults[0].message}")
        self._tell(
            f"  {count.segments} WARC files, {count.records} records, {count.captures} captures: no fault"
        )

    def _snapshot(self, stage: Stage, url: str) -> Snapshot:
        snapshot = self._visits[stage][url].snapshot
        if snapshot is None:
            raise DemoError(f"{url} was not archived as a page")
        return snapshot

    def _heading(self, text: str) -> None:
        self._tell(f"\n{text}")


def _pictures(snapshot: Snapshot) -> str:
    had, found, lost = len(snapshot.captured), len(snapshot.pictures), len(snapshot.missing)
    return f"{had} of {found} pictures captured, {lost} missing"


def _payloads(snapshot: Snapshot) -> dict[str, tuple[str, int]]:
    return {
        rendition.url: (str(rendition.payload_digest), picture.found.position)
        for picture in snapshot.captured
        for rendition in picture.fetched
        if rendition.payload_digest
    }

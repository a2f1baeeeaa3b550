"""Reads the articles of stored pages again with the present extractor."""

from __future__ import annotations

from collections.abc import Callable

from archiver.config.home import Home
from archiver.config.settings import Settings
from archiver.crawl.archive import open_archive
from archiver.crawl.reactor import run_under_reactor
from archiver.history import Historian
from archiver.ingest import Reading
from archiver.spiders.extraction import EXTRACTOR_VERSION


def extract_again(home: Home, settings: Settings, on_page: Callable[[int], None]) -> tuple[int, int]:
    """Read every stored page that another extractor version read; returns how many were, and could not be.

    What is read becomes a WARC record of its own; snapshots stay as they are.
    """

    async def run() -> tuple[int, int]:
        done = failed = 0
        async with open_archive(home, settings) as archive:
            historian = Historian(archive.index, archive.retrieval)
            for snapshot in archive.index.snapshots():
                known = snapshot.article.extractor_version if snapshot.article else None
                page = snapshot.page
                if known == EXTRACTOR_VERSION or archive.index.extraction(page.record_id, EXTRACTOR_VERSION):
                    continue
                article = historian.read(snapshot)
                if article:
                    await archive.ingest.record(Reading(article, page))
                    done += 1
                else:
                    failed += 1
                on_page(1)
        return done, failed

    return run_under_reactor(run)

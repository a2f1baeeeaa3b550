"""Does one piece of work: looks at a source, visits articles that are due, archives what was submitted."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import UTC, datetime

from structlog.contextvars import bound_contextvars

from archiver.config.source import Source
from archiver.crawl.archive import Archive
from archiver.crawl.capture import visit_pages
from archiver.crawl.extracting import Extractor
from archiver.crawl.keeping import Outcome, PageResult
from archiver.crawl.sources import SourceCrawl, SourceResult
from archiver.model.operations import PassCounts, Submission
from archiver.service.dispatcher import LEASE, Done, Kind, Progress, Work

log = logging.getLogger(__name__)

REVISITS_AT_ONCE = 64
"""Articles of one source that are visited before another source has its turn."""
SUBMISSIONS_AT_ONCE = 8
MOST_ATTEMPTS = 5
"""A submission that was begun so often and never ended is given up."""
_WORTH_A_LINE = (Outcome.NEW, Outcome.CHANGED, Outcome.GONE, Outcome.WALLED)


class Crawling:
    """Works into one open archive; a call returns when everything that it brought is durable."""

    def __init__(self, archive: Archive, extractor: Extractor, owner: str) -> None:
        self._archive = archive
        self._extractor = extractor
        self._owner = owner
        self._submissions = archive.index.operations.submissions

    async def do(self, work: Work, halt: asyncio.Event, progress: Progress) -> Done:
        """Do `work` until it is done or halted. Raises ArchiverError when the archive cannot take more."""
        if work.source is None:
            return await self._submitted(halt)

        def note(result: SourceResult, page: PageResult) -> None:
            progress.counts = _pass_counts(result)
            _tell(page)

        with bound_contextvars(source=work.source.name):
            crawl = SourceCrawl(self._archive, self._extractor, work.source, note, halt=halt)
            if work.kind is Kind.LOOK:
                return await self._look(work.source, crawl, halt)
            return await self._revisit(work.source, crawl, halt, newest_first=work.newest_first)

    async def _look(self, source: Source, crawl: SourceCrawl, halt: asyncio.Event) -> Done:
        await crawl.look()
        await self._archive.ingest.settle()
        result = crawl.result
        for problem in result.problems:
            log.warning("%s", problem)
        log.info(
            "looked at %s: %s",
            source.name,
            _in_words(result),
            extra={"entries": result.entries, **_counts(result)},
        )
        return Done(_pass_counts(result), _problem(result), is_whole=not halt.is_set())

    async def _revisit(
        self, source: Source, crawl: SourceCrawl, halt: asyncio.Event, *, newest_first: bool
    ) -> Done:
        await crawl.revisit(REVISITS_AT_ONCE, newest_first=newest_first)
        await self._archive.ingest.settle()
        log.info(
            "looked again at articles of %s: %s",
            source.name,
            _in_words(crawl.result),
            extra=_counts(crawl.result),
        )
        return Done(_pass_counts(crawl.result), is_whole=not halt.is_set())

    async def _submitted(self, halt: asyncio.Event) -> Done:
        now = datetime.now(UTC)
        taken = await asyncio.to_thread(
            self._submissions.claim, self._owner, now, now + LEASE, SUBMISSIONS_AT_ONCE
        )
        for images in (True, False):
            await self._archive_all([each for each in taken if each.images is images], halt, images=images)
        return Done()

    async def _archive_all(self, taken: Sequence[Submission], halt: asyncio.Event, *, images: bool) -> None:
        results: dict[str, PageResult] = {}
        urls = [each.url for each in taken if each.attempts <= MOST_ATTEMPTS]
        if urls and not halt.is_set():
            await visit_pages(
                self._archive, urls, lambda page: results.update({page.url: page}), images=images, halt=halt
            )
        for each in taken:
            await asyncio.to_thread(self._conclude, each, results.get(each.url))

    def _conclude(self, submission: Submission, page: PageResult | None) -> None:
        now = datetime.now(UTC)
        if page is None and submission.attempts <= MOST_ATTEMPTS:
            self._submissions.retry(submission.id, self._owner)
            return
        reason = page.reason if page else f"begun {submission.attempts - 1} times and never ended"
        snapshot = page.snapshot.id if page and page.snapshot else None
        self._submissions.finished(submission.id, self._owner, now, snapshot, reason)
        log.info("submitted page %s: %s", submission.url, snapshot or reason)


def _tell(page: PageResult) -> None:
    extra = {"url": page.url, "outcome": str(page.outcome)}
    if page.outcome is Outcome.FAILED:
        log.warning("%s could not be had: %s", page.url, page.reason, extra=extra)
    elif page.outcome in _WORTH_A_LINE:
        name = page.snapshot.id if page.snapshot else None
        log.info("%s: %s", page.url, page.outcome, extra={**extra, "snapshot": name})
    else:
        log.debug("%s: %s", page.url, page.outcome, extra=extra)


def _problem(result: SourceResult) -> str | None:
    """What is wrong with the source: a list that cannot be read, or no page to be had, and none known."""
    if result.problems:
        return result.problems[0]
    visits = sum(result.outcomes.values())
    if visits and visits == result.outcomes[Outcome.FAILED] and not result.known:
        return result.failures[0]
    return None


def _pass_counts(result: SourceResult) -> PassCounts:
    outcomes = result.outcomes
    return PassCounts(
        new=outcomes[Outcome.NEW],
        changed=outcomes[Outcome.CHANGED],
        unchanged=outcomes[Outcome.UNCHANGED],
        gone=outcomes[Outcome.GONE],
        walled=outcomes[Outcome.WALLED],
        failed=outcomes[Outcome.FAILED],
        left_out=outcomes[Outcome.LEFT_OUT] + result.unwanted,
        entries=result.entries,
        known=result.known,
        pictures=result.pictures,
        missing=result.missing,
    )


def _counts(result: SourceResult) -> dict[str, int]:
    return {str(outcome): count for outcome, count in result.outcomes.items() if count}


def _in_words(result: SourceResult) -> str:
    told = [f"{count} {outcome}" for outcome, count in sorted(result.outcomes.items())]
    failed, listed = len(result.problems), result.entries + result.unwanted
    if not told and (listed or not failed):
        told = ["nothing new"]
    if failed:
        lists = "1 list" if told else "its list"
        told.append(f"{lists if failed == 1 else f'{failed} lists'} could not be read")
    return ", ".join(told)

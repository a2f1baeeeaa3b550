"""What the archive needs besides crawling: the log signed and stamped, files audited, the index tidied."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TypeVar

from archiver.citation.ledger_writer import LedgerWriter, open_ledger, stamp_content
from archiver.citation.note import Note
from archiver.citation.preservation import OK, Keeper
from archiver.citation.replica import Replica
from archiver.citation.timestamps import TimestampError, request_timestamp
from archiver.config.schedule import Schedule
from archiver.crawl.archive import Archive, log_place, warcinfo
from archiver.errors import ArchiverError
from archiver.storage.warc import SegmentWriter

log = logging.getLogger(__name__)
R = TypeVar("R")

LOG, STAMP, AUDIT, TIDY = "log", "stamp", "audit", "tidy"
SCHEDULES = (
    (LOG, Schedule(interval=timedelta(minutes=1))),
    (STAMP, Schedule(interval=timedelta(hours=1))),
    (AUDIT, Schedule(cron="17 3 * * *")),
    (TIDY, Schedule(cron="41 4 * * *")),
)
"""Signing what waits and sealing old segments; trusted time; fixity; the database and forgotten files."""
_SPOOLED_LONG_AGO = 2 * 86400.0
_BEATS_KEPT = timedelta(days=1)


class Chores:
    """The chores of one open archive, by name; each may fail and is done again at its next time."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._place = log_place(archive.home, archive.settings)
        self._kinds: dict[str, Callable[[], Awaitable[None]]] = {
            LOG: archive.ingest.keep_house,
            STAMP: self._stamp,
            AUDIT: lambda: asyncio.to_thread(self._audit),
            TIDY: lambda: asyncio.to_thread(self._tidy),
        }

    async def do(self, name: str) -> None:
        """Do one; what goes wrong is told in the log of the service."""
        chore = self._kinds.get(name)
        if chore is None:
            return  # in the table of a later version of this program
        try:
            await chore()
        except ArchiverError as error:
            log.error("%s was not done: %s", name, error)  # noqa: TRY400 - it says all

    async def _stamp(self) -> None:
        """Have each authority stamp the newest checkpoint; one that does not answer is asked in an hour."""
        await self._archive.ingest.keep_house()
        note = await asyncio.to_thread(self._place.note)
        if note is None:
            return
        missing = await self._on_ledger(lambda ledger: ledger.unstamped(self._authorities(), note))
        for authority in missing:
            try:
                response = await asyncio.to_thread(request_timestamp, authority, stamp_content(note))
            except TimestampError as error:
                log.warning("%s", error)
                continue
            await self._on_ledger(partial(_keep_stamp, authority, note, response))

    async def _on_ledger(self, step: Callable[[LedgerWriter], R]) -> R:
        archive = self._archive

        def on_writer(writer: SegmentWriter) -> R:
            return step(LedgerWriter(archive.index, archive.warc_folder, self._place, writer))

        return await archive.ingest.on_writer(on_writer)

    def _authorities(self) -> tuple[str, ...]:
        return self._archive.settings.trust.timestamp_authorities

    def _audit(self) -> None:
        """A day's share of the files, and a sample, in every copy."""
        archive = self._archive
        configured = archive.settings.storage.replica
        replica = Replica(archive.home.address(configured)) if configured else None
        with open_ledger(
            archive.index, archive.warc_folder, self._place, warcinfo(archive.settings)
        ) as ledger:
            keeper = Keeper(ledger, replica)
            checks = keeper.run(keeper.plan(datetime.now(UTC)))
        for check in checks:
            if check.outcome != OK:
                log.error(
                    "%s (%s) is %s; see archiver fixity repair", check.segment, check.copy, check.outcome,
                    extra={"segment": check.segment, "copy": check.copy},
                )  # fmt: skip
        log.info("%d copies of files were checked", len(checks))

    def _tidy(self) -> None:
        archive = self._archive
        archive.index.tidy()
        archive.index.operations.beats.forget_before(datetime.now(UTC) - _BEATS_KEPT)
        for path in archive.home.spool.glob("*"):
            if time.time() - path.stat().st_mtime > _SPOOLED_LONG_AGO:
                path.unlink(missing_ok=True)
                log.info("removed %s, which a crash left behind", path.name)


def _keep_stamp(authority: str, note: Note, response: bytes, ledger: LedgerWriter) -> None:
    ledger.stamped(authority, note, response)

"""Opens a home for writing: mends what a crash left, then takes exchanges in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from archiver import __version__
from archiver.citation.notary import Notary
from archiver.citation.sequencer import LogPlace
from archiver.config.home import Home
from archiver.config.settings import Settings
from archiver.crawl.manners import manners_for
from archiver.ingest import CommitPolicy, Ingest
from archiver.reindex import recover_segments
from archiver.retrieval import Retrieval
from archiver.spiders.politeness import Manners
from archiver.storage.index import Index
from archiver.storage.warc import SegmentWriter, Warcinfo

SOFTWARE = f"news-archiver/{__version__}"


@dataclass(frozen=True, slots=True)
class Archive:
    """A home open for writing."""

    home: Home
    settings: Settings
    index: Index
    ingest: Ingest
    manners: Manners

    @property
    def warc_folder(self) -> Path:
        """Where the WARC files are."""
        return self.settings.warc_folder(self.home)

    @property
    def retrieval(self) -> Retrieval:
        """Reads what is in the archive."""
        return Retrieval(self.index, self.warc_folder)

    def hurry(self) -> None:
        """From now on nothing is waited for, no disk and no database: somebody wants an end."""
        self.index.hurry()
        self.ingest.stop_waiting()


@asynccontextmanager
async def open_archive(
    home: Home, settings: Settings, *, patience: float | None = None
) -> AsyncIterator[Archive]:
    """The archive, with what a crashed process left behind recovered; sealed and closed at the end.

    `patience` is how many seconds a full disk or an absent database is waited for, if not as configured.
    Raises StorageError, IndexUnavailableError.
    """
    folder = settings.warc_folder(home)
    index = Index.open(settings.database_url(home))
    try:
        recover_segments(folder, index)
        writer = SegmentWriter(
            folder,
            warcinfo(settings),
            max_bytes=settings.storage.segment_bytes,
            max_age=timedelta(seconds=settings.storage.segment_age),
        )
        policy = CommitPolicy(
            records=settings.storage.commit_records,
            bytes=settings.storage.commit_bytes,
            seconds=settings.storage.commit_seconds,
            free_floor=settings.storage.free_floor,
            patience=settings.storage.patience if patience is None else patience,
        )
        ingest = Ingest(writer, index, policy, Notary(index, folder, log_place(home, settings)))
        manners = manners_for(settings)
        if manners.budget.limit:
            manners.budget.spend(index.received_since(manners.budget.day_began_at))
        try:
            yield Archive(home, settings, index, ingest, manners)
        except BaseException:
            ingest.stop_waiting()
            raise
        finally:
            await ingest.close()
    finally:
        index.close()


def log_place(home: Home, settings: Settings) -> LogPlace:
    """Where the log of statements is; a new key is named after the archive's public address."""
    address = settings.identity.base_url.partition("://")[2]
    return LogPlace(home.log, home.keys, f"{address}/log" if address else "")


def warcinfo(settings: Settings) -> Warcinfo:
    """What the first record of each file says of this archive (WARC 1.1, 6.2)."""
    return Warcinfo(
        software=SOFTWARE,
        operator=settings.identity.operator,
        contact=settings.identity.contact,
        user_agent=user_agent(settings),
        robots="obey" if settings.politeness.obey_robots else "ignore",
        vantage=settings.identity.vantage,
        is_part_of=settings.identity.collection,
    )


def user_agent(settings: Settings) -> str:
    """The User-Agent: the configured one, else our name with the operator's contact."""
    if settings.politeness.user_agent:
        return settings.politeness.user_agent
    contact = settings.contact()
    return f"{SOFTWARE} (+{contact})" if contact else SOFTWARE

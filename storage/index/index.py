"""The index of the archive: what was captured when, and in which file; one object for every question."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Self
from uuid import UUID

from archiver.model.article import ExtractedArticle
from archiver.model.capture import Capture, RecordLocation
from archiver.model.digest import Digest
from archiver.model.moment import to_microseconds
from archiver.model.snapshot import Snapshot
from archiver.model.version import ArticleEvent
from archiver.storage.index import (
    articles,
    housekeeping,
    imports,
    listing,
    lookup,
    rebuilding,
    search,
    segments,
    snapshots,
    tallies,
    writing,
)
from archiver.storage.index.articles import DueSource, FollowedArticle
from archiver.storage.index.engine import Database
from archiver.storage.index.events import IdentifiedEvent, list_events
from archiver.storage.index.extractions import Extraction, find_extraction
from archiver.storage.index.holdings import Holdings
from archiver.storage.index.listing import Cursor, Listing
from archiver.storage.index.migrate import is_current, is_empty, refuse_old
from archiver.storage.index.migrate import migrate as bring_up_to_date
from archiver.storage.index.ranges import Match
from archiver.storage.index.search import Hit, Sought
from archiver.storage.index.segments import Segment
from archiver.storage.index.snapshots import Sighting
from archiver.storage.index.tallies import Stats
from archiver.storage.ledger.documents import IdentifiedLogDocument, StoredStatement
from archiver.storage.ledger.ledger import Ledger
from archiver.storage.ledger.tables import write_documents, write_statements
from archiver.storage.operations.operations import Operations

if TYPE_CHECKING:
    from archiver.storage.operations.jobs import JobStore

_EVER = 2**62


class Index:
    """An index database, SQLite or PostgreSQL; safe to use from several threads and processes.

    Every method raises IndexUnavailableError, with the reason in one line, when the database cannot serve.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, url: str, *, migrate: bool = True, create: bool = False) -> Self:
        """The index at the SQLAlchemy `url`: `sqlite:////folder/index.sqlite` or `postgresql://...`.

        Makes or upgrades the schema first; with `migrate=False` an old one is refused, and an absent one too
        unless `create`. Raises IndexUnavailableError.
        """
        database = Database(url)
        try:
            with database.reading() as connection:
                current = is_current(connection, database.where)
                made = not current and (migrate or (create and is_empty(connection)))
            if made:
                with database.writing() as connection:
                    bring_up_to_date(connection, database.where)
            elif not current:
                refuse_old(database.where)
        except BaseException:
            database.close()
            raise
        return cls(database)

    @cached_property
    def ledger(self) -> Ledger:
        """What the index knows of statements and of the log."""
        return Ledger(self._database)

    @cached_property
    def holdings(self) -> Holdings:
        """What the index keeps of metadata records, to hold against the files."""
        return Holdings(self._database)

    @cached_property
    def operations(self) -> Operations:
        """What runs, what is paused, who may ask, what was asked for."""
        return Operations(self._database)

    @property
    def is_local(self) -> bool:
        """Whether the index is a file of this machine, which is read without asking a server."""
        return self._database.is_sqlite

    def job_store(self) -> JobStore:
        """Where APScheduler keeps its jobs in this database."""
        from archiver.storage.operations.jobs import JobStore

        return JobStore(self._database)

    def tidy(self) -> bool:
        """Bring the statistics up to date, and give back what SQLite's log takes on the disk.

        False when other processes were too busy for some of it; nothing waits longer than a second.
        """
        return housekeeping.tidy(self._database)

    def hurry(self) -> None:
        """From now on no write waits longer than a second for another process's: somebody wants an end."""
        self._database.hurry()

    def close(self) -> None:
        """Give back all connections; the index can be used again afterwards."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def record(
        self,
        captures: Sequence[Capture],
        indexed_ends: Mapping[str, int] | None = None,
        snapshots: Sequence[tuple[Snapshot, RecordLocation]] = (),
        events: Sequence[IdentifiedEvent] = (),
        extractions: Sequence[Extraction] = (),
        statements: Sequence[StoredStatement] = (),
        log_documents: Sequence[IdentifiedLogDocument] = (),
    ) -> None:
        """Add a batch in one transaction; what is known by record id or identifier stays as it is.

        An event comes with the record id of its metadata record, an extraction with that of its page, and
        what the log did with that of its record too.

        `indexed_ends` says for each segment name the offset behind the last record that is now indexed; an
        end never moves back.
        """
        with self._database.writing() as connection:
            writing.write(
                self._database, connection, captures, indexed_ends or {}, snapshots, events, extractions
            )
            if statements:
                write_statements(self._database, connection, statements)
            if log_documents:
                write_documents(self._database, connection, log_documents)

    def closest(
        self,
        url: str,
        at: datetime | None = None,
        *,
        failures: bool = False,
        below: int = 1_000,
        same_url: bool = False,
        same_case: bool = False,
    ) -> Capture | None:
        """The capture of `url` nearest to the moment `at`, or the latest.

        The exact URL is preferred; without a capture of it any URL of the same urlkey counts. Of two
        captures at the same distance the earlier is taken. Exchanges without a response count only with
        `failures`, 304s that stand for nothing only with it or where there is nothing else, and only statuses
        less than `below`. With `same_url` only captures of the very URL count,
        which takes the same time however many URLs share the urlkey; with `same_case` no URL counts that
        differs in the letter case of path or query, since that can be another page.
        """
        with self._database.reading() as connection:
            return lookup.closest(
                self._database,
                connection,
                url,
                at,
                failures=failures,
                below=below,
                same_url=same_url,
                same_case=same_case,
            )

    def captures(
        self,
        match: Match | str,
        url: str,
        from_: datetime | None = None,
        to: datetime | None = None,
        *,
        descending: bool = False,
        failures: bool = False,
        hollow: bool = True,
        limit: int | None = None,
        after: Cursor | None = None,
    ) -> Iterator[Capture]:
        """The captures that `url` stands for, ordered by urlkey, moment, record id; read page by page.

        Both moments are included. Without `hollow` no 304 that stands for nothing. `after` continues behind a
        capture of an earlier listing of the same order.
        """
        return listing.list_captures(
            self._database,
            Match(match),
            url,
            Listing(*_span(from_, to), least=0 if failures else 1, descending=descending, hollow=hollow),
            limit,
            after,
        )

    def count(
        self, match: Match | str, url: str, from_: datetime | None = None, to: datetime | None = None
    ) -> int:
        """How many captures with a response `captures` would list; reads an index entry for each."""
        wanted = Listing(*_span(from_, to), least=1, descending=False)
        with self._database.reading() as connection:
            return listing.count_captures(self._database, connection, Match(match), url, wanted)

    def captures_in_segment(self, name: str) -> Iterator[Capture]:
        """The captures whose main record is in this segment, by offset; read page by page."""
        return listing.list_segment(self._database, name)

    def original(self, digests: Collection[Digest]) -> dict[Digest, Capture]:
        """For each payload digest that is known, the earliest complete response of ours that holds it."""
        with self._database.reading() as connection:
            return lookup.originals(self._database, connection, digests, own=True)

    def unchanged_since(self, url: str) -> Capture | None:
        """The latest complete 200 of exactly `url`, be its payload stored with it or earlier; ours."""
        with self._database.reading() as connection:
            return lookup.unchanged_since(self._database, connection, url)

    def capture(self, record_id: UUID) -> Capture | None:
        """The capture with this record id."""
        with self._database.reading() as connection:
            return lookup.by_record_id(self._database, connection, record_id)

    def known(self, record_ids: Collection[UUID]) -> set[UUID]:
        """Which of these record ids are those of captures."""
        with self._database.reading() as connection:
            return lookup.known(connection, record_ids)

    def unlinked_revisits(self) -> list[Capture]:
        """The revisits in imported files of which it is not known what they refer to."""
        with self._database.reading() as connection:
            return imports.unlinked(connection)

    def link_revisit(self, record_id: UUID, original: Capture) -> None:
        """Say of an imported revisit that it refers to `original`, and has its payload."""
        with self._database.writing() as connection:
            imports.link(connection, record_id, original)

    def snapshot(self, identifier: str) -> Snapshot | None:
        """The snapshot with this identifier."""
        with self._database.reading() as connection:
            return snapshots.by_identifier(self._database, connection, identifier)

    def snapshot_location(self, identifier: str) -> RecordLocation | None:
        """Where the metadata record of the snapshot is."""
        with self._database.reading() as connection:
            return snapshots.location(connection, identifier)

    def snapshot_of_record(self, record_id: UUID) -> Snapshot | None:
        """The earliest snapshot that has the record as its page or as one of its pictures."""
        with self._database.reading() as connection:
            return snapshots.of_record(self._database, connection, record_id)

    def snapshots_of_record(self, record_id: UUID) -> list[str]:
        """The identifiers of all snapshots that have the record as page or picture, earliest first."""
        with self._database.reading() as connection:
            return snapshots.holders(self._database, connection, record_id)

    def page_snapshots(self, record_ids: Collection[UUID]) -> dict[UUID, str]:
        """For each record that is the page of a snapshot, the identifier of the earliest; at most 1,000."""
        with self._database.reading() as connection:
            return snapshots.of_pages(connection, record_ids)

    def snapshots(
        self,
        url: str | None = None,
        from_: datetime | None = None,
        to: datetime | None = None,
        *,
        descending: bool = False,
        limit: int | None = None,
        after: tuple[datetime, str] | None = None,
    ) -> Iterator[Snapshot]:
        """The snapshots, or those that `url` was the seed or the page of, by moment and identifier.

        URLs with the same urlkey count as the same, unless the case of letters tells them apart. `after` is
        moment and identifier of the last one seen.
        """
        first, last = _span(from_, to)
        return snapshots.listed(
            self._database, url, first, last, descending=descending, limit=limit, after=after
        )

    def search(self, sought: Sought, limit: int = 20, behind: int | None = None) -> list[Hit]:
        """The snapshots that `sought` holds for, latest archived first; `behind` is the place of a hit."""
        with self._database.reading() as connection:
            return search.search(self._database, connection, sought, limit, behind)

    def article_snapshots(
        self, article_key: str, *, descending: bool = False, limit: int | None = None
    ) -> Iterator[Snapshot]:
        """The snapshots of one article, whatever URL they were asked for under, by moment and identifier."""
        return snapshots.of_article(self._database, article_key, descending=descending, limit=limit)

    def events(self, article_key: str | None, url: str | None = None) -> list[ArticleEvent]:
        """What visits found that is no snapshot, oldest first: of an article, or of exactly `url`."""
        with self._database.reading() as connection:
            return list_events(connection, article_key, url)

    def extraction(self, page: UUID, version: str) -> ExtractedArticle | None:
        """The article that extractor `version` read later in the page of this record id."""
        with self._database.reading() as connection:
            return find_extraction(connection, page, version)

    def follow(self, followed: Sequence[FollowedArticle]) -> None:
        """Keep what is known of these articles and when they are due; replaces what was known."""
        with self._database.writing() as connection:
            articles.follow(self._database, connection, followed)

    def followed(self, article_key: str) -> FollowedArticle | None:
        """What is known of one article that is followed."""
        with self._database.reading() as connection:
            return articles.one(connection, article_key)

    def due(
        self, at: datetime, source: str | None = None, limit: int = 1_000, *, newest_first: bool = False
    ) -> list[FollowedArticle]:
        """The articles (of one source) that are due at the moment `at`, the longest overdue first.

        With `newest_first` those that were first seen last come first: what is new changes most.
        """
        with self._database.reading() as connection:
            return articles.due(connection, at, source, limit, newest_first=newest_first)

    def due_sources(self, at: datetime) -> list[DueSource]:
        """The sources with articles that are due at the moment `at`, by name; reads an entry for each."""
        with self._database.reading() as connection:
            return articles.due_sources(connection, at)

    def received_since(self, moment: datetime) -> int:
        """About how many bytes were captured from `moment` on; meant for moments of today."""
        with self._database.reading() as connection:
            return tallies.received_since(connection, to_microseconds(moment))

    def picture_sightings(self, payload_digest: Digest) -> Iterator[Sighting]:
        """Where a picture with these bytes was seen, earliest first."""
        return snapshots.sightings(self._database, payload_digest)

    def segment_opened(self, name: str) -> None:
        """A new segment is being written."""
        with self._database.writing() as connection:
            segments.opened(self._database, connection, name)

    def segment_sealed(self, name: str, size: int, sha256: Digest) -> None:
        """The segment is complete: its size in bytes and the digest of the whole file."""
        with self._database.writing() as connection:
            segments.sealed(self._database, connection, name, size, sha256)

    def indexed_end(self, name: str) -> int:
        """The offset behind the last indexed record of a segment; 0 for an unknown one."""
        with self._database.reading() as connection:
            return segments.indexed_end(connection, name)

    def segment(self, name: str) -> Segment | None:
        """What is known of one segment."""
        with self._database.reading() as connection:
            return segments.one(connection, name)

    def segments(self) -> Iterator[Segment]:
        """All segments by name."""
        with self._database.reading() as connection:
            return segments.every(connection)

    def stats(self) -> Stats:
        """Totals and those of each source; reads one small row for each source."""
        with self._database.reading() as connection:
            return tallies.read_stats(connection)

    def clear(self) -> None:
        """Forget everything that WARC files say, in one transaction."""
        with self._database.writing() as connection:
            rebuilding.clear(connection)

    @contextmanager
    def rebuild(self) -> Iterator[Index]:
        """A new empty index to fill from the WARC files; it takes this one's place when the block ends well.

        The old content serves until then, and stays if the block raises or the process dies. What other
        processes record meanwhile is carried over. Only one process can do this at a time.
        """
        live = self._database
        with rebuilding.beside(live) as fresh:
            with live.writing() as connection:
                begun = rebuilding.beginning(connection)
            with fresh.writing() as connection:
                bring_up_to_date(connection, fresh.where)
            index = Index(fresh)
            yield index
            rebuilding.put_in_place(
                live, fresh, lambda: rebuilding.carry_over(live, fresh, index.record, begun)
            )

    def dump(self) -> Iterator[tuple[object, ...]]:
        """Everything that a reindex must bring back, in canonical order: equal archives give equal dumps."""
        return rebuilding.dump(self._database)


def _span(from_: datetime | None, to: datetime | None) -> tuple[int, int]:
    first = -_EVER if from_ is None else to_microseconds(from_)
    return first, _EVER if to is None else to_microseconds(to)

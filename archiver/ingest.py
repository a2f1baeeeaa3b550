"""Makes exchanges and snapshots durable, then indexed, then acknowledged: in that order, in groups.

A group is appended to the segment, flushed to disk once, and indexed in one transaction; only then does
anybody who waits for one of its captures learn of it. Group commit is what makes this affordable.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Protocol, TypeVar
from uuid import UUID

from archiver.errors import ArchiverError, DiskFullError, IndexUnavailableError, StorageError
from archiver.model.article import ExtractedArticle
from archiver.model.capture import Capture, RecordLocation
from archiver.model.digest import Digest
from archiver.model.exchange import Exchange
from archiver.model.snapshot import PageCapture, Snapshot
from archiver.model.version import ArticleEvent
from archiver.storage import snapshot_codec
from archiver.storage.index import ARTICLE_MIME, EVENT_MIME, Index, encode_article, encode_event
from archiver.storage.ledger.documents import StoredStatement, read_statement
from archiver.storage.warc import (
    Record,
    SegmentWriter,
    capture_of_exchange,
    exchange_records,
    metadata_record,
)

log = logging.getLogger(__name__)

RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Waits between attempts when the disk is full or the database does not answer; the last one repeats."""


@dataclass(frozen=True, slots=True)
class Reading:
    """An article read again out of a stored page, which `page` names."""

    article: ExtractedArticle
    page: PageCapture


class Notary(Protocol):
    """Who states what a snapshot consists of; called on the writing thread."""

    def attest(self, snapshot: Snapshot, location: RecordLocation) -> Record:
        """The record of a statement about `snapshot`, whose own record is durable at `location`."""
        ...

    def after_commit(self, writer: SegmentWriter) -> None:
        """Called after each group that is durable and indexed; may write more records, commit and index."""
        ...

    def log_now(self, writer: SegmentWriter) -> None:
        """Called before the last segment is sealed; as `after_commit`."""
        ...


_A = TypeVar("_A")
_R = TypeVar("_R")
Subject = Exchange | Snapshot | ArticleEvent | Reading
_Result = Capture | RecordLocation | UUID
_Written = tuple[_Result, Subject]


@dataclass(frozen=True, slots=True)
class CommitPolicy:
    """When a group is closed: `records` exchanges, `bytes` of blocks or `seconds`, whichever comes first.

    `pending_bytes` bounds what waits in memory before `accept` makes the crawl wait. With less than
    `free_floor` bytes of disk space nothing is written. `patience` is how many seconds a full disk or an
    absent database is waited for before what waits is given up.
    """

    records: int = 32
    bytes: int = 8_000_000
    seconds: float = 0.03
    pending_bytes: int = 64_000_000
    free_floor: int = 0
    patience: float = 30.0


@dataclass(slots=True)
class _Work:
    subject: Subject
    size: int
    done: asyncio.Future[_Result] = field(repr=False)

    @property
    def name(self) -> str:
        """What it is, for a message."""
        subject = self.subject
        if isinstance(subject, Exchange):
            return subject.target_uri
        if isinstance(subject, Snapshot):
            return f"snapshot {subject.id}"
        return subject.url if isinstance(subject, ArticleEvent) else subject.page.target_uri


class Ingest:
    """The one way into the archive for one process; made and used inside a running asyncio loop.

    `accept` takes an exchange (it is the sink of the wire tap), `capture` waits until an accepted exchange
    is durable and indexed, `record` does both for a snapshot. Writing happens on one thread of its own.
    """

    def __init__(
        self,
        writer: SegmentWriter,
        index: Index,
        policy: CommitPolicy | None = None,
        notary: Notary | None = None,
    ) -> None:
        self._writer = writer
        self._index = index
        self._notary = notary
        self._statements: dict[str, StoredStatement] = {}
        self._policy = policy or CommitPolicy()
        self._queue: asyncio.Queue[_Work | None] = asyncio.Queue()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ingest")
        self._waiting: dict[UUID, asyncio.Future[_Result]] = {}
        self._recent: OrderedDict[UUID, Capture] = OrderedDict()
        self._pending_bytes = 0
        self._room = asyncio.Event()
        self._room.set()
        self._failed: ArchiverError | None = None
        self._closed = False
        self._hurry = asyncio.Event()
        self._task = asyncio.get_running_loop().create_task(self._run())
        self.on_wait: Callable[[str], None] = lambda reason: log.warning("%s", reason)

    async def accept(self, exchange: Exchange) -> None:
        """Take an exchange; waits only while too much is pending. Raises what made ingestion stop."""
        await self._room.wait()
        self._refuse_after_the_end()
        size = exchange.response.block.length if exchange.response else 0
        future = self._put(exchange, size)
        self._waiting[exchange.id] = future
        future.add_done_callback(lambda done: self._settle(exchange.id, done))

    async def capture(self, exchange_id: UUID) -> Capture:
        """The durable, indexed capture of an accepted exchange. Raises what prevented it."""
        recent = self._recent.get(exchange_id)
        if recent:
            return recent
        waiting = self._waiting.get(exchange_id)
        if waiting is None:
            known = await asyncio.to_thread(self._index.capture, exchange_id)
            if known is None and self._failed:
                raise self._failed
            if known is None:
                raise StorageError(f"exchange {exchange_id} was never handed to the archive")
            return known
        result = await asyncio.shield(waiting)
        assert isinstance(result, Capture)
        return result

    async def record(self, subject: Snapshot | ArticleEvent | Reading) -> None:
        """Write the metadata record of what was learnt and index it; returns when it is durable."""
        self._refuse_after_the_end()
        await self._put(subject, 0)

    def stop_waiting(self) -> None:
        """From now on a full disk or an absent database is not waited for: somebody wants an end."""
        self._hurry.set()

    async def close(self) -> None:
        """Commit what is pending, seal the segment, stop the thread. What comes later is refused."""
        self._closed = True
        await self._queue.put(None)
        try:
            await self._task
            await asyncio.get_running_loop().run_in_executor(self._thread, self._seal)
        finally:
            self._thread.shutdown(wait=True)

    def _refuse_after_the_end(self) -> None:
        if self._failed:
            raise self._failed
        if self._closed:
            raise StorageError("the archive was closed before this came; capture it again")

    def _put(self, subject: Subject, size: int) -> asyncio.Future[_Result]:
        future: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()
        self._pending_bytes += size
        if self._pending_bytes > self._policy.pending_bytes:
            self._room.clear()
        self._queue.put_nowait(_Work(subject, size, future))
        return future

    def _settle(self, exchange_id: UUID, done: asyncio.Future[_Result]) -> None:
        del self._waiting[exchange_id]
        if done.cancelled() or done.exception():
            return
        result = done.result()
        assert isinstance(result, Capture)
        self._recent[exchange_id] = result
        while len(self._recent) > 10_000:
            self._recent.popitem(last=False)

    async def _run(self) -> None:
        while True:
            group, last = await self._next_group()
            if group:
                await self._commit(group)
            if last:
                return

    async def _next_group(self) -> tuple[list[_Work], bool]:
        first = await self._queue.get()
        if first is None:
            return [], True
        if self._queue.qsize() < self._policy.records - 1:
            await asyncio.sleep(self._policy.seconds)
        group, size = [first], first.size
        while self._queue.qsize() and len(group) < self._policy.records and size < self._policy.bytes:
            work = self._queue.get_nowait()
            if work is None:
                return group, True
            group.append(work)
            size += work.size
        return group, False

    async def _commit(self, group: Sequence[_Work]) -> None:
        try:
            await self._store(group)
        finally:
            for work in group:
                self._pending_bytes -= work.size
                if isinstance(work.subject, Exchange) and work.subject.response:
                    work.subject.response.block.close()
            if self._failed or self._pending_bytes <= self._policy.pending_bytes:
                self._room.set()

    async def _store(self, group: Sequence[_Work]) -> None:
        if self._failed:
            self._is_over(group, self._failed)
            return
        try:
            written = await self._patiently(self._write, [work.subject for work in group])
        except Exception as error:  # noqa: BLE001 - nobody may wait for ever for what could not be recorded
            if not self._is_over(group, error):
                for work in group:
                    await self._store([work])
            return
        try:
            await self._attested(written)
        except IndexUnavailableError as error:  # was waited for; nothing of the group can be acknowledged
            self._is_over(group, error)
            return
        await self._publish(group, written)

    async def _attested(self, written: Sequence[_Written]) -> None:
        """State the snapshots of a durable group; a snapshot that cannot be stated is kept all the same."""
        for result, subject in written:
            if self._notary and isinstance(subject, Snapshot) and isinstance(result, RecordLocation):
                try:
                    await self._patiently(self._attest, (subject, result))
                except IndexUnavailableError:
                    raise
                except ArchiverError as error:
                    log.error("%s has no statement yet: %s", subject.id, error)  # noqa: TRY400 - it says all
                except Exception as error:  # the snapshot is durable, its statement can be made later
                    log.error("%s has no statement yet: %s", subject.id, error, exc_info=True)

    async def _publish(self, group: Sequence[_Work], written: Sequence[_Written]) -> None:
        try:
            await self._patiently(self._index_group, written)
        except Exception as error:  # noqa: BLE001 - as above
            if not self._is_over(group, error):
                for work, one in zip(group, written, strict=True):
                    await self._publish([work], [one])
            return
        for work, (result, _) in zip(group, written, strict=True):
            if not work.done.done():  # who waited may have been cancelled
                work.done.set_result(result)

    def _is_over(self, group: Sequence[_Work], error: Exception) -> bool:
        """Whether nothing more is tried for `group`; what cannot be recorded must not take others with it."""
        if isinstance(error, ArchiverError):
            self._failed = told = error
        elif len(group) > 1:
            return False
        else:
            log.error("%s cannot be recorded", group[0].name, exc_info=error)
            told = StorageError(f"{group[0].name} cannot be recorded: {error!r}; please report this")
        for work in group:
            if work.done.done():
                continue
            work.done.set_exception(told)
            work.done.exception()  # looked at: not everybody who hands something over waits for it
        return True

    async def _patiently(self, step: Callable[[_A], _R], argument: _A) -> _R:
        """Run `step` on the writing thread, again while the disk is full or the database is away."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._policy.patience
        told = False
        for pause in itertools.chain(RETRY_SECONDS, itertools.repeat(RETRY_SECONDS[-1])):
            try:
                result = await loop.run_in_executor(self._thread, step, argument)
            except (StorageError, IndexUnavailableError) as error:
                if self._hurry.is_set() or loop.time() + pause > deadline:
                    raise
                if not told:
                    self.on_wait(f"{error}. The crawl is paused until then.")
                    told = True
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._hurry.wait(), pause)
            else:
                if told:
                    self.on_wait("The archive can be written again; going on.")
                return result
        raise AssertionError("the pauses never end")

    def _write(self, subjects: Sequence[Subject]) -> list[_Written]:
        """Append a group and flush it. A refused write leaves nothing of the group behind."""
        self._writer.rollback()
        self._refuse_below_the_floor()
        exchanges = [subject for subject in subjects if isinstance(subject, Exchange)]
        originals = self._originals(exchanges)
        written: list[_Written] = []
        try:
            for subject in subjects:
                if isinstance(subject, Exchange):
                    written.append((self._write_exchange(subject, originals), subject))
                elif isinstance(subject, Snapshot):
                    written.append((self._write_snapshot(subject), subject))
                elif isinstance(subject, ArticleEvent):
                    written.append((self._write_event(subject), subject))
                else:
                    written.append((self._write_reading(subject), subject))
        except BaseException:
            self._writer.rollback()
            raise
        self._writer.commit(may_seal=False)
        return written

    def _attest(self, kept: tuple[Snapshot, RecordLocation]) -> None:
        assert self._notary is not None
        snapshot, location = kept
        self._writer.rollback()
        try:
            record = self._notary.attest(snapshot, location)
        except StorageError as error:  # what cannot be read back now is not waited for
            raise ArchiverError(f"its records cannot be read back: {error}") from error
        place = self._writer.write([record])[0]
        self._writer.commit(may_seal=False)
        self._statements[snapshot.id] = read_statement(b"".join(record.block.chunks()), place)

    def _refuse_below_the_floor(self) -> None:
        floor = self._policy.free_floor
        if not floor:
            return
        folder = os.statvfs(self._writer.folder)
        free = folder.f_bavail * folder.f_frsize
        if free < floor:
            raise DiskFullError(
                f"only {free // 1_000_000} MB are free for {self._writer.folder}, less than the"
                f" {floor // 1_000_000} MB of storage.free_floor; free some space"
            )

    def _originals(self, exchanges: Sequence[Exchange]) -> dict[Digest, Capture]:
        wanted = {
            exchange.response.payload_digest
            for exchange in exchanges
            if exchange.response and exchange.response.payload_length and not exchange.response.truncated
        }
        return self._index.original(wanted) if wanted else {}

    def _write_exchange(self, exchange: Exchange, originals: dict[Digest, Capture]) -> Capture:
        response = exchange.response
        original = None
        if response and response.status == HTTPStatus.NOT_MODIFIED:
            original = self._index.unchanged_since(exchange.target_uri)
        elif response and not response.truncated:
            original = originals.get(response.payload_digest)
        locations = self._writer.write(exchange_records(exchange, original))
        capture = capture_of_exchange(exchange, locations[0], original)
        if response and response.payload_length and capture.is_complete:
            originals.setdefault(response.payload_digest, capture)
        return capture

    def _write_snapshot(self, snapshot: Snapshot) -> RecordLocation:
        record = metadata_record(
            snapshot.page.target_uri,
            snapshot.captured_at,
            snapshot_codec.encode(snapshot),
            snapshot_codec.MIME,
            refers_to=snapshot.page.record_id,
        )
        return self._writer.write([record])[0]

    def _write_event(self, event: ArticleEvent) -> UUID:
        record = metadata_record(
            event.url, event.observed_at, encode_event(event), EVENT_MIME, refers_to=event.record_id
        )
        self._writer.write([record])
        return record.record_id

    def _write_reading(self, reading: Reading) -> RecordLocation:
        page = reading.page
        record = metadata_record(
            page.target_uri,
            page.captured_at,
            encode_article(reading.article),
            ARTICLE_MIME,
            refers_to=page.record_id,
        )
        return self._writer.write([record])[0]

    def _index_group(self, written: Sequence[_Written]) -> None:
        """One transaction for the group; idempotent, so that it can be tried again."""
        self._index.record(
            [result for result, _ in written if isinstance(result, Capture)],
            indexed_ends=self._writer.committed_ends(),
            snapshots=[
                (subject, result)
                for result, subject in written
                if isinstance(subject, Snapshot) and isinstance(result, RecordLocation)
            ],
            events=[
                (subject, result)
                for result, subject in written
                if isinstance(subject, ArticleEvent) and isinstance(result, UUID)
            ],
            extractions=[
                (subject.article, subject.page.record_id)
                for _, subject in written
                if isinstance(subject, Reading)
            ],
            statements=[
                self._statements[subject.id]
                for _, subject in written
                if isinstance(subject, Snapshot) and subject.id in self._statements
            ],
        )
        self._statements.clear()
        if self._notary:
            self._notary.after_commit(self._writer)
        self._writer.commit()  # seals a full segment, now that all of it is indexed
        self._index_sealed()

    def _index_sealed(self) -> None:
        for sealed in self._writer.take_sealed():
            self._index.segment_sealed(sealed.name, sealed.size, sealed.digest)

    def _seal(self) -> None:
        if self._notary and not self._failed:
            self._notary.log_now(self._writer)
        self._writer.close()
        if not self._failed:  # else the segment may hold more than is indexed: the next start looks into it
            self._index_sealed()

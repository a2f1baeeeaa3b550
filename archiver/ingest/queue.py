"""The queue into the archive: takes what comes, closes groups, acknowledges what is durable and indexed."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import ParamSpec, TypeVar
from uuid import UUID

from archiver.errors import (
    ArchiverError,
    IndexDamagedError,
    IndexUnavailableError,
    StorageError,
    UnstorableError,
)
from archiver.ingest.policy import CommitPolicy
from archiver.ingest.recorder import Notary, Recorder
from archiver.ingest.room import refuse_without_room
from archiver.ingest.subjects import Reading, Result, Subject, Written, name_of
from archiver.model.capture import Capture, RecordLocation
from archiver.model.exchange import Exchange
from archiver.model.snapshot import Snapshot
from archiver.model.version import ArticleEvent
from archiver.storage.index import Index
from archiver.storage.warc import SegmentWriter, SyncCount

log = logging.getLogger(__name__)

RETRY_SECONDS = (0.2, 0.5, 1.0, 2.0, 5.0)
"""Waits between attempts when the disk is full or the database does not answer; the last one repeats."""

REMEMBERED = 2_000
"""Captures that are known without asking the index: those of the pages under way."""

_A = TypeVar("_A")
_E = TypeVar("_E", bound=BaseException)
_P = ParamSpec("_P")
_R = TypeVar("_R")


def _anew(error: _E) -> _E:
    """A stored error, to be raised once more: its traceback would grow each time, and hold what it passed."""
    return error.with_traceback(None)


@dataclass(slots=True)
class _Work:
    subject: Subject
    size: int
    done: asyncio.Future[Result] = field(repr=False)


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
        self._index = index
        self._policy = policy or CommitPolicy()
        self._recorder = Recorder(writer, index, notary, self._policy.free_floor)
        self._queue: asyncio.Queue[_Work | None] = asyncio.Queue()
        self._turn = asyncio.Lock()
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ingest")
        self._waiting: dict[UUID, asyncio.Future[Result]] = {}
        self._recent: OrderedDict[UUID, Capture | BaseException] = OrderedDict()
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
        if isinstance(recent, BaseException):
            raise _anew(recent)
        if recent:
            return recent
        waiting = self._waiting.get(exchange_id)
        if waiting is None:
            known = await asyncio.to_thread(self._index.capture, exchange_id)
            if known is None and self._failed:
                raise _anew(self._failed)
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

    async def ask(self, question: Callable[_P, _R], *arguments: _P.args, **more: _P.kwargs) -> _R:
        """What the index says or takes, on a thread of its own; full disk or absent database are waited for.

        Raises as `question` when that takes too long.
        """
        return await self._again(lambda: asyncio.to_thread(question, *arguments, **more))

    async def wait_for_room(self, folder: Path, needed: int) -> None:
        """Return when `needed` bytes and the floor are free for `folder`, which is waited for as for writing.

        Raises DiskFullError when there is no room in time.
        """
        step = partial(refuse_without_room, folder)
        await self._patiently(step, needed + self._policy.free_floor)

    async def settle(self) -> None:
        """Return when everything that was accepted until now is durable and indexed, or known not to be.

        Raises what made ingestion stop.
        """
        waiting = list(self._waiting.values())
        if waiting:
            await asyncio.wait(waiting)
        if self._failed:
            raise _anew(self._failed)

    @property
    def failed(self) -> ArchiverError | None:
        """Why nothing is taken any more; None while all is well."""
        return self._failed

    @property
    def syncs(self) -> SyncCount:
        """What making records durable has cost so far."""
        return self._recorder.writer.syncs

    async def keep_house(self) -> None:
        """Log the statements that wait and seal a segment that is old enough, though nothing new comes.

        A full disk or an absent database is not waited for: it is done the next time.
        """
        await self.on_writer(lambda _writer: self._recorder.keep_house())

    async def on_writer(self, step: Callable[[SegmentWriter], _R]) -> _R:
        """Run `step` on the writing thread, between two groups; what it writes it must commit and index.

        Raises what `step` raises.
        """
        self._refuse_after_the_end()
        async with self._turn:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._thread, step, self._recorder.writer)

    def stop_waiting(self) -> None:
        """From now on a full disk or an absent database is not waited for: somebody wants an end."""
        self._hurry.set()

    async def close(self) -> None:
        """Commit what is pending, seal the segment, stop the thread. What comes later is refused."""
        self._closed = True
        await self._queue.put(None)
        try:
            await self._task
            await asyncio.get_running_loop().run_in_executor(
                self._thread, lambda: self._recorder.seal(is_indexed=self._failed is None)
            )
        finally:
            self._thread.shutdown(wait=True)

    def _refuse_after_the_end(self) -> None:
        if self._failed:
            raise _anew(self._failed)
        if self._closed:
            raise StorageError("the archive was closed before this came; capture it again")

    def _put(self, subject: Subject, size: int) -> asyncio.Future[Result]:
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._pending_bytes += size
        if self._pending_bytes > self._policy.pending_bytes:
            self._room.clear()
        self._queue.put_nowait(_Work(subject, size, future))
        return future

    def _settle(self, exchange_id: UUID, done: asyncio.Future[Result]) -> None:
        del self._waiting[exchange_id]
        if done.cancelled():
            return
        result = done.exception() or done.result()
        assert isinstance(result, Capture | BaseException)
        self._recent[exchange_id] = result
        while len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)

    async def _run(self) -> None:
        while True:
            group, last = await self._next_group()
            if group:
                async with self._turn:  # nobody may find a group that is written but not indexed
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
            written = await self._patiently(self._recorder.write, [work.subject for work in group])
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

    async def _attested(self, written: Sequence[Written]) -> None:
        """State the snapshots of a durable group; a snapshot that cannot be stated is kept all the same."""
        for result, subject in written:
            if isinstance(subject, Snapshot) and isinstance(result, RecordLocation):
                try:
                    await self._patiently(self._recorder.attest, (subject, result))
                except IndexUnavailableError:
                    raise
                except ArchiverError as error:
                    log.error("%s has no statement yet: %s", subject.id, error)  # noqa: TRY400 - it says all
                except Exception as error:  # the snapshot is durable, its statement can be made later
                    log.error("%s has no statement yet: %s", subject.id, error, exc_info=True)

    async def _publish(self, group: Sequence[_Work], written: Sequence[Written]) -> None:
        try:
            await self._patiently(self._recorder.index, written)
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
        if isinstance(error, ArchiverError) and not isinstance(error, UnstorableError):
            self._failed = told = error
        elif len(group) > 1:
            return False
        else:
            log.error("%s cannot be recorded", name_of(group[0].subject), exc_info=error)
            told = StorageError(
                f"{name_of(group[0].subject)} cannot be recorded: {error!r}; please report this"
            )
        for work in group:
            if work.done.done():
                continue
            work.done.set_exception(told)
            work.done.exception()  # looked at: not everybody who hands something over waits for it
        return True

    async def _patiently(self, step: Callable[[_A], _R], argument: _A) -> _R:
        """Run `step` on the writing thread, again while the disk is full or the database is away."""
        loop = asyncio.get_running_loop()
        return await self._again(lambda: loop.run_in_executor(self._thread, step, argument))

    async def _again(self, attempt: Callable[[], Awaitable[_R]]) -> _R:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._policy.patience
        told = False
        for pause in itertools.chain(RETRY_SECONDS, itertools.repeat(RETRY_SECONDS[-1])):
            try:
                result = await attempt()
            except IndexDamagedError:
                raise
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

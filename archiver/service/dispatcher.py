"""Decides what is worked on next: never two things of one source at once, and no kind of work for ever.

Three kinds wait: sources that are to be looked at, articles that are due again, submitted pages. They
take turns, and so do the sources whose articles are due. When the day's budget is nearly spent, articles that
are due again wait, and when it is spent all does; when articles are too late, the newest come first.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from archiver.config.source import Source
from archiver.crawl.scrapy_run import LOST
from archiver.errors import ArchiverError, IndexUnavailableError
from archiver.model.operations import PassCounts
from archiver.storage.index import Index

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=20)
"""How long a source belongs to a process that was not heard of since."""
RENEWAL = 5.0
LONGEST_WORK = 2 * 3600.0
"""Seconds after which a piece of work begins no further page; what is left is due again."""
REVISITS_WAIT_AT = 0.9
"""Share of the day's budget from which on only new articles are fetched."""
BEHIND = timedelta(hours=1)
"""With articles later than this the newest come first: most edits happen on the first day."""
RETRY = 5.0
LONGEST_RETRY = 600.0
"""Seconds after which work that cannot be done is tried again; twice as many after each time."""
SUBMISSIONS = "submissions"
SPENT = "not looked at: the bytes of today are used up (politeness.bytes_per_day); it goes on at midnight UTC"
_TICK = 1.0


class Kind(StrEnum):
    """What is done."""

    LOOK = "look"
    REVISIT = "revisit"
    SUBMISSIONS = "submissions"


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of work; `source` is None for submissions."""

    kind: Kind
    source: Source | None = None
    newest_first: bool = False

    @property
    def name(self) -> str:
        """Whose work it is; at most one of a name is done at a time."""
        return self.source.name if self.source else SUBMISSIONS


@dataclass(frozen=True, slots=True)
class Done:
    """What a piece of work came to: `is_whole` is false when it was ended early."""

    counts: PassCounts = field(default_factory=PassCounts)
    problem: str | None = None
    is_whole: bool = True


@dataclass(slots=True)
class Progress:
    """What a piece of work has brought so far, and how much of that is written down."""

    counts: PassCounts = field(default_factory=PassCounts)
    counted: PassCounts = field(default_factory=PassCounts)


Worker = Callable[[Work, asyncio.Event, Progress], Awaitable[Done]]


class Dispatcher:
    """Gives work to `worker`, at most `places` pieces at a time, until `halt` is called.

    `followed` gives the sources by name, `spent` the share of today's budget that is used up, `over` why the
    archive takes nothing any more.
    """

    def __init__(
        self,
        index: Index,
        owner: str,
        followed: Callable[[], Mapping[str, Source]],
        worker: Worker,
        *,
        places: int,
        spent: Callable[[], float] = lambda: 0.0,
        over: Callable[[], ArchiverError | None] = lambda: None,
    ) -> None:
        self._index = index
        self._states = index.operations.sources
        self._owner = owner
        self._followed = followed
        self._worker = worker
        self._places = places
        self._spent = spent
        self._over = over
        self._asked: dict[str, asyncio.Future[Done]] = {}
        self._busy: dict[str, asyncio.Task[None]] = {}
        self._progress: dict[str, Progress] = {}
        self._failures: Counter[str] = Counter()
        """How often in a row work could not be done at all."""
        self._last_turn: dict[str, float] = {}
        """When a batch of a source's articles was last begun: who waited longest for a turn has the next."""
        self._ending: set[str] = set()
        """Whose work is over and is being written down."""
        self._halts: set[asyncio.Event] = set()
        self._not_before: dict[str, float] = {}
        self._turns: Iterator[Kind] = itertools.cycle(Kind)
        self._changed = asyncio.Event()
        self._halted = False
        self.brought = PassCounts()
        """What all work brought that has ended."""
        self.fatal: ArchiverError | None = None
        """What makes going on useless: the archive takes nothing any more."""

    @property
    def in_progress(self) -> list[str]:
        """Whose work is being done."""
        return sorted(self._busy)

    @property
    def waiting(self) -> int:
        """How many sources wait to be looked at."""
        return len(self._asked.keys() - self._busy.keys())

    def is_asked_for(self, name: str) -> bool:
        """Whether a look at the source waits or is under way."""
        return name in self._asked

    async def look(self, name: str) -> Done:
        """Look at a source as soon as there is a place; returns when that is done."""
        if self._halted or self.fatal:
            return Done(is_whole=False)
        wanted = self._asked.get(name)
        if wanted is None:
            wanted = self._asked[name] = asyncio.get_running_loop().create_future()
            self._changed.set()
        return await asyncio.shield(wanted)

    def wake(self) -> None:
        """Look at once whether something is due."""
        self._changed.set()

    def halt(self) -> None:
        """Begin nothing any more, and have what is being done come to an end."""
        self._halted = True
        for event in self._halts:
            event.set()
        for wanted in self._asked.values():
            if not wanted.done():
                wanted.set_result(Done(is_whole=False))
        self._changed.set()

    async def run(self) -> None:
        """Work until halted; then wait for what is being done."""
        while not self._halted and not self.fatal:
            self._changed.clear()
            await self._fill_places()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), _TICK)
        self.halt()
        if self._busy:
            await asyncio.wait(self._busy.values())

    async def run_until_idle(self) -> None:
        """Work until nothing waits and nothing is being done."""
        while not self._halted and not self.fatal:
            self._changed.clear()
            begun = await self._fill_places()
            if not begun and not self._busy and self._spent() >= 1.0:
                self._refuse_looks(SPENT)
            if not begun and not self._busy and not self._asked:
                break
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), _TICK)
        self.halt()
        if self._busy:
            await asyncio.wait(self._busy.values())

    def _refuse_looks(self, problem: str) -> None:
        for name in list(self._asked):
            self._settle(name, Done(problem=problem, is_whole=False))

    async def abandon(self) -> None:
        """End at once what is still being done; it stays unfinished, and whoever comes next may begin it."""
        self.halt()
        left = dict(self._busy)
        for task in left.values():
            task.cancel()
        await asyncio.gather(*left.values(), return_exceptions=True)
        with contextlib.suppress(IndexUnavailableError):  # the leases end by themselves
            for name in left:
                await asyncio.to_thread(self._states.release, name, self._owner)

    async def renew(self) -> None:
        """Keep the leases of what is being done, count what it brought; to be called every `RENEWAL` seconds.

        A process that slept may have lost one to another, which works on the source now: then this one ends.
        """
        if not self._busy:
            return
        until = datetime.now(UTC) + LEASE
        busy = dict(self._busy)
        held = await asyncio.to_thread(self._states.renew, self._owner, until)
        await asyncio.to_thread(self._index.operations.submissions.renew, self._owner, until)
        for name in busy.keys() - {*held, *self._ending, SUBMISSIONS}:
            if self._busy.get(name) is busy[name]:
                log.warning("%s belongs to another process by now; it is left to that one", name)
                busy[name].cancel(LOST)
        await self._count_progress()

    async def _count_progress(self) -> None:
        """Count what was brought since it was last counted; what ends meanwhile does not count it again."""
        more = {}
        for name, progress in self._progress.items():
            if progress.counts != progress.counted:
                more[name] = progress.counts - progress.counted
                progress.counted = progress.counts
        if more:
            await asyncio.to_thread(self._states.brought, more)

    async def _fill_places(self) -> bool:
        """Begin what fits; whether anything was begun."""
        begun = False
        try:
            while len(self._busy) < self._places and not (self._halted or self.fatal):
                work = await self._next()
                if work is None:
                    break
                begun = await self._begin(work) or begun
        except IndexUnavailableError as error:
            log.warning("nothing new is begun: %s", error)
        return begun

    async def _next(self) -> Work | None:
        for _ in Kind:
            if self._spent() >= 1.0:
                return None
            kind = next(self._turns)
            if kind is Kind.LOOK:
                work = self._next_look()
            elif kind is Kind.REVISIT:
                work = await self._next_revisit()
            else:
                work = await self._next_submissions()
            if work:
                return work
        return None

    def _next_look(self) -> Work | None:
        followed = self._followed()
        for name in list(self._asked):
            source = followed.get(name)
            if source is None:
                self._settle(name, Done(is_whole=False))
            elif self._is_free(name):
                return Work(Kind.LOOK, source)
        return None

    async def _next_revisit(self) -> Work | None:
        if self._spent() >= REVISITS_WAIT_AT:
            return None
        now = datetime.now(UTC)
        followed = self._followed()
        due = await asyncio.to_thread(self._index.due_sources, now)
        for late in sorted(due, key=lambda each: (self._last_turn.get(each.source, 0.0), each.oldest)):
            source = followed.get(late.source)
            if source and self._is_free(late.source):
                self._last_turn[late.source] = time.monotonic()
                return Work(Kind.REVISIT, source, newest_first=now - late.oldest > BEHIND)
        return None

    async def _next_submissions(self) -> Work | None:
        submissions = self._index.operations.submissions
        if not self._is_free(SUBMISSIONS):
            return None
        is_there = await asyncio.to_thread(submissions.are_claimable, datetime.now(UTC))
        return Work(Kind.SUBMISSIONS) if is_there else None

    def _is_free(self, name: str) -> bool:
        return name not in self._busy and self._not_before.get(name, 0.0) <= time.monotonic()

    async def _begin(self, work: Work) -> bool:
        if work.source:
            now = datetime.now(UTC)
            is_pass = work.kind is Kind.LOOK
            mine = await asyncio.to_thread(
                self._states.claim, work.name, self._owner, now, now + LEASE, is_pass=is_pass
            )
            if not mine:
                self._not_before[work.name] = time.monotonic() + RETRY
                return False
        halt = asyncio.Event()
        self._halts.add(halt)
        task = asyncio.get_running_loop().create_task(self._do(work, halt))
        self._busy[work.name] = task
        return True

    async def _do(self, work: Work, halt: asyncio.Event) -> None:
        timer = asyncio.get_running_loop().call_later(LONGEST_WORK, halt.set)
        done = Done(is_whole=False)
        progress = self._progress[work.name] = Progress()
        failures = self._failures.pop(work.name, 0)
        try:
            done = await self._worker(work, halt, progress)
            if work.source:
                await self._keep(work, work.source, done)
        except IndexUnavailableError as error:  # not the fault of the source: it stays unfinished
            log.warning("%s of %s was broken off: %s", work.kind, work.name, error)
            done = await self._end(work, Done(progress.counts, is_whole=False))
        except ArchiverError as error:
            log.error("%s of %s failed: %s", work.kind, work.name, error)  # noqa: TRY400 - it says all
            self._failures[work.name] = failures + 1
            done = await self._end(work, Done(progress.counts, str(error)))
        except Exception as error:  # one piece of work must not end the others
            log.exception("%s of %s failed", work.kind, work.name)
            self._failures[work.name] = failures + 1
            done = await self._end(work, Done(progress.counts, f"internal error: {error!r}"))
        finally:
            timer.cancel()
            self.brought += done.counts
            del self._progress[work.name]
            self._halts.discard(halt)
            self._ending.discard(work.name)
            del self._busy[work.name]
            if work.kind is Kind.LOOK:
                self._settle(work.name, done)
            if done.problem or not done.is_whole:
                pause = min(LONGEST_RETRY, RETRY * 2 ** max(0, self._failures[work.name] - 1))
                self._not_before[work.name] = time.monotonic() + pause
            self._changed.set()

    async def _end(self, work: Work, done: Done) -> Done:
        """Write down that the work did not end well, if that can be."""
        self.fatal = self._over()
        if work.source:
            outcome = replace(done, is_whole=False) if self.fatal else done
            with contextlib.suppress(IndexUnavailableError):  # the lease ends by itself
                await self._keep(work, work.source, outcome)
        return done

    async def _keep(self, work: Work, source: Source, done: Done) -> None:
        """Write down how the work ended; work that was cut short stays unfinished."""
        self._ending.add(source.name)
        progress = self._progress[source.name]
        if work.kind is Kind.LOOK and not done.is_whole:
            await self._count_progress()
            await asyncio.to_thread(self._states.release, source.name, self._owner)
            return
        counted, progress.counted = progress.counted, progress.counts
        try:
            await asyncio.to_thread(
                self._states.finished,
                source.name,
                self._owner,
                datetime.now(UTC),
                done.counts,
                done.problem,
                is_pass=work.kind is Kind.LOOK,
                counted=counted,
            )
        except IndexUnavailableError:
            progress.counted = counted
            raise

    def _settle(self, name: str, done: Done) -> None:
        wanted = self._asked.pop(name, None)
        if wanted and not wanted.done():
            wanted.set_result(done)

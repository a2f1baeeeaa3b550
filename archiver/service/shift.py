"""One term as the process that works: until it is told to stop, or no longer leads."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from archiver.config.source import Source
from archiver.crawl.archive import Archive
from archiver.crawl.extracting import Extractor
from archiver.errors import IndexDamagedError, IndexUnavailableError
from archiver.model.operations import PassCounts
from archiver.service.chores import SCHEDULES, Chores
from archiver.service.clock_watch import ClockWatch
from archiver.service.crawling import Crawling
from archiver.service.dispatcher import RENEWAL, Dispatcher, Done
from archiver.service.pace import next_interval
from archiver.service.pulse import Facts, Pulse
from archiver.service.source_files import SourceFiles
from archiver.service.timetable import SOURCE, Timetable

log = logging.getLogger(__name__)

FILES_EVERY = 5.0
CLOCK_EVERY = 10.0
LEADERSHIP_EVERY = 2.0


@dataclass(frozen=True, slots=True)
class AllDone:
    """What the look at each source came to, by name, and what all brought, visits of due articles too."""

    looks: Mapping[str, Done]
    counts: PassCounts


@dataclass(slots=True)
class Orders:
    """What a service was told: when to stop, when to look at the source files at once."""

    stop: asyncio.Event = field(default_factory=asyncio.Event)
    reload: asyncio.Event = field(default_factory=asyncio.Event)


class Shift:
    """Runs timetable, dispatcher and chores over an open archive."""

    def __init__(
        self,
        archive: Archive,
        extractor: Extractor,
        files: SourceFiles,
        pulse: Pulse,
        is_leader: Callable[[], bool],
        clock: ClockWatch | None = None,
    ) -> None:
        service = archive.settings.service
        self._archive = archive
        self._files = files
        self._pulse = pulse
        self._is_leader = is_leader
        self._clock = clock or ClockWatch()
        self._states = archive.index.operations.sources
        self._chores = Chores(archive)
        self._grace = service.grace
        self._paused: frozenset[str] = frozenset()
        self._stops = False
        self._end = asyncio.Event()
        self.dispatcher = Dispatcher(
            archive.index,
            pulse.owner,
            lambda: {
                name: source for name, source in self._files.sources.items() if name not in self._paused
            },
            Crawling(archive, extractor, pulse.owner).do,
            places=service.workers,
            spent=archive.manners.budget.share,
            over=lambda: archive.ingest.failed,
        )
        self.timetable = Timetable(archive.index.job_store(), self._perform)

    async def work(self, orders: Orders) -> None:
        """Work until ordered to stop, or not leading any more; then finish what is under way, in the grace.

        Raises ArchiverError when the archive takes nothing any more.
        """
        await self._look_at_pauses()
        await self._keep_hosts_closed()
        intervals = {state.name: state.interval for state in await asyncio.to_thread(self._states.all)}
        self.timetable.start(self._files.sources.values(), SCHEDULES, intervals.get)
        tasks = [
            asyncio.create_task(self.dispatcher.run(), name="dispatcher"),
            asyncio.create_task(self._every(RENEWAL, self.dispatcher.renew), name="leases"),
            asyncio.create_task(self._every(RENEWAL, self._look_at_pauses), name="pauses"),
            asyncio.create_task(self._every(RENEWAL, self._take_up), name="unfinished"),
            asyncio.create_task(self._every(RENEWAL, self._beat), name="pulse"),
            asyncio.create_task(self._every(CLOCK_EVERY, self._look_at_the_clock), name="clock"),
            asyncio.create_task(self._follow_files(orders), name="files"),
            asyncio.create_task(self._until_deposed(), name="leadership"),
        ]
        ordered = asyncio.create_task(orders.stop.wait())
        try:
            await self._tell_plans()
            await asyncio.wait((*tasks, ordered), return_when=asyncio.FIRST_COMPLETED)
            self._begin_to_stop()
            if not orders.stop.is_set():
                await self._leave_what_others_took()
            await asyncio.wait(tasks[:1], timeout=self._grace)
        finally:
            self._begin_to_stop()
            ordered.cancel()
            self._end.set()
            self._archive.hurry()  # the next opening of the archive indexes what now cannot be
            await self.dispatcher.abandon()
            await self.timetable.finish()
            await _cancel(tasks)
            await self._tell_hosts()
        if self.dispatcher.fatal:
            raise self.dispatcher.fatal

    async def _leave_what_others_took(self) -> None:
        with contextlib.suppress(IndexUnavailableError):  # then nobody else can have taken anything
            await self.dispatcher.renew()

    def _begin_to_stop(self) -> None:
        if not self._stops:
            self._stops = True
            self.timetable.stop()
            self.dispatcher.halt()
            log.info("stopping; finishing %s", ", ".join(self.dispatcher.in_progress) or "nothing")

    async def work_once(self, orders: Orders) -> AllDone:
        """Look at every source once, visit every article that is due, have the log signed and stamped."""
        await self._look_at_pauses()
        await self._keep_hosts_closed()
        beside = [
            asyncio.create_task(self._every(RENEWAL, self.dispatcher.renew)),
            asyncio.create_task(self._every(RENEWAL, self._beat)),
            asyncio.create_task(self._halt_at(orders.stop)),
        ]
        try:
            names = [name for name in self._files.sources if name not in self._paused]
            looks = [asyncio.create_task(self.dispatcher.look(name)) for name in names]
            await asyncio.sleep(0)
            await self.dispatcher.run_until_idle()
            done = await asyncio.gather(*looks)
            await self._chores.do("stamp")
        finally:
            self._end.set()
            await _cancel(beside)
            await self._tell_hosts()
        if self.dispatcher.fatal:
            raise self.dispatcher.fatal
        return AllDone(dict(zip(names, done, strict=True)), self.dispatcher.brought)

    async def _halt_at(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self.dispatcher.halt()
        await asyncio.sleep(self._grace)
        await self.dispatcher.abandon()

    async def _perform(self, kind: str, name: str) -> None:
        """What a job of the timetable stands for."""
        source = self._files.sources.get(name)
        if kind != SOURCE:
            await self._chores.do(name)
        elif source and name not in self._paused:
            await self._note_wanted(name)
            done = await self.dispatcher.look(name)
            source = self._files.sources.get(name)  # its file may have changed meanwhile
            if source and done.is_whole and not self._stops:
                await self._plan_next(source, brought=done.counts.new > 0)

    async def _note_wanted(self, name: str) -> None:
        """Its time has come; when this process dies before it is its turn, that must not be forgotten."""
        try:
            await asyncio.to_thread(self._states.want, name, datetime.now(UTC))
        except IndexUnavailableError as error:
            log.warning("that %s is to be looked at cannot be kept: %s", name, error)

    async def _plan_next(self, source: Source, *, brought: bool) -> None:
        """Have the source looked at again an interval from now, by what the pass that just ended brought."""
        try:
            interval = next_interval(source.schedule, self.timetable.interval(source.name), brought=brought)
            if interval:
                self.timetable.again_in(source.name, interval)
        except IndexUnavailableError as error:
            log.warning("%s keeps its interval: %s", source.name, error)
        await self._tell_plan(source.name)

    async def _tell_plan(self, name: str) -> None:
        """Say when the source is looked at next."""
        try:
            interval = self.timetable.interval(name)
            await asyncio.to_thread(self._states.plan, name, self.timetable.next_run(name), interval)
        except IndexUnavailableError as error:
            log.warning("when %s is next cannot be told: %s", name, error)

    async def _tell_plans(self) -> None:
        """Say of every source when it is looked at."""
        for name in list(self._files.sources):
            await self._tell_plan(name)

    async def _look_at_pauses(self) -> None:
        states = await asyncio.to_thread(self._states.all)
        paused = frozenset(state.name for state in states if state.paused_at)
        for name in sorted(paused - self._paused):
            log.info("%s is paused", name)
        for name in sorted(self._paused - paused):
            log.info("%s goes on", name)
        self._paused = paused

    async def _take_up(self) -> None:
        """Have what was begun and not finished done now: by this process before, or by one that is gone."""
        for name in await asyncio.to_thread(self._states.unfinished):
            is_free = name not in self._paused and not self.dispatcher.is_asked_for(name)
            if not self._stops and is_free and self.timetable.next_run(name):
                log.info("%s was not finished; it is looked at again", name)
                self.timetable.soon(SOURCE, name)

    async def _beat(self) -> None:
        manners, syncs = self._archive.manners, self._archive.ingest.syncs
        facts: Facts = {
            "in_flight": len(self.dispatcher.in_progress),
            "queue": self.dispatcher.waiting,
            "requests": manners.counts.requests,
            "bytes": manners.counts.bytes,
            "waited_seconds": round(manners.counts.waited_seconds, 3),
            "refused": manners.counts.refused,
            "budget_share": manners.budget.share(),
            "fsync_count": syncs.count,
            "fsync_seconds": syncs.seconds,
        }
        index = self._archive.index
        await asyncio.to_thread(self._pulse.beat, index, facts)
        await asyncio.to_thread(self._pulse.tell_hosts, index, manners.states())

    async def _keep_hosts_closed(self) -> None:
        """Leave alone what was left alone when the last process ended."""
        closed = await asyncio.to_thread(self._archive.index.operations.hosts.closed, datetime.now(UTC))
        self._archive.manners.restore(closed)

    async def _tell_hosts(self) -> None:
        """Say which hosts are to be left alone by whoever comes next."""
        with contextlib.suppress(IndexUnavailableError):  # then the last beat has said it
            index, states = self._archive.index, self._archive.manners.states()
            await asyncio.to_thread(self._pulse.tell_hosts, index, states)

    async def _look_at_the_clock(self) -> None:
        moved = self._clock.jump()
        if moved:
            log.warning("the clock moved by %.0f s; what is due is spread anew", moved)
            self.timetable.settle()
            self.dispatcher.wake()

    async def _follow_files(self, orders: Orders) -> None:
        """Look at the source files now and then, and when told to."""
        changed = False
        while not self._end.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(orders.reload.wait(), FILES_EVERY)
            orders.reload.clear()
            changed = await asyncio.to_thread(self._files.reload) or changed
            if not changed:
                continue
            try:
                self.timetable.follow(self._files.sources.values())
            except IndexUnavailableError as error:
                log.warning("the timetable cannot follow the source files yet: %s", error)
                continue
            changed = False
            await self._tell_plans()

    async def _until_deposed(self) -> None:
        """Returns when another process leads, or this one cannot know."""
        while not self._end.is_set() and await asyncio.to_thread(self._is_leader):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._end.wait(), LEADERSHIP_EVERY)
        if not self._stops:
            log.warning("this process no longer leads")

    async def _every(self, seconds: float, step: Callable[[], Awaitable[None]]) -> None:
        while not self._end.is_set():
            try:
                await step()
            except IndexDamagedError:
                raise
            except IndexUnavailableError as error:
                log.warning("%s", error)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._end.wait(), seconds)


async def _cancel(tasks: Sequence[asyncio.Task[None]]) -> None:
    """End these tasks; what one of them failed with is raised."""
    for task in tasks:
        task.cancel()
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        if isinstance(result, Exception):
            raise result

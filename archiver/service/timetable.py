"""When each source is looked at and each chore done: APScheduler, its jobs in the archive's database."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.events import EVENT_JOB_EXECUTED, JobExecutionEvent
from apscheduler.executors.base import BaseExecutor
from apscheduler.job import Job
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from archiver.config.schedule import Schedule
from archiver.config.source import Source
from archiver.service.pace import within

log = logging.getLogger(__name__)
SOURCE, CHORE = "source", "chore"
SPREAD = timedelta(minutes=5)
"""What is overdue together after a pause or a jump of the clock is spread over this time."""
APART = timedelta(seconds=5)
_LONGEST_JITTER = 60
_LOOK_AGAIN = 10.0
"""Seconds after which the table is looked at even if nothing is due by the clock, which may be wrong."""
_LEAVE = 5.0
"""Seconds that chores have to end when the service stops."""

Perform = Callable[[str, str], Coroutine[Any, Any, None]]


def due(kind: str, name: str) -> None:
    """What a job in the table stands for: the executor of the running service does it."""
    raise AssertionError(f"{kind} {name} is done by a service, not called")


class _Performing(BaseExecutor):  # type: ignore[misc]  # APScheduler has no types
    """Awaits `perform` for each job; APScheduler sees to it that no job runs twice at a time."""

    def __init__(self, perform: Perform) -> None:
        super().__init__()
        self._perform = perform
        self.tasks: set[asyncio.Task[None]] = set()

    def _do_submit_job(self, job: Job, run_times: list[datetime]) -> None:
        task = asyncio.get_running_loop().create_task(self._perform(*job.args))
        self.tasks.add(task)

        def ended(task: asyncio.Task[None]) -> None:
            self.tasks.discard(task)
            error = None if task.cancelled() else task.exception()
            if error:
                self._run_job_error(job.id, error, error.__traceback__)
            else:
                event = JobExecutionEvent(EVENT_JOB_EXECUTED, job.id, "default", run_times[-1])
                self._run_job_success(job.id, [event])

        task.add_done_callback(ended)


class _Scheduler(AsyncIOScheduler):  # type: ignore[misc]
    """APScheduler's own ends silently when its job store fails, and sleeps on when the clock is set."""

    def _process_jobs(self) -> float:
        try:
            wait: float | None = super()._process_jobs()
        except Exception as error:  # noqa: BLE001 - whatever the job store fails with, there is a next time
            log.warning("the timetable cannot be read or written: %s", error)
            return _LOOK_AGAIN
        return _LOOK_AGAIN if wait is None else min(wait, _LOOK_AGAIN)


class Timetable:
    """The jobs of one archive: a `source` job for each source that is followed, and the `chore` jobs."""

    def __init__(self, store: Any, perform: Perform) -> None:
        self._performing = _Performing(perform)
        self._scheduler = _Scheduler(
            jobstores={"default": store},
            executors={"default": self._performing},
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
            timezone=UTC,
        )

    def start(
        self,
        sources: Iterable[Source],
        chores: Iterable[tuple[str, Schedule]],
        intervals: Callable[[str], timedelta | None],
    ) -> None:
        """Bring the table to what is configured, with the intervals that were found to suit; begin."""
        self._scheduler.start(paused=True)
        for job in self._scheduler.get_jobs():
            if not _is_whole(job):
                job.remove()
        self.follow(sources, intervals)
        for name, schedule in chores:
            self._put(CHORE, name, schedule, None)
        self.settle()
        self._scheduler.resume()

    def stop(self) -> None:
        """Nothing is begun any more; what runs goes on."""
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)

    async def finish(self) -> None:
        """Wait a little for what was begun, then give it up."""
        if self._performing.tasks:
            _, late = await asyncio.wait(self._performing.tasks, timeout=_LEAVE)
            for task in late:
                task.cancel()

    def follow(
        self, sources: Iterable[Source], intervals: Callable[[str], timedelta | None] = lambda _name: None
    ) -> None:
        """Have a job for each of `sources` and for no other; those whose schedule is as it was stay."""
        wanted = {source.name: source for source in sources}
        for job in self._scheduler.get_jobs():
            kind, name = job.args
            if kind == SOURCE and name not in wanted:
                job.remove()
        for source in wanted.values():
            self._put(SOURCE, source.name, source.schedule, intervals(source.name))

    def interval(self, source: str) -> timedelta | None:
        """How often the source is looked at; None when it is not in the table, or has a cron line."""
        job = self._scheduler.get_job(_job_id(SOURCE, source))
        found: timedelta | None = getattr(job.trigger, "interval", None) if job else None
        return found

    def again_in(self, source: str, interval: timedelta) -> None:
        """Look at the source `interval` from now, then as often: a late or long pass delays the next."""
        job = self._scheduler.get_job(_job_id(SOURCE, source))
        if job:
            job.reschedule(_every(interval))

    def next_run(self, source: str) -> datetime | None:
        """When the source is looked at next; None when it is not in the table."""
        job = self._scheduler.get_job(_job_id(SOURCE, source))
        when: datetime | None = job.next_run_time if job else None
        return when

    def soon(self, kind: str, name: str) -> None:
        """Do it now."""
        job = self._scheduler.get_job(_job_id(kind, name))
        if job:
            job.modify(next_run_time=datetime.now(UTC))

    def wake(self) -> None:
        """Look at once whether something is due, whatever the clock said before."""
        if self._scheduler.running:
            self._scheduler.wakeup()

    def settle(self) -> None:
        """After a pause or a jump of the clock: spread what is overdue, bring near what is too far off."""
        now = datetime.now(UTC)
        jobs = [job for job in self._scheduler.get_jobs() if job.next_run_time]
        overdue = sorted((job for job in jobs if job.next_run_time <= now), key=_time_of)
        step = min(APART, SPREAD / max(1, len(overdue)))
        for place, job in enumerate(overdue):
            job.modify(next_run_time=now + place * step)
        for job in jobs:
            latest = _latest(job, now)
            if job.next_run_time > latest:
                job.modify(next_run_time=latest)

    def _put(self, kind: str, name: str, schedule: Schedule, interval: timedelta | None) -> None:
        job_id = _job_id(kind, name)
        known = self._scheduler.get_job(job_id)
        if (
            known
            and known.name == str(schedule)
            and isinstance(known.trigger, CronTrigger) is bool(schedule.cron)
        ):
            return
        base = schedule.interval
        trigger = _every(within(base, interval)) if base and interval else schedule.trigger(_jitter(base))
        self._scheduler.add_job(
            due,
            trigger,
            args=(kind, name),
            id=job_id,
            name=str(schedule),
            replace_existing=True,
            next_run_time=trigger.get_next_fire_time(None, datetime.now(UTC))
            if schedule.cron
            else datetime.now(UTC),
        )


def is_followed(store: Any, source: str) -> bool:
    """Whether the source has a job in `store`, whoever runs it. Raises IndexUnavailableError."""
    return store.lookup_job(_job_id(SOURCE, source)) is not None


def _job_id(kind: str, name: str) -> str:
    return f"{kind}:{name}"


def _is_whole(job: Job) -> bool:
    """Whether the job is as this program makes them, and not another version of it or somebody by hand."""
    return (
        len(job.args) == 2
        and job.executor == "default"
        and isinstance(job.trigger, IntervalTrigger | CronTrigger)
        and isinstance(job.next_run_time, datetime)
        and job.next_run_time.tzinfo is not None
    )


def _time_of(job: Job) -> datetime:
    when: datetime = job.next_run_time
    return when


def _every(interval: timedelta) -> IntervalTrigger:
    return IntervalTrigger(seconds=int(interval.total_seconds()), timezone=UTC, jitter=_jitter(interval))


def _jitter(interval: timedelta | None) -> int:
    """A tenth of the interval, at most a minute: sources that share a schedule do not meet."""
    seconds = interval.total_seconds() if interval else 10 * _LONGEST_JITTER
    return max(1, min(_LONGEST_JITTER, round(seconds / 10)))


def _latest(job: Job, now: datetime) -> datetime:
    """No job can be due later than this, unless the clock was ahead when it was planned."""
    interval: timedelta | None = getattr(job.trigger, "interval", None)
    if interval is not None:
        return now + interval + SPREAD
    first: datetime | None = job.trigger.get_next_fire_time(None, now)
    return (first or now) + SPREAD

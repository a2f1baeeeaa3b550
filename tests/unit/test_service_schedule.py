"""When sources are looked at: how often, in what order after a pause, and what a changed file does to it."""

from __future__ import annotations

import asyncio
import errno
import fcntl
import os
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import pytest
import time_machine
from apscheduler.job import Job
from apscheduler.triggers.cron import CronTrigger
from hypothesis import given
from hypothesis import strategies as st

from archiver.config.schedule import Schedule
from archiver.config.source import Source
from archiver.errors import AlreadyRunningError, ConfigurationError
from archiver.service.clock_watch import ClockWatch
from archiver.service.pace import next_interval
from archiver.service.source_files import SourceFiles
from archiver.service.timetable import CHORE, SOURCE, SPREAD, Timetable
from archiver.storage.home_lock import LOCK_NAME, is_free, sole_service
from archiver.storage.index import Index

HOUR = timedelta(hours=1)


def source(name: str, interval: timedelta = HOUR) -> Source:
    return Source(
        name, name, ("example.org",), "DE", ("en",), schedule=Schedule(interval=interval), enabled=True
    )


# How often


@given(
    st.timedeltas(timedelta(minutes=1), timedelta(days=31)),
    st.none() | st.timedeltas(timedelta(minutes=1), timedelta(days=200)),
    st.booleans(),
)
def test_the_interval_stays_between_half_and_four_times_that_of_the_file(
    base: timedelta, current: timedelta | None, brought: bool
) -> None:
    found = next_interval(Schedule(interval=base), current, brought=brought)
    assert found is not None
    second = timedelta(seconds=1)
    assert (
        max(timedelta(minutes=1), base / 2) - second <= found <= max(4 * base, timedelta(minutes=1)) + second
    )


def test_a_source_that_brings_something_is_looked_at_sooner_and_one_that_does_not_later() -> None:
    schedule = Schedule(interval=HOUR)
    assert next_interval(schedule, None, brought=True) == timedelta(minutes=48)
    assert next_interval(schedule, None, brought=False) == timedelta(minutes=75)
    assert next_interval(schedule, timedelta(minutes=75), brought=True) == HOUR


def test_a_cron_line_is_never_adapted() -> None:
    assert next_interval(Schedule(cron="0 6 * * *"), None, brought=True) is None


# The clock


def test_drift_is_no_jump_and_a_jump_is_told_once() -> None:
    now = {"wall": 1000.0, "steady": 0.0}
    watch = ClockWatch(lambda: now["wall"], lambda: now["steady"])
    now |= {"wall": 1030.5, "steady": 30.0}
    assert watch.jump() == 0
    now |= {"wall": 90_000.0, "steady": 40.0}
    assert watch.jump() == pytest.approx(88_959.5)
    assert watch.jump() == 0
    now["wall"] = 0.0
    assert watch.jump() < 0


# One service a home


def test_a_second_service_is_told_who_holds_the_home(tmp_path: Path) -> None:
    with (
        sole_service(tmp_path),
        pytest.raises(AlreadyRunningError, match=f"process {os.getpid()} on "),
        sole_service(tmp_path),
    ):
        pass
    with sole_service(tmp_path):
        pass


def test_a_service_holds_its_home_though_somebody_removes_the_lock_file(tmp_path: Path) -> None:
    with sole_service(tmp_path):
        (tmp_path / LOCK_NAME).unlink()
        with pytest.raises(AlreadyRunningError, match=r"its run\.lock was removed"), sole_service(tmp_path):
            pass
        assert not is_free(tmp_path)
        (tmp_path / LOCK_NAME).touch()
        with pytest.raises(AlreadyRunningError), sole_service(tmp_path):
            pass
        assert not is_free(tmp_path)
    assert is_free(tmp_path)


def test_where_no_folder_can_be_locked_the_lock_file_is_heeded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(file: IO[str] | int, operation: int, lock: Callable[..., None] = fcntl.flock) -> None:
        if stat.S_ISDIR(os.fstat(file if isinstance(file, int) else file.fileno()).st_mode):
            raise OSError(errno.EBADF, "NFS locks no folder")
        lock(file, operation)

    monkeypatch.setattr(fcntl, "flock", flock)
    with (
        sole_service(tmp_path),
        pytest.raises(AlreadyRunningError, match=f"process {os.getpid()} on "),
        sole_service(tmp_path),
    ):
        pass


def test_a_killed_service_holds_nothing(tmp_path: Path) -> None:
    holding = (
        "import sys, time; from pathlib import Path; from archiver.storage.home_lock import sole_service\n"
    )
    holding += "with sole_service(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", holding, str(tmp_path)], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyRunningError, match=str(child.pid)), sole_service(tmp_path):
            pass
        assert not is_free(tmp_path)
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert is_free(tmp_path)
    with sole_service(tmp_path):
        pass


def test_who_only_asks_for_the_lock_keeps_no_service_from_beginning(tmp_path: Path) -> None:
    assert not is_free(tmp_path), "without a lock file nobody knows"
    (tmp_path / LOCK_NAME).touch()
    with (tmp_path / LOCK_NAME).open() as asking:
        fcntl.flock(asking, fcntl.LOCK_SH)
        assert is_free(tmp_path)
        given_back = threading.Timer(0.1, fcntl.flock, (asking, fcntl.LOCK_UN))
        given_back.start()
        with sole_service(tmp_path):
            given_back.join()
            assert not is_free(tmp_path)


# The source files

TEXT = "title: Daily\ndomains: [daily.example]\ncountry: DE\nlanguages: [en]\nenabled: true\n"
FEED = 'feeds: ["https://daily.example/feed"]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "daily.yaml").write_text(TEXT + FEED)
    return tmp_path


def test_sources_are_read_again_only_when_a_file_changed(folder: Path) -> None:
    files = SourceFiles(folder)
    assert files.reload()
    assert set(files.sources) == {"daily"}
    assert not files.reload()
    (folder / "weekly.yaml").write_text(TEXT + FEED)
    assert files.reload()
    assert set(files.sources) == {"daily", "weekly"}
    (folder / "weekly.yaml").unlink()
    assert files.reload()
    assert set(files.sources) == {"daily"}


def test_a_file_that_breaks_leaves_its_source_as_it_was_and_says_so(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = SourceFiles(folder)
    files.reload()
    before = files.sources["daily"]
    (folder / "daily.yaml").write_text(TEXT + FEED + "shedule: 5 min\n")
    (folder / "other.yaml").write_text("title: [half written")
    assert not files.reload()
    assert files.sources == {"daily": before}
    assert "shedule" in caplog.text
    assert "it stays as it was" in caplog.text
    assert "it is left out" in caplog.text


def test_a_source_that_may_not_be_crawled_is_refused_at_the_start_and_left_out_later(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses(found: Source) -> str | None:
        return "set identity.contact" if found.name == "bad" else None

    files = SourceFiles(folder, refuses=refuses)
    files.reload()
    (folder / "bad.yaml").write_text(TEXT + FEED)
    assert not files.reload()
    assert "source bad is left out: set identity.contact" in caplog.text
    with pytest.raises(ConfigurationError, match=r"identity\.contact"):
        SourceFiles(folder, refuses=refuses).reload()


# The timetable


class Table:
    """A timetable over a real job store; `done` is what it had performed."""

    def __init__(self, path: Path) -> None:
        self.index = Index.open(f"sqlite:///{path}/index.sqlite")
        self.done: list[tuple[str, str]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.timetable = Timetable(self.index.job_store(), self._perform)

    async def _perform(self, kind: str, name: str) -> None:
        self.done.append((kind, name))
        await self.gate.wait()

    def start(self, *sources: Source) -> None:
        self.timetable.start(sources, [("log", Schedule(interval=HOUR))], lambda _name: None)

    async def until(self, is_so: Callable[[], bool]) -> None:
        for _ in range(500):
            self.timetable.wake()
            if is_so():
                return
            await asyncio.sleep(0.01)
        raise AssertionError(self.done)


async def test_every_source_and_every_chore_is_done_at_the_start(tmp_path: Path) -> None:
    table = Table(tmp_path)
    with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC), tick=True) as clock:
        table.start(source("one"), source("two"))
        clock.shift(SPREAD)
        await table.until(lambda: len(table.done) == 3)
        assert set(table.done) == {(SOURCE, "one"), (SOURCE, "two"), (CHORE, "log")}
        when = table.timetable.next_run("one")
        assert when
        assert timedelta() < when - datetime.now(UTC) <= HOUR + timedelta(minutes=2)
        table.timetable.stop()
    table.index.close()


async def test_a_pass_that_lasts_longer_than_its_interval_is_not_begun_twice(tmp_path: Path) -> None:
    table = Table(tmp_path)
    with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC), tick=True) as clock:
        table.gate.clear()
        table.start(source("one"))
        clock.shift(SPREAD)
        await table.until(lambda: (SOURCE, "one") in table.done)
        for _ in range(3):
            clock.shift(2 * HOUR)
            table.timetable.wake()
            await asyncio.sleep(0.05)
        assert table.done.count((SOURCE, "one")) == 1
        table.gate.set()
        await asyncio.sleep(0.05)
        clock.shift(2 * HOUR)
        await table.until(lambda: table.done.count((SOURCE, "one")) >= 2)
        table.timetable.stop()
    table.index.close()


async def test_after_a_late_pass_the_next_is_a_whole_interval_away(tmp_path: Path) -> None:
    table = Table(tmp_path)
    with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC), tick=True) as clock:
        table.start(source("one"))
        for minutes in range(5, 65, 6):  # somewhere in the interval, whatever the jitter says
            table.done.clear()
            clock.shift(2 * HOUR + timedelta(minutes=minutes))
            await table.until(lambda: (SOURCE, "one") in table.done)
            table.timetable.again_in("one", HOUR)
            when = table.timetable.next_run("one")
            assert when
            assert when - datetime.now(UTC) >= HOUR - timedelta(minutes=1, seconds=5)
        table.timetable.stop()
    table.index.close()


async def test_what_is_overdue_after_a_jump_of_the_clock_is_spread(tmp_path: Path) -> None:
    table, sources = Table(tmp_path), [source(f"s{number}") for number in range(40)]
    with time_machine.travel(datetime(2030, 1, 1, tzinfo=UTC), tick=True) as clock:
        table.start(*sources)
        clock.shift(timedelta(days=1))
        table.timetable.settle()
        now = datetime.now(UTC)
        runs = sorted(run for each in sources if (run := table.timetable.next_run(each.name)))
        assert len(runs) == 40
        assert runs[-1] - runs[0] >= SPREAD / 2
        assert max(runs) <= now + SPREAD + timedelta(seconds=5)
        table.timetable.stop()
    table.index.close()


async def test_a_clock_that_was_ahead_does_not_keep_sources_waiting(tmp_path: Path) -> None:
    table = Table(tmp_path)
    with time_machine.travel(datetime(2040, 1, 1, tzinfo=UTC), tick=True) as clock:
        table.start(source("one"))
        clock.shift(SPREAD)
        await table.until(lambda: len(table.done) == 2)
        clock.move_to(datetime(2030, 1, 1, tzinfo=UTC))
        table.timetable.settle()
        when = table.timetable.next_run("one")
        assert when
        assert when - datetime.now(UTC) <= HOUR + SPREAD
        table.timetable.stop()
    table.index.close()


async def test_the_table_follows_the_source_files(tmp_path: Path) -> None:
    table = Table(tmp_path)
    table.start(source("stays"), source("goes"), source("changes"))
    table.timetable.again_in("stays", timedelta(minutes=40))
    changed = replace(source("changes"), schedule=Schedule(interval=timedelta(minutes=7)))
    table.timetable.follow([source("stays"), changed, source("comes")])
    assert table.timetable.interval("stays") == timedelta(minutes=40)
    assert table.timetable.interval("changes") == timedelta(minutes=7)
    assert table.timetable.next_run("goes") is None
    assert table.timetable.next_run("comes")
    table.timetable.stop()
    table.index.close()


@pytest.mark.parametrize("cron", ["0 5 1 1 *", "*/7 * * * *"])
async def test_a_cron_line_takes_the_place_of_an_interval_that_was_found_to_suit(
    tmp_path: Path, cron: str
) -> None:
    table = Table(tmp_path)
    table.start(source("one"))
    table.timetable.again_in("one", timedelta(minutes=48))
    table.timetable.stop()
    table.index.close()
    again = Table(tmp_path)
    changed = replace(source("one"), schedule=Schedule(cron=cron))
    again.timetable.start([changed], [], lambda _name: timedelta(minutes=48))
    assert again.timetable.interval("one") is None
    when = again.timetable.next_run("one")
    assert when
    expected = Schedule(cron=cron).trigger().get_next_fire_time(None, datetime.now(UTC))
    assert abs(when - expected) < timedelta(minutes=8)
    again.timetable.stop()
    again.index.close()


async def test_an_interval_that_was_found_to_suit_stays_within_the_bounds_of_a_new_schedule(
    tmp_path: Path,
) -> None:
    table = Table(tmp_path)
    week = timedelta(days=7)
    table.timetable.start([source("one")], [], lambda _name: week)
    assert table.timetable.interval("one") == 4 * HOUR
    table.timetable.stop()
    table.index.close()


def _without_arguments(job: Job) -> None:
    job.args = ()


def _of_another_kind(job: Job) -> None:
    job.name, job.trigger = "1 h", CronTrigger(minute="0", timezone=UTC)


def _without_a_time(job: Job) -> None:
    job.next_run_time = None


def _of_a_time_nowhere(job: Job) -> None:
    job.next_run_time = datetime(2030, 1, 1)  # noqa: DTZ001 - that is what is wrong with it


def _without_a_trigger(job: Job) -> None:
    job.trigger = "every hour"


def _done_by_another(job: Job) -> None:
    job.executor = "processes"


@pytest.mark.parametrize(
    "spoil",
    [
        _without_arguments,
        _of_another_kind,
        _without_a_time,
        _of_a_time_nowhere,
        _without_a_trigger,
        _done_by_another,
    ],
)
async def test_a_job_that_is_none_of_ours_is_replaced(tmp_path: Path, spoil: Callable[[Job], None]) -> None:
    table = Table(tmp_path)
    table.start(source("one"))
    table.timetable.stop()
    store = table.index.job_store()
    job = store.lookup_job("source:one")
    spoil(job)
    store.update_job(job)
    table.index.close()
    again = Table(tmp_path)
    again.start(source("one"))
    assert again.timetable.interval("one") == HOUR
    when = again.timetable.next_run("one")
    assert when
    assert when - datetime.now(UTC) <= SPREAD
    again.timetable.stop()
    again.index.close()


async def test_the_table_outlives_the_process_and_a_job_store_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    table = Table(tmp_path)
    table.start(source("one"))
    table.timetable.again_in("one", timedelta(minutes=33))
    table.timetable.stop()
    table.index.close()
    again = Table(tmp_path)
    again.start(source("one"))
    assert again.timetable.interval("one") == timedelta(minutes=33)
    store = again.timetable._scheduler._jobstores["default"]
    with monkeypatch.context() as broken:
        broken.setattr(store, "get_next_run_time", lambda: 1 / 0)
        again.timetable.wake()
        await asyncio.sleep(0.05)
        assert "cannot be read or written" in caplog.text
    again.timetable.soon(SOURCE, "one")
    await again.until(lambda: (SOURCE, "one") in again.done)
    again.timetable.stop()
    again.index.close()

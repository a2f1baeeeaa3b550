"""What is worked on next, by how many at once, and what becomes of work that fails or is broken off."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from archiver.config.schedule import Schedule
from archiver.config.source import Source
from archiver.errors import ArchiverError, ConfigurationError, IndexUnavailableError, StorageError
from archiver.model.operations import PassCounts
from archiver.service import dispatcher as dispatcher_module
from archiver.service.dispatcher import Dispatcher, Done, Kind, Progress, Work
from archiver.storage.index import FollowedArticle, Index

HOUR = timedelta(hours=1)


def source(name: str) -> Source:
    return Source(name, name, ("example.org",), "DE", ("en",), schedule=Schedule(interval=HOUR), enabled=True)


@dataclass
class Desk:
    """A dispatcher over an index of its own, with a worker that does as it is told."""

    index: Index
    sources: dict[str, Source]
    places: int = 2
    spent: float = 0.0
    over: ArchiverError | None = None
    fails: dict[str, Exception] = field(default_factory=dict)
    begun: list[Work] = field(default_factory=list)
    at_once: set[str] = field(default_factory=set)
    most: int = 0
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    brings: PassCounts = field(default_factory=lambda: PassCounts(new=1))
    brings_down: int = 100
    """Articles that a batch of revisits visits."""
    fails_always: Callable[[], Exception] | None = None

    def __post_init__(self) -> None:
        self.gate.set()
        self.dispatcher = Dispatcher(
            self.index, "me", lambda: self.sources, self._work, places=self.places,
            spent=lambda: self.spent, over=lambda: self.over,
        )  # fmt: skip

    async def _work(self, work: Work, halt: asyncio.Event, progress: Progress) -> Done:
        assert work.name not in self.at_once, "two things of one source at once"
        self.at_once.add(work.name)
        self.most = max(self.most, len(self.at_once))
        self.begun.append(work)
        progress.counts = self.brings
        try:
            await asyncio.sleep(0)
            opened, halted = (asyncio.ensure_future(event.wait()) for event in (self.gate, halt))
            await asyncio.wait((opened, halted), return_when=asyncio.FIRST_COMPLETED)
            opened.cancel()
            halted.cancel()
            if self.fails_always:
                raise self.fails_always()
            if work.name in self.fails:
                raise self.fails.pop(work.name)
            if work.kind is Kind.REVISIT:
                self.plan_later(work.name)
        finally:
            self.at_once.discard(work.name)
        return Done(self.brings, is_whole=not halt.is_set())

    def follow(self, name: str, due: datetime, url: str = "") -> None:
        """An article of the source that is due."""
        key = url or f"http://{name}.example/story"
        self.index.follow([FollowedArticle(key, key, name, due, due, due, 0, due)])

    def plan_later(self, name: str) -> None:
        now = datetime.now(UTC)
        for article in self.index.due(now, name, self.brings_down):
            self.follow(name, now + HOUR, article.url)

    def names(self, kind: Kind) -> list[str]:
        return [work.name for work in self.begun if work.kind is kind]

    async def until(self, is_so: Callable[[], bool]) -> None:
        for _ in range(500):
            if is_so():
                return
            self.dispatcher.wake()
            await asyncio.sleep(0.01)
        raise AssertionError(self.begun)


@asynccontextmanager
async def desk(folder: Path, *names: str, places: int = 2) -> AsyncIterator[Desk]:
    with Index.open(f"sqlite:///{folder}/index.sqlite") as index:
        made = Desk(index, {name: source(name) for name in names}, places=places)
        running = asyncio.create_task(made.dispatcher.run())
        try:
            yield made
        finally:
            made.gate.set()
            made.dispatcher.halt()
            await running


async def test_who_asks_for_a_look_learns_what_it_brought_and_it_is_written_down(tmp_path: Path) -> None:
    async with desk(tmp_path, "one") as at:
        assert (await at.dispatcher.look("one")).counts.new == 1
        state = at.index.operations.sources.get("one")
        assert state.finished_at
        assert state.succeeded_at == state.finished_at
        assert (state.last.new, state.total.new, state.lease_owner) == (1, 1, None)


async def test_no_more_than_the_places_are_taken_and_never_two_by_one_source(tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(7)]
    async with desk(tmp_path, *names, places=3) as at:
        for name in names:
            at.follow(name, datetime.now(UTC) - timedelta(minutes=5))
        at.gate.clear()
        looks = [asyncio.create_task(at.dispatcher.look(name)) for name in (*names, *names)]
        await at.until(lambda: len(at.at_once) == 3)
        at.gate.set()
        await asyncio.gather(*looks)
        await at.until(lambda: len(at.names(Kind.REVISIT)) == 7)
        assert sorted(at.names(Kind.LOOK)) == sorted(names)
        assert at.most == 3


async def test_articles_that_are_due_have_their_turn_though_sources_keep_coming(tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(6)]
    async with desk(tmp_path, *names, places=1) as at:
        at.follow("s5", datetime.now(UTC) - timedelta(minutes=5))
        await asyncio.gather(*(at.dispatcher.look(name) for name in names))
        kinds = [work.kind for work in at.begun]
        assert Kind.REVISIT in kinds[:4]


async def test_the_longest_overdue_source_comes_first_and_hours_late_the_newest_articles_do(
    tmp_path: Path,
) -> None:
    async with desk(tmp_path, places=1) as at:
        now = datetime.now(UTC)
        at.follow("late", now - timedelta(minutes=30))
        at.follow("later", now - timedelta(hours=3))
        at.sources.update({name: source(name) for name in ("late", "later")})
        await at.until(lambda: len(at.begun) == 2)
        assert [(work.name, work.newest_first) for work in at.begun] == [("later", True), ("late", False)]


async def test_a_source_with_much_that_is_late_leaves_others_their_turn(tmp_path: Path) -> None:
    async with desk(tmp_path, "much", "little", places=1) as at:
        now = datetime.now(UTC)
        at.brings_down = 5
        for number in range(40):
            at.follow("much", now - 3 * HOUR, f"http://much.example/{number}")
        for number in range(10):
            at.follow("little", now - 2 * HOUR, f"http://little.example/{number}")
        await at.until(lambda: len(at.names(Kind.REVISIT)) >= 4)
        assert at.names(Kind.REVISIT)[:4] == ["much", "little", "much", "little"]


async def test_a_single_pass_on_a_spent_budget_ends_and_says_why(tmp_path: Path) -> None:
    with Index.open(f"sqlite:///{tmp_path}/index.sqlite") as index:
        at = Desk(index, {"one": source("one")}, spent=1.0)
        looking = asyncio.create_task(at.dispatcher.look("one"))
        await asyncio.sleep(0)
        await asyncio.wait_for(at.dispatcher.run_until_idle(), 10)
        done = await looking
        assert not done.is_whole
        assert "politeness.bytes_per_day" in str(done.problem)


async def test_nearly_spent_budgets_leave_looks_and_spent_ones_nothing(tmp_path: Path) -> None:
    async with desk(tmp_path, "one") as at:
        at.spent = 0.9
        at.follow("one", datetime.now(UTC) - HOUR)
        await at.dispatcher.look("one")
        assert at.names(Kind.REVISIT) == []
        at.spent = 1.0
        looking = asyncio.create_task(at.dispatcher.look("one"))
        at.dispatcher.wake()
        await asyncio.sleep(0.05)
        assert at.names(Kind.LOOK) == ["one"]
        at.spent = 0.0
        await at.until(looking.done)
        await at.until(lambda: at.names(Kind.REVISIT) == ["one"])


async def test_what_nobody_follows_is_left_alone(tmp_path: Path) -> None:
    async with desk(tmp_path, "one") as at:
        at.follow("paused", datetime.now(UTC) - HOUR)
        assert not (await at.dispatcher.look("paused")).is_whole
        await at.dispatcher.look("one")
        assert {work.name for work in at.begun} == {"one"}


async def test_a_source_that_another_process_works_on_is_left_to_it_until_its_lease_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archiver.service.dispatcher.RETRY", 0.05)
    async with desk(tmp_path, "one") as at:
        now = datetime.now(UTC)
        assert at.index.operations.sources.claim("one", "other", now, now + timedelta(seconds=0.6))
        looking = asyncio.create_task(at.dispatcher.look("one"))
        await asyncio.sleep(0.2)
        assert at.begun == []
        await at.until(looking.done)
        assert datetime.now(UTC) >= now + timedelta(seconds=0.6)


async def test_leases_are_renewed_while_the_work_lasts(tmp_path: Path) -> None:
    async with desk(tmp_path, "one") as at:
        at.gate.clear()
        looking = asyncio.create_task(at.dispatcher.look("one"))
        await at.until(lambda: bool(at.begun))
        before = at.index.operations.sources.get("one").lease_until
        await asyncio.sleep(0.01)
        await at.dispatcher.renew()
        after = at.index.operations.sources.get("one").lease_until
        assert before
        assert after
        assert after > before
        at.gate.set()
        await looking


async def test_what_work_brings_is_counted_while_it_lasts_and_once(tmp_path: Path) -> None:
    async with desk(tmp_path, "one") as at:
        at.brings = PassCounts(new=3, unchanged=1)
        at.gate.clear()
        looking = asyncio.create_task(at.dispatcher.look("one"))
        await at.until(lambda: bool(at.begun))
        await at.dispatcher.renew()
        await at.dispatcher.renew()
        state = at.index.operations.sources.get("one")
        assert (state.total, state.last) == (at.brings, PassCounts())
        at.gate.set()
        await looking
        state = at.index.operations.sources.get("one")
        assert (state.total, state.last) == (at.brings, at.brings)


async def test_what_is_being_written_down_is_not_counted_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with desk(tmp_path, "one") as at:
        begun, free = threading.Event(), threading.Event()
        states = at.dispatcher._states
        finished = states.finished

        def slowly(*arguments: Any, **more: Any) -> None:
            begun.set()
            assert free.wait(10)
            finished(*arguments, **more)

        monkeypatch.setattr(states, "finished", slowly)
        looking = asyncio.create_task(at.dispatcher.look("one"))
        await at.until(begun.is_set)
        await at.dispatcher.renew()
        free.set()
        await looking
        assert at.index.operations.sources.get("one").total == at.brings


async def test_what_broken_off_work_brought_is_counted(tmp_path: Path) -> None:
    async with desk(tmp_path, "one", "two") as at:
        at.fails = {"one": StorageError("a page cannot be read"), "two": IndexUnavailableError("away")}
        await asyncio.gather(at.dispatcher.look("one"), at.dispatcher.look("two"))
        states = at.index.operations.sources
        assert [states.get(name).total for name in ("one", "two")] == [at.brings, at.brings]


async def test_work_that_cannot_be_done_is_tried_ever_less_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dispatcher_module, "RETRY", 0.02)
    monkeypatch.setattr(dispatcher_module, "_TICK", 0.01)
    async with desk(tmp_path, "one") as at:
        tries: list[float] = []

        def fail() -> Exception:
            tries.append(time.monotonic())
            return ConfigurationError("a header names a variable that is not set")

        at.fails_always = fail
        at.follow("one", datetime.now(UTC) - HOUR)
        await at.until(lambda: len(tries) == 6)
        assert tries[5] - tries[4] > 0.02 * 2**4
        assert "not set" in str(at.index.operations.sources.get("one").problem)


async def test_a_process_that_slept_leaves_a_source_to_the_one_that_took_it_meanwhile(tmp_path: Path) -> None:
    async with desk(tmp_path, "one", "two") as at:
        at.gate.clear()
        looks = [asyncio.create_task(at.dispatcher.look(name)) for name in ("one", "two")]
        await at.until(lambda: len(at.begun) == 2)
        later = datetime.now(UTC) + timedelta(seconds=30)
        assert at.index.operations.sources.claim("one", "other", later, later + timedelta(seconds=20))
        await at.dispatcher.renew()
        assert not (await looks[0]).is_whole
        assert at.dispatcher.in_progress == ["two"]
        assert at.index.operations.sources.get("one").lease_owner == "other"
        at.gate.set()
        assert (await looks[1]).is_whole


async def test_thousands_of_sources_may_be_paused_while_they_wait(tmp_path: Path) -> None:
    names = [f"s{number}" for number in range(3_000)]
    async with desk(tmp_path, *names, places=1) as at:
        at.gate.clear()
        looks = [asyncio.create_task(at.dispatcher.look(name)) for name in names]
        await at.until(lambda: bool(at.begun))
        at.sources.clear()
        at.gate.set()
        done = await asyncio.wait_for(asyncio.gather(*looks), 20)
        assert len([each for each in done if each.is_whole]) == 1


@pytest.mark.parametrize("error", [StorageError("a page cannot be read"), ValueError("a program error")])
async def test_work_that_fails_is_told_of_its_source_and_takes_no_other_with_it(
    tmp_path: Path, error: Exception
) -> None:
    async with desk(tmp_path, "bad", "good") as at:
        at.fails["bad"] = error
        done = await asyncio.gather(at.dispatcher.look("bad"), at.dispatcher.look("good"))
        assert str(error) in str(done[0].problem)
        assert done[1].problem is None
        state = at.index.operations.sources.get("bad")
        assert (state.failures, str(error) in str(state.problem)) == (1, True)
        assert at.index.operations.sources.unfinished() == []


async def test_work_that_an_absent_database_broke_off_stays_unfinished(tmp_path: Path) -> None:
    async with desk(tmp_path, "one") as at:
        at.fails["one"] = IndexUnavailableError("the database is away")
        assert not (await at.dispatcher.look("one")).is_whole
        assert at.index.operations.sources.unfinished() == ["one"]
        assert at.index.operations.sources.get("one").failures == 0


async def test_an_archive_that_takes_nothing_any_more_ends_it_all(tmp_path: Path) -> None:
    async with desk(tmp_path, "one", "two") as at:
        at.over = at.fails["one"] = StorageError("the disk is gone")
        await at.dispatcher.look("one")
        await at.until(lambda: at.dispatcher.fatal is at.over)
        assert not (await at.dispatcher.look("two")).is_whole


async def test_a_halt_lets_work_come_to_its_end_and_leaves_it_unfinished(tmp_path: Path) -> None:
    async with desk(tmp_path, "one", "two", places=1) as at:
        at.gate.clear()
        looks = [asyncio.create_task(at.dispatcher.look(name)) for name in ("one", "two")]
        await at.until(lambda: bool(at.begun))
        at.dispatcher.halt()
        done = await asyncio.gather(*looks)
        assert not any(each.is_whole for each in done)
        assert len(at.begun) == 1
        await at.until(lambda: not at.dispatcher.in_progress)
        assert at.index.operations.sources.unfinished() == [at.begun[0].name]


async def test_work_that_does_not_end_is_abandoned(tmp_path: Path) -> None:
    with Index.open(f"sqlite:///{tmp_path}/index.sqlite") as index:
        began = asyncio.Event()

        async def never(work: Work, halt: asyncio.Event, progress: Progress) -> Done:
            del work, halt, progress
            began.set()
            await asyncio.Event().wait()
            raise AssertionError

        dispatcher = Dispatcher(index, "me", lambda: {"one": source("one")}, never, places=1)
        running = asyncio.create_task(dispatcher.run())
        looking = asyncio.create_task(dispatcher.look("one"))
        await asyncio.wait_for(began.wait(), 5)
        await asyncio.wait_for(dispatcher.abandon(), 5)
        await asyncio.wait_for(running, 5)
        assert not (await looking).is_whole
        assert dispatcher.in_progress == []
        assert index.operations.sources.get("one").lease_owner is None
        assert index.operations.sources.unfinished() == ["one"]


async def test_once_means_until_nothing_is_due(tmp_path: Path) -> None:
    with Index.open(f"sqlite:///{tmp_path}/index.sqlite") as index:
        at = Desk(index, {"one": source("one"), "two": source("two")})
        at.follow("two", datetime.now(UTC) - HOUR)
        looks = [asyncio.create_task(at.dispatcher.look(name)) for name in at.sources]
        await asyncio.sleep(0)
        await asyncio.wait_for(at.dispatcher.run_until_idle(), 10)
        assert all(done.is_whole for done in await asyncio.gather(*looks))
        assert at.names(Kind.REVISIT) == ["two"]

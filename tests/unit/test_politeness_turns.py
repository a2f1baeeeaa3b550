"""Requests to one host start with a delay between them and never too many at once, whoever asks."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from politeness_clock import GOOD, REFUSED, Crawl, StillClock, manners, settle, timed

from archiver.errors import CrawlStoppedError
from archiver.model.exchange import Purpose
from archiver.spiders.politeness import Budget, HostRules, Manners, Pace
from archiver.spiders.politeness.rules import host_of

CRAWL, OTHER = Crawl(), Crawl()
CRAWLS = (CRAWL, OTHER)
PAGE = "https://paper.example/page"
FREE = Pace(0, 100)
NEVER_CLOSES = HostRules(backoff=0, failures=0)


@dataclass(frozen=True)
class Job:
    """A request: when it is wanted, of which crawl, to which host, how long it takes, how it ends."""

    at: float
    crawl: int
    host: int
    takes: float
    good: bool
    purpose: Purpose


@dataclass
class Sent:
    host: int
    start: float
    end: float = float("inf")


jobs = st.lists(
    st.builds(
        Job,
        at=st.floats(0, 20),
        crawl=st.integers(0, 1),
        host=st.integers(0, 2),
        takes=st.floats(0, 15),
        good=st.booleans(),
        purpose=st.sampled_from(Purpose),
    ),
    max_size=25,
)
paces = st.builds(Pace, st.floats(0, 4), st.integers(1, 4), st.booleans())


async def play(clock: StillClock, manners: Manners, jobs: list[Job], paces: tuple[Pace, Pace]) -> list[Sent]:
    sent: list[Sent] = []

    async def send(job: Job) -> None:
        await clock.sleep(job.at)
        url = f"https://host-{job.host}.example/"
        turn = await manners.turn(url, job.purpose, CRAWLS[job.crawl], paces[job.crawl])
        mine = Sent(job.host, clock.now())
        sent.append(mine)
        await clock.sleep(job.takes)
        turn.told(GOOD if job.good else REFUSED, job.takes)
        mine.end = clock.now()
        turn.end()

    await clock.until_done(*(asyncio.create_task(send(job)) for job in jobs))
    return sent


def most_at_once(sent: list[Sent]) -> int:
    moments = sorted([(one.end, -1) for one in sent] + [(one.start, 1) for one in sent])
    now = most = 0
    for _, step in moments:
        now += step
        most = max(most, now)
    return most


@settings(max_examples=60)
@given(jobs, paces)
def test_whatever_the_order_of_answers_the_delay_and_the_number_at_once_are_kept(
    wanted: list[Job], pace: Pace
) -> None:
    async def test(clock: StillClock) -> None:
        sent = await play(clock, manners(clock, rules=NEVER_CLOSES), wanted, (pace, pace))
        assert len(sent) == len(wanted), "everybody has a turn"
        for host in range(3):
            its = [one for one in sent if one.host == host]
            assert most_at_once(its) <= pace.concurrency
            starts = sorted(one.start for one in its)
            assert all(b - a >= pace.delay - 1e-5 for a, b in itertools.pairwise(starts))

    timed(test)


@settings(max_examples=40)
@given(jobs, paces, paces, st.integers(1, 5))
def test_the_limit_over_all_hosts_holds_and_starves_nobody(
    wanted: list[Job], one: Pace, other: Pace, at_once: int
) -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock, rules=NEVER_CLOSES, at_once=at_once)
        sent = await play(clock, polite, wanted, (one, other))
        assert len(sent) == len(wanted)
        assert most_at_once(sent) <= at_once
        assert polite.in_flight == 0
        assert polite.counts.requests == len(wanted)

    timed(test)


async def start_of(clock: StillClock, manners: Manners, crawl: Crawl, pace: Pace, url: str = PAGE) -> float:
    """When a request that takes no time starts."""
    turn = await manners.turn(url, Purpose.PAGE, crawl, pace)
    turn.told(GOOD, 0.0)
    turn.end()
    return clock.now() - 1000.0


def test_the_stricter_of_two_crawls_holds_until_it_is_over() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock)
        slow, fast = Pace(10, 1), Pace(1, 8)
        tasks = [asyncio.create_task(start_of(clock, polite, CRAWL, slow))]
        tasks += [asyncio.create_task(start_of(clock, polite, OTHER, fast)) for _ in range(2)]
        await clock.until_done(*tasks)
        assert [task.result() for task in tasks] == [0, 10, 20]
        polite.leave(CRAWL)
        last = [asyncio.create_task(start_of(clock, polite, OTHER, fast)) for _ in range(2)]
        await clock.until_done(*last)
        assert [task.result() for task in last] == [21, 22]

    timed(test)


def test_feeds_go_before_pages_and_pages_before_pictures_and_equals_as_they_came() -> None:
    async def test(clock: StillClock) -> None:
        polite, order = manners(clock), []

        async def ask(name: str, purpose: Purpose) -> None:
            turn = await polite.turn(PAGE, purpose, CRAWL, Pace(1, 1))
            order.append(name)
            turn.end()

        names = {
            "first": Purpose.PAGE, "picture": Purpose.PICTURE, "style": Purpose.RESOURCE,
            "page": Purpose.PAGE, "page 2": Purpose.PAGE, "feed": Purpose.FEED, "robots": Purpose.ROBOTS,
        }  # fmt: skip
        await clock.until_done(*(asyncio.create_task(ask(*each)) for each in names.items()))
        assert order == ["first", "robots", "feed", "page", "page 2", "style", "picture"]

    timed(test)


def test_a_host_that_waits_holds_no_other_up() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock, at_once=1)
        slow = Pace(30, 1)
        assert await start_of(clock, polite, CRAWL, slow) == 0
        waiting = asyncio.create_task(start_of(clock, polite, CRAWL, slow))
        await settle()
        assert await start_of(clock, polite, CRAWL, slow, "https://other.example/") == 0
        await clock.until_done(waiting)
        assert waiting.result() == 30

    timed(test)


def test_a_crawl_delay_counts_where_it_is_longer_up_to_the_limit() -> None:
    async def test(clock: StillClock) -> None:
        polite, starts = manners(clock), []
        for crawl_delay in (4.0, 4.0, 1e9, None):
            asking = asyncio.create_task(polite.turn(PAGE, Purpose.PAGE, CRAWL, Pace(2, 1), crawl_delay))
            await clock.until_done(asking)
            asking.result().end()
            starts.append(clock.now() - 1000)
        assert starts == [0, 4, 34, 64]  # the last knew of none: what was known last still holds

    timed(test)


def test_a_host_that_answers_slowly_is_asked_more_slowly() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock)
        delays = []
        for latency, good in ((4.0, True), (2.0, True), (0.0, False), (0.0, True), (900.0, True)):
            asking = asyncio.create_task(polite.turn(PAGE, Purpose.PAGE, CRAWL, Pace(1, 1, True)))
            await clock.until_done(asking)
            turn = asking.result()
            turn.told(GOOD if good else REFUSED, latency)
            turn.end()
            delays.append(polite.states()[0].delay)
        assert delays == [4.0, 3.0, 3.0, 1.5, 60.0]

    timed(test)


def test_all_hosts_together_are_asked_no_faster_than_the_budget_says() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock, budget=Budget(clock, requests_per_second=4))
        tasks = [
            asyncio.create_task(start_of(clock, polite, CRAWL, FREE, f"https://{n}.example/"))
            for n in range(5)
        ]
        await clock.until_done(*tasks)
        assert sorted(task.result() for task in tasks) == pytest.approx([0, 0.25, 0.5, 0.75, 1.0])

    timed(test)


def test_a_crawl_that_is_stopped_waits_for_nothing_and_others_go_on() -> None:
    async def test(clock: StillClock) -> None:
        polite, pace = manners(clock), Pace(5, 1)
        await start_of(clock, polite, CRAWL, pace)
        stopped = asyncio.create_task(start_of(clock, polite, CRAWL, pace))
        pausing = asyncio.create_task(polite.pause(99, CRAWL))
        going_on = asyncio.create_task(start_of(clock, polite, OTHER, pace))
        await settle()
        polite.leave(CRAWL)
        await settle()
        for task in (stopped, pausing):
            assert isinstance(task.exception(), CrawlStoppedError)
        with pytest.raises(CrawlStoppedError):
            await start_of(clock, polite, CRAWL, pace)
        await clock.until_done(going_on)
        assert going_on.result() == 5

    timed(test)


def test_a_request_that_is_given_up_frees_its_place() -> None:
    async def test(clock: StillClock) -> None:
        polite, pace = manners(clock), Pace(0, 1)
        first = await polite.turn(PAGE, Purpose.PAGE, CRAWL, pace)
        given_up = asyncio.create_task(polite.turn(PAGE, Purpose.PAGE, CRAWL, pace))
        too_late = asyncio.create_task(polite.turn(PAGE, Purpose.PAGE, CRAWL, pace))
        await settle()
        given_up.cancel()
        await settle()
        first.end()
        too_late.cancel()  # its turn has come, and it does not know yet
        await settle()
        assert polite.in_flight == 0
        assert (await polite.turn(PAGE, Purpose.PAGE, CRAWL, pace)) is not None

    timed(test)


def test_hosts_that_are_not_asked_any_more_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.spiders.politeness.manners.MOST_HOSTS", 20)

    async def test(clock: StillClock) -> None:
        polite = manners(clock)
        for number in range(100):
            await start_of(clock, polite, CRAWL, FREE, f"https://{number}.example/")
        assert [state.host for state in polite.states()] == [f"{number}.example" for number in range(80, 100)]
        await clock.pass_by(7200)
        for number in range(4):
            await start_of(clock, polite, CRAWL, FREE, f"https://new-{number}.example/")
        assert len(polite.states()) <= 4

    timed(test)


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://Paper.example/a", "paper.example"),
        ("http://paper.example:80/a", "paper.example"),
        ("https://paper.example:443/a", "paper.example"),
        ("http://paper.example:8080/a", "paper.example:8080"),
        ("http://[2001:db8::1]/a", "[2001:db8::1]"),
        ("http://[2001:db8::1]:8080/a", "[2001:db8::1]:8080"),
    ],
)
def test_one_server_is_one_host_by_either_scheme(url: str, host: str) -> None:
    assert host_of(url) == host

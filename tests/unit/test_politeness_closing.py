"""A host that fails is left alone: a pause, then closed with a reason, then one request to try."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from politeness_clock import DAWN, GOOD, REFUSED, Crawl, StillClock, manners, settle, timed

from archiver.errors import BudgetSpentError, HostClosedError
from archiver.model.digest import EMPTY
from archiver.model.exchange import Exchange, Failure, FailureKind, Purpose, Truncation, WireResponse
from archiver.model.operations import HostState
from archiver.spiders.politeness import Budget, HostRules, Manners, Outcome, Pace, Trouble, outcome_of
from archiver.spiders.politeness.outcome import seconds_after
from archiver.spiders.wire import SpooledBlock

CRAWL = Crawl()
HOST = "paper.example"
FREE = Pace(0, 100)
RULES = HostRules(backoff=0, failures=5, closed=60, closed_longest=3600)


def busy(retry_after: float | None = None) -> Outcome:
    return Outcome(Trouble.BUSY, True, "503", retry_after)


def error(words: str = "500") -> Outcome:
    return Outcome(Trouble.ERROR, True, words)


async def meet(polite: Manners, outcome: Outcome | None, path: str | int = "") -> None:
    """A request that has its turn at once and ends so."""
    turn = await asyncio.wait_for(polite.turn(f"https://{HOST}/{path}", Purpose.PAGE, CRAWL, FREE), 1)
    if outcome:
        turn.told(outcome)
    turn.end()


def closed_for(polite: Manners, clock: StillClock) -> tuple[float, str | None]:
    [state] = polite.states()
    assert state.closed_until
    return (state.closed_until - clock.today()).total_seconds(), state.reason


def test_after_failures_in_a_row_requests_fail_at_once_and_say_why_and_until_when() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock, rules=RULES)
        for number in range(5):
            assert polite.closed(f"https://{HOST}/") is None
            await meet(polite, busy(), number)
        with pytest.raises(HostClosedError) as refused:
            await meet(polite, GOOD)
        told = "paper.example is left alone until 2026-11-23 06:01:00 UTC: 503 five times"
        assert str(refused.value) == told
        assert refused.value.until == DAWN + timedelta(seconds=60)
        assert polite.counts.refused == 1
        assert closed_for(polite, clock) == (60, "503 five times")

    timed(test)


def test_a_success_in_between_begins_the_count_anew() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock, rules=RULES)
        for outcome in (REFUSED, REFUSED, REFUSED, REFUSED, GOOD, REFUSED, REFUSED, REFUSED, REFUSED):
            await meet(polite, outcome)
        assert polite.states()[0].failures == 4
        assert polite.closed(f"https://{HOST}/") is None

    timed(test)


def test_one_page_that_is_broken_does_not_close_its_host_and_five_pages_do() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock, rules=RULES)
        for _ in range(20):
            await meet(polite, error(), "broken")
        assert polite.states()[0].failures == 1
        for number, words in enumerate(("500", "502", "500", "504")):
            await meet(polite, error(words), number)
        assert closed_for(polite, clock)[1] == "5 failures in a row, the last: 504"

    timed(test)


def test_what_says_nothing_of_the_host_is_not_counted() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock, rules=RULES)
        for _ in range(9):
            await meet(polite, Outcome(Trouble.TLS, words=Trouble.TLS))
            await meet(polite, Outcome())
            await meet(polite, None)
        assert polite.states()[0].failures == 0

    timed(test)


def test_a_closed_host_is_tried_with_one_request_and_opens_when_that_succeeds() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock, rules=RULES)
        for number in range(5):
            await meet(polite, REFUSED, number)
        await clock.pass_by(61)
        probe = await polite.turn(f"https://{HOST}/probe", Purpose.PAGE, CRAWL, FREE)
        others = [
            asyncio.create_task(polite.turn(f"https://{HOST}/{n}", Purpose.PAGE, CRAWL, FREE))
            for n in range(3)
        ]
        await settle()
        assert polite.in_flight == 1
        probe.told(GOOD)
        probe.end()
        await settle()
        assert polite.in_flight == 3
        assert all(task.done() for task in others)
        assert polite.states()[0].reason is None

    timed(test)


def test_when_the_try_fails_those_who_wait_fail_and_the_host_is_closed_twice_as_long() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock, rules=replace(RULES, closed_longest=200))
        for number in range(5):
            await meet(polite, REFUSED, number)
        lengths = [closed_for(polite, clock)[0]]
        for _ in range(3):
            await clock.pass_by(lengths[-1] + 1)
            probe = await polite.turn(f"https://{HOST}/probe", Purpose.PAGE, CRAWL, FREE)
            other = asyncio.create_task(polite.turn(f"https://{HOST}/2", Purpose.PAGE, CRAWL, FREE))
            await settle()
            probe.told(REFUSED)
            probe.end()
            await settle()
            assert isinstance(other.exception(), HostClosedError)
            lengths.append(closed_for(polite, clock)[0])
        assert lengths == [60, 120, 200, 200]
        assert closed_for(polite, clock)[1] == "connection refused 8 times"
        assert polite.in_flight == 0

    timed(test)


def test_a_try_that_tells_nothing_leaves_the_next_one_to_try() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock, rules=RULES)
        for number in range(5):
            await meet(polite, REFUSED, number)
        await clock.pass_by(61)
        await meet(polite, None)
        await meet(polite, GOOD)
        assert polite.states()[0].failures == 0

    timed(test)


def test_a_short_retry_after_is_waited_for_by_all_and_a_long_one_closes_the_host() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock, rules=RULES)
        await meet(polite, busy(20))
        waiting = asyncio.create_task(meet(polite, busy(120), "other"))
        await clock.until_done(waiting)
        assert clock.time == 1020
        assert closed_for(polite, clock) == (120, "503 twice, Retry-After 120 s")
        await clock.pass_by(121)
        await meet(polite, busy(10**9))
        assert closed_for(polite, clock)[0] == 3600

    timed(test)


def test_an_answer_that_was_under_way_opens_nothing_and_prolongs_only_what_the_server_asks_for() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock, rules=RULES)
        late = [await polite.turn(f"https://{HOST}/late-{n}", Purpose.PAGE, CRAWL, FREE) for n in range(3)]
        for number in range(5):
            await meet(polite, REFUSED, number)
        for turn, outcome in zip(late, (GOOD, REFUSED, busy(300)), strict=True):
            turn.told(outcome)
            turn.end()
        assert closed_for(polite, clock) == (300, "connection refused five times")

    timed(test)


def test_failures_in_a_row_are_followed_by_longer_and_longer_pauses() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock, rules=HostRules(backoff=2, failures=0))
        pauses = []
        for number in range(7):
            before = clock.time
            asking = asyncio.create_task(meet(polite, REFUSED, number))
            await clock.until_done(asking)
            pauses.append(clock.time - before)
        assert pauses == [0, 2, 4, 8, 16, 30, 30]

    timed(test)


def test_a_page_that_fails_holds_nothing_else_up() -> None:
    async def test(clock: StillClock) -> None:
        polite = manners(clock, rules=HostRules(backoff=2))
        await meet(polite, error(), "broken")
        await meet(polite, GOOD)
        assert clock.time == 1000

    timed(test)


def test_what_was_closed_stays_closed_over_a_restart() -> None:
    async def test(clock: StillClock) -> None:
        polite, restarted = manners(clock, rules=RULES), manners(clock, rules=RULES)
        for number in range(5):
            await meet(polite, REFUSED, number)
        restarted.restore(polite.states())
        assert restarted.states() == polite.states()
        with pytest.raises(HostClosedError, match="connection refused five times"):
            await meet(restarted, GOOD)
        await clock.pass_by(61)
        await meet(restarted, REFUSED)
        assert closed_for(restarted, clock)[0] == 120

    timed(test)


def test_what_was_closed_under_a_clock_that_was_ahead_stays_closed_no_longer_than_anything_can() -> None:
    async def test(clock: StillClock) -> None:
        restarted = manners(clock, rules=RULES)
        ahead = clock.today() + timedelta(days=1)
        restarted.restore([HostState(HOST, ahead, "503 five times", 5, 1.0, ahead)])
        assert closed_for(restarted, clock)[0] == RULES.closed_longest

    timed(test)


def test_the_bytes_of_a_day_are_counted_and_refused_when_spent_until_midnight() -> None:
    async def test(clock: StillClock) -> None:
        budget = Budget(clock, bytes_per_day=2500)
        polite = manners(clock, budget=budget)
        await meet(polite, GOOD)
        assert budget.share() == 0.4
        slow = Pace(1, 1)
        waiting = [
            asyncio.create_task(polite.turn(f"https://{HOST}/{n}", Purpose.PAGE, CRAWL, slow))
            for n in range(2)
        ]
        await clock.pass_by(1)
        turn = waiting[0].result()
        turn.told(Outcome(answered=True, bytes=2000))
        turn.end()
        await clock.pass_by(1)
        assert isinstance(waiting[1].exception(), BudgetSpentError)
        with pytest.raises(BudgetSpentError, match="goes on at 2026-11-24 00:00:00 UTC") as refused:
            await meet(polite, GOOD)
        assert refused.value.until == datetime(2026, 11, 24, tzinfo=UTC)
        assert polite.counts.bytes == 3000
        await clock.pass_by(18 * 3600)
        await meet(polite, GOOD)
        assert budget.used() == 1000

    timed(test)


def exchange(status: int = 0, kind: FailureKind | None = None, **more: object) -> Exchange:
    response = None
    if status:
        block = SpooledBlock()
        block.write(b"HTTP/1.1")
        headers = tuple(
            (name.replace("_", "-"), str(value)) for name, value in more.items() if name[0].isupper()
        )
        cut = more.get("cut")
        assert cut is None or isinstance(cut, Truncation)
        response = WireResponse(block, 8, status, headers, EMPTY, 0, cut)
    failure = Failure(kind, "it failed") if kind else None
    return Exchange(
        uuid4(), "https://paper.example/", "GET", DAWN, DAWN, b"", Purpose.PAGE, None, response, failure
    )


@pytest.mark.parametrize(
    ("made", "error", "outcome"),
    [
        (exchange(200), None, Outcome(None, True, "", None, 8)),
        (exchange(404), None, Outcome(None, True, "", None, 8)),
        (exchange(503, Retry_After=120), None, Outcome(Trouble.BUSY, True, "503", 120, 8)),
        (exchange(429), None, Outcome(Trouble.BUSY, True, "429", None, 8)),
        (exchange(500, Retry_After=120), None, Outcome(Trouble.ERROR, True, "500", None, 8)),
        (exchange(200, cut=Truncation.DISCONNECT), OSError(), Outcome(Trouble.CUT, True, "cut off", None, 8)),
        (exchange(200, cut=Truncation.TIME), OSError(), Outcome(Trouble.TIMEOUT, True, "timed out", None, 8)),
        (exchange(200, cut=Truncation.LENGTH), OSError(), Outcome(None, True, "", None, 8)),
        (exchange(200, cut=Truncation.DISCONNECT), None, Outcome(None, True, "", None, 8)),
        (exchange(200, cut=Truncation.TIME), asyncio.CancelledError(), Outcome(bytes=8)),
        (exchange(kind=FailureKind.DNS), OSError(), Outcome(Trouble.DNS, False, "name not found")),
        (exchange(kind=FailureKind.DISCONNECT), OSError(), Outcome(Trouble.CUT, False, "cut off")),
        (exchange(kind=FailureKind.NOT_HTTP), OSError(), Outcome(None, True, "")),
        (exchange(kind=FailureKind.BLOCKED), OSError(), Outcome()),
        (exchange(kind=FailureKind.OTHER), OSError(), Outcome()),
    ],
)
def test_an_exchange_tells_how_its_host_does(
    made: Exchange, error: BaseException | None, outcome: Outcome
) -> None:
    assert outcome_of(made, error, DAWN) == outcome


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("9" * 400, 999_999_999),
        ("Mon, 23 Nov 2026 06:02:00 GMT", 120),
        ("Monday, 23-Nov-26 06:02:00 GMT", 120),
        ("Mon, 23 Nov 2026 05:00:00 GMT", 0),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
        ("soon", None),
        ("", None),
        (None, None),
        ("Mon, 99 Nov 99999 06:02:00 GMT", None),
        ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", None),
        ("Mon, 99999999999999999999 Jan 2024 00:00:00 GMT", None),
        ("Mon, 1 Jan 2024 99999999999999999999:1:1 GMT", None),
        ("Mon, 01 Jan 2024 00:00:00 +99999999999999999999", None),
        ("Mon, 01 Jan 2024 00:00:00 +2400", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str | None, seconds: float | None) -> None:
    assert seconds_after(value, DAWN) == seconds


date_words = st.sampled_from(
    [
        *("Mon,", "Jan", "1", "31", "2024", "9999", "0000", "00:00", "00:00:00", "1:1:1", "GMT", "EST"),
        *("+0000", "-0000", "-2359", "+2400", "-", "+", ":", ",", ".", "(", ")", "x"),
    ]
)
numbers = st.integers(0, 10**25).map(str)
signed = st.tuples(st.sampled_from("+-:,"), numbers).map("".join)
nearly_dates = st.lists(st.one_of(date_words, numbers, signed), max_size=8).flatmap(
    lambda words: st.sampled_from([" ", "", ":"]).map(lambda between: between.join(words))
)
whole_dates = st.tuples(
    *(st.one_of(st.just(usual), numbers) for usual in ("23", "Nov", "2026", "06", "02", "00")),
    st.one_of(st.just("GMT"), signed),
).map(lambda parts: "Mon, {} {} {} {}:{}:{} {}".format(*parts))


@given(st.one_of(st.text(), nearly_dates, whole_dates))
def test_any_retry_after_is_a_number_that_is_not_negative_or_nothing(value: str) -> None:
    seconds = seconds_after(value, DAWN)
    assert seconds is None or seconds >= 0

"""One host: who waits for it, how many requests are under way, and when the next may start."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from random import Random

from archiver.spiders.politeness.breaker import Breaker
from archiver.spiders.politeness.clock import Timer
from archiver.spiders.politeness.outcome import Outcome
from archiver.spiders.politeness.rules import HostRules, Pace
from archiver.spiders.politeness.throttle import AdaptiveDelay

FULL = float("inf")


@dataclass(order=True, slots=True)
class Waiter:
    """A request that waits for its turn: the lower rank first, then whoever came first."""

    rank: int
    serial: int
    owner: Hashable = field(compare=False)
    url: str = field(compare=False)
    began: float = field(compare=False)
    granted: asyncio.Future[None] = field(compare=False)


class Host:
    """The state of one host; moments are those of the clock.

    The paces of all crawls that asked for it hold, the strictest of each kind, until they leave.
    """

    __slots__ = (
        "_adaptive", "_last_start", "_not_before", "_waiting", "breaker", "crawl_delay", "in_flight", "name",
        "paces", "seen", "timer", "timer_at",
    )  # fmt: skip

    def __init__(self, name: str, rules: HostRules, random: Random) -> None:
        self.name = name
        self.breaker = Breaker(rules, random)
        self.paces: dict[Hashable, Pace] = {}
        self.crawl_delay = 0.0
        self.in_flight = 0
        self.seen = 0.0
        self.timer: Timer | None = None
        self.timer_at = 0.0
        self._waiting: list[Waiter] = []
        self._adaptive = AdaptiveDelay()
        self._last_start = -FULL
        self._not_before = 0.0

    @property
    def delay(self) -> float:
        """Seconds between the starts of two requests, as things are."""
        delay = self.crawl_delay
        for pace in self.paces.values():
            delay = max(delay, pace.delay, self._adaptive.seconds if pace.autothrottle else 0.0)
        return delay

    @property
    def concurrency(self) -> int:
        """Requests at once: one while nobody knows whether the host is well again."""
        if self.breaker.on_probation:
            return 1
        return min((pace.concurrency for pace in self.paces.values()), default=1)

    def wait(self, now: float) -> float:
        """Seconds until a request may start; infinite until one that is under way has ended."""
        if self.in_flight >= self.concurrency:
            return FULL
        return max(self._last_start + self.delay, self._not_before) - now

    def start(self, now: float) -> None:
        """A request starts."""
        self.in_flight += 1
        self._last_start = self.seen = now

    def learn(self, outcome: Outcome, url: str, latency: float | None, now: float) -> None:
        """What came of a request, before it is counted as ended."""
        self.seen = now
        if latency is not None:
            shortest = max((pace.delay for pace in self.paces.values()), default=0.0)
            self._adaptive.learn(latency, shortest, good=outcome.trouble is None)
        if outcome.trouble is not None:
            self._not_before = max(self._not_before, now + self.breaker.failed(outcome, url, now))
        elif outcome.answered:
            self.breaker.succeeded(now)

    def queue(self, waiter: Waiter) -> None:
        """Let `waiter` wait for its turn."""
        heappush(self._waiting, waiter)

    def is_wanted(self) -> bool:
        """Whether anybody waits; those who gave up are forgotten."""
        while self._waiting and self._waiting[0].granted.done():
            heappop(self._waiting)
        return bool(self._waiting)

    def next(self) -> Waiter:
        """Whose turn it is; somebody must be waiting."""
        return heappop(self._waiting)

    def refuse(self, error: Exception, owner: Hashable | None = None) -> int:
        """Tell those who wait (of `owner`, if named) that their turn will not come; how many there were."""
        refused = [
            waiter for waiter in self._waiting if not waiter.granted.done() and owner in (None, waiter.owner)
        ]
        for waiter in refused:
            waiter.granted.set_exception(error)
        return len(refused)

    def is_idle(self, now: float, rest: float) -> bool:
        """Whether nothing would be lost by forgetting it: unused for `rest` seconds, and not closed."""
        return not (self.in_flight or self.is_wanted() or now - self.seen < rest) and (
            now >= max(self.breaker.closed_until, self._not_before)
        )

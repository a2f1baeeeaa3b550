"""Asked before every request of the process goes out, whichever crawl it is of, and told what came of it.

What waits here counts neither as download time nor as a request under way. Nothing is locked: everything
happens on the thread of the event loop.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from random import Random
from typing import Any
from weakref import WeakSet

from archiver.errors import BudgetSpentError, CrawlStoppedError, HostClosedError
from archiver.model.exchange import Purpose
from archiver.model.operations import HostState
from archiver.spiders.politeness.budget import Budget
from archiver.spiders.politeness.clock import Clock, LoopClock, Timer, in_words
from archiver.spiders.politeness.host import FULL, Host, Waiter
from archiver.spiders.politeness.outcome import Outcome
from archiver.spiders.politeness.robots_cache import RobotsCache
from archiver.spiders.politeness.rules import RANKS, HostRules, Pace, host_of

MOST_HOSTS = 10_000
"""Hosts that are remembered; beyond, those that are idle are forgotten, the longest unused first."""
REST = 3600.0
"""Seconds after which an idle host is forgotten in any case."""
LOOKED_AT = 8
"""Hosts that may be forgotten whenever a new one comes."""
STOPPED = "the crawl was stopped before this was asked for"
PRECISION = 1e-6
"""Seconds by which a timer may be early."""


@dataclass(slots=True)
class Counts:
    """What was done since the process began: requests that started, bytes that came, those that waited."""

    requests: int = 0
    bytes: int = 0
    waits: int = 0
    waited_seconds: float = 0.0
    refused: int = 0
    """Requests that did not go out: their host was closed, the budget spent."""


class Turn:
    """Leave to send one request. `told` what came of it, if anything, and `end` whatever happens."""

    __slots__ = ("_host", "_manners", "_url")

    def __init__(self, manners: Manners, host: Host, url: str) -> None:
        self._manners = manners
        self._host = host
        self._url = url

    def told(self, outcome: Outcome, latency: float | None = None) -> None:
        """What came, and after how many seconds the answer began."""
        self._manners.learn(self._host, outcome, self._url, latency)

    def end(self) -> None:
        """The request is over; its place goes to whoever waits."""
        self._manners.release(self._host)


class Manners:
    """The politeness of one process: per host, and over all of them.

    `at_once` bounds the requests under way to all hosts; `budget` what is taken from the network in all.
    `robots` is what is known of every host's robots.txt.
    """

    def __init__(
        self,
        rules: HostRules | None = None,
        *,
        at_once: int = 32,
        budget: Budget | None = None,
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        self.rules = rules or HostRules()
        self.clock: Clock = clock or LoopClock()
        self.budget = budget or Budget(self.clock)
        self.robots = RobotsCache(self.clock)
        self.counts = Counts()
        self.random = random or Random()  # noqa: S311 - spreads retries, guards nothing
        self._at_once = at_once
        self._in_flight = 0
        self._serial = 0
        self._hosts: OrderedDict[str, Host] = OrderedDict()
        self._ready: OrderedDict[str, Host] = OrderedDict()
        """Hosts that could be asked now, but for the limits over all hosts; each in its turn."""
        self._timer: Timer | None = None
        self._pauses: dict[asyncio.Future[None], Hashable] = {}
        self._gone: WeakSet[Any] = WeakSet()

    async def turn(
        self, url: str, purpose: Purpose, owner: Hashable, pace: Pace, crawl_delay: float | None = None
    ) -> Turn:
        """Wait until a request to `url` may start; `owner` is the crawl that wants it.

        Raises HostClosedError, BudgetSpentError, or CrawlStoppedError when `owner` leaves meanwhile or left.
        """
        self._refuse_the_gone(owner)
        now = self.clock.now()
        host = self._host(host_of(url), now)
        if host.paces.get(owner) != pace:
            host.paces[owner] = pace
        if crawl_delay is not None:
            host.crawl_delay = min(crawl_delay, self.rules.crawl_delay_longest)
        self._refuse_what_cannot_be(host, now)
        if not (self._ready or host.is_wanted()) and self._may_start(host, now):
            self._start(host, now)
            return Turn(self, host, url)
        self._serial += 1
        granted: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        rank = RANKS.get(purpose, RANKS[Purpose.PAGE])
        host.queue(Waiter(rank, self._serial, owner, url, now, granted))
        self._consider(host, now)
        self._dispatch()
        try:
            await granted
        except asyncio.CancelledError:
            if granted.done() and not granted.cancelled() and granted.exception() is None:
                self.release(host)
            raise
        return Turn(self, host, url)

    async def pause(self, seconds: float, owner: Hashable) -> None:
        """Wait; raises CrawlStoppedError when `owner` leaves meanwhile or left."""
        self._refuse_the_gone(owner)
        over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pauses[over] = owner
        timer = self.clock.later(seconds, lambda: None if over.done() else over.set_result(None))
        try:
            await over
        finally:
            timer.cancel()
            del self._pauses[over]

    def leave(self, owner: Hashable) -> None:
        """The crawl `owner` is over: its pace no longer holds, and what it still waits for never comes."""
        self._gone.add(owner)
        error = CrawlStoppedError(STOPPED)
        now = self.clock.now()
        for host in self._hosts.values():
            if host.paces.pop(owner, None) is not None:
                host.refuse(error, owner)
                self._consider(host, now)
        for over, whose in self._pauses.items():
            if whose == owner and not over.done():
                over.set_exception(error)
        self._dispatch()

    def learn(self, host: Host, outcome: Outcome, url: str, latency: float | None) -> None:
        """What came of a request to `host`."""
        now = self.clock.now()
        self.counts.bytes += outcome.bytes
        self.budget.spend(outcome.bytes)
        host.learn(outcome, url, latency, now)
        if host.breaker.is_closed(now) and host.is_wanted():
            self.counts.refused += host.refuse(self._closed(host, now))

    def release(self, host: Host) -> None:
        """A request to `host` is over."""
        self._in_flight -= 1
        host.in_flight -= 1
        self._consider(host, self.clock.now())
        self._dispatch()

    def closed(self, url: str) -> HostClosedError | None:
        """Why the host of `url` is closed; None when it is not."""
        host = self._hosts.get(host_of(url))
        now = self.clock.now()
        return self._closed(host, now) if host and host.breaker.is_closed(now) else None

    def states(self) -> list[HostState]:
        """Every host that is known, for status and metrics."""
        now, today = self.clock.now(), self.clock.today()
        return [
            HostState(
                host=host.name,
                closed_until=(
                    today + timedelta(seconds=host.breaker.closed_until - now)
                    if host.breaker.is_closed(now)
                    else None
                ),
                reason=host.breaker.reason,
                failures=host.breaker.failures,
                delay=host.delay,
                at=today,
            )
            for host in self._hosts.values()
        ]

    def restore(self, states: Iterable[HostState]) -> None:
        """Keep closed what was closed when the process ended, as `states` told, at most as long as ever."""
        now, today = self.clock.now(), self.clock.today()
        for state in states:
            if state.closed_until and state.closed_until > today:
                wait = min((state.closed_until - today).total_seconds(), self.rules.closed_longest)
                reason = state.reason or "it failed"
                self._host(state.host, now).breaker.close(now + wait, reason, state.failures)

    @property
    def in_flight(self) -> int:
        """Requests under way."""
        return self._in_flight

    def _host(self, name: str, now: float) -> Host:
        host = self._hosts.get(name)
        if host is None:
            self._forget(now)
            host = self._hosts[name] = Host(name, self.rules, self.random)
        else:
            self._hosts.move_to_end(name)
        host.seen = now
        return host

    def _forget(self, now: float) -> None:
        """Let go of hosts that nobody asked for lately; the first in order are the longest unused."""
        for name in list(islice(self._hosts, LOOKED_AT)):
            too_many = len(self._hosts) >= MOST_HOSTS
            if self._hosts[name].is_idle(now, 0.0 if too_many else REST):
                del self._hosts[name]
            elif not too_many:
                return
            else:
                self._hosts.move_to_end(name)

    def _refuse_the_gone(self, owner: Hashable) -> None:
        if owner in self._gone:
            raise CrawlStoppedError(STOPPED)

    def _refuse_what_cannot_be(self, host: Host, now: float) -> None:
        if host.breaker.is_closed(now):
            self.counts.refused += 1
            raise self._closed(host, now)
        try:
            self.budget.check()
        except BudgetSpentError:
            self.counts.refused += 1
            raise

    def _closed(self, host: Host, now: float) -> HostClosedError:
        until = self.clock.today() + timedelta(seconds=host.breaker.closed_until - now)
        return HostClosedError(
            f"{host.name} is left alone until {in_words(until)}: {host.breaker.reason}", until
        )

    def _may_start(self, host: Host, now: float) -> bool:
        return (
            self._in_flight < self._at_once
            and host.wait(now) <= PRECISION
            and self.budget.wait(now) <= PRECISION
        )

    def _start(self, host: Host, now: float) -> None:
        self._in_flight += 1
        self.counts.requests += 1
        host.start(now)
        self.budget.start(now)

    def _consider(self, host: Host, now: float) -> None:
        """Put `host` among those that are ready, or have it looked at again when it may be."""
        if host.name in self._ready or not host.is_wanted():
            return
        wait = host.wait(now)
        if wait <= PRECISION:
            self._ready[host.name] = host
        elif wait < FULL and (host.timer is None or now + wait < host.timer_at):
            if host.timer:
                host.timer.cancel()
            host.timer_at = now + wait
            host.timer = self.clock.later(wait, lambda: self._look_again(host))

    def _look_again(self, host: Host) -> None:
        host.timer = None
        self._consider(host, self.clock.now())
        self._dispatch()

    def _dispatch(self) -> None:
        """Start what may start: one request of each ready host in turn, within the limits over all hosts."""
        while self._ready and self._in_flight < self._at_once:
            now = self.clock.now()
            wait = self.budget.wait(now)
            if wait > PRECISION:
                if self._timer is None:
                    self._timer = self.clock.later(wait, self._dispatch_again)
                return
            _, host = self._ready.popitem(last=False)
            if host.is_wanted() and host.wait(now) <= PRECISION:
                self._grant(host, now)
            self._consider(host, now)

    def _dispatch_again(self) -> None:
        self._timer = None
        self._dispatch()

    def _grant(self, host: Host, now: float) -> None:
        waiter = host.next()
        try:
            self.budget.check()
        except BudgetSpentError as error:
            self.counts.refused += 1
            waiter.granted.set_exception(error)
            return
        self.counts.waits += 1
        self.counts.waited_seconds += now - waiter.began
        self._start(host, now)
        waiter.granted.set_result(None)

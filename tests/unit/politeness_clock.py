"""Time that passes when a test says so, and exchanges that came to a chosen end."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from heapq import heappop, heappush
from random import Random
from typing import Any

from archiver.spiders.politeness import HostRules, Manners, Outcome, Trouble

GOOD = Outcome(answered=True, bytes=1000)
REFUSED = Outcome(Trouble.REFUSED, words=Trouble.REFUSED)
DAWN = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
SETTLED = 50
"""Turns of the event loop after which nothing moves any more without time passing."""


class Crawl:
    """Somebody who asks."""


@dataclass(order=True)
class Call:
    at: float
    serial: int
    call: Callable[[], None] = field(compare=False)
    cancelled: bool = field(default=False, compare=False)

    def cancel(self) -> None:
        self.cancelled = True


class StillClock:
    """Stands still until it is told to go on."""

    def __init__(self) -> None:
        self.time = 1000.0
        self._serials = itertools.count()
        self._calls: list[Call] = []

    def now(self) -> float:
        return self.time

    def today(self) -> datetime:
        return DAWN + timedelta(seconds=self.time - 1000.0)

    def later(self, seconds: float, call: Callable[[], None]) -> Call:
        planned = Call(self.time + seconds, next(self._serials), call)
        heappush(self._calls, planned)
        return planned

    async def sleep(self, seconds: float) -> None:
        over = asyncio.get_running_loop().create_future()
        self.later(seconds, lambda: over.set_result(None))
        await over

    async def pass_by(self, seconds: float) -> None:
        """Let so many seconds pass, and everything happen that happens meanwhile."""
        end = self.time + seconds
        await settle()
        while self._calls and self._calls[0].at <= end:
            await self._go_on()
        self.time = end
        await settle()

    async def until_done(self, *tasks: asyncio.Task[Any]) -> None:
        """Let time pass until nothing is left to do."""
        await settle()
        while not all(task.done() for task in tasks):
            assert self._calls, "everybody waits, and nothing will ever happen"
            await self._go_on()

    async def _go_on(self) -> None:
        planned = heappop(self._calls)
        if not planned.cancelled:
            self.time = max(self.time, planned.at)
            planned.call()
            await settle()


async def settle() -> None:
    for _ in range(SETTLED):
        await asyncio.sleep(0)


def manners(clock: StillClock, **chosen: Any) -> Manners:
    """Politeness without chance: jitter always takes the lower end."""
    return Manners(chosen.pop("rules", HostRules()), clock=clock, random=Steady(), **chosen)


class Steady(Random):
    def uniform(self, a: float, b: float) -> float:
        return max(a, min(1.0, b))


def timed(test: Callable[[StillClock], Awaitable[None]]) -> None:
    """Run a test with a clock of its own."""

    async def run() -> None:
        await test(StillClock())

    asyncio.run(run())

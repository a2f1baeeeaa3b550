"""Time as the politeness rules see it, so that a test can let hours pass at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol


class Timer(Protocol):
    """A call that is still to come."""

    def cancel(self) -> None:
        """Not to be made after all."""
        ...


class Clock(Protocol):
    """Seconds that never jump, the time of day, and calls at a later moment."""

    def now(self) -> float:
        """Seconds since some moment; they only grow."""
        ...

    def today(self) -> datetime:
        """The moment in UTC."""
        ...

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """Make `call` when so many seconds have passed."""
        ...


class LoopClock:
    """The clock of the machine; calls are made by the running event loop."""

    def now(self) -> float:
        """See Clock; the loop's own time is too coarse."""
        return time.monotonic()

    def today(self) -> datetime:
        """See Clock."""
        return datetime.now(UTC)

    def later(self, seconds: float, call: Callable[[], None]) -> Timer:
        """See Clock."""
        return asyncio.get_running_loop().call_later(seconds, call)


def in_words(moment: datetime) -> str:
    """A moment as a person reads it."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"

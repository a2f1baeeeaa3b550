"""What the whole process may take from the network: requests a second, bytes a day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

from archiver.errors import BudgetSpentError
from archiver.spiders.politeness.clock import Clock, in_words


class Budget:
    """Counts against both limits; 0 is none. A day begins at midnight UTC."""

    def __init__(self, clock: Clock, *, requests_per_second: float = 0.0, bytes_per_day: int = 0) -> None:
        self._clock = clock
        self._spacing = 1 / requests_per_second if requests_per_second else 0.0
        self._next = 0.0
        self._limit = bytes_per_day
        self._day = clock.today().date()
        self._used = 0

    @property
    def limit(self) -> int:
        """Bytes a day; 0 is no limit."""
        return self._limit

    def wait(self, now: float) -> float:
        """Seconds until a request may start."""
        return self._next - now if self._spacing else 0.0

    def start(self, now: float) -> None:
        """A request starts."""
        if self._spacing:
            self._next = max(self._next, now) + self._spacing

    def spend(self, count: int) -> None:
        """So many bytes came."""
        self._begin_day(self._clock.today().date())
        self._used += count

    @property
    def day_began_at(self) -> datetime:
        """Midnight, UTC, before now."""
        return datetime.combine(self._clock.today().date(), time(), UTC)

    def used(self) -> int:
        """Bytes that came today."""
        self._begin_day(self._clock.today().date())
        return self._used

    def share(self) -> float:
        """How much of the day's bytes is used: 0.0 is nothing (or no limit), 1.0 all."""
        return self.used() / self._limit if self._limit else 0.0

    def check(self) -> None:
        """Raise BudgetSpentError when the day's bytes are used up."""
        if not self._limit or self.used() < self._limit:
            return
        tomorrow = self.day_began_at + timedelta(days=1)
        raise BudgetSpentError(
            f"the {self._limit} bytes a day of politeness.bytes_per_day are used up; "
            f"fetching goes on at {in_words(tomorrow)}",
            tomorrow,
        )

    def _begin_day(self, day: date) -> None:
        if day != self._day:
            self._day, self._used = day, 0

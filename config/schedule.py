"""When a source is looked at, and when its articles are looked at again."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

SHORTEST = timedelta(minutes=1)
LONGEST = timedelta(days=31)
_DURATION = re.compile(
    r"(?:every\s+)?(\d{1,6})\s*(s|sec|seconds?|m|min|minutes?|h|hours?|d|days?)", re.IGNORECASE
)
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_NUMBERED_WEEKDAY = re.compile(r"\d")

SPARSE = tuple(timedelta(hours=hours) for hours in (1, 6, 24, 3 * 24, 7 * 24, 30 * 24, 180 * 24))
DENSE = (
    *(timedelta(minutes=minutes) for minutes in (15, 30, 45)),
    *(timedelta(hours=hours) for hours in (1, 2, 3, 6, 12, 24, 2 * 24, 3 * 24, 7 * 24, 14 * 24, 30 * 24)),
    *(timedelta(days=days) for days in (90, 180, 365)),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """A fixed interval, or a cron expression of five fields in UTC; exactly one of them is set."""

    interval: timedelta | None = None
    cron: str | None = None

    def trigger(self, jitter: int | None = None) -> Any:
        """The APScheduler trigger; `jitter` in seconds spreads sources that share a schedule."""
        from apscheduler.triggers.cron import CronTrigger
        from apscheduler.triggers.interval import IntervalTrigger

        if self.cron:
            minute, hour, day, month, weekday = self.cron.split()
            return CronTrigger(
                minute=minute,
                hour=hour,
                day=day,
                month=month,
                day_of_week=weekday,
                timezone="UTC",
                jitter=jitter,
            )
        assert self.interval is not None
        return IntervalTrigger(seconds=int(self.interval.total_seconds()), timezone="UTC", jitter=jitter)

    def __str__(self) -> str:
        return self.cron or duration_text(self.interval or timedelta())


def parse_duration(text: str) -> timedelta:
    """`15 min`, `6 h`, `3 d`, `90 s`. Raises ValueError for anything else."""
    match = _DURATION.fullmatch(text.strip())
    if not match:
        raise ValueError("a duration such as 15 min, 6 h or 3 d")
    return timedelta(seconds=int(match[1]) * _SECONDS[match[2][0].lower()])


def duration_text(duration: timedelta) -> str:
    """The shortest form that `parse_duration` reads back."""
    seconds = int(duration.total_seconds())
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def parse_schedule(text: str) -> Schedule:
    """An interval of 1 minute to 31 days, or cron's five fields.

    Weekdays are named (`mon-fri`): cron counts them from Sunday, the scheduler from Monday. Raises ValueError
    that says what is expected.
    """
    fields = text.split()
    if len(fields) != 5:
        try:
            interval = parse_duration(text)
        except ValueError:
            raise ValueError(
                "an interval such as 15 min, or five cron fields such as */10 6-22 * * *"
            ) from None
        if not SHORTEST <= interval <= LONGEST:
            raise ValueError("an interval from 1 min to 31 d")
        return Schedule(interval=interval)
    if _NUMBERED_WEEKDAY.search(fields[4].partition("/")[0]):
        raise ValueError("the weekday as a name (sun, mon, ... or mon-fri), not as a number")
    schedule = Schedule(cron=" ".join(fields))
    try:
        first = schedule.trigger().get_next_fire_time(None, datetime.now(UTC))
    except (ValueError, TypeError) as error:
        raise ValueError(f"five cron fields such as */10 6-22 * * * ({error})") from None
    if first is None:
        raise ValueError("cron fields that fit some day; these never do")
    return schedule

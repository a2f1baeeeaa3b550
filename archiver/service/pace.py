"""How often a source is looked at: more often while it brings something new, less often otherwise."""

from __future__ import annotations

from datetime import timedelta

from archiver.config.schedule import SHORTEST, Schedule

FASTER = 0.8
SLOWER = 1.25
FASTEST_SHARE = 0.5
SLOWEST_SHARE = 4.0


def next_interval(schedule: Schedule, current: timedelta | None, *, brought: bool) -> timedelta | None:
    """The interval after a pass that `brought` something new or did not; None for a source with a cron line.

    Stays between half of the interval in the source file and four times it, and never goes under a minute.
    """
    if schedule.interval is None:
        return None
    return within(schedule.interval, (current or schedule.interval) * (FASTER if brought else SLOWER))


def within(base: timedelta, interval: timedelta) -> timedelta:
    """The interval nearest to `interval` that suits a source whose file says `base`; whole seconds."""
    shortest = max(SHORTEST, base * FASTEST_SHARE)
    return timedelta(seconds=round(min(max(interval, shortest), base * SLOWEST_SHARE).total_seconds()))

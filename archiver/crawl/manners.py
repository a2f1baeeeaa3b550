"""The politeness that the settings ask for."""

from __future__ import annotations

from archiver.config.settings import Settings
from archiver.spiders.politeness import Budget, HostRules, LoopClock, Manners, Pace


def manners_for(settings: Settings) -> Manners:
    """The politeness of a process: what holds over all its crawls."""
    politeness, clock = settings.politeness, LoopClock()
    rules = HostRules(
        backoff=politeness.backoff,
        failures=politeness.close_after,
        closed=politeness.closed_seconds,
        closed_longest=politeness.closed_longest,
        crawl_delay_longest=politeness.crawl_delay_limit,
    )
    budget = Budget(
        clock,
        requests_per_second=politeness.requests_per_second,
        bytes_per_day=politeness.bytes_per_day,
    )
    return Manners(rules, at_once=politeness.concurrency_total, budget=budget, clock=clock)


def pace_of(settings: Settings) -> Pace:
    """What one crawl asks for, which a source may have changed."""
    politeness = settings.politeness
    return Pace(politeness.delay, politeness.concurrency, politeness.autothrottle)

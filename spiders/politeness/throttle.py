"""The delay that follows how fast a host answers, computed as Scrapy's AutoThrottle does."""

from __future__ import annotations

LONGEST = 60.0
"""Seconds; AUTOTHROTTLE_MAX_DELAY."""


class AdaptiveDelay:
    """Aims at one request in flight on average: the delay that the host's latency asks for.

    Unlike AutoThrottle it starts with the configured delay and not with five seconds, since the first answer
    (mostly robots.txt) sets it.
    """

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0

    def learn(self, latency: float, shortest: float, *, good: bool) -> None:
        """An answer began after `latency` seconds. Bad answers come fast and never make the delay shorter."""
        before = max(self.seconds, shortest)
        delay = min(max(latency, (before + latency) / 2, shortest), LONGEST)
        if good or delay > before:
            self.seconds = delay

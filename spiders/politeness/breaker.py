"""The circuit breaker of one host: closes it after failures in a row, then lets one request try."""

from __future__ import annotations

from random import Random

from archiver.spiders.politeness.outcome import Outcome, Trouble
from archiver.spiders.politeness.rules import LONGEST_PAUSE, HostRules

NUMBERS = ("", "once", "twice", "three times", "four times", "five times", "six times", "seven times")
_OF_THE_HOST = (Trouble.BUSY, Trouble.TIMEOUT, Trouble.REFUSED, Trouble.UNREACHABLE, Trouble.CUT, Trouble.DNS)
_NOT_COUNTED = (None, Trouble.TLS)


class Breaker:
    """Open to requests until so many failures came in a row; moments are those of the clock.

    Further errors of a page that failed before are not counted: they tell nothing new about its host. After
    `closed_until` the host is on probation: one request at a time, until one succeeds.
    """

    __slots__ = ("_closings", "_failed", "_random", "_rules", "_words", "closed_until", "failures", "reason")

    def __init__(self, rules: HostRules, random: Random) -> None:
        self._rules = rules
        self._random = random
        self._failed: set[str] = set()
        self._words: set[str] = set()
        self._closings = 0
        self.failures = 0
        self.closed_until = 0.0
        self.reason: str | None = None

    def is_closed(self, now: float) -> bool:
        """Whether no request may go out."""
        return now < self.closed_until

    @property
    def on_probation(self) -> bool:
        """Whether it was closed and nothing succeeded since: one request at a time, if any."""
        return self._closings > 0

    def close(self, until: float, reason: str, failures: int) -> None:
        """Closed by what was known before this process began."""
        self._closings, self.failures = 1, failures
        self.closed_until, self.reason = until, reason

    def succeeded(self, now: float) -> None:
        """A request was answered well. One that began before the host was closed does not open it."""
        if self.is_closed(now):
            return
        self._failed.clear()
        self._words.clear()
        self._closings = self.failures = 0
        self.reason = None

    def failed(self, outcome: Outcome, url: str, now: float) -> float:
        """A request met trouble; the seconds for which the host is now to be left alone.

        For more than `LONGEST_PAUSE` it is closed, for fewer it only pauses.
        """
        asked = min(outcome.retry_after or 0.0, self._rules.closed_longest)
        if self.is_closed(now):
            self.closed_until = max(self.closed_until, now + asked)
            return self.closed_until - now
        if outcome.trouble in _NOT_COUNTED:
            return 0.0
        if outcome.trouble is not Trouble.ERROR or url not in self._failed:
            self.failures += 1
            self._failed.add(url)
            self._words.add(outcome.words)
        too_often = 0 < self._rules.failures <= self.failures
        if too_often or self.on_probation or asked > LONGEST_PAUSE:
            return self._close(outcome, asked, now, grow=too_often or self.on_probation)
        if outcome.trouble in _OF_THE_HOST:
            pause = (
                self._rules.backoff * float(1 << min(self.failures - 1, 10)) * self._random.uniform(0.5, 1.0)
            )
            return min(max(pause, asked * self._random.uniform(1.0, 1.1)), LONGEST_PAUSE)
        return 0.0

    def _close(self, outcome: Outcome, asked: float, now: float, *, grow: bool) -> float:
        growing = min(self._rules.closed * float(1 << min(self._closings, 20)), self._rules.closed_longest)
        seconds = max(growing if grow else 0.0, asked) * self._random.uniform(1.0, 1.1)
        self._closings += 1
        self.closed_until = now + seconds
        self.reason = self._in_words(outcome)
        self._failed.clear()
        return seconds

    def _in_words(self, outcome: Outcome) -> str:
        times = NUMBERS[self.failures] if self.failures < len(NUMBERS) else f"{self.failures} times"
        if len(self._words) == 1:
            told = f"{outcome.words} {times}"
        else:
            told = f"{self.failures} failures in a row, the last: {outcome.words}"
        if outcome.retry_after:
            told += f", Retry-After {outcome.retry_after:.0f} s"
        return told

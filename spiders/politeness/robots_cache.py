"""What is known of every host's robots.txt, once for the whole process (RFC 9309)."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from archiver.errors import NotNowError, RobotsUnavailableError
from archiver.spiders.politeness.clock import Clock

MOST_HOSTS = 5_000
MOST_BYTES = 32 << 20
"""Together, as they came; what is known of the hosts that were not asked for the longest goes first."""


@dataclass(frozen=True, slots=True)
class RobotsRules:
    """The rules of one host: `allows` says whether a User-Agent may fetch a URL, `delay` its Crawl-delay.

    With a `problem` nothing is allowed, and the problem says why. They are good for `seconds`. `size` is that
    of the file, in bytes; `found` whether there is one.
    """

    allows: Callable[[str, str], bool]
    delay: Callable[[str], float | None]
    seconds: float
    size: int = 0
    found: bool = False
    problem: RobotsUnavailableError | None = None


class RobotsCache:
    """Rules by scheme and authority; many may ask at once, and one request is made."""

    def __init__(self, clock: Clock, *, most_hosts: int = MOST_HOSTS, most_bytes: int = MOST_BYTES) -> None:
        self._clock = clock
        self._most_hosts = most_hosts
        self._most_bytes = most_bytes
        self._bytes = 0
        self._known: OrderedDict[str, tuple[float, RobotsRules]] = OrderedDict()
        self._asked: dict[str, asyncio.Task[RobotsRules]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def known(self, authority: str) -> RobotsRules | None:
        """The rules, if they are known and still good."""
        entry = self._known.get(authority)
        if entry is None:
            return None
        until, rules = entry
        if self._clock.now() >= until:
            self._forget(authority)
            return None
        self._known.move_to_end(authority)
        return rules

    async def rules(self, authority: str, fetch: Callable[[], Awaitable[RobotsRules]]) -> RobotsRules:
        """The rules, by `fetch` when they are not known; all who ask meanwhile wait for the one answer.

        Raises what `fetch` raises, which is not remembered. When the crawl that fetches is stopped, another
        of those who wait fetches anew.
        """
        while True:
            rules = self.known(authority)
            if rules is not None:
                return rules
            task = self._asked.get(authority)
            is_ours = task is None
            if task is None:
                task = asyncio.ensure_future(self._ask(authority, fetch))
                self._asked[authority] = task
                task.add_done_callback(lambda done: self._answered(authority, done))
            try:
                return await asyncio.shield(task)
            except asyncio.CancelledError:
                if is_ours or not task.cancelled():
                    raise
            except NotNowError:
                raise
            except Exception:
                if is_ours:
                    raise

    async def _ask(self, authority: str, fetch: Callable[[], Awaitable[RobotsRules]]) -> RobotsRules:
        rules = await fetch()
        self._forget(authority)
        self._known[authority] = self._clock.now() + rules.seconds, rules
        self._bytes += rules.size
        while len(self._known) > self._most_hosts or self._bytes > self._most_bytes:
            self._forget(next(iter(self._known)))
        return rules

    def _answered(self, authority: str, task: asyncio.Task[RobotsRules]) -> None:
        self._asked.pop(authority, None)
        if not task.cancelled():
            task.exception()  # everybody who waited may be gone

    def _forget(self, authority: str) -> None:
        entry = self._known.pop(authority, None)
        if entry:
            self._bytes -= entry[1].size

"""What an operator asks for, as the politeness rules take it; they know no settings."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from archiver.model.exchange import Purpose

LONGEST_PAUSE = 30.0
"""Seconds that a request waits for a host that asked for a pause; for a longer one the host is closed."""

RANKS = {
    Purpose.ROBOTS: 0,
    Purpose.FEED: 1,
    Purpose.SITEMAP: 1,
    Purpose.LISTING: 1,
    Purpose.PAGE: 2,
    Purpose.RESOURCE: 3,
    Purpose.PICTURE: 4,
}
"""Who goes first among those who wait for one host; equals in the order in which they came."""


@dataclass(frozen=True, slots=True)
class Pace:
    """What one crawl asks for: seconds between the starts of two requests to a host, requests at once.

    With `autothrottle` the delay grows to what the host takes to answer.
    """

    delay: float = 0.0
    concurrency: int = 1
    autothrottle: bool = False


DEFAULT_PACE = Pace()


@dataclass(frozen=True, slots=True)
class HostRules:
    """When a host is left alone, in seconds.

    `backoff` is the first pause after a failure, doubled for each further one in a row. After `failures` in
    a row (0: never) the host is closed for `closed` seconds, twice as long each time that it fails again, at
    most `closed_longest`, which is also the most that a Retry-After can ask for. `crawl_delay_longest` is
    the most that a Crawl-delay in robots.txt can.
    """

    backoff: float = 1.0
    failures: int = 5
    closed: float = 60.0
    closed_longest: float = 3600.0
    crawl_delay_longest: float = 30.0


def host_of(url: str) -> str:
    """The host of `url` in lower case, with its port unless that is the usual one of http or https.

    One site that is reached by both schemes is one server to be spared.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    port = parts.port
    if ":" in host:
        host = f"[{host}]"
    return host if port in (None, 80, 443) else f"{host}:{port}"

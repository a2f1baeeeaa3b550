"""A source: an outlet that the archive watches, and how."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from archiver.config.schedule import Schedule
from archiver.errors import ConfigurationError
from archiver.model.own_headers import SECRET_NAME, OwnHeaders, is_on

DEFAULT_SCHEDULE = Schedule(interval=timedelta(minutes=15))
DEFAULT_MAX_AGE = timedelta(days=7)


class PictureChoice(StrEnum):
    """Which renditions of each picture are fetched."""

    BEST = "best"
    ALL = "all"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Politeness:
    """How gently the source is asked. None means the setting of the same name.

    `delay` is in seconds between requests to one host, `concurrency` the requests at once to one host.
    """

    delay: float | None = None
    concurrency: int | None = None
    obey_robots: bool | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """A request header. A secret is never in the file: `variable` names the environment variable with it."""

    name: str
    value: str | None = None
    variable: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One outlet. `domains` are its registrable domains or hosts, each with everything below it.

    `include` and `exclude` are searched in article URLs: with `include` only those that match are visited.
    `max_age` is how old an entry of a feed or sitemap may be to be visited; None is no limit. `revisit` are
    the ages at which an article is fetched again. `checked` is the day on which somebody last saw that the
    addresses work; None is never.
    """

    name: str
    title: str
    domains: tuple[str, ...]
    country: str
    languages: tuple[str, ...]
    feeds: tuple[str, ...] = ()
    sitemaps: tuple[str, ...] = ()
    listings: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    include: tuple[re.Pattern[str], ...] = ()
    exclude: tuple[re.Pattern[str], ...] = ()
    schedule: Schedule = DEFAULT_SCHEDULE
    max_age: timedelta | None = DEFAULT_MAX_AGE
    listing_pages: int = 1
    politeness: Politeness = field(default_factory=Politeness)
    pictures: PictureChoice = PictureChoice.BEST
    revisit: tuple[timedelta, ...] = ()
    headers: tuple[Header, ...] = ()
    rendering: str = "none"
    enabled: bool = False
    checked: date | None = None
    notes: str = ""

    @property
    def urls(self) -> tuple[str, ...]:
        """All addresses that are looked at: feeds, sitemaps, listings, pages."""
        return self.feeds + self.sitemaps + self.listings + self.pages

    def owns(self, url: str) -> bool:
        """Whether `url` is on one of the source's domains."""
        return is_on(url, self.domains)

    def wants(self, url: str) -> bool:
        """Whether an article at `url` is to be visited: on a domain of the source, included, not excluded."""
        if not self.owns(url) or any(pattern.search(url) for pattern in self.exclude):
            return False
        return not self.include or any(pattern.search(url) for pattern in self.include)

    def request_headers(self, environ: Mapping[str, str]) -> dict[str, str]:
        """The headers to send, secrets taken from `environ`.

        Raises ConfigurationError when a variable is not set or its value cannot be a header.
        """
        lack = self.lacks(environ)
        if lack:
            raise ConfigurationError(f"source {self.name}: {lack}")
        return {
            header.name: environ[header.variable] if header.variable else header.value or ""
            for header in self.headers
        }

    def own_headers(self, environ: Mapping[str, str]) -> OwnHeaders:
        """The same with what limits them: the hosts of the source, and which of them are secrets.

        A secret goes over plain HTTP only when an address of the source does. Raises as `request_headers`.
        """
        return OwnHeaders(
            self.request_headers(environ),
            frozenset(
                header.name.lower()
                for header in self.headers
                if header.variable or SECRET_NAME.search(header.name)
            ),
            self.domains,
            frozenset({"https", *(urlsplit(url).scheme for url in self.urls)}),
        )

    def lacks(self, environ: Mapping[str, str]) -> str | None:
        """Why the headers cannot be sent: a variable that is not set or cannot be one; None when they can."""
        return next(filter(None, (_lack(header, environ) for header in self.headers)), None)


def _lack(header: Header, environ: Mapping[str, str]) -> str | None:
    if header.variable is None:
        return None
    value = environ.get(header.variable)
    if not value:
        return f"header {header.name} needs the environment variable {header.variable}, which is not set"
    if not value.isprintable() or not value.isascii():
        return f"the environment variable {header.variable} cannot be a header; it must be one line of ASCII"
    return None

"""A local news site of any size, made from a seed, whose every answer is known: for tests and benches."""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from functools import partial
from hashlib import sha256
from types import MappingProxyType
from typing import NamedTuple

from archiver.demo.press import Press, Story
from archiver.demo.resource import Answer, Fault, Request, Resource, note
from archiver.demo.server import LocalSite
from archiver.errors import UsageError

_NO_FAULTS: Mapping[Fault, float] = MappingProxyType({})
_KEPT_BYTES = 256 << 20
_Key = tuple[str, str]


class Change(StrEnum):
    """What `mutate` does to an article."""

    TEXT = "text"
    TITLE = "title"
    PICTURE = "picture"
    """The first picture is replaced at the same URL; the page stays as it is."""


class Mutation(NamedTuple):
    """One change: the URL of the article, and what changed in it."""

    url: str
    change: Change


class GeneratedSite(LocalSite):
    """`articles` over `hosts` virtual hosts (`outlet0.localhost`, ...), each with feed, sitemaps and logo.

    `page_bytes` and `picture_bytes` are sizes before any coding. `faults` and `article_faults` give, for
    pictures and for articles, the share that misbehaves in each way; `delay` is the wait in seconds of a
    slow answer and `retry_after` what a busy one asks for. All follows from `seed`; the logo is the same
    file on every host. What was made once is kept, up to 256 MiB.
    """

    def __init__(
        self,
        hosts: int = 8,
        articles: int = 500,
        pictures_per_article: int = 6,
        *,
        seed: int = 0,
        page_bytes: int = 12_000,
        picture_bytes: int = 20_000,
        faults: Mapping[Fault, float] = _NO_FAULTS,
        article_faults: Mapping[Fault, float] = _NO_FAULTS,
        delay: float = 0.5,
        retry_after: int = 1,
        port: int = 0,
    ) -> None:
        super().__init__(port)
        if hosts < 1 or articles < 0 or pictures_per_article < 0:
            raise UsageError("a generated site needs at least one host, and no negative numbers")
        self._seed = seed
        self._press = Press(seed, self.url, pictures_per_article, page_bytes, picture_bytes)
        self._pictures = pictures_per_article
        self._delay = delay
        self._retry_after = str(retry_after)
        self._random = random.Random(f"mutations {seed}")  # noqa: S311 - a choice, not a secret
        self._stories = [Story(number, f"outlet{number % hosts}.localhost") for number in range(articles)]
        self._hosts = tuple(f"outlet{number}.localhost" for number in range(hosts))
        self._lock = threading.Lock()
        self._makers: dict[_Key, Callable[[], Resource]] = {}
        self._made: dict[_Key, Resource] = {}
        self._room = _KEPT_BYTES
        self._answered_faults: Counter[_Key] = Counter()
        self._faults = dict(self._drawn_faults(faults, article_faults))

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names of the virtual hosts."""
        return self._hosts

    @property
    def article_urls(self) -> tuple[str, ...]:
        """The articles' URLs, newest first."""
        return tuple(self.url(story.host, story.path) for story in self._stories)

    def picture_urls(self, number: int) -> tuple[str, ...]:
        """The URLs of the pictures of the `number`-th article, in page order."""
        story = self._stories[number]
        return tuple(self.url(story.host, story.picture_path(index)) for index in range(self._pictures))

    @property
    def feed_urls(self) -> tuple[str, ...]:
        """One RSS feed a host, with its 50 newest articles."""
        return tuple(self.url(host, "/feed.xml") for host in self._hosts)

    @property
    def sitemap_urls(self) -> tuple[str, ...]:
        """One sitemap index a host; it leads to a news sitemap of all its articles."""
        return tuple(self.url(host, "/sitemap.xml") for host in self._hosts)

    @property
    def faulty(self) -> Mapping[str, Fault]:
        """The URLs that misbehave, and how."""
        return {self.url(host, path): fault for (host, path), fault in self._faults.items()}

    def mutate(self, fraction: float) -> tuple[Mutation, ...]:
        """Change that share of the articles, in turn in text, title and first picture."""
        with self._lock:
            chosen = sorted(
                self._random.sample(range(len(self._stories)), round(fraction * len(self._stories)))
            )
            return tuple(self._change(number, place) for place, number in enumerate(chosen))

    def warm(self) -> None:
        """Make everything and its gzip form now, so that the first visits cost no more than later ones."""
        asked = Request("GET", "", "/", "HTTP/1.1", {"accept-encoding": "gzip"})
        for key in self._makers:
            self._resource(key).answer(asked)

    def opened(self) -> None:
        """Write the table of what can be asked for."""
        press = self._press
        for host in self._hosts:
            self._makers[host, "/robots.txt"] = partial(press.robots, host)
            self._makers[host, "/logo.png"] = press.logo
            self._makers[host, "/sitemap.xml"] = partial(press.sitemap_index, host)
            self._makers[host, "/sitemap-news.xml"] = partial(self._overview, press.news_sitemap, host)
            self._makers[host, "/feed.xml"] = partial(self._overview, press.feed, host)
            self._makers[host, "/"] = partial(self._overview, press.front, host)
        for number, story in enumerate(self._stories):
            self._makers[story.host, story.path] = partial(self._page, number)
            for index in range(self._pictures):
                self._makers[story.host, story.picture_path(index)] = partial(self._picture, number, index)

    def respond(self, request: Request) -> Answer:
        """The resource, or its fault."""
        key = (request.hostname, request.target.partition("?")[0])
        if key not in self._makers:
            return note(404, "nothing here").answer(request)
        fault = self._faults.get(key)
        return self._resource(key).answer(request) if fault is None else self._misbehave(fault, key, request)

    def _resource(self, key: _Key) -> Resource:
        made = self._made.get(key)
        if made is None:
            with self._lock:
                made = self._makers[key]()
                if self._room > len(made.body):
                    self._room -= len(made.body)
                    self._made[key] = made
        return made

    def _misbehave(self, fault: Fault, key: _Key, request: Request) -> Answer:
        match fault:
            case Fault.MISSING:
                return note(404, "no such file").answer(request)
            case Fault.HANG:
                return Answer(0, b"", b"", "", fault=fault)
            case Fault.BUSY | Fault.UNAVAILABLE if not self._answered_faults[key]:
                self._answered_faults[key] += 1
                status = 429 if fault is Fault.BUSY else 503
                return note(status, "come back later", ("Retry-After", self._retry_after)).answer(request)
        answer = self._resource(key).answer(request)
        if fault is Fault.SLOW:
            return answer._replace(delay=self._delay)
        if fault is Fault.TRUNCATED and answer.body:
            half = answer.body[: len(answer.body) // 2]
            return answer._replace(body=half, digest=sha256(half).hexdigest(), fault=fault)
        return answer

    def _overview(self, make: Callable[[str, Sequence[Story]], Resource], host: str) -> Resource:
        return make(host, self._stories[self._hosts.index(host) :: len(self._hosts)])

    def _page(self, number: int) -> Resource:
        return self._press.page(self._stories[number])

    def _picture(self, number: int, index: int) -> Resource:
        return self._press.picture(self._stories[number], index)

    def _drawn_faults(
        self, faults: Mapping[Fault, float], article_faults: Mapping[Fault, float]
    ) -> Iterator[tuple[_Key, Fault]]:
        draw = random.Random(f"faults {self._seed}")  # noqa: S311 - a choice, not a secret
        for story in self._stories:
            if fault := _drawn(article_faults, draw.random()):
                yield (story.host, story.path), fault
            for index in range(self._pictures):
                if fault := _drawn(faults, draw.random()):
                    yield (story.host, story.picture_path(index)), fault

    def _change(self, number: int, place: int) -> Mutation:
        story, change = self._stories[number], tuple(Change)[place % len(Change)]
        match change:
            case Change.TEXT:
                changed = replace(story, text_version=story.text_version + 1)
            case Change.TITLE:
                changed = replace(story, title_version=story.title_version + 1)
            case Change.PICTURE:
                changed = replace(story, picture_version=story.picture_version + 1)
        self._stories[number] = changed
        for path in (story.path, story.picture_path(0), "/", "/feed.xml", "/sitemap-news.xml"):
            made = self._made.pop((story.host, path), None)
            self._room += len(made.body) if made else 0
        return Mutation(self.url(story.host, story.path), change)


def _drawn(shares: Mapping[Fault, float], number: float) -> Fault | None:
    for fault, share in shares.items():
        if number < share:
            return fault
        number -= share
    return None

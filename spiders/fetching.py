"""Fetches a page together with its pictures, so that both show the same moment.

Pictures fetched later are wrong evidence; so every picture that the policy wants is asked for as soon as
the page is read, and the page is handed over when each has come or has said why not.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from itertools import islice
from typing import Protocol
from uuid import UUID

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from w3lib.encoding import http_content_type_encoding

from archiver.errors import ArchiverError, NotNowError, UnsafeURLError
from archiver.model.exchange import Condition, Purpose
from archiver.model.fetched import Download, FetchedPage, FetchedPicture
from archiver.model.picture import FoundPicture, PictureOrigin, PictureRole, Rendition
from archiver.spiders.answers import asks_in_header, confirmed, content_type_of, described, mime_of
from archiver.spiders.document import Document, parse_document
from archiver.spiders.magic import HEAD_BYTES
from archiver.spiders.pictures import (
    PagePictures,
    PicturePolicy,
    css_urls,
    find_stylesheets,
    look_for_pictures,
)
from archiver.spiders.politeness.tries import Tries
from archiver.spiders.wire import CONDITION, EXCHANGES, KEEP_BODY, PURPOSE, SOURCE, TRIES, VIA, words_of
from archiver.uri import target_uri

log = logging.getLogger(__name__)

READ_AT_ONCE = 2
"""Pages of a crawl whose markup is in memory as a tree, which takes many times their length."""
PAGE_BYTES = 4_000_000
"""A page larger than this is archived whole but read for pictures only up to here."""
MARKUP = ("text/html", "application/xhtml+xml", "application/xml", "text/xml")
STYLESHEET_BYTES = 2_000_000
IMPORT_DEPTH = 3
MOST_PAINTED = 5_000
"""Pictures of the stylesheets that are listed."""
PRIORITY = {Purpose.PAGE: 0, Purpose.PICTURE: 10, Purpose.RESOURCE: 5}


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """What is fetched with a page.

    With `obey_noarchive` nothing is fetched with a page that asks not to be archived. `remembered` bounds how
    many requisites one crawl remembers.
    """

    pictures: PicturePolicy = field(default_factory=PicturePolicy)
    stylesheets: bool = True
    obey_robots: bool = True
    obey_noarchive: bool = False
    remembered: int = 50_000


@dataclass(frozen=True, slots=True)
class _Answer:
    download: Download
    response: Response | None
    stands_for: UUID | None = None
    """For a 304, the capture that it says is unchanged."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A feed, sitemap or listing as fetched: `download` says what came, `content` is its decoded payload."""

    download: Download
    content: bytes
    content_type: str


class Memory(Protocol):
    """What the archive has of a URL, so that what did not change costs a 304."""

    async def condition(self, url: str) -> Condition | None:
        """What makes a request conditional; None for an unknown URL."""
        ...

    async def payload(self, record_id: UUID) -> tuple[bytes, str] | None:
        """The decoded payload and the Content-Type of the capture that a 304 stands for."""
        ...


class PageFetcher:
    """Fetches pages with their pictures through a crawler's downloader; one for each crawl.

    A picture or stylesheet that several pages share is fetched once in a crawl. With a `memory`, requests are
    conditional, and a page that did not change is read from the archive, so that its pictures are looked
    at again: they can be replaced under a page that stays the same.
    """

    def __init__(self, crawler: Crawler, policy: FetchPolicy, memory: Memory | None = None) -> None:
        self._crawler = crawler
        self._policy = policy
        self._memory = memory
        self._reading = asyncio.Semaphore(READ_AT_ONCE)
        self._requisites: OrderedDict[str, asyncio.Task[_Answer]] = OrderedDict()

    async def fetch(
        self,
        url: str,
        *,
        source: str | None = None,
        spider: str | None = None,
    ) -> FetchedPage:
        """The page at `url` with its pictures. Never raises for what the network does."""
        answer, content = await self._content(url, Purpose.PAGE, source, PAGE_BYTES)
        robots = "obeyed" if self._policy.obey_robots else "ignored"
        page = FetchedPage(url, answer.download, source=source, spider=spider, robots=robots)
        response = answer.response
        if response is None or content is None:
            return page
        page = replace(page, noarchive=asks_in_header(response))
        body, content_type = content
        if mime_of(content_type) not in MARKUP or not body:
            return page
        charset = http_content_type_encoding(content_type)
        async with self._reading:
            read = await asyncio.to_thread(_read, body, response.url, charset, self._policy.pictures)
        page = replace(page, noarchive=page.noarchive or read.noarchive, charset=read.charset)
        if page.noarchive and self._policy.obey_noarchive:
            return page
        found = read.pictures
        resources, painted = await self._stylesheets(read, source)
        found = _with_painted(found, painted, self._policy.pictures.limit)
        pictures = await self._pictures(found, response.url, source)
        return replace(page, pictures=pictures, resources=resources, body=body)

    async def _content(
        self, url: str, purpose: Purpose, source: str | None, keep: int | None
    ) -> tuple[_Answer, tuple[bytes, str] | None]:
        """What was answered, with its payload and Content-Type; for a 304 those that it stands for.

        When these cannot be read, it is asked for once more without conditions.
        """
        answer = await self._download(url, purpose, None, source, keep)
        if not (answer.stands_for and self._memory):
            return answer, _payload(answer)
        content = await self._memory.payload(answer.stands_for)
        if content:
            return answer, content
        exchanges = list(answer.download.exchanges)
        answer = await self._attempt(url, purpose, None, source, keep, exchanges)
        return answer, _payload(answer)

    async def read(self, url: str, purpose: Purpose, source: str | None) -> Listed:
        """A feed, sitemap or listing, whole. Never raises for what the network does."""
        answer, content = await self._content(url, purpose, source, None)
        return Listed(answer.download, *(content or (b"", "")))

    async def _pictures(
        self, found: PagePictures, via: str, source: str | None
    ) -> tuple[FetchedPicture, ...]:
        wanted = dict.fromkeys(url for picture in found.pictures for url in picture.fetch)
        answers = await asyncio.gather(
            *(self._requisite(url, Purpose.PICTURE, via, source, HEAD_BYTES) for url in wanted)
        )
        downloads = {url: answer.download for url, answer in zip(wanted, answers, strict=True)}
        return tuple(
            FetchedPicture(
                picture, tuple(downloads[url] for url in picture.fetch), found.problems.get(picture.position)
            )
            for picture in found.pictures
        )

    async def _stylesheets(
        self, page: _Read, source: str | None
    ) -> tuple[tuple[Download, ...], tuple[str, ...]]:
        """The stylesheets of the page with what they import, and the pictures that they paint."""
        if not self._policy.stylesheets:
            return (), ()
        downloads: dict[str, Download] = {}
        painted: dict[str, None] = {}
        via, level = page.url, page.stylesheets
        for _ in range(IMPORT_DEPTH):
            fresh = [url for url in dict.fromkeys(level) if url not in downloads]
            answers = await asyncio.gather(
                *(self._requisite(url, Purpose.RESOURCE, via, source, STYLESHEET_BYTES) for url in fresh)
            )
            downloads.update((url, answer.download) for url, answer in zip(fresh, answers, strict=True))
            sheets = [
                await asyncio.to_thread(css_urls, a.response.body, a.response.url)
                for a in answers
                if a.response
            ]
            level = tuple(url for sheet in sheets for url in sheet.imports)
            painted.update(dict.fromkeys(url for sheet in sheets for url in sheet.pictures))
        return tuple(downloads.values()), tuple(painted)

    async def _requisite(
        self, url: str, purpose: Purpose, via: str, source: str | None, keep: int
    ) -> _Answer:
        """What a page needs, fetched once in a crawl however many pages need it."""
        task = self._requisites.get(url)
        if task is None:
            task = asyncio.ensure_future(self._needed(url, purpose, via, source, keep))
            self._requisites[url] = task
            while len(self._requisites) > self._policy.remembered:
                self._requisites.popitem(last=False)
        return await asyncio.shield(task)

    async def _needed(self, url: str, purpose: Purpose, via: str, source: str | None, keep: int) -> _Answer:
        """A picture or stylesheet; an unchanged stylesheet as the archive has it, since it names pictures."""
        answer = await self._download(url, purpose, via, source, keep)
        if purpose is Purpose.RESOURCE and answer.response and answer.stands_for and self._memory:
            content, _ = await self._memory.payload(answer.stands_for) or (b"", "")
            return replace(answer, response=answer.response.replace(body=content))
        return answer

    async def _download(
        self,
        url: str,
        purpose: Purpose,
        via: str | None,
        source: str | None,
        keep: int | None,
    ) -> _Answer:
        """What was answered, to a conditional request if the archive has the URL.

        A 304 that does not mean what the archive has, since it came through a redirect or names another
        version, is asked for anew without conditions; a 304 to that says nothing.
        """
        exchanges: list[UUID] = []
        condition = await self._memory.condition(url) if self._memory else None
        if condition:
            answer = await self._attempt(url, purpose, via, source, keep, exchanges, condition)
            if answer.stands_for or not _is_unchanged(answer):
                return answer
        return await self._attempt(url, purpose, via, source, keep, exchanges)

    async def _attempt(
        self,
        url: str,
        purpose: Purpose,
        via: str | None,
        source: str | None,
        keep: int | None,
        exchanges: list[UUID],
        condition: Condition | None = None,
    ) -> _Answer:
        tries = Tries()
        meta: dict[str, object] = {
            PURPOSE: purpose, VIA: via, SOURCE: source, KEEP_BODY: keep, EXCHANGES: exchanges, TRIES: tries
        }  # fmt: skip
        if condition:
            meta[CONDITION] = condition
        again_at = None
        try:
            request = Request(
                url,
                headers=condition.headers if condition else None,
                meta=meta,
                priority=PRIORITY.get(purpose, 0),
                dont_filter=True,
                flags=["archive"],
            )
        except ValueError:
            return _Answer(Download(url, url, (), reason=_malformed(url), attempts=0), None)
        try:
            assert self._crawler.engine is not None
            response = await self._crawler.engine.download_async(request)
        except NotNowError as error:
            reason, again_at = str(error), error.until
        except ArchiverError as error:
            reason = str(error)
        except IgnoreRequest as error:
            reason = str(error) or "robots.txt does not allow it"
        except Exception as error:  # noqa: BLE001 - whatever a download dies of is the reason that is kept
            reason = words_of(error)
        else:
            unchanged = confirmed(response, condition)
            download = described(url, response, exchanges, purpose, is_known=unchanged is not None)
            return _Answer(replace(download, attempts=tries.count), response, unchanged)
        return _Answer(
            Download(url, url, tuple(exchanges), reason=reason, attempts=tries.count, again_at=again_at),
            None,
        )


@dataclass(frozen=True, slots=True)
class _Read:
    """What the markup of a page says; the tree of its elements is not kept."""

    url: str
    charset: str
    noarchive: bool
    pictures: PagePictures
    stylesheets: tuple[str, ...]


def _read(body: bytes, url: str, charset: str | None, policy: PicturePolicy) -> _Read:
    document = parse_document(body, url, charset)
    return _Read(
        document.url, document.charset, _asks_in_markup(document), look_for_pictures(document, policy),
        tuple(find_stylesheets(document)),
    )  # fmt: skip


def _is_unchanged(answer: _Answer) -> bool:
    return answer.response is not None and answer.response.status == HTTPStatus.NOT_MODIFIED


def _payload(answer: _Answer) -> tuple[bytes, str] | None:
    response = answer.response
    if response is None or _is_unchanged(answer):
        return None
    return response.body, content_type_of(response)


def _with_painted(found: PagePictures, painted: Iterable[str], limit: int) -> PagePictures:
    """The pictures of a page and those that its stylesheets paint; the limit is one for both."""
    pictures, problems = list(found.pictures), dict(found.problems)
    left = limit - sum(bool(picture.fetch) for picture in pictures)
    for url in islice(painted, MOST_PAINTED):
        fetch = (url,) if left > 0 else ()
        if not fetch:
            problems[len(pictures)] = f"over the limit of {limit} pictures"
        left -= 1
        style = Rendition(url, PictureOrigin.STYLE)
        pictures.append(FoundPicture(len(pictures), PictureRole.FURNITURE, (style,), fetch))
    return PagePictures(tuple(pictures), problems)


def _asks_in_markup(document: Document) -> bool:
    """Whether the page asks not to be archived: <meta name="robots" content="noarchive">."""
    return any(
        "noarchive" in element.get("content", "").lower()
        for element in document.root.iterfind(".//meta[@name]")
        if element.get("name", "").lower() in ("robots", "googlebot")
    )


def _malformed(url: str) -> str:
    """Why no request can be made for `url`."""
    try:
        target_uri(url)
    except UnsafeURLError as error:
        return str(error)
    return f"no request can be made for an address that contains what no address has: {url[:120]!a}"

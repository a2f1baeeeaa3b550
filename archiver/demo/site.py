"""The bundled local news site: a ministry, two newspapers and a picture host that change as in the story.

A ministry publishes pictures as proof; a newspaper carries them; hours later pictures are replaced and the
text edited; a day later the pages are gone. Another newspaper carried one of the pictures a year before.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from archiver.demo import feeds, pages
from archiver.demo.newsroom import DEFAULT_MOMENT, Article, Edition, Stage, edition, pictures, site_file
from archiver.demo.outlets import COURIER, HOSTS, MINISTRY, OUTLETS, PICTURES, POST, Address, Outlet
from archiver.demo.resource import Answer, Request, Resource, note
from archiver.demo.server import LocalSite
from archiver.errors import UsageError

__all__ = ["COURIER", "HOSTS", "MINISTRY", "PICTURES", "POST", "DemoSite", "Stage"]

_HTML = "text/html; charset=utf-8"
_TYPES = {
    "jpg": "image/jpeg",
    "png": "image/png",
    "svg": "image/svg+xml",
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
}
_ASSETS = {
    (COURIER, "/assets/courier.css"): "styles/courier.css",
    (COURIER, "/assets/lazy.js"): "styles/lazy.js",
    (COURIER, "/assets/logo.svg"): "pictures/courier-logo.svg",
    (COURIER, "/assets/icon.svg"): "pictures/courier-icon.svg",
    (COURIER, "/assets/skyline.svg"): "pictures/courier-skyline.svg",
    (POST, "/style/post.css"): "styles/post.css",
    (POST, "/style/logo.svg"): "pictures/post-logo.svg",
    (MINISTRY, "/static/ministry.css"): "styles/ministry.css",
    (MINISTRY, "/static/seal.svg"): "pictures/ministry-seal.svg",
}


@dataclass(frozen=True, slots=True)
class _Rotating:
    """A page whose bytes differ at every visit, though its validators stay."""

    render: Callable[[int], Resource]


_Key = tuple[str, str]
_Table = dict[_Key, Resource | _Rotating]


class DemoSite(LocalSite):
    """The site at one `stage` of the story; `advance` goes to the next.

    `moment` is when the ministry publishes: the pages' dates, Last-Modified and Date headers follow from it
    and from the stage, never from the machine's clock, so that the n-th answer of a URL in a stage has the
    same bytes in every run on the same port.
    """

    def __init__(self, *, moment: datetime = DEFAULT_MOMENT, port: int = 0) -> None:
        super().__init__(port)
        self._moment = moment
        self._stage = Stage.A_YEAR_BEFORE
        self._tables: dict[Stage, _Table] = {}
        self._visits: Counter[_Key] = Counter()

    @property
    def stage(self) -> Stage:
        """The current stage of the story."""
        return self._stage

    @stage.setter
    def stage(self, stage: Stage | int) -> None:
        self._stage = Stage(stage)

    def advance(self) -> Stage:
        """Go to the next stage. Raises UsageError after the last."""
        if self._stage is Stage.GONE:
            raise UsageError("the story of the demo site has no further stage")
        self._stage = Stage(self._stage + 1)
        return self._stage

    @property
    def article_url(self) -> str:
        """The newspaper's article that carries the ministry's pictures."""
        return self.url(COURIER, "/politics/orvel-pass-convoy.html")

    @property
    def statement_url(self) -> str:
        """The ministry's statement."""
        return self.url(MINISTRY, "/statements/orvel-pass")

    @property
    def earlier_url(self) -> str:
        """The other newspaper's article of a year before, with one of the pictures."""
        return self.url(POST, "/archive/relief-convoy-orvel-pass.html")

    def opened(self) -> None:
        """Write the pages of every stage."""
        address = Address(self.port)
        for stage in Stage:
            self._tables[stage] = _table(edition(stage, self._moment), address)

    def respond(self, request: Request) -> Answer:
        """What the current stage holds under the URL."""
        if request.method not in ("GET", "HEAD"):
            return note(405, "only GET and HEAD are served here", ("Allow", "GET, HEAD")).answer(request)
        table = self._tables[self._stage]
        if request.hostname not in HOSTS:
            return self._directory(request).answer(request)
        key = (request.hostname, request.target.partition("?")[0])
        found = table.get(key) or table[request.hostname, _NOT_FOUND]
        if isinstance(found, _Rotating):
            visit = self._visits[key]
            self._visits[key] += 1
            found = found.render(visit)
        return found.answer(request)

    def _directory(self, request: Request) -> Resource:
        if request.hostname not in ("127.0.0.1", "localhost"):
            return note(421, f"no such host here: {request.hostname}")
        return note(200, "\n".join(self.url(host) for host in HOSTS))


_NOT_FOUND = ""


def _table(current: Edition, address: Address) -> _Table:
    """Everything that can be asked for in one stage."""
    table: _Table = {}
    for outlet in OUTLETS.values():
        table.update(_outlet_pages(outlet, current, address))
        table.update(_outlet_feeds(outlet, current, address))
        table.update(_outlet_pictures(outlet, current))
    for (host, path), file in _ASSETS.items():
        content_type = _TYPES[file.rpartition(".")[2]]
        table[host, path] = _fixed(site_file(file), content_type, current, _server(host), current.founded)
    table[PICTURES, "/robots.txt"] = _fixed(b"User-agent: *\nDisallow:\n", "text/plain", current, "imgcdn")
    table[PICTURES, _NOT_FOUND] = note(404, "no such picture", ("Server", "imgcdn"))
    return table


def _outlet_pages(
    outlet: Outlet, current: Edition, address: Address
) -> Iterator[tuple[_Key, Resource | _Rotating]]:
    articles = current.of(outlet.key)
    for article in articles:
        text = pages.article_page(outlet, article, current, address)
        yield (outlet.host, article.path), _rotating(text, outlet, current, article)
    for front in pages.fronts(outlet, current):
        text = pages.front_page(outlet, front, current, address)
        yield (outlet.host, front.path), _rotating(text, outlet, current, None)
    yield (outlet.host, "/imprint"), _rotating(pages.imprint_page(outlet, current), outlet, current, None)
    for (key, old_path), path in current.redirects.items():
        if key == outlet.key:
            target = ("Location", address.url(outlet.host, path))
            yield (outlet.host, old_path), note(301, "moved", target, ("Server", outlet.server))
    for (key, path), status in current.gone.items():
        if key == outlet.key:
            yield (outlet.host, path), _error_page(outlet, status, current)
    yield (outlet.host, _NOT_FOUND), _error_page(outlet, 404, current)


def _outlet_feeds(outlet: Outlet, current: Edition, address: Address) -> Iterator[tuple[_Key, Resource]]:
    articles = current.of(outlet.key)
    site = address.url(outlet.host, "")

    def entry(path: str, text: str, content_type: str) -> tuple[_Key, Resource]:
        return (outlet.host, path), _fixed(text.encode(), content_type, current, outlet.server)

    yield entry("/robots.txt", outlet.robots.format(site=site), "text/plain; charset=utf-8")
    yield entry("/sitemap-news.xml", feeds.news_sitemap(outlet, articles, address), "application/xml")
    yield entry("/sitemap-articles.xml", feeds.sitemap(articles, address), "application/xml")
    parts = [f"{site}/sitemap-news.xml", f"{site}/sitemap-articles.xml"]
    yield entry("/sitemap.xml", feeds.sitemap_index(parts, current.moment), "application/xml")
    if outlet.feed_path == "/feeds/rss.xml":
        text = feeds.rss(outlet, articles, address, current.moment)
        yield entry(outlet.feed_path, text, "application/rss+xml; charset=utf-8")
    elif outlet.feed_path:
        text = feeds.atom(outlet, articles, address, current.moment)
        yield entry(outlet.feed_path, text, "application/atom+xml; charset=utf-8")


def _outlet_pictures(outlet: Outlet, current: Edition) -> Iterator[tuple[_Key, Resource]]:
    server = "imgcdn" if outlet.picture_host == PICTURES else outlet.server
    for (key, name), changed in current.shown.items():
        picture = pictures()[name]
        for width in (1200, 600):
            content = picture.content(current.stage, width)
            if key == outlet.key and content is not None:
                path = outlet.picture_url_path(picture, width)
                resource = _fixed(content, _TYPES[picture.suffix], current, server, changed)
                yield (outlet.picture_host, path), resource


def _fixed(
    content: bytes, content_type: str, current: Edition, server: str, modified: datetime | None = None
) -> Resource:
    """A resource that is the same at every visit; one without a time of its own is as old as the stage."""
    return Resource(
        content,
        content_type,
        modified=modified or current.moment,
        date=current.moment,
        headers=(("Cache-Control", "max-age=300"), ("Server", server)),
    )


def _rotating(text: str, outlet: Outlet, current: Edition, article: Article | None) -> _Rotating:
    others = [other for other in current.of(outlet.key) if other != article]
    tag = f'W/"{sha256(text.encode()).hexdigest()[:16]}"'
    headers = (
        ("Cache-Control", "max-age=60"),
        ("Set-Cookie", f"{outlet.key}_visit=1; Path=/"),
        ("Server", outlet.server),
    )

    def render(visit: int) -> Resource:
        body = text.replace(pages.RELATED_MARK, pages.related_box(others, visit))
        body = body.replace(pages.READERS_MARK, pages.readers_line(visit))
        return Resource(
            body.encode(),
            _HTML,
            modified=article.modified if article else current.moment,
            etag=tag,
            date=current.moment,
            headers=headers,
            chunked=outlet.key == "courier",
        )

    return _Rotating(render)


def _error_page(outlet: Outlet, status: int, current: Edition) -> Resource:
    text = pages.gone_page(outlet, status, current)
    return Resource(text.encode(), _HTML, status, date=current.moment, headers=(("Server", outlet.server),))


def _server(host: str) -> str:
    return next(outlet.server for outlet in OUTLETS.values() if outlet.host == host)

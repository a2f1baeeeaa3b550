"""The outlets of the bundled news site: hosts, names, where their pictures and feeds are."""

from __future__ import annotations

from dataclasses import dataclass

from archiver.demo.newsroom import Article, Picture

MINISTRY = "ministry.localhost"
COURIER = "dailycourier.localhost"
POST = "eveningpost.localhost"
PICTURES = "pictures.localhost"

HOSTS = (MINISTRY, COURIER, POST, PICTURES)


@dataclass(frozen=True, slots=True)
class Outlet:
    """One outlet. `picture_path`, on `picture_host`, has the fields `width`, `name` and `suffix`."""

    key: str
    host: str
    name: str
    motto: str
    feed_path: str | None
    picture_host: str
    picture_path: str
    server: str
    robots: str

    def picture_url_path(self, picture: Picture, width: int) -> str:
        """The path of one rendition, 1200 or 600 pixels wide, on `picture_host`."""
        if not picture.has_small:
            width = picture.width
        return self.picture_path.format(width=width, name=picture.name, suffix=picture.suffix)


@dataclass(frozen=True, slots=True)
class Address:
    """Makes absolute URLs once the port is known."""

    port: int

    def url(self, host: str, path: str) -> str:
        """The absolute URL of `path` on `host`."""
        return f"http://{host}:{self.port}{path}"

    def article(self, article: Article) -> str:
        """The canonical URL of an article."""
        return self.url(OUTLETS[article.outlet].host, article.path)

    def picture(self, outlet: Outlet, picture: Picture, width: int = 1200) -> str:
        """The absolute URL of one rendition of a picture."""
        return self.url(outlet.picture_host, outlet.picture_url_path(picture, width))


OUTLETS = {
    outlet.key: outlet
    for outlet in (
        Outlet(
            key="ministry",
            host=MINISTRY,
            name="Ministry of Public Safety",
            motto="Republic of Velmora",
            feed_path=None,
            picture_host=MINISTRY,
            picture_path="/media/{name}-{width}.{suffix}",
            server="gov-web",
            robots="User-agent: *\nDisallow: /internal/\n",
        ),
        Outlet(
            key="courier",
            host=COURIER,
            name="The Daily Courier",
            motto="Independent since 1887",
            feed_path="/feeds/rss.xml",
            picture_host=PICTURES,
            picture_path="/courier/w_{width},q_80/{name}.{suffix}",
            server="nginx",
            robots="User-agent: *\nDisallow: /search\nDisallow: /account/\n\nSitemap: {site}/sitemap.xml\n",
        ),
        Outlet(
            key="post",
            host=POST,
            name="Evening Post",
            motto="The paper for the way home",
            feed_path="/atom.xml",
            picture_host=POST,
            picture_path="/img/{name}-{width}.{suffix}",
            server="Apache",
            robots="User-agent: *\nAllow: /\n\nSitemap: {site}/sitemap.xml\n",
        ),
    )
}

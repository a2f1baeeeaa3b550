"""RSS, Atom, sitemaps and robots.txt of the bundled news site."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime
from xml.sax.saxutils import escape, quoteattr

from archiver.demo.newsroom import Article
from archiver.demo.outlets import Address, Outlet

_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


def rss(outlet: Outlet, articles: Sequence[Article], address: Address, moment: datetime) -> str:
    """RSS 2.0 with Media RSS pictures."""
    entries = "".join(_rss_entry(outlet, article, address) for article in articles)
    own = address.url(outlet.host, outlet.feed_path or "/")
    return (
        f'{_XML}<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/" '
        'xmlns:atom="http://www.w3.org/2005/Atom" xmlns:dc="http://purl.org/dc/elements/1.1/">\n<channel>\n'
        f"<title>{escape(outlet.name)}</title>\n<link>{address.url(outlet.host, '/')}</link>\n"
        f"<description>{escape(outlet.motto)}</description>\n<language>en</language>\n"
        f'<atom:link href="{own}" rel="self" type="application/rss+xml"/>\n'
        f"<lastBuildDate>{format_datetime(moment, usegmt=True)}</lastBuildDate>\n<ttl>15</ttl>\n"
        f"{entries}</channel>\n</rss>\n"
    )


def _rss_entry(outlet: Outlet, article: Article, address: Address) -> str:
    url, lead = address.article(article), article.lead
    return (
        f"<item>\n<title>{escape(article.title)}</title>\n<link>{url}</link>\n"
        f'<guid isPermaLink="true">{url}</guid>\n'
        f"<pubDate>{format_datetime(article.published, usegmt=True)}</pubDate>\n"
        f"<dc:creator>{escape(article.author)}</dc:creator>\n<category>{escape(article.section)}</category>\n"
        f"<description>{escape(article.standfirst)}</description>\n"
        f'<media:content url={quoteattr(address.picture(outlet, lead.picture))} medium="image" '
        f'width="{lead.picture.width}" height="{lead.picture.height}">'
        f"<media:description>{escape(lead.caption)}</media:description>"
        f"<media:credit>{escape(lead.credit)}</media:credit></media:content>\n</item>\n"
    )


def atom(outlet: Outlet, articles: Sequence[Article], address: Address, moment: datetime) -> str:
    """Atom 1.0 whose links carry a tracking parameter, as many do."""
    entries = "".join(
        f"<entry>\n<title>{escape(article.title)}</title>\n<id>{address.article(article)}</id>\n"
        '<link rel="alternate" type="text/html" '
        f'href="{address.article(article)}?utm_source=atom&amp;utm_medium=feed"/>\n'
        f"<published>{_iso(article.published)}</published>\n<updated>{_iso(article.modified)}</updated>\n"
        f"<author><name>{escape(article.author)}</name></author>\n"
        f'<summary type="text">{escape(article.standfirst)}</summary>\n</entry>\n'
        for article in articles
    )
    home = address.url(outlet.host, "/")
    return (
        f'{_XML}<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="en">\n'
        f"<title>{escape(outlet.name)}</title>\n<subtitle>{escape(outlet.motto)}</subtitle>\n"
        f'<id>{home}</id>\n<link rel="alternate" href="{home}"/>\n'
        f'<link rel="self" href="{address.url(outlet.host, outlet.feed_path or "/")}"/>\n'
        f"<updated>{_iso(moment)}</updated>\n{entries}</feed>\n"
    )


def news_sitemap(outlet: Outlet, articles: Sequence[Article], address: Address) -> str:
    """A sitemap with the news and image extensions."""
    entries = "".join(
        f"<url>\n<loc>{address.article(article)}</loc>\n<news:news><news:publication>"
        f"<news:name>{escape(outlet.name)}</news:name><news:language>en</news:language></news:publication>"
        f"<news:publication_date>{_iso(article.published)}</news:publication_date>"
        f"<news:title>{escape(article.title)}</news:title></news:news>\n"
        "<image:image>"
        f"<image:loc>{escape(address.picture(outlet, article.lead.picture))}</image:loc></image:image>\n"
        "</url>\n"
        for article in articles
    )
    return (
        f'{_XML}<urlset xmlns="{_SITEMAP}" xmlns:news="http://www.google.com/schemas/sitemap-news/0.9" '
        f'xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">\n{entries}</urlset>\n'
    )


def sitemap(articles: Sequence[Article], address: Address) -> str:
    """A plain sitemap of articles."""
    entries = "".join(
        f"<url><loc>{address.article(article)}</loc><lastmod>{_iso(article.modified)}</lastmod></url>\n"
        for article in articles
    )
    return f'{_XML}<urlset xmlns="{_SITEMAP}">\n{entries}</urlset>\n'


def sitemap_index(urls: Sequence[str], moment: datetime) -> str:
    """An index of sitemaps."""
    entries = "".join(
        f"<sitemap><loc>{url}</loc><lastmod>{_iso(moment)}</lastmod></sitemap>\n" for url in urls
    )
    return f'{_XML}<sitemapindex xmlns="{_SITEMAP}">\n{entries}</sitemapindex>\n'


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds")

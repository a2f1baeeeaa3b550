"""The HTML of the bundled news site: article pages, fronts, and what stands where an article was."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from string import Template

from archiver.demo.newsroom import Article, Edition, Figure, site_text
from archiver.demo.outlets import Address, Outlet

RELATED_MARK = "<!--related-->"
READERS_MARK = "<!--readers-->"

_FIGURE = re.compile(r"\[figure ([a-z]+)\]")
_BLANK = "data:image/gif;base64,R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7"
_NO_ARCHIVE = "/city/night-market.html"
_SIZES = "(min-width: 820px) 760px, 100vw"


@dataclass(frozen=True, slots=True)
class Front:
    """A page that lists articles, newest first; `name` is a section or topic, empty for the whole outlet."""

    name: str
    path: str
    articles: tuple[Article, ...]


def article_page(outlet: Outlet, article: Article, edition: Edition, address: Address) -> str:
    """The page of one article."""
    blocks = "\n".join(_block(block, outlet, article, address) for block in article.blocks)
    band = ""
    if article.band is not None:
        url = address.picture(outlet, article.band)
        band = f'<div class="band" style="background-image: url(\'{url}\')"></div>\n'
    topics = "".join(f'<a href="{_topic_path(topic)}">{escape(topic)}</a> ' for topic in article.topics)
    main = (
        f'<article>\n<p class="kicker">{escape(article.kicker)}</p>\n<h1>{escape(article.title)}</h1>\n'
        f'<p class="standfirst">{escape(article.standfirst)}</p>\n'
        f'<p class="byline">By <strong class="author">{escape(article.author)}</strong> &middot; '
        f'<time datetime="{article.published.isoformat()}">'
        f"{article.published:%d %B %Y, %H:%M} UTC</time></p>\n"
        f'{blocks}\n{band}<p class="topics">{topics}</p>\n</article>'
    )
    rail = _also_today(outlet, [other for other in edition.of(outlet.key) if other != article], address)
    return _page(outlet, "article", _article_head(outlet, article, address), main, rail, edition)


def front_page(outlet: Outlet, front: Front, edition: Edition, address: Address) -> str:
    """A front: of the whole outlet, of a section, of a topic."""
    name = f"{front.name} | {outlet.name}" if front.name else outlet.name
    lead, *rest = (_teaser(outlet, article, address) for article in front.articles)
    main = f'<div class="opener">\n{lead}\n</div>\n<div class="teasers">\n{"".join(rest)}</div>'
    head = _head(
        name,
        outlet.motto,
        address.url(outlet.host, front.path),
        '<meta property="og:type" content="website">',
    )
    return _page(outlet, "front", head, main, "", edition)


def gone_page(outlet: Outlet, status: int, edition: Edition) -> str:
    """What a reader sees where an article was, or never was."""
    said = "This page is no longer available." if status == 410 else "This page could not be found."
    main = f'<h1>{said}</h1>\n<p class="standfirst"><a href="/">Back to the front page</a></p>'
    head = (
        f'<meta charset="utf-8">\n<title>{said} | {outlet.name}</title>\n'
        '<meta name="robots" content="noindex">'
    )
    return _page(outlet, "gone", head, main, "", edition)


def related_box(articles: Sequence[Article], visit: int) -> str:
    """Three links that differ from visit to visit."""
    count = len(articles)
    chosen = [articles[(visit * 2 + place) % count] for place in range(min(3, count))]
    links = "".join(f'<li><a href="{article.path}">{escape(article.title)}</a></li>' for article in chosen)
    return f'<section class="related"><h2>Read next</h2><ul>{links}</ul></section>' if links else ""


def readers_line(visit: int) -> str:
    """A counter that differs from visit to visit."""
    return f"{1204 + 37 * visit:,} people are reading now"


def fronts(outlet: Outlet, edition: Edition) -> list[Front]:
    """Every front that has an article: the outlet's own, its sections', its topics'."""
    articles = edition.of(outlet.key)
    topics = sorted({topic for article in articles for topic in article.topics})
    return [
        Front("", "/", articles),
        *_sections(outlet, edition),
        *(
            Front(topic, _topic_path(topic), tuple(a for a in articles if topic in a.topics))
            for topic in topics
        ),
    ]


def imprint_page(outlet: Outlet, edition: Edition) -> str:
    """Who answers for the pages: nobody, for the outlet is invented."""
    main = (
        f"<article><h1>Imprint</h1><p>{escape(outlet.name)} belongs to a demonstration. Its country, its "
        "people and the events on its pages are invented, and its pictures are drawn.</p></article>"
    )
    head = f'<meta charset="utf-8">\n<title>Imprint | {escape(outlet.name)}</title>'
    return _page(outlet, "imprint", head, main, "", edition)


def _sections(outlet: Outlet, edition: Edition) -> list[Front]:
    articles = edition.of(outlet.key)
    return [
        Front(section, f"/{_slug(section)}/", tuple(a for a in articles if a.section == section))
        for section in sorted({article.section for article in articles})
    ]


def _topic_path(topic: str) -> str:
    return f"/topic/{_slug(topic)}"


def _page(outlet: Outlet, kind: str, head: str, main: str, rail: str, edition: Edition) -> str:
    links = "".join(
        f'<a href="{front.path}">{escape(front.name)}</a>' for front in _sections(outlet, edition)
    )
    return Template(site_text(f"templates/{outlet.key}.html")).substitute(
        head=head, kind=kind, main=main, rail=rail, sections=links, date=f"{edition.moment:%A, %d %B %Y}"
    )


def _head(title: str, description: str, url: str, more: str) -> str:
    return (
        f'<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n"
        f'<meta name="description" content="{escape(description)}">\n<link rel="canonical" href="{url}">\n'
        f'<meta property="og:url" content="{url}">\n{more}'
    )


def _article_head(outlet: Outlet, article: Article, address: Address) -> str:
    url, picture = address.article(article), article.lead.picture
    lead = address.picture(outlet, picture)
    metadata = (
        ("property", "og:type", "article"),
        ("property", "og:site_name", outlet.name),
        ("property", "og:title", article.title),
        ("property", "og:description", article.standfirst),
        ("property", "og:image", lead),
        ("property", "og:image:width", str(picture.width)),
        ("property", "og:image:height", str(picture.height)),
        ("property", "og:image:alt", article.lead.alt),
        ("property", "article:published_time", article.published.isoformat()),
        ("property", "article:section", article.section),
        ("name", "author", article.author),
        ("name", "twitter:card", "summary_large_image"),
        ("name", "twitter:title", article.title),
        ("name", "twitter:image", lead),
    )
    lines = [f'<meta {kind}="{name}" content="{escape(value)}">' for kind, name, value in metadata]
    if article.path == _NO_ARCHIVE:
        lines.append('<meta name="robots" content="noarchive">')
    lines.append(f'<script type="application/ld+json">{_json_ld(outlet, article, address)}</script>')
    return _head(f"{article.title} | {outlet.name}", article.standfirst, url, "\n".join(lines))


def _json_ld(outlet: Outlet, article: Article, address: Address) -> str:
    published = article.published.isoformat()
    text = json.dumps(
        {
            "@context": "https://schema.org",
            "@type": "NewsArticle",
            "mainEntityOfPage": address.article(article),
            "headline": article.title,
            "description": article.standfirst,
            "datePublished": published,
            "dateModified": published,
            "articleSection": article.section,
            "keywords": list(article.topics),
            "isAccessibleForFree": True,
            "author": {"@type": "Person", "name": article.author},
            "publisher": {"@type": "NewsMediaOrganization", "name": outlet.name},
            "image": [address.picture(outlet, figure.picture) for figure in article.figures.values()],
        },
        ensure_ascii=False,
    )
    return text.replace("<", "\\u003c")


def _block(block: str, outlet: Outlet, article: Article, address: Address) -> str:
    if match := _FIGURE.fullmatch(block):
        return _figure(article.figures[match[1]], outlet, address)
    if block.startswith("## "):
        return f"<h2>{escape(block[3:])}</h2>"
    if block.startswith("> "):
        return f"<blockquote><p>{escape(block[2:])}</p></blockquote>"
    return f"<p>{escape(block)}</p>"


def _figure(figure: Figure, outlet: Outlet, address: Address) -> str:
    return (
        f"<figure>\n{_picture_markup(figure, outlet, address)}\n<figcaption>{escape(figure.caption)} "
        f'<span class="credit">Photo: {escape(figure.credit)}</span></figcaption>\n</figure>'
    )


def _picture_markup(figure: Figure, outlet: Outlet, address: Address) -> str:
    large = _reference(outlet, figure, address, 1200)
    small = _reference(outlet, figure, address, 600)
    both = f"{small} 600w, {large} 1200w"
    alt = escape(figure.alt)
    shape = f'width="{figure.picture.width}" height="{figure.picture.height}"'
    match figure.form:
        case "srcset":
            return f'<img src="{small}" srcset="{both}" sizes="{_SIZES}" alt="{alt}" {shape}>'
        case "picture":
            return (
                f'<picture>\n<source media="(min-width: 700px)" srcset="{large}">\n'
                f'<img src="{small}" alt="{alt}" {shape}>\n</picture>'
            )
        case "lazy":
            return (
                f'<img class="lazy" src="{_BLANK}" data-src="{large}" data-srcset="{both}" alt="{alt}">\n'
                f'<noscript><img src="{large}" alt="{alt}" {shape}></noscript>'
            )
        case _:
            return f'<img src="{large}" alt="{alt}" {shape} loading="lazy">'


def _reference(outlet: Outlet, figure: Figure, address: Address, width: int) -> str:
    """Scheme-relative to another host, else relative to the root, as outlets write it."""
    if outlet.picture_host == outlet.host:
        return outlet.picture_url_path(figure.picture, width)
    return address.picture(outlet, figure.picture, width).removeprefix("http:")


def _teaser(outlet: Outlet, article: Article, address: Address) -> str:
    source = _reference(outlet, article.lead, address, 600)
    return (
        f'<section class="teaser">\n<a href="{article.path}">'
        f'<img src="{source}" alt="{escape(article.lead.alt)}"></a>\n'
        f'<p class="kicker">{escape(article.kicker)}</p>\n'
        f'<h2><a href="{article.path}">{escape(article.title)}</a></h2>\n'
        f"<p>{escape(article.standfirst)}</p>\n</section>\n"
    )


def _also_today(outlet: Outlet, others: Sequence[Article], address: Address) -> str:
    entries = "".join(
        f'<li><a href="{article.path}"><img src="{_reference(outlet, article.lead, address, 600)}" alt="">'
        f"{escape(article.title)}</a></li>"
        for article in others[-2:]
    )
    return (
        f'<section class="today"><h2>Also in this issue</h2><ul>{entries}</ul></section>' if entries else ""
    )


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")

"""The plain fields: where the article lives, what it is about, its language, its site, its lead picture."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import chain
from urllib.parse import urljoin, urlsplit

from archiver.model.article import ArticleField, Doubt
from archiver.model.picture import FoundPicture, PictureOrigin, PictureRole, Rendition
from archiver.spiders.extraction.fields import Candidates, plain
from archiver.spiders.extraction.jsonld import Linked, Node, type_name
from archiver.spiders.extraction.markup import Markup

MOST_KEYWORDS = 60

_LANGUAGE = re.compile(r"[a-zA-Z]{2,3}(?:[-_][a-zA-Z0-9]{2,8}){0,3}")
_FOR_MACHINES = frozenset(
    {
        *(PictureOrigin.OPEN_GRAPH, PictureOrigin.TWITTER, PictureOrigin.JSON_LD, PictureOrigin.SCRIPT),
        *(
            PictureOrigin.META,
            PictureOrigin.ICON,
            PictureOrigin.FEED,
            PictureOrigin.DATA_URI,
            PictureOrigin.LINK,
        ),
    }
)
_HTTP = ("http", "https")

Values = Iterable[tuple[str, object]]


def absolute(base: str, address: object) -> str:
    """`address` against `base`, without fragment; empty when it is no http URL."""
    text = plain(address)
    if not text or text.startswith(("data:", "javascript:", "about:")):
        return ""
    try:
        url = urljoin(base, text)
        parts = urlsplit(url)
        return url.partition("#")[0] if parts.scheme in _HTTP and parts.hostname else ""
    except ValueError:
        return ""


def collect(field: ArticleField, values: Values) -> Candidates:
    """The candidates of a field of plain text."""
    candidates = Candidates(field)
    for origin, value in values:
        candidates.add(value, origin)
    return candidates


def canonical_urls(markup: Markup, linked: Linked, url: str, base: str) -> Candidates:
    """`link rel=canonical`, `og:url`, JSON-LD; one on another host is doubted."""
    candidates = Candidates(ArticleField.CANONICAL_URL)
    host = host_of(url)
    values = chain(
        (("link:canonical", link) for link in markup.links.get("canonical", ())),
        markup.first_meta("og:url"),
        _node_values(linked.articles[:1], "mainEntityOfPage", "url", "@id"),
    )
    for origin, value in values:
        address = absolute(base, value)
        if address:
            candidates.add(address, origin, None if host_of(address) == host else Doubt.OTHER_SITE)
    return candidates


def host_of(url: str) -> str:
    """The host of `url` without `www.`; empty when it has none."""
    try:
        return (urlsplit(url).hostname or "").removeprefix("www.")
    except ValueError:
        return ""


def amp_urls(markup: Markup, base: str) -> Candidates:
    """`link rel=amphtml`."""
    values = ((("link:amphtml", absolute(base, link))) for link in markup.links.get("amphtml", ()))
    return collect(ArticleField.AMP_URL, values)


def sections(markup: Markup, linked: Linked) -> Candidates:
    """The part of the publication that the article appeared in."""
    return collect(
        ArticleField.SECTION,
        chain(
            _node_values(linked.articles[:1], "articleSection"),
            markup.first_meta(
                "article:section", "og:article:section", "section", "parsely-section", "dc.subject"
            ),
            _property_values(markup, "articlesection"),
        ),
    )


def descriptions(markup: Markup, linked: Linked) -> Candidates:
    """What the page says of the article in a sentence or two."""
    return collect(
        ArticleField.DESCRIPTION,
        chain(
            markup.first_meta("og:description"),
            _node_values(linked.articles[:1], "description"),
            markup.first_meta("description", "twitter:description", "dc.description"),
            _property_values(markup, "description"),
        ),
    )


def site_names(markup: Markup, linked: Linked) -> Candidates:
    """The names by which the site calls itself."""
    return collect(
        ArticleField.SITE_NAME,
        chain(
            markup.first_meta("og:site_name"),
            _publisher_names(linked),
            markup.first_meta("application-name", "apple-mobile-web-app-title", "publisher", "dc.publisher"),
            _node_values(
                [
                    n
                    for n in linked.others
                    if type_name(n) in ("WebSite", "NewsMediaOrganization", "Organization")
                ][:4],
                "name",
            ),
        ),
    )


def _publisher_names(linked: Linked) -> Iterator[tuple[str, object]]:
    for node in chain(linked.articles[:1], linked.pages[:1]):
        publisher = node.get("publisher")
        for one in publisher if isinstance(publisher, list) else [publisher]:
            resolved = linked.resolve(one)
            name = resolved.get("name") if isinstance(resolved, dict) else resolved
            yield f"json-ld:{type_name(node)}.publisher", name


def languages(markup: Markup, linked: Linked) -> Candidates:
    """The language stated for the page, as BCP 47."""
    values = chain(
        [("html:lang", markup.language)],
        _node_values(linked.articles[:1], "inLanguage"),
        markup.first_meta("og:locale", "content-language", "language", "dc.language", "inlanguage"),
    )
    tags = ((origin, plain(value).split(",")[0].strip()) for origin, value in values)
    return collect(
        ArticleField.LANGUAGE,
        ((origin, tag.replace("_", "-")) for origin, tag in tags if _LANGUAGE.fullmatch(tag)),
    )


def keywords(markup: Markup, linked: Linked) -> tuple[tuple[str, ...], str | None]:
    """The keywords of the first place that has any, and that place."""
    sources: Iterable[tuple[str, list[object]]] = chain(
        (
            (f"json-ld:{type_name(node)}.keywords", _as_list(node.get("keywords")))
            for node in linked.articles[:1]
        ),
        (
            (name, list(markup.meta.get(name, ())))
            for name in ("article:tag", "news_keywords", "keywords", "parsely-tags", "sailthru.tags")
        ),
    )
    for origin, values in sources:
        words = [
            word.strip()
            for value in values
            for word in re.split(r"[,;]", plain(value.get("name") if isinstance(value, dict) else value))
        ]
        unique = tuple(dict.fromkeys(word for word in words if word))[:MOST_KEYWORDS]
        if unique:
            return unique, origin
    return (), None


def lead_pictures(markup: Markup, linked: Linked, base: str, pictures: Iterable[FoundPicture]) -> Candidates:
    """The lead picture as the page shows it, and those that it names as its own for machines."""
    values = chain(
        ((f"picture:{rendition.origin}", rendition.url) for rendition in _shown_leads(pictures)),
        markup.first_meta("og:image", "og:image:secure_url", "og:image:url"),
        _images(linked.articles[:1]),
        markup.first_meta("twitter:image", "twitter:image:src"),
        (("link:image_src", link) for link in markup.links.get("image_src", ())),
    )
    return collect(ArticleField.LEAD_PICTURE, ((origin, absolute(base, value)) for origin, value in values))


def _shown_leads(pictures: Iterable[FoundPicture]) -> Iterator[Rendition]:
    """The largest rendition of the lead picture that stands in the page itself."""
    for picture in pictures:
        if picture.role is PictureRole.LEAD:
            shown = [rendition for rendition in picture.renditions if rendition.origin not in _FOR_MACHINES]
            if shown:
                yield max(shown, key=lambda rendition: (rendition.width or 0, rendition.density or 0.0))
                return


def _images(nodes: list[Node]) -> Iterator[tuple[str, object]]:
    for node in nodes:
        for one in _as_list(node.get("image"))[:8]:
            value = (one.get("url") or one.get("contentUrl")) if isinstance(one, dict) else one
            yield f"json-ld:{type_name(node)}.image", value


def _node_values(nodes: list[Node], *keys: str) -> Iterator[tuple[str, object]]:
    for node in nodes:
        for key in keys:
            for one in _as_list(node.get(key))[:8]:
                if isinstance(one, dict):
                    one = one.get("@value") or one.get("name") or one.get("@id") or one.get("url")
                yield f"json-ld:{type_name(node)}.{key}", one


def _as_list(value: object) -> list[object]:
    return value if isinstance(value, list) else [] if value is None else [value]


def _property_values(markup: Markup, name: str) -> Iterator[tuple[str, object]]:
    for origin, element in markup.properties.get(name, ())[:4]:
        yield origin, element.get("content") or markup.text_of(element)

"""Whether everybody may read an article, and whether its page asks not to be archived."""

from __future__ import annotations

from archiver.model.article import ArticleField, Finding
from archiver.spiders.extraction.jsonld import Linked, type_name
from archiver.spiders.extraction.markup import Markup

_FREE = frozenset({"true", "free", "yes", "1", "http://schema.org/true", "https://schema.org/true"})
_WALLED = frozenset(
    {
        "false",
        "locked",
        "metered",
        "no",
        "0",
        "premium",
        "paid",
        "http://schema.org/false",
        "https://schema.org/false",
    }
)
_ROBOTS = ("robots", "googlebot", "googlebot-news", "bingbot", "news-archiver")


def free_access(markup: Markup, linked: Linked) -> tuple[bool | None, list[Finding]]:
    """What the page says of free access, and every statement of it, best first."""
    stated: list[tuple[bool, Finding]] = []
    for node in linked.articles[:2] + linked.pages[:2]:
        origin = f"json-ld:{type_name(node)}.isAccessibleForFree"
        _state(stated, node.get("isAccessibleForFree"), origin)
        parts = node.get("hasPart")
        for part in parts[:20] if isinstance(parts, list) else [parts]:
            if isinstance(part, dict) and "isAccessibleForFree" in part and "cssSelector" in part:
                _state(stated, part["isAccessibleForFree"], f"{origin} of {part['cssSelector']}"[:80])
    for name, value in markup.first_meta(
        "article:content_tier", "isaccessibleforfree", "og:article:content_tier"
    ):
        _state(stated, value, name)
    for origin, element in markup.properties.get("isaccessibleforfree", ())[:2]:
        _state(stated, element.get("content") or element.text, origin)
    if markup.elements.wall:
        stated.append((False, Finding(ArticleField.FREE, "false", f"wall: {markup.elements.wall}")))
    return (stated[0][0] if stated else None), [finding for _, finding in stated]


def _state(stated: list[tuple[bool, Finding]], value: object, origin: str) -> None:
    word = str(value).strip().lower() if isinstance(value, str | bool | int) else ""
    if word in _FREE or word in _WALLED:
        stated.append((word in _FREE, Finding(ArticleField.FREE, word[:40], origin)))


def noarchive(markup: Markup) -> Finding | None:
    """The meta robots statement that asks not to keep a copy, if there is one."""
    for name, value in markup.first_meta(*_ROBOTS):
        words = {word.strip().lower() for word in value.split(",")}
        if words & {"noarchive", "none", "nocache"}:
            return Finding(ArticleField.NOARCHIVE, value[:200], f"meta:{name}")
    return None

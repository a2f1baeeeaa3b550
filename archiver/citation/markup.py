"""Citations for web pages and wikis: the templates of Wikipedia, and links that outlive their target."""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote

from archiver.citation.reference import Citation

_WIKI = {
    "|": "{{!}}", "[": "&#91;", "]": "&#93;", "{": "&#123;", "}": "&#125;", "<": "&lt;", ">": "&gt;",
    "&": "&amp;", "'": "&#39;", "~": "&#126;", "_": "&#95;", "#": "&#35;", "*": "&#42;", ":": "&#58;",
}  # fmt: skip
_WIKI_ALWAYS = re.compile(r"[|\[\]{}<>&]|''+|~~~+|__")
_WIKI_FIRST = re.compile(r"^[#*:;]")
_LATIN = "LATIN"


def wikipedia(citation: Citation) -> str:
    """`{{cite news}}` for an article, `{{cite web}}` for any other page (Help:Citation Style 1)."""
    name = "cite news" if citation.is_news else "cite web"
    return f"{{{{{name} {' '.join(f'|{key}={value}' for key, value in _wiki_fields(citation))}}}}}"


def _wiki_fields(citation: Citation) -> Iterator[tuple[str, str]]:
    for number, author in enumerate(citation.authors, 1):
        place = "" if len(citation.authors) == 1 else str(number)
        if author.family is None:
            yield f"author{place}", _wiki(author.name)
        else:
            yield f"last{place}", _wiki(author.family)
            given = ", ".join(part for part in (author.given, author.suffix) if part)
            yield f"first{place}", _wiki(given)
    yield from _wiki_title(citation)
    yield "url", _wiki_url(citation.url)
    yield ("work" if citation.is_news else "website"), _wiki(citation.site or citation.host)
    if citation.published:
        yield "date", citation.published.isoformat()
    if citation.language:
        yield "language", _wiki(citation.language.partition("-")[0])
    if citation.archive_url:
        yield "archive-url", _wiki_url(citation.archive_url)
        yield "archive-date", citation.captured.date().isoformat()
        yield "url-status", "dead" if citation.is_dead else "live"
    else:
        yield "access-date", citation.captured.date().isoformat()
    yield "id", _wiki(citation.evidence)


def _wiki_title(citation: Citation) -> Iterator[tuple[str, str]]:
    """The title; in another script with its language, so that it is neither set in italics nor turned."""
    if not citation.title:
        yield "title", f"Untitled page at {_wiki(citation.host)}"
        return
    letters = [character for character in citation.title if character.isalpha()]
    foreign = sum(not unicodedata.name(letter, "").startswith(_LATIN) for letter in letters)
    if citation.language and foreign * 2 > len(letters):
        yield "script-title", f"{_wiki(citation.language.partition('-')[0])}:{_wiki(citation.title)}"
    else:
        yield "title", _wiki(citation.title)


def _wiki(text: str) -> str:
    escaped = _WIKI_ALWAYS.sub(lambda found: "".join(_WIKI[c] for c in found[0]), text)
    return _WIKI_FIRST.sub(lambda found: _WIKI.get(found[0], "&#59;"), escaped)


def _wiki_url(url: str) -> str:
    return re.sub(r"[|\[\]{}<>\"\s]|''+", lambda found: quote(found[0], safe="").replace("'", "%27"), url)


def robust_link(citation: Citation) -> str:
    """A link with the original, the copy and the moment in it (Robust Links, robustlinks.mementoweb.org)."""
    attributes = [("href", citation.url), ("data-originalurl", citation.url)]
    if citation.archive_url:
        attributes.append(("data-versionurl", citation.archive_url))
    attributes.append(("data-versiondate", citation.captured.date().isoformat()))
    if not citation.url.startswith(("http://", "https://")):  # nothing that a browser would run
        attributes = [pair for pair in attributes if pair[0] != "href"]
    said = " ".join(f'{name}="{html.escape(value)}"' for name, value in attributes)
    language = f' lang="{html.escape(citation.language)}"' if citation.language else ""
    title = html.escape(citation.title or f"Untitled page at {citation.host}")
    evidence = html.escape(f"archived {citation.captured_text}, {citation.evidence}")
    return f"<a {said}><bdi{language}>{title}</bdi></a> ({evidence})"

"""The title, without the site's name, from the many variants that a page has.

A page names its article for readers (`h1`), for search engines (`title`), for social networks (`og:title`)
and for machines (JSON-LD `headline`); one in three pages has two or more different ones.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from archiver.model.article import ArticleField, Finding
from archiver.spiders.extraction.fields import Candidates
from archiver.spiders.extraction.jsonld import Linked, type_name
from archiver.spiders.extraction.markup import Markup

_SEPARATOR = re.compile(
    r"\s+[|\-\u2013\u2014\u00b7\u2022:\u00bb\u00ab\u203a\u2039/~]+\s+|\s*[|\uff5c\u3163\u2502]\s*"
)
_WORD = re.compile(r"\w+")
_DATE = re.compile(r"\d{1,4}[./-]\d{1,2}[./-]\d{1,4}")


def folded(text: str) -> str:
    """What two writings of the same title have in common: its words, case folded."""
    return " ".join(
        _WORD.findall(unicodedata.normalize("NFKC", text).casefold().replace("\N{SOFT HYPHEN}", ""))
    )


def choose_title(
    markup: Markup, linked: Linked, url: str, site_names: Iterable[str]
) -> tuple[Finding | None, list[Finding]]:
    """The title and the variants that differ from it, site names stripped from all."""
    names = frozenset(filter(None, map(folded, site_names))) | _host_names(url)
    candidates = Candidates(ArticleField.TITLE)
    for origin, text in _variants(markup, linked):
        candidates.add(text, origin)
    references = [folded(finding.value) for finding in candidates.found]
    stripped = Candidates(ArticleField.TITLE)
    for finding in candidates.found:
        stripped.add(_without_site(finding.value, names, references), finding.origin)
    chosen = _best(stripped.found, names)
    return chosen, _others(stripped.found, chosen)


def _variants(markup: Markup, linked: Linked) -> Iterator[tuple[str, object]]:
    for node in linked.articles[:1]:
        yield f"json-ld:{type_name(node)}.headline", _text(node.get("headline"))
    for origin, text in markup.first_meta("og:title"):
        yield origin, text
    if markup.heading_text:
        yield "h1", markup.heading_text
    for origin, element in markup.properties.get("headline", ())[:2]:
        yield origin, markup.value_of(element)
    for origin, text in markup.first_meta(
        "twitter:title", "dc.title", "dcterms.title", "parsely-title", "sailthru.title", "citation_title"
    ):
        yield origin, text
    for node in linked.articles[:1]:
        yield f"json-ld:{type_name(node)}.name", _text(node.get("name"))
    if markup.title:
        yield "title", markup.title
    for node in linked.articles[1:2]:
        yield f"json-ld:{type_name(node)}.headline", _text(node.get("headline"))
    for node in linked.articles[:1]:
        yield f"json-ld:{type_name(node)}.alternativeHeadline", _text(node.get("alternativeHeadline"))


def _text(value: object) -> object:
    if isinstance(value, list) and value:
        value = value[0]
    return value.get("@value") if isinstance(value, dict) else value


def _host_names(url: str) -> frozenset[str]:
    host = (urlsplit(url).hostname or "").removeprefix("www.")
    return frozenset(
        filter(None, (folded(host), *(folded(part) for part in host.split(".") if len(part) > 3)))
    )


def _without_site(title: str, names: frozenset[str], references: list[str]) -> str:
    """`title` without what is appended or prepended for the site: its name, its section, a date."""
    shortest = _agreeing_part(title, references)
    if shortest:
        return shortest
    while True:
        parts = list(_SEPARATOR.finditer(title))
        if not parts:
            return title
        head, tail = title[: parts[-1].start()], title[parts[-1].end() :]
        if _is_site(tail, names):
            title = head
        elif _is_site(title[: parts[0].start()], names):
            title = title[parts[0].end() :]
        else:
            return title


def _agreeing_part(title: str, references: list[str]) -> str | None:
    """The longest beginning of `title`, up to a separator, that another variant consists of."""
    for match in reversed(list(_SEPARATOR.finditer(title))):
        head = title[: match.start()]
        if len(head) > 12 and folded(head) in references:
            return head
    return None


def _is_site(part: str, names: frozenset[str]) -> bool:
    words = folded(part)
    if not words or _DATE.fullmatch(part.strip()):
        return True
    return words in names or any(words.replace(" ", "") == name.replace(" ", "") for name in names)


def _best(found: list[Finding], names: frozenset[str]) -> Finding | None:
    """The headline declared for the article, unless the page shows a fuller form of it everywhere else."""
    usable = [finding for finding in found if folded(finding.value) not in names] or found
    if not usable:
        return None
    first = usable[0]
    shown = {finding.origin.rpartition(".")[2]: folded(finding.value) for finding in reversed(usable)}
    og_title, heading = shown.get("og:title"), shown.get("h1")
    if not og_title or not first.origin.startswith("json-ld") or folded(first.value) == og_title:
        return first
    fuller = heading and _letters(heading) == _letters(og_title) and folded(first.value) in og_title
    alternative = heading == og_title and og_title.startswith(shown.get("alternativeHeadline", "-"))
    if fuller or alternative:
        return next(finding for finding in usable if finding.origin == "og:title")
    return first


def _letters(words: str) -> str:
    return words.replace(" ", "")


def _others(found: list[Finding], chosen: Finding | None) -> list[Finding]:
    candidates = Candidates(ArticleField.TITLE, found)
    return candidates.others_than(chosen)

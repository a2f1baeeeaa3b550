"""Who wrote an article: what is declared to machines, and the byline that people read.

The common error of pages is to declare the publisher as the author while the person stands only in the
byline, or to declare one of several; so the byline decides where the declaration names no person or fewer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from lxml.etree import _Element

from archiver.model.article import ArticleField, Finding
from archiver.spiders.extraction.bylines import Byline, read_bylines
from archiver.spiders.extraction.fields import Candidates, plain
from archiver.spiders.extraction.jsonld import Linked, Node, type_name, types_of
from archiver.spiders.extraction.markup import Markup
from archiver.spiders.extraction.names import looks_like_person, name_key, split_names, unique_names
from archiver.spiders.extraction.written_bylines import read_written_bylines

_META = (
    "article:author_name", "article:author", "og:article:author", "author", "articleauthor",
    "article.author", "parsely-author", "sailthru.author", "byl", "byline", "dc.creator", "dcterms.creator",
    "dc.contributor.author", "citation_author", "cxenseparse:recs:author", "cxenseparse:author",
    "og:author", "authors", "creator", "dable:author", "rnews:author", "twitter:data1",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Group:
    """The names that one place gives, in order."""

    names: tuple[str, ...]
    origin: str

    @property
    def persons(self) -> int:
        return sum(map(looks_like_person, self.names))

    @property
    def keys(self) -> frozenset[str]:
        return frozenset(map(name_key, self.names))


def choose_authors(
    markup: Markup, linked: Linked, host: str, site_names: Iterable[str]
) -> tuple[tuple[str, ...], Finding | None, list[Finding]]:
    """The authors, where they stood, and what other places say."""
    written = [part for name in site_names for part in (name, *split_names(name))]
    site = frozenset(filter(None, map(name_key, written)))
    declared = [group for group in _declared(markup, linked) if group.names]
    bylines = read_bylines(markup, host)
    if not bylines and not any(_without(group, site).persons for group in declared):
        bylines = [Byline(tuple(names), "text", False) for names in islice(read_written_bylines(markup), 1)]
    chosen = _choose(declared, bylines, site)
    groups = [*declared, *(_Group(byline.names, byline.origin) for byline in bylines)]
    findings = Candidates(ArticleField.AUTHORS)
    for group in groups:
        findings.add("; ".join(group.names), group.origin)
    if chosen is None:
        return (), None, findings.others_than(None)
    finding = Finding(ArticleField.AUTHORS, plain("; ".join(chosen.names)), chosen.origin)
    return chosen.names, finding, findings.others_than(finding)


def _choose(declared: list[_Group], bylines: list[Byline], site: frozenset[str]) -> _Group | None:
    """The declared persons, or the byline where it names these and more, or where none is declared."""
    visible = [_Group(byline.names, byline.origin) for byline in bylines]
    for group in declared:
        named = _without(group, site)
        if named.persons:
            group = group if group.origin.startswith("json-ld") else named
            more = (_Group(line.names, line.origin) for line in bylines if line.whole)
            return next((line for line in more if line.keys > named.keys), group)
    own = [named for group in declared if (named := _without(group, site)).names]
    return next(iter([*visible, *own, *declared]), None)


def _without(group: _Group, site: frozenset[str]) -> _Group:
    names = tuple(name for name in group.names if name_key(name) not in site)
    return _Group(names, group.origin)


def _declared(markup: Markup, linked: Linked) -> Iterator[_Group]:
    for node in linked.articles[:2]:
        for key in ("author", "creator"):
            names = unique_names(_names_of(linked, node.get(key)))
            yield _Group(tuple(names), f"json-ld:{type_name(node)}.{key}")
    for name in _META:
        values = markup.meta.get(name, ())
        names = [part for value in values[:10] if _is_name(value) for part in split_names(plain(value))]
        yield _Group(tuple(unique_names(names)), name)
    for origin, elements in _author_properties(markup):
        yield _Group(tuple(unique_names(name for text in elements for name in split_names(text))), origin)


def _is_name(value: str) -> bool:
    text = value.strip()
    return not text.startswith(("http:", "https:", "//", "www.", "@", "/")) and len(text) < 400


def _author_properties(markup: Markup) -> Iterator[tuple[str, list[str]]]:
    for name in ("author", "creator"):
        found = markup.properties.get(name, ())
        if found:
            yield found[0][0], [_property_name(markup, element) for _, element in found[:10]]


def _property_name(markup: Markup, element: _Element) -> str:
    holder = next((inner for inner in element.iter("*") if _is_name_property(inner)), element)
    return plain(holder.get("content") or markup.text_of(holder, 300))


def _is_name_property(element: _Element) -> bool:
    return "name" in (element.get("itemprop"), (element.get("property") or "").rpartition(":")[2])


def _names_of(linked: Linked, value: object, depth: int = 0) -> Iterator[str]:
    """The names in an author property: text, Person, Organization, reference, list of these."""
    if depth > 3:
        return
    if isinstance(value, list):
        for one in value[:30]:
            yield from _names_of(linked, one, depth + 1)
    elif isinstance(value, str):
        if _is_name(value):
            yield from split_names(plain(value))
    elif isinstance(value, dict):
        node = linked.resolve(value)
        if isinstance(node, dict):
            yield from _names_of(linked, _name_of(node), depth + 1)


def _name_of(node: Node) -> object:
    name = node.get("name")
    if name:
        return name
    parts = [plain(node.get(key)) for key in ("givenName", "familyName")]
    return " ".join(filter(None, parts)) if types_of(node) else ""

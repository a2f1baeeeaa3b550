"""JSON-LD as pages really write it: several scripts, graphs, lists, references, and JSON that is none."""

from __future__ import annotations

import html
import json
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

Node = dict[str, Any]

MOST_SCRIPT_CHARACTERS = 4_000_000
MOST_NODES = 4_000
MOST_COMPARED = 100
UNLIKE, ALIKE = 0.3, 0.7
"""Shares of a headline's words that are in the titles of the page: another article's, and its own."""

_ARTICLE_TYPES = frozenset(
    {"report", "blogposting", "liveblogposting", "socialmediaposting", "discussionforumposting", "newsitem"}
)
_PAGE_TYPES = frozenset({"webpage", "itempage", "creativework", "videoobject", "webcontent", "mediaobject"})
_WORD = re.compile(r"\w+")
_CONTROL = re.compile(r"[\x00-\x1f]+")
_TRAILING_COMMA = re.compile(r",(\s*[}\]])")
_OPENING = ("<!--", "//<![CDATA[", "// <![CDATA[", "/*<![CDATA[*/", "/* <![CDATA[ */", "<![CDATA[")
_CLOSING = ("//-->", "-->", "//]]>", "// ]]>", "/*]]>*/", "/* ]]> */", "]]>", ";")
_NOT_DESCENDED = frozenset(
    {"liveblogupdate", "comment", "itemlistelement", "relatedlink", "citation", "mentions"}
)


@dataclass(slots=True)
class Linked:
    """The nodes of a page's JSON-LD: `articles` best first, `pages` (WebPage and kin), all by their `@id`."""

    articles: list[Node] = field(default_factory=list)
    pages: list[Node] = field(default_factory=list)
    others: list[Node] = field(default_factory=list)
    by_id: dict[str, Node] = field(default_factory=dict)

    def resolve(self, value: object) -> object:
        """`value`, or the node that it refers to by `@id` alone."""
        if (
            isinstance(value, dict)
            and isinstance(value.get("@id"), str)
            and not (value.keys() - {"@id", "@type"})
        ):
            return self.by_id.get(value["@id"], value)
        return value


def read_linked(scripts: Iterable[str]) -> Linked:
    """All nodes of the JSON-LD `scripts`. Never raises; what cannot be read is left out."""
    linked = Linked()
    ranked: list[tuple[int, int, Node]] = []
    count = 0
    for script in scripts:
        for document in parse_tolerantly(script):
            for depth, node in _walk(document):
                count += 1
                if count > MOST_NODES:
                    break
                _keep(linked, ranked, depth, node)
    ranked.sort(key=lambda entry: (entry[0], entry[1]))
    linked.articles = [node for _, _, node in ranked]
    return linked


def put_matching_first(linked: Linked, titles: str) -> None:
    """Let the article lead whose headline is in `titles`, those of the page, if the first is of another page.

    Some pages describe the articles that they link to as fully as their own.
    """
    words = set(_WORD.findall(titles.casefold()))
    shares = [_share(node, words) for node in linked.articles[:MOST_COMPARED]]
    if words and shares and shares[0] < UNLIKE and max(shares) > ALIKE:
        linked.articles.insert(0, linked.articles.pop(shares.index(max(shares))))


def _share(node: Node, words: set[str]) -> float:
    headline = node.get("headline") or node.get("name")
    own = set(_WORD.findall(headline.casefold())) if isinstance(headline, str) else set()
    return len(own & words) / len(own) if own else UNLIKE


def _keep(linked: Linked, ranked: list[tuple[int, int, Node]], depth: int, node: Node) -> None:
    identifier = node.get("@id")
    if isinstance(identifier, str) and len(node) > len(linked.by_id.get(identifier, ())):
        linked.by_id[identifier] = node
    types = types_of(node)
    if any(kind.endswith("article") or kind in _ARTICLE_TYPES for kind in types):
        stated = sum(key in node for key in ("headline", "datePublished", "author"))
        ranked.append((depth, -stated, node))
    elif types & _PAGE_TYPES:
        linked.pages.append(node)
    else:
        linked.others.append(node)


def types_of(node: Node) -> frozenset[str]:
    """The names of the node's types, lower case, without the vocabulary's URL."""
    types = node.get("@type")
    if types is None:
        types = node.get("type")
    listed = types if isinstance(types, list) else [types]
    return frozenset(
        kind.rstrip("/").replace("#", "/").replace(":", "/").rpartition("/")[2].lower()
        for kind in listed
        if isinstance(kind, str)
    )


def type_name(node: Node) -> str:
    """The first type as written, for the origin of a value."""
    types = node.get("@type", "Thing")
    first = types[0] if isinstance(types, list) and types else types
    return str(first).rpartition("/")[2][:40]


def parse_tolerantly(script: str) -> list[object]:
    """The JSON documents in `script`: raw line breaks, trailing commas and escaped quotes are forgiven."""
    text = _unwrapped(script[:MOST_SCRIPT_CHARACTERS])
    for repair in (_as_it_is, _without_trailing_commas, _unescaped):
        try:
            return _documents(repair(text))
        except (ValueError, RecursionError):
            continue
    return []


def _unwrapped(script: str) -> str:
    """`script` without the comment or CDATA marks that old pages put around it."""
    text = script.strip()
    for mark in _OPENING:
        text = text.removeprefix(mark)
    for mark in _CLOSING:
        text = text.rstrip().removesuffix(mark)
    return text.strip()


def _as_it_is(text: str) -> str:
    return text


def _without_trailing_commas(text: str) -> str:
    return _TRAILING_COMMA.sub(r"\1", _CONTROL.sub(" ", text))


def _unescaped(text: str) -> str:
    return _without_trailing_commas(html.unescape(text))


def _documents(text: str) -> list[object]:
    decoder = json.JSONDecoder(strict=False)
    documents: list[object] = []
    position = 0
    while position < len(text) and len(documents) < 50:
        document, position = decoder.raw_decode(text, position)
        documents.append(document)
        while position < len(text) and text[position] in " \t\r\n,;":
            position += 1
    return documents


def _walk(document: object) -> Iterator[tuple[int, Node]]:
    """The nodes of a document with their depth (`@graph` and lists do not count), breadth first."""
    level = deque([document])
    depth = 0
    while level and depth < 8:
        deeper: deque[object] = deque()
        while level:
            entry = level.popleft()
            if isinstance(entry, list):
                level.extend(part for part in entry if isinstance(part, dict | list))
            elif isinstance(entry, dict):
                yield depth, entry
                level.extend(_listed(entry.get("@graph")))
                for key, value in entry.items():
                    if (
                        key != "@graph"
                        and key.lower() not in _NOT_DESCENDED
                        and isinstance(value, dict | list)
                    ):
                        deeper.append(value)
        level = deeper
        depth += 1


def _listed(value: object) -> list[object]:
    return value if isinstance(value, list) else [value] if isinstance(value, dict) else []

"""Builds the tree of a page that would cost the ordinary parser too much, or that it would cut short.

libxml2 looks at all attributes of an element for each new one, so that 100,000 attributes take it minutes;
and it drops what follows once elements nest deeper than 2,048. Such pages are hostile or broken; here they
become a tree within the limits below, which loses no text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from typing import Any, cast

from lxml import etree
from lxml.html import HtmlComment, HtmlElement

MAX_ATTRIBUTES = 200
MAX_DEPTH = 512
MAX_ELEMENTS = 300_000

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_UNNAMED = "span"
"""Stands for an element whose name no tree can hold."""
_UNSTORABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ALWAYS_KEPT = frozenset({"src", "srcset", "href", "content", "property", "name", "class", "id", "alt"})
_CLASSES = etree.ElementDefaultClassLookup(element=HtmlElement, comment=HtmlComment)
_VALUE = rb"""(?>"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]{0,1023}+)"""
_ATTRIBUTE = rb"[\s/]*+(?><|=|[^\s/>=<]{1,64}+)(?>\s*+=\s*+" + _VALUE + rb")?+"
# It may count more attributes than there are, never fewer: whatever it takes for the start of a tag, it is
# right about real ones. Counting each `<` keeps the number of overlapping attempts, and so the time, bounded.
_MANY_ATTRIBUTES = re.compile(rb"<[a-zA-Z](?=(?>" + _ATTRIBUTE + rb"){%d})" % MAX_ATTRIBUTES)


def new_parser() -> etree.HTMLParser:
    """A parser of UTF-8 that gives HtmlElements without asking Python for the class of each."""
    parser = etree.HTMLParser(encoding="utf-8", huge_tree=True)
    parser.set_element_class_lookup(_CLASSES)
    return parser


def is_costly(markup: bytes) -> bool:
    """Whether there are far too many elements, or one with more attributes than is taken quickly."""
    return markup.count(b"<") > 2 * MAX_ELEMENTS or _MANY_ATTRIBUTES.search(markup) is not None


def is_cut_short(parser: etree.HTMLParser) -> bool:
    """Whether the parser gave up because of the nesting of what it parsed last."""
    return any("depth" in entry.message for entry in parser.error_log)


def bounded_tree(markup: bytes) -> HtmlElement | None:
    """The tree of a page in UTF-8, within the limits; None when there is no element."""
    target = _BoundedBuilder()
    etree.fromstring(markup, etree.HTMLParser(encoding="utf-8", huge_tree=True, target=target))
    return target.root


class _BoundedBuilder:
    """Receives what the parser reads (lxml's parser target interface), and builds from it."""

    def __init__(self) -> None:
        self.root: HtmlElement | None = None
        self._builder: Any = etree.TreeBuilder(element_factory=cast("Any", new_parser().makeelement))
        self._path: list[str | None] = []
        """For each open element its name in the tree, if it is open there too."""
        self._elements = 0

    def start(self, tag: Any, attributes: Any) -> None:
        """An element begins. A second root is left out, and what is too deep is closed at once."""
        self._elements += 1
        if self._elements > MAX_ELEMENTS or (not self._path and self.root is not None):
            self._path.append(None)
            return
        name = tag if _NAME.fullmatch(tag) else _UNNAMED
        element = self._builder.start(name, _kept(attributes))
        if self.root is None:
            self.root = element
        nested = len(self._path) < MAX_DEPTH
        if not nested:
            self._builder.end(name)
        self._path.append(name if nested else None)

    def end(self, tag: Any) -> None:
        """The innermost element ends; the root stays open for what comes after it."""
        del tag
        if len(self._path) > 1 and (name := self._path.pop()):
            self._builder.end(name)

    def data(self, data: Any) -> None:
        """Text."""
        if self.root is not None:
            self._builder.data(_UNSTORABLE.sub("", data))

    def comment(self, text: Any) -> None:
        """Comments are left out."""

    def close(self) -> None:
        """The page ends."""
        if self.root is not None:
            while self._path:
                name = self._path.pop()
                if name:
                    self._builder.end(name)
            self._builder.close()


def _kept(attributes: Mapping[str, str]) -> dict[str, str]:
    if len(attributes) <= MAX_ATTRIBUTES:
        kept = dict(attributes)
    else:
        kept = dict(islice(attributes.items(), MAX_ATTRIBUTES))
        kept |= {name: attributes[name] for name in _ALWAYS_KEPT if name in attributes}
    return {name: _UNSTORABLE.sub("", value or "") for name, value in kept.items() if _NAME.fullmatch(name)}

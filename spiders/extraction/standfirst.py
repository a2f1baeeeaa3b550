"""The standfirst: what stands between the headline and the first paragraph and belongs to the text.

Main text finders leave it out, since it is in the page's head and not among the paragraphs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.etree import _Element

from archiver.model.article import Paragraph
from archiver.spiders.extraction.markup import Markup
from archiver.spiders.extraction.titles import folded

MOST_ELEMENTS = 160
LONGEST_NAME = 300
SHORTEST, LONGEST = 30, 700
NEAREST = 3

_BLOCKS = frozenset({"p", "h2", "h3", "h4", "div", "span", "section", "li"})
_PARAGRAPHS = frozenset({"p", "h2", "h3", "h4"})
_SENTENCE_ENDS = frozenset(".!?\u2026\u3002\uff01\uff1f")
_INLINE = frozenset(
    {"a", "b", "strong", "em", "i", "span", "br", "u", "mark", "small", "font", "time", "sup", "sub", "abbr"}
)
_SKIPPED = frozenset(
    {
        *("figure", "figcaption", "aside", "nav", "button", "form", "script", "style", "noscript", "picture"),
        *("video", "audio", "svg", "ul", "ol", "table", "time", "template"),
    }
)
_OTHER = re.compile(
    r"byline|author|autor|caption|breadcrumb|share|social|date|time|tool|newsletter|comment|related|advert|credit|"
    r"copyright|paywall|cookie|topic|tags|meta|audio|player|summary-?list|toc|message|banner|alert|notice|promo|"
    r"subscri|avatar|consent|\binfo\b",
    re.IGNORECASE,
)


def read_standfirst(
    markup: Markup, description: str | None, titles: frozenset[str], body: list[Paragraph]
) -> Paragraph | None:
    """The first block after the main heading that reads like a standfirst and is not in `body` already."""
    if markup.heading is None or not body:
        return None
    text = " ".join(folded(paragraph.text) for paragraph in body)
    stated = folded(description or "")
    for element in _following(markup.heading):
        block = markup.text_of(element, LONGEST)
        words = folded(block)
        if not SHORTEST <= len(block) <= LONGEST or words in titles:
            continue
        if words[:60] in text:
            return None
        if _same(words, stated) or (_near(markup, element, words) and _is_sentence(element, block)):
            return Paragraph(block)
    return None


def _same(words: str, stated: str) -> bool:
    return bool(stated) and (
        words == stated or (len(words) > 60 and (words in stated or stated[:100] in words))
    )


def _near(markup: Markup, element: _Element, words: str) -> bool:
    for steps, ancestor in enumerate(element.iterancestors()):
        if steps > NEAREST:
            return False
        if ancestor in markup.heading_ancestors:
            return len(words.split()) >= 8
    return False


def _is_sentence(element: _Element, block: str) -> bool:
    return element.tag in _PARAGRAPHS or block.rstrip("\"'\u201d\u00bb)")[-1:] in _SENTENCE_ENDS


def _following(heading: _Element) -> Iterator[_Element]:
    """The blocks of running text after `heading` in document order."""
    element: _Element | None = _after(heading)
    for _ in range(MOST_ELEMENTS):
        if element is None:
            return
        if not isinstance(element.tag, str) or element.tag in _SKIPPED or _OTHER.search(_marks(element)):
            element = _after(element)
        elif element.tag in _BLOCKS and _holds_text(element):
            yield element
            element = _after(element)
        else:
            child = next(element.iterchildren(), None)
            element = _after(element) if child is None else child


def _marks(element: _Element) -> str:
    return " ".join((element.get(name) or "")[:LONGEST_NAME] for name in ("class", "id", "itemprop"))


def _holds_text(element: _Element) -> bool:
    return all(child.tag in _INLINE or not isinstance(child.tag, str) for child in element)


def _after(element: _Element) -> _Element | None:
    """The next element in document order that is not inside `element`."""
    node: _Element | None = element
    while node is not None:
        following = node.getnext()
        if following is not None:
            return following
        node = node.getparent()
    return None

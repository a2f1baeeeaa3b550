"""Where the article stands in a page: its heading, its paragraphs, and what is written around an element.

All is learnt from structure and from words that developers of all sites use; nothing is about one site.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from lxml.etree import _Element

MIN_PARAGRAPH = 60
"""Characters from which a paragraph counts as text of an article."""

_MAX_PARAGRAPHS = 2_000
_MAX_CLIMB = 60
_NEAR_LEVELS = 4
_FAR_LEVELS = 10
_CARD_LEVELS = 7
_CARD_TEXT = 25
_CARD_NODES = 150
_CARD_MAX_TEXT = 400
_CAMEL = re.compile(r"([a-z])([A-Z])")
_PICTURE_LINK = re.compile(r"\.(?:jpe?g|png|webp|gif|avif)", re.IGNORECASE)
_WITHIN_BLOCKS = frozenset({"p", "picture", "span", "noscript", "center", "b", "strong", "em", "i"})
_HEADINGS = frozenset({"h2", "h3", "h4", "h5"})
_UNREAD = frozenset({"script", "style", "noscript", "figcaption", "template"})

_CLASS_WORDS = {
    "recirculation": (
        r"relat|recommend|recirc|similar|suggest|read-?(?:more|next|also)"
        r"|most-?(?:read|popular|viewed|recent)|popular|trending|latest|outbrain|taboola|more-|mehr"
        r"|verwandt|lire-aussi|also|next-|further|weiter|meist|list\b|-list|feed|stream|river|rail"
    ),
    "teaser": (r"teaser|card|promo|tile|thumb|stub"),
    "author": (r"author|avatar|byline|bio\b|profile|autor|contributor|journalist|writer|user|portrait"),
    "logo": (r"logo|icon|brand|badge|flag|emoji|sprite|spinner|loader|placeholder|pixel"),
    "advertisement": (
        r"(?:^|[\s_-])ads?(?:$|[\s_-])|advert|sponsor|banner|commercial|partner|affiliate|shop|deal"
        r"|product|werbung|anzeige|publicidad"
    ),
    "social": (
        r"share|social|comment|follow|newsletter|subscri|signup|paywall|premium|app-|poll|quiz|podcast"
        r"|abo"
    ),
    "navigation": (
        r"(?:^|[\s_-])nav|menu|footer|masthead|breadcrumb|top-?bar|toolbar|search|cookie|consent|modal"
        r"|popup|overlay|side-?bar|aside|widget|weather|(?:site|page|global)-?header"
    ),
    "body": (
        r"(?:article|story)-?_*(?:body|content|text|main|detail|wrap)|entry-content|post-?content"
        r"|post-?body|rich-?text|body-?(?:text|copy|content)|content-?(?:body|text|main|area)"
        r"|main-?content|paragraph|prose|single|detail"
    ),
    "media": (r"figure|media|picture|photo|image|img|bild|foto"),
    "gallery": (r"galler|slide|swiper|carousel|lightbox|fancybox|photoswipe|zoom"),
    "embed": (r"embed|video|player"),
    "caption": (
        r"caption|legend[ae]?\b|bild-?(?:unter|text)|cutline|leyenda|didascalia|bijschrift|bildetekst"
        r"|billedtekst|pie-?(?:de-?)?foto"
        r"|(?:image|img|media|photo|picture|figure|foto|bild)-?_*(?:text|desc|title|info|meta|sub)"
        r"|(?:desc|title)-?(?:image|img|photo)"
    ),
    "credit": (
        r"credit|copyright|photographer|fotograf|rights-?holder|attribution"
        r"|(?:image|img|media|photo|picture|figure|caption|foto|bild)-?_*(?:source|author|by|agency"
        r"|quelle|owner|rights)|urheber|bildnachweis|source\b|courtesy"
    ),
}
_WORDS = tuple((name, re.compile(pattern)) for name, pattern in _CLASS_WORDS.items())


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is around an element: class words of it and its nearest ancestors, and of those further up too."""

    near: frozenset[str]
    far: frozenset[str]
    tags: frozenset[str]
    nested_article: bool
    links_elsewhere: bool
    by_heading: bool
    by_body: bool
    among_paragraphs: bool
    """Stands in the body itself, beside its paragraphs or in one of them."""


class Layout:
    """The article's place in a page; `paragraphs` and `headings` are elements with their numbers."""

    def __init__(
        self, paragraphs: list[tuple[int, _Element]], headings: list[tuple[int, _Element]], title: str
    ) -> None:
        self._cards: dict[_Element, tuple[int, float, bool]] = {}
        self.heading_order, heading = _main_heading(headings, title)
        self.first_order, self.last_order, body = _body(paragraphs)
        self._heading_path = set(_climb(heading, 4)) if heading is not None else set()
        self._body = body
        self._body_path = set(_climb(body, 3)) if body is not None else set()

    def around(self, element: _Element) -> Surroundings:
        """What is around `element`."""
        ancestors = list(islice(element.iterancestors(), _MAX_CLIMB))
        path = [element, *ancestors]
        words = [class_words(written_classes(above)) for above in path[:_FAR_LEVELS]]
        tags = [above.tag for above in ancestors]
        link = next((above for above in path if above.tag == "a"), None)
        return Surroundings(
            near=frozenset().union(*words[:_NEAR_LEVELS]),
            far=frozenset().union(*words),
            tags=frozenset(tags[:6] + [tag for tag in tags[6:] if tag != "li"]),
            nested_article=tags.count("article") > 1,
            links_elsewhere=link is not None and link is not element and _leads_elsewhere(link.get("href")),
            by_heading=any(above in self._heading_path for above in ancestors),
            by_body=any(above in self._body_path for above in ancestors),
            among_paragraphs=self._body is not None and _block_around(ancestors) is self._body,
        )

    def card(self, element: _Element) -> tuple[float, bool]:
        """The smallest block around `element` with text: share of link text; whether short and headed."""
        for above in islice(element.iterancestors(), _CARD_LEVELS):
            measured = self._cards.get(above)
            if measured is None:
                measured = self._cards[above] = _measured(above)
            length, share, headed = measured
            if length >= _CARD_TEXT:
                return share, headed
        return 0.0, False


@lru_cache(maxsize=16_384)
def class_words(written: str) -> frozenset[str]:
    """Which kinds of word the class names and ids of an element contain."""
    text = _CAMEL.sub(r"\1-\2", written).lower()
    return frozenset(name for name, pattern in _WORDS if pattern.search(text))


def written_classes(element: _Element) -> str:
    """The class names and id of an element, as `class_words` takes them."""
    classes, identifier = element.get("class"), element.get("id")
    if identifier:
        return f"{classes} {identifier}"[:300] if classes else identifier[:300]
    return classes[:300] if classes else ""


def _climb(element: _Element, levels: int) -> Iterator[_Element]:
    yield element
    yield from islice(element.iterancestors(), levels - 1)


def _leads_elsewhere(href: str | None) -> bool:
    written = (href or "").strip()
    return (
        bool(written) and not written.startswith(("#", "javascript:")) and not _PICTURE_LINK.search(written)
    )


def _main_heading(headings: list[tuple[int, _Element]], title: str) -> tuple[int | None, _Element | None]:
    """The first-level heading that shares most words with the page's title."""
    words = set(title.casefold().split())
    best, order, element = -1, None, None
    for number, heading in headings[:20]:
        shared = len(words & set(_text(heading).casefold().split()))
        if shared > best:
            best, order, element = shared, number, heading
    return order, element


def _body(paragraphs: list[tuple[int, _Element]]) -> tuple[int | None, int | None, _Element | None]:
    """Number of the first and last paragraph of the article, and the element that holds most of its text."""
    lengths: dict[_Element, float] = {}
    texts = [(order, p, len(" ".join(_text(p).split()))) for order, p in paragraphs[:_MAX_PARAGRAPHS]]
    texts = [entry for entry in texts if entry[2] >= MIN_PARAGRAPH]
    for _, paragraph, length in texts:
        for share, above in zip((1.0, 0.6), islice(paragraph.iterancestors(), 2), strict=False):
            lengths[above] = lengths.get(above, 0.0) + share * length
    if not lengths:
        return None, None, None
    body = max(lengths, key=lambda element: lengths[element])
    inside = [order for order, p, _ in texts if body in islice(p.iterancestors(), _MAX_CLIMB)]
    return inside[0], inside[-1], body


def _block_around(ancestors: list[_Element]) -> _Element | None:
    """The first that is no paragraph and nothing within one."""
    return next((above for above in ancestors if above.tag not in _WITHIN_BLOCKS), None)


def _text(element: _Element) -> str:
    return "".join(islice(element.itertext("*"), 500))[:20_000]  # type: ignore[arg-type]


def _measured(block: _Element) -> tuple[int, float, bool]:
    """Length of the text of a block (as far as it matters), the share of link text, whether it is headed."""
    total = linked = visited = 0
    headed = False
    stack = [(block, False)]
    while stack and visited < _CARD_NODES and total <= _CARD_MAX_TEXT:
        element, in_link = stack.pop()
        if element.tag in _UNREAD or not isinstance(element.tag, str):
            continue
        visited += 1
        in_link = in_link or element.tag == "a"
        headed = headed or element.tag in _HEADINGS
        length = len(element.text.strip()) if element.text else 0
        total += length
        linked += length * in_link
        stack.extend((child, in_link) for child in reversed(element))
    return total, linked / total if total else 0.0, headed and total < _CARD_MAX_TEXT

"""Changes made to the HTML of real pages: what sites change at every visit.

No change knows a publisher: places are found by the text of the article that a page is expected to have.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from html import escape
from random import Random
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.dates import format_timedelta
from lxml import html
from lxml.html import HtmlElement

BLOCKS = ("p", "h2", "h3", "h4", "li", "blockquote", "div", "span", "section")
UNCOUNTED = ("html", "script", "style", "time", "title", "td", "th")
LABELS = {
    "de": ("Mehr zum Thema", "Anzeige", "Kommentare", "Meistgelesen", "Das Beste der Woche im Newsletter."),
    "fr": ("Lire aussi", "Publicité", "commentaires", "Les plus lus", "Chaque matin, l'essentiel."),
    "es": ("Más noticias", "Publicidad", "comentarios", "Lo más leído", "Cada mañana, las noticias del día."),
    "it": ("Leggi anche", "Pubblicità", "commenti", "I più letti", "Ogni mattina le notizie del giorno."),
    "en": ("Related stories", "Advertisement", "comments", "Most read", "The top stories every day."),
}  # fmt: skip


@dataclass
class Page:
    """A parsed page: `paragraphs` are the elements that hold a paragraph of the expected text, in order."""

    root: HtmlElement
    language: str
    title: str
    headlines: list[str]
    random: Random
    site: Random
    """What is the same at every visit and on every page of the site: the shape of its boxes."""
    paragraphs: list[HtmlElement] = field(default_factory=list)
    said: list[HtmlElement] = field(default_factory=list)
    """The elements of the summary and the headings of the expected text."""
    captions: list[str] = field(default_factory=list)

    def bytes(self) -> bytes:
        """The page as HTML in UTF-8."""
        return bytes(html.tostring(self.root, encoding="utf-8", doctype="<!doctype html>"))

    @property
    def labels(self) -> tuple[str, ...]:
        """The words of boxes in the language of the page."""
        return LABELS.get(self.language, LABELS["en"])

    def gap(self) -> HtmlElement | None:
        """A paragraph after which a site could put a box: not the last."""
        return self.random.choice(self.paragraphs[:-1]) if len(self.paragraphs) > 1 else None

    def outside(self) -> list[HtmlElement]:
        """The elements that hold no paragraph of the article and stand in none."""
        inside = {e for p in (*self.paragraphs, *self.said) for e in (*p.iterancestors(), *p.iter())}
        return [e for e in self.root.iter() if isinstance(e.tag, str) and e not in inside]


def folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", unicodedata.normalize("NFKC", text).casefold()))


def read(content: bytes, entry: dict[str, Any], headlines: list[str], seed: str) -> Page:
    """The page with the elements of its expected paragraphs."""
    truth = entry["truth"]
    root = html.document_fromstring(content, parser=html.HTMLParser(encoding="utf-8", huge_tree=True))
    language = (root.get("lang") or entry["languages"][0]).partition("-")[0].partition("_")[0]
    page = Page(root, language, truth.get("title") or "", headlines, Random(seed), Random(entry["file"]))
    wanted = {folded(text) for section in truth["body"]["sections"] for text in section["paragraphs"]}
    wanted = {text for text in wanted if len(text) >= 60}
    said = {folded(text) for text in truth["body"]["summary"]}
    said |= {folded(text) for section in truth["body"]["sections"] for text in section["headline"]}
    found: dict[str, HtmlElement] = {}
    for element in root.iter(*BLOCKS):
        assert isinstance(element, HtmlElement)
        text = element.text_content()
        if len(text) <= 20_000:
            key = folded(text)
            if key in wanted:
                found[key] = element
            elif key in said or (len(key) >= 40 and any(key in summary for summary in said)):
                page.said.append(element)
    page.paragraphs = [e for e in root.iter() if any(e is other for other in found.values())]
    page.captions = [
        caption
        for picture in truth.get("images", ())
        if (caption := picture.get("caption")) and len(caption) >= 15
    ]
    return page


Mutator = Callable[[Page], bool]
"""Changes the page in place; says whether it found a place."""


def _element(markup: str) -> HtmlElement:
    return html.fragment_fromstring(markup)


def _put(page: Page, markup: str, between: bool) -> bool:
    """Puts a box after a paragraph of the article, or after the element that holds the article."""
    place = page.gap()
    if place is None:
        return False
    if not between:
        place = place.getparent() if place.getparent() is not None else place
        if place.tag in ("body", "html"):
            return False
    box = _element(markup)
    box.tail, place.tail = place.tail, None
    place.addnext(box)
    return True


def _token(page: Page, length: int = 12) -> str:
    return "".join(page.random.choices("abcdefghijkmnpqrstuvwxyz0123456789", k=length))


def _link(page: Page) -> str:
    headline = page.random.choice(page.headlines)
    return f'<a href="/{_token(page)}-{page.random.randrange(10**7)}.html">{escape(headline)}</a>'


def advertisements(page: Page) -> bool:
    shape = page.random.choice(
        (
            '<div class="{t}" id="{t}"><small>{label}</small><iframe src="https://ads.example/{t}"></iframe></div>',
            (
                '<aside id="{t}"><span>{label}</span><a href="https://ads.example/{t}">'
                '<img src="https://ads.example/{t}.jpg" width="300" height="250" alt="{h}"></a></aside>'
            ),
            '<div data-slot="{t}"><a href="https://ads.example/{t}"><b>{h}</b> {label}</a></div>',
        )
    )
    done = False
    for between in (True, True, False):
        headline = escape(page.random.choice(page.headlines))
        done |= _put(page, shape.format(t=_token(page), label=page.labels[1], h=headline), between)
    return done


def related(page: Page) -> bool:
    links = [_link(page) for _ in range(4)]
    label = page.labels[0]
    pictured = "".join(
        f'<li><a href="/{_token(page)}.html"><img src="https://media.example/{_token(page)}.jpg" alt="">'
        f"<h4>{escape(page.random.choice(page.headlines))}</h4></a></li>"
        for _ in range(3)
    )
    shapes = (
        f"<div><h3>{label}</h3><ul>{''.join(f'<li>{link}</li>' for link in links)}</ul></div>",
        f"<p><strong>{label}:</strong> {links[0]}</p>",
        f"<p>{links[0]}</p>",
        f"<aside><h4>{label}</h4><ol>{pictured}</ol></aside>",
        f'<div class="{_token(page)}"><div>{label}</div><div>{links[1]}</div><div>{links[2]}</div></div>',
    )
    return any([_put(page, page.random.choice(shapes), True), _put(page, page.random.choice(shapes), False)])


def _near_heading(page: Page, markup: str) -> bool:
    heading = next(page.root.iter("h1"), None)
    if heading is None:
        return False
    box = _element(markup)
    box.tail, heading.tail = heading.tail, None
    heading.addnext(box)
    return True


def counters(page: Page) -> bool:
    count = page.random.randrange(2, 900)
    shown = (
        f"<span>{count} {page.labels[2]}</span>",
        f"<div>{page.labels[2]} ({count})</div>",
        f"<p>{count}</p>",
    )
    done = _near_heading(page, f"<div>{page.random.choice(shown)}</div>")
    done |= _put(page, f"<p>{count} {page.labels[2]}</p>", page.random.random() < 0.5)
    for element in page.outside():
        text = "" if len(element) or element.tag in UNCOUNTED else element.text
        stands_alone = len(element.getparent().text_content().split()) <= 3 if text else False
        if stands_alone and re.fullmatch(r"\(?\d{1,4}\)?", (text or "").strip()):
            element.text = str(page.random.randrange(1, 999))
    return done


def relative_times(page: Page) -> bool:
    ago = -timedelta(seconds=page.random.choice((60, 3600, 86_400)) * page.random.randrange(2, 20))
    try:
        locale = Locale.parse(page.language)
        words = format_timedelta(ago, threshold=1, add_direction=True, locale=locale)
    except (UnknownLocaleError, ValueError, KeyError):
        words = f"{page.random.randrange(2, 50)} min ago"
    clock = f"{page.random.randrange(24):02}:{page.random.randrange(60):02}"
    done = _near_heading(page, f"<div><span>{words}</span></div>")
    done |= _put(
        page, page.random.choice((f"<p>{words}</p>", f"<p>{clock}</p>", f"<div>{words}</div>")), True
    )
    return done


def tokens(page: Page) -> bool:
    head = page.root.find("head")
    if head is None:
        return False
    for script in page.root.iter("script"):
        if page.random.random() < 0.7:
            script.set("nonce", _token(page, 22))
        if script.get("src"):
            script.set("src", f"{script.get('src').partition('?')[0]}?v={_token(page)}")
    head.append(_element(f'<meta name="csrf-token" content="{_token(page, 40)}">'))
    head.append(
        _element(f'<script>window.__visit={{"id":"{_token(page, 30)}","t":{page.random.random()}}}</script>')
    )
    for form in page.root.iter("form"):
        form.append(_element(f'<input type="hidden" name="_token" value="{_token(page, 40)}">'))
    for element in page.root.iter("div"):
        if page.random.random() < 0.2:
            element.set("data-reactid", _token(page, 6))
    return True


def most_read(page: Page) -> bool:
    rows = "".join(f"<li>{_link(page)}</li>" for _ in range(5))
    _put(page, f"<div><h3>{page.labels[3]}</h3><ol>{rows}</ol></div>", False)
    for listing in page.outside():
        entries = [child for child in listing if child.tag == "li"]
        if listing.tag in ("ul", "ol") and len(entries) >= 3 and all(map(_is_linked, entries)):
            page.random.shuffle(entries)
            listing[:] = entries
    return True


def _is_linked(entry: HtmlElement) -> bool:
    links = sum(len("".join(link.text_content().split())) for link in entry.iter("a"))
    return links >= 0.75 * len("".join(entry.text_content().split()))


def rotated_links(page: Page) -> bool:
    """The links of the page's own teasers and lists now lead to other articles."""
    done = False
    for element in page.outside():
        if element.tag == "a" and _is_teaser(element):
            element.text = page.random.choice(page.headlines)
            element.set("href", f"/{_token(page)}-{page.random.randrange(10**7)}.html")
            done = True
    return done


def _is_teaser(link: HtmlElement) -> bool:
    """Whether the link is a headline that stands for itself, not words of a sentence."""
    length = len((link.text or "").strip())
    parent = link.getparent()
    return not len(link) and length >= 25 and length >= 0.75 * len(" ".join(parent.text_content().split()))


def cache_keys(page: Page) -> bool:
    key = f"v={_token(page)}"
    done = False
    for element in page.root.iter("img", "source"):
        for name in ("src", "data-src"):
            address = element.get(name)
            if address and not address.startswith("data:"):
                element.set(name, f"{address}{'&' if '?' in address else '?'}{key}")
                done = True
    return done


def boxes(page: Page) -> bool:
    body = page.root.find("body")
    if body is None:
        return False
    consent = "We and our 843 partners store and access information on a device."
    mark = page.site.choice(('role="dialog"', 'class="cookie-banner"', f'class="{_token(page)}"'))
    body.insert(page.site.choice((0, len(body))), _element(f"<div {mark}><p>{consent}</p><a>OK</a></div>"))
    sentence = page.labels[4]
    shapes = (
        f"<aside><h4>Newsletter</h4><p>{sentence}</p><form><input><button>OK</button></form></aside>",
        f'<div class="newsletter-box"><p>{sentence}</p><a href="/newsletter">Newsletter</a></div>',
        f'<form action="/newsletter"><label>{sentence}</label><input type="email"></form>',
    )
    return _put(page, page.site.choice(shapes), True)


def other_article(page: Page) -> None:
    """Other words for every paragraph, and another title: a sibling of the page, in the same template."""
    words = [word for paragraph in page.paragraphs for word in paragraph.text_content().split()]
    for paragraph in page.paragraphs:
        count = len(paragraph.text_content().split())
        tail = paragraph.tail
        paragraph.clear()
        paragraph.text, paragraph.tail = " ".join(page.random.choices(words, k=count)) + ".", tail


NOISE: dict[str, Mutator] = {
    "advertisements": advertisements,
    "related": related,
    "counters": counters,
    "relative times": relative_times,
    "tokens": tokens,
    "most read": most_read,
    "rotated links": rotated_links,
    "cache keys": cache_keys,
    "boxes": boxes,
}

"""What editors change in an article, made in the HTML of real pages: words, paragraphs, title, captions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import escape

from lxml import html
from lxml.html import HtmlElement
from page_noise import Mutator, Page, folded

PAGE_WORD = re.compile(r"[^\W\d_]{4,}")


def _texts(page: Page, pattern: re.Pattern[str]) -> list[tuple[HtmlElement, str]]:
    """Where `pattern` stands in the text of the article: the element and which of its texts."""
    places = []
    for paragraph in page.paragraphs:
        for element in paragraph.iter():
            if not isinstance(element.tag, str):
                continue
            if pattern.search(element.text or ""):
                places.append((element, "text"))
            if element is not paragraph and pattern.search(element.tail or ""):
                places.append((element, "tail"))
    return places


def _substitute(page: Page, pattern: re.Pattern[str], replacement: Callable[[str], str]) -> bool:
    places = _texts(page, pattern)
    if not places:
        return False
    element, name = page.random.choice(places)
    text = getattr(element, name)
    match = page.random.choice(list(pattern.finditer(text)))
    setattr(element, name, text[: match.start()] + replacement(match[0]) + text[match.end() :])
    return True


def one_word(page: Page) -> bool:
    words = [word for paragraph in page.paragraphs for word in PAGE_WORD.findall(paragraph.text_content())]
    if not words:
        return False
    other = page.random.choice(words)
    return _substitute(page, PAGE_WORD, lambda word: other if other != word else f"{other}s")


def negation(page: Page) -> bool:
    words = {"de": "nicht", "fr": "pas", "es": "no", "it": "non", "en": "not", "tr": "değil"}
    word = words.get(page.language, "not")
    return _substitute(page, re.compile(r"(?<=\w) (?=\w)"), lambda _space: f" {word} ")


def number(page: Page) -> bool:
    return _substitute(page, re.compile(r"\d"), lambda digit: str((int(digit) + 1) % 10))


def comma(page: Page) -> bool:
    return _substitute(page, re.compile(r"[,\u060c\u3001\uff0c](?=\s|\w)"), lambda _comma: "")


def paragraph_removed(page: Page) -> bool:
    if len(page.paragraphs) < 2:
        return False
    page.random.choice(page.paragraphs).drop_tree()
    return True


def paragraph_added(page: Page) -> bool:
    place = page.gap()
    if place is None:
        return False
    words = [word for paragraph in page.paragraphs for word in paragraph.text_content().split()]
    page.random.shuffle(words)
    added = html.Element(place.tag)
    added.text = " ".join(words[:40]) + "."
    added.set("class", place.get("class") or "")
    place.addnext(added)
    return True


def title(page: Page) -> bool:
    """A word of the title, wherever the page writes the title."""
    words = PAGE_WORD.findall(page.title)
    if not words:
        return False
    word = page.random.choice(words)
    other = word[::-1] if word[::-1] != word else f"{word}s"
    done = False
    for element in page.root.iter("h1", "title", "meta", "script"):
        if element.tag == "script":
            for written in (page.title, json.dumps(page.title)[1:-1], escape(page.title)):
                if written in (element.text or ""):
                    element.text = element.text.replace(
                        written, written.replace(_as_in(written, word), other, 1)
                    )
        elif element.tag == "meta":
            content = element.get("content") or ""
            if folded(page.title) in folded(content):
                element.set("content", content.replace(word, other, 1))
        elif folded(page.title) in folded(element.text_content()):
            done |= _replace_in(element, word, other)
    return done


def _as_in(written: str, word: str) -> str:
    return word if word in written else json.dumps(word)[1:-1]


def _replace_in(element: HtmlElement, word: str, other: str) -> bool:
    for node in element.iter():
        for name in ("text", "tail") if node is not element else ("text",):
            text = getattr(node, name)
            if isinstance(node.tag, str) and text and word in text:
                setattr(node, name, text.replace(word, other, 1))
                return True
    return False


def caption(page: Page) -> bool:
    """A word of the caption of a picture of the article."""
    wanted = [folded(text) for text in page.captions]
    for tags in (("figcaption",), ("p", "span", "div")):
        for element in page.root.iter(*tags):
            for node in element.iter():
                if isinstance(node.tag, str) and node.text and len(node.text.strip()) >= 15:
                    key = folded(node.text)
                    if key and any(key in text or text in key for text in wanted):
                        word = page.random.choice(PAGE_WORD.findall(node.text) or [node.text])
                        node.text = node.text.replace(word, f"{word}x", 1)
                        return True
    return False


EDITS: dict[str, Mutator] = {
    "one word": one_word,
    "negation": negation,
    "number": number,
    "comma": comma,
    "paragraph removed": paragraph_removed,
    "paragraph added": paragraph_added,
    "title": title,
    "caption": caption,
}

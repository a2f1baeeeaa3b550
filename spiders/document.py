"""A page as a tree, whatever the bytes: all that reads a page (text, pictures, links) reads this one tree.

No bytes that a server can send make it raise.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

from lxml import etree
from lxml.html import HtmlElement

from archiver.spiders.bounded_tree import bounded_tree, is_costly, is_cut_short, new_parser
from archiver.spiders.charset import decoded

MAX_LENGTH = 32 * 1024 * 1024
"""Bytes of a page that are read; the rest is no article."""

_EMPTY_PAGE = b"<html><head></head><body></body></html>"


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A parsed page. `root` is shared by all readers: copy it before changing it.

    `base_url` is what relative URLs are resolved against (`base href` honoured), `charset` the Python name of
    the encoding used, `language` the language tag that the page claims, in lower case (`de`, `pt-br`).
    """

    root: HtmlElement
    url: str
    base_url: str
    charset: str
    language: str | None


def parse_document(content: bytes, url: str, charset: str | None = None) -> Document:
    """Parse the payload of an HTML page; `charset` is the label in its Content-Type header. Never raises."""
    used, markup = decoded(content[:MAX_LENGTH], charset)
    root = _tree(markup.replace(b"\0", b"") if b"\0" in markup else markup)
    return Document(root, url, _base_url(root, url), used, _language(root))


def _tree(markup: bytes) -> HtmlElement:
    root = bounded_tree(markup) if is_costly(markup) else _ordinary_tree(markup)
    return root if root is not None else etree.fromstring(_EMPTY_PAGE, new_parser())


def _ordinary_tree(markup: bytes) -> HtmlElement | None:
    parser = new_parser()
    try:
        root = etree.fromstring(markup, parser)
    except etree.LxmlError:
        return None
    return bounded_tree(markup) if is_cut_short(parser) else root


def _base_url(root: HtmlElement, url: str) -> str:
    href = next((base.get("href") for base in root.iter("base") if base.get("href")), None)
    if href is None:
        return url
    try:
        joined = urljoin(url, href.strip())
        return joined if urlsplit(joined).scheme in ("http", "https") else url
    except ValueError:
        return url


def _language(root: HtmlElement) -> str | None:
    claimed = root.get("lang") or root.get("xml:lang") or _language_in_meta(root)
    if not claimed or not (words := claimed.replace(",", " ").split()):
        return None
    return words[0].replace("_", "-").lower()[:35]


def _language_in_meta(root: HtmlElement) -> str | None:
    for meta in root.iter("meta"):
        name = meta.get("http-equiv") or meta.get("property") or meta.get("name") or ""
        if name.lower() in ("content-language", "og:locale", "language"):
            content: str | None = meta.get("content")
            return content
    return None

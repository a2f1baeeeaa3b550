"""How a listing goes on: the next page, in whatever way and language a site says so."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain, islice
from urllib.parse import parse_qsl, urlsplit

from lxml.html import HtmlElement

from archiver.spiders.discovery.identity import identity_key
from archiver.spiders.discovery.link import absolute_url, is_same_site
from archiver.spiders.document import Document

_ARROWS = "[\\s>\u00bb\u203a\u2192]"
MOST_LINKS = 5000
"""Links looked at on one page."""
_NEXT_WORDS = re.compile(
    r"(?:next(?:\s+page)?|older(?:\s+(?:posts|entries|articles))?|load\s+more|suivante?|page\s+suivante|siguiente"
    r"|p[aá]gina\s+siguiente|pr[oó]xim[ao]|weiter|n[aä]chste(?:\s+seite)?|volgende|successiv[ao]"
    r"|pagina\s+successiva|nästa|neste|næste|seuraava|następna|další|ďalšia|következő|următoarea|sonraki"
    r"|далее|следующая|вперед|наступна|далі|次へ|次のページ|下一页|下一頁|下页|다음|التالي|التالية"
    r"|الصفحة التالية|بعدی|הבא|अगला|selanjutnya|berikutnya|seterusnya|tiếp|trang sau|ถัดไป)"
    rf"{_ARROWS}*|{_ARROWS}+",
    re.IGNORECASE,
)
_PAGE_IN_PATH = re.compile(r"/(?:page|p|pagina|seite|strona|sayfa)?[/_-]?(\d{1,5})/?$", re.IGNORECASE)
_PAGE_PARAMETERS = frozenset(
    {"page", "p", "pg", "paged", "pagina", "seite", "start", "offset", "currentpage"}
)


def links(document: Document) -> Iterator[tuple[HtmlElement, str]]:
    """The `<a>` of a page that lead somewhere that can be fetched, each with its absolute URL."""
    for element in document.root.iter("a"):
        url = absolute_url(document.base_url, element.get("href"))
        if url is not None:
            yield element, url


def next_page(document: Document, *, same_site: bool = True) -> str | None:
    """The continuation of a listing: `rel=next`, a link worded so, or the page number one higher.

    The first 5,000 links are looked at.
    """
    own, here = identity_key(document.url), _page_number(document.url)
    for reference in chain(_marked_next(document), _worded_next(document), _numbered_next(document)):
        candidate = absolute_url(document.base_url, reference)
        if candidate is None or identity_key(candidate) == own:
            continue
        if same_site and not is_same_site(candidate, document.url):
            continue
        if here == 1 or _page_number(candidate) > here:
            return candidate
    return None


def _anchors(document: Document) -> Iterator[HtmlElement]:
    return islice(document.root.iter("a"), MOST_LINKS)


def _marked_next(document: Document) -> Iterator[str | None]:
    for element in chain(document.root.iter("link"), _anchors(document)):
        if "next" in (element.get("rel") or "").lower().split():
            yield element.get("href")


def _worded_next(document: Document) -> Iterator[str | None]:
    for element in _anchors(document):
        words = " ".join((element.text_content() or "").split())
        label = (element.get("aria-label") or element.get("title") or "").strip()
        if any(0 < len(text) < 40 and _NEXT_WORDS.fullmatch(text) for text in (words, label)):
            yield element.get("href")


def _numbered_next(document: Document) -> Iterator[str | None]:
    wanted = _page_number(document.url) + 1
    stem = _without_number(document.url)
    for element in _anchors(document):
        if (element.text or "").strip() != str(wanted):
            continue
        url = absolute_url(document.base_url, element.get("href"))
        if url and _page_number(url) == wanted and _without_number(url) == stem:
            yield url


def _without_number(url: str) -> str:
    return _PAGE_IN_PATH.sub("", urlsplit(url).path).rstrip("/")


def _page_number(url: str) -> int:
    """The number of a page within a listing; 1 when its address has none."""
    parts = urlsplit(url)
    for name, value in parse_qsl(parts.query):
        if name.lower() in _PAGE_PARAMETERS and value.isdecimal() and len(value) <= 6:
            return int(value)
    match = _PAGE_IN_PATH.search(parts.path)
    return int(match[1]) if match else 1

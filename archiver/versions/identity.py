"""The key under which all versions of an article meet, whatever address each was fetched from."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from archiver.model.article import ArticleField, ExtractedArticle
from archiver.model.snapshot import Snapshot
from archiver.spiders.discovery.identity import article_identity, identity_key, is_front_page
from archiver.uri import cased_urlkey

_OF_AN_ARTICLE = re.compile(r"\d{3,}|(?:[^-_]+[-_]){3,}|\.[a-z]{2,5}$", re.IGNORECASE)
"""Marks the last segment of an article's path, not of a section's: a number, a long slug, a file type."""


def article_key(article: ExtractedArticle | None, page_url: str, seed: str) -> str:
    """The cased urlkey of the article's own address, whichever of its addresses was asked for.

    It is equal for AMP, mobile, tracking and redirected addresses. The page's claim of its canonical address
    decides if it can be believed: it is on the same site, and no front page or section front. Else the
    address that the page came from, unless the request for `seed` ended on such a front: then `seed`.
    """
    final = seed if is_front_of(page_url, seed) else page_url
    canonical = article.canonical_url if article else None
    if canonical and (is_front_of(canonical, final) or final != page_url):
        canonical = None
    identity = article_identity(final, canonical=canonical, og_url=_og_url(article) if canonical else None)
    return address_key(identity.canonical)


def address_key(url: str) -> str:
    """The cased urlkey of `url` without what makes variants of one address: tracking, AMP, mobile host."""
    return cased_urlkey(f"http://{identity_key(url)}")


def key_of(snapshot: Snapshot) -> str | None:
    """The key of the article that a snapshot shows; with the case of letters where it was stored without."""
    stored = snapshot.article_key
    if stored is None:
        return None
    key = article_key(snapshot.article, snapshot.page.target_uri, snapshot.seed)
    return key if is_same(key, stored) else stored


def is_same(key: str, stored: str) -> bool:
    """Whether a key that was stored may be `key`; those of earlier versions are in lower case."""
    return stored in (key, key.lower())


def asked_key(seed: str, known: Snapshot) -> str | None:
    """The key of the article that an answer for the address `seed` says something of.

    That of `known`, the last snapshot of `seed`, if the page came from there. Where `seed` only led to a page
    at another address, what becomes of `seed` says nothing of that page's article: then a key of its own.
    """
    if address_key(known.page.target_uri) == address_key(seed):
        return key_of(known)
    return article_key(None, seed, seed)


def is_front_of(url: str, article_url: str) -> bool:
    """Whether `url` is the front page of a site, or the front of the section that `article_url` is in."""
    if is_front_page(article_url):
        return False
    if is_front_page(url):
        return True
    segments, deeper = _segments(url), _segments(article_url)
    if not segments or segments == deeper or deeper[: len(segments)] != segments:
        return False
    return not _OF_AN_ARTICLE.search(segments[-1])


def _og_url(article: ExtractedArticle | None) -> str | None:
    findings = (*article.origins, *article.disagreeing) if article else ()
    stated = (f for f in findings if f.field is ArticleField.CANONICAL_URL and f.origin == "og:url")
    return next((finding.value for finding in stated), None)


def _segments(url: str) -> list[str]:
    try:
        path = urlsplit(url).path
    except ValueError:
        return []
    return [segment.lower() for segment in path.split("/") if segment]

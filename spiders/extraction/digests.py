"""Digests of paragraphs: what versions of an article are compared by."""

from __future__ import annotations

import unicodedata

from archiver.model.article import ExtractedArticle
from archiver.model.digest import Digest


def paragraph_digest(text: str) -> Digest:
    """The sha256 of `text` in NFC (UAX 15) with white space collapsed; punctuation and case count."""
    return Digest.of(" ".join(unicodedata.normalize("NFC", text).split()).encode("utf-8", "replace"))


def paragraph_digests(article: ExtractedArticle) -> tuple[Digest, ...]:
    """One digest for each paragraph of `article`, in order."""
    return tuple(paragraph_digest(paragraph.text) for paragraph in article.paragraphs)

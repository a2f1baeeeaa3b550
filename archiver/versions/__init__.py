"""How an article changed between two snapshots: what a reader would call a change, and what is only noise."""

from archiver.versions.classify import Outcome, Visit, classify, long_paragraphs, shares_text
from archiver.versions.compare import compare, first_seen, has_changed, needs_reextraction
from archiver.versions.furniture import Changed, Furniture, furniture_of
from archiver.versions.identity import address_key, article_key, asked_key, key_of
from archiver.versions.pictures import compare_pictures
from archiver.versions.seen import Pictures, pictures_through
from archiver.versions.textdiff import Span, SpanKind, align, as_html, as_text, spans
from archiver.versions.timeline import fold

__all__ = [
    "Changed",
    "Furniture",
    "Outcome",
    "Pictures",
    "Span",
    "SpanKind",
    "Visit",
    "address_key",
    "align",
    "article_key",
    "as_html",
    "as_text",
    "asked_key",
    "classify",
    "compare",
    "compare_pictures",
    "first_seen",
    "fold",
    "furniture_of",
    "has_changed",
    "key_of",
    "long_paragraphs",
    "needs_reextraction",
    "pictures_through",
    "shares_text",
    "spans",
]

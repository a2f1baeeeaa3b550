"""Which stated facts of an article differ, compared by what they mean and not by how they are written."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from archiver.model.article import ArticleField, ExtractedArticle, StatedTime, TimePrecision
from archiver.model.snapshot import Snapshot
from archiver.model.version import FieldChange, Noise
from archiver.spiders.discovery.identity import identity_key
from archiver.spiders.pictures.identity import identity

RENDERED_WITHIN = timedelta(minutes=10)
"""A modification stated so shortly before the visit, at both visits, is the time of the visit."""

_ADDRESSES = (ArticleField.CANONICAL_URL, ArticleField.AMP_URL)
_PLAIN = (
    ArticleField.SECTION, ArticleField.LANGUAGE, ArticleField.DESCRIPTION,
    ArticleField.SITE_NAME,
)  # fmt: skip


def compare_fields(before: Snapshot, after: Snapshot) -> tuple[FieldChange, ...]:
    """Every field of the articles of both snapshots whose value differs; the text and the pictures apart."""
    if before.article is None or after.article is None:
        return ()
    changes = list(_differences(before.article, after.article))
    return tuple(
        FieldChange(change.field, change.before, change.after, Noise.RENDERED)
        if change.field is ArticleField.MODIFIED and _is_rendered(before) and _is_rendered(after)
        else change
        for change in changes
    )


def _differences(old: ExtractedArticle, new: ExtractedArticle) -> Iterator[FieldChange]:
    if _titles(old) != _titles(new):
        yield FieldChange(ArticleField.TITLE, *_title_words(old, new))
    for field in _PLAIN:
        words, others = getattr(old, field), getattr(new, field)
        if _settled(words) != _settled(others):
            yield FieldChange(field, words, others)
    for field in _ADDRESSES:
        address, other_address = getattr(old, field), getattr(new, field)
        if (address and identity_key(address)) != (other_address and identity_key(other_address)):
            yield FieldChange(field, address, other_address)
    if (old.lead_picture and identity(old.lead_picture)) != (new.lead_picture and identity(new.lead_picture)):
        yield FieldChange(ArticleField.LEAD_PICTURE, old.lead_picture, new.lead_picture)
    if [_settled(name) for name in old.authors] != [_settled(name) for name in new.authors]:
        yield FieldChange(ArticleField.AUTHORS, _joined(old.authors), _joined(new.authors))
    if {_settled(word).casefold() for word in old.keywords} != {
        _settled(word).casefold() for word in new.keywords
    }:
        yield FieldChange(ArticleField.KEYWORDS, _joined(old.keywords), _joined(new.keywords))
    for field, one, other in (
        (ArticleField.PUBLISHED, old.published, new.published),
        (ArticleField.MODIFIED, old.modified, new.modified),
    ):
        if _differ(one, other):
            yield FieldChange(field, _written(one), _written(other))
    for field, stated, restated in (
        (ArticleField.FREE, old.free, new.free),
        (ArticleField.NOARCHIVE, old.noarchive, new.noarchive),
    ):
        if stated is not restated:
            yield FieldChange(field, _word(stated), _word(restated))


def _titles(article: ExtractedArticle) -> set[str]:
    """The title in all its variants: the one over the text, for search engines, for social networks."""
    findings = (*article.origins, *article.disagreeing)
    return {_settled(article.title)} | {
        _settled(finding.value) for finding in findings if finding.field is ArticleField.TITLE
    }


def _title_words(old: ExtractedArticle, new: ExtractedArticle) -> tuple[str | None, str | None]:
    """The titles, or where they are equal the variants that only one of the two has."""
    if _settled(old.title) != _settled(new.title):
        return old.title, new.title
    one, other = _titles(old), _titles(new)
    return " | ".join(sorted(one - other)) or None, " | ".join(sorted(other - one)) or None


def _differ(one: StatedTime | None, other: StatedTime | None) -> bool:
    """Whether the times differ as far as both are stated."""
    if one is None or other is None:
        return one is not other
    if TimePrecision.DAY in (one.precision, other.precision):
        return one.moment.date() != other.moment.date()
    aware = one.zone_stated and other.zone_stated
    moments = [_clock(stated.moment, aware) for stated in (one, other)]
    if TimePrecision.MINUTE in (one.precision, other.precision):
        moments = [moment.replace(second=0, microsecond=0) for moment in moments]
    return moments[0] != moments[1]


def _clock(moment: datetime, aware: bool) -> datetime:
    return moment.astimezone(UTC) if aware else moment.replace(tzinfo=None)


def _is_rendered(snapshot: Snapshot) -> bool:
    modified = snapshot.article.modified if snapshot.article else None
    return modified is not None and abs(snapshot.captured_at - modified.moment) <= RENDERED_WITHIN


def _written(stated: StatedTime | None) -> str | None:
    return stated.moment.isoformat() if stated else None


def _settled(words: str | None) -> str:
    return " ".join(unicodedata.normalize("NFC", words or "").split())


def _joined(words: tuple[str, ...]) -> str | None:
    return "; ".join(words) or None


def _word(stated: bool | None) -> str | None:
    return None if stated is None else str(stated).lower()

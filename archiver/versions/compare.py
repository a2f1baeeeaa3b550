"""Compares two snapshots of one article on three levels: bytes, stated fields, and paragraphs with pictures.

A page differs at almost every visit; the article seldom does. So each difference is first found and then
judged, and what is judged noise stays in the result with its reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from archiver.errors import IncomparableError
from archiver.model.article import ArticleField
from archiver.model.snapshot import Snapshot
from archiver.model.version import (
    ChangeKind,
    Comparison,
    FieldChange,
    Noise,
    ParagraphChange,
    ParagraphChangeKind,
    PictureChange,
    PictureChangeKind,
)
from archiver.versions.fields import compare_fields
from archiver.versions.furniture import NO_FURNITURE, Furniture, Text, noise_of
from archiver.versions.identity import address_key, key_of
from archiver.versions.pictures import compare_pictures
from archiver.versions.seen import Pictures, seen_pictures
from archiver.versions.textdiff import align

_ORDER = tuple(ChangeKind)
_NO_ALARM = (PictureChangeKind.RENDITION, PictureChangeKind.NOT_HAD, PictureChangeKind.STILL_GONE)
_NO_METADATA = (ArticleField.TITLE, ArticleField.LEAD_PICTURE)


def needs_reextraction(before: Snapshot, after: Snapshot) -> bool:
    """Whether one side must be read again from its stored page before the two can be compared.

    An extractor that reads better must not make edits: both sides are compared as one version reads them.
    """
    versions = {side.article.extractor_version if side.article else None for side in (before, after)}
    return len(versions) > 1


def compare(
    before: Snapshot,
    after: Snapshot,
    siblings: Furniture | None = None,
    pictures: tuple[Pictures, Pictures] | None = None,
) -> Comparison:
    """What differs between two snapshots of one article; `siblings` is what `furniture_of` says of them.

    `pictures` are those of both as `pictures_through` knows them from the article's other snapshots: without
    these nobody can say since when a picture is gone, nor what it was before.

    Raises IncomparableError when they were read by different versions of the extractor.
    """
    if needs_reextraction(before, after):
        raise IncomparableError(
            f"{before.id} and {after.id} were read by different extractor versions; "
            f"read both again from their stored pages, then compare"
        )
    fields = compare_fields(before, after)
    paragraphs = _compare_text(before, after, siblings or NO_FURNITURE)
    differing = compare_pictures(*(pictures or _pictures(before, after)))
    fields = tuple(_lead_by_picture(change, differing) for change in fields)
    kinds = _kinds(before, after, fields, paragraphs, differing)
    version = after.article.extractor_version if after.article else None
    return Comparison(before.id, after.id, version, kinds, fields, paragraphs, differing)


def has_changed(before: Snapshot, after: Snapshot, pictures: tuple[Pictures, Pictures]) -> bool:
    """Whether the article itself changed, and not only what surrounds it; `pictures` as for `compare`.

    When the sides were read by different extractor versions, the page's bytes decide, and the pictures.
    """
    if not needs_reextraction(before, after):
        return compare(before, after, pictures=pictures).is_change
    if before.page.payload_digest != after.page.payload_digest:
        return True
    return any(_is_picture_change(change) for change in compare_pictures(*pictures))


def first_seen(snapshot: Snapshot) -> Comparison:
    """The comparison of an article's first snapshot with nothing: `before` is empty."""
    version = snapshot.article.extractor_version if snapshot.article else None
    return Comparison("", snapshot.id, version, (ChangeKind.FIRST_SEEN,))


def _compare_text(before: Snapshot, after: Snapshot, siblings: Furniture) -> tuple[ParagraphChange, ...]:
    if before.article is None or after.article is None:
        return ()
    olds, news = before.article.paragraphs, after.article.paragraphs
    changes = align([paragraph.text for paragraph in olds], [paragraph.text for paragraph in news])
    language = after.article.language or before.article.language
    one, other = Text(olds), Text(news)
    return tuple(
        replace(change, noise=noise_of(change, one, other, language, siblings)) for change in changes
    )


def _lead_by_picture(change: FieldChange, pictures: Sequence[PictureChange]) -> FieldChange:
    """The lead picture's address is judged by its bytes: it changed when a picture of the article did."""
    if change.field is not ArticleField.LEAD_PICTURE or any(
        _is_picture_change(picture) for picture in pictures
    ):
        return change
    return replace(change, noise=Noise.RENDITION)


def _pictures(before: Snapshot, after: Snapshot) -> tuple[Pictures, Pictures]:
    olds = seen_pictures(before)
    return olds, seen_pictures(after, olds)


def _is_picture_change(change: PictureChange) -> bool:
    """Whether what became of a picture is a change of its article."""
    return change.noise is None and change.kind not in _NO_ALARM


def _kinds(
    before: Snapshot,
    after: Snapshot,
    fields: Sequence[FieldChange],
    paragraphs: Sequence[ParagraphChange],
    pictures: Sequence[PictureChange],
) -> tuple[ChangeKind, ...]:
    kinds: set[ChangeKind] = set()
    edits = [change for change in paragraphs if change.noise is None]
    stated = {change.field for change in fields if change.noise is None}
    if ArticleField.FREE in stated and after.article is not None and after.article.free is False:
        kinds.add(ChangeKind.WALLED)
    if edits and not (ChangeKind.WALLED in kinds and _only_cut(edits)):
        kinds.add(ChangeKind.TEXT_EDITED)
    if ArticleField.TITLE in stated:
        kinds.add(ChangeKind.TITLE_EDITED)
    if stated.difference(_NO_METADATA):
        kinds.add(ChangeKind.METADATA)
    if any(_is_picture_change(change) for change in pictures):
        kinds.add(ChangeKind.PICTURES_CHANGED)
    if _has_moved(before, after):
        kinds.add(ChangeKind.MOVED)
    if not kinds:
        differing = any(change.kind is not PictureChangeKind.STILL_GONE for change in pictures)
        kinds.add(_quiet(before, after, bool(paragraphs or fields or differing)))
    return tuple(sorted(kinds, key=_ORDER.index))


def _only_cut(edits: Sequence[ParagraphChange]) -> bool:
    """Whether the later text is the earlier one cut short, as behind a wall."""
    return all(
        change.kind is ParagraphChangeKind.REMOVED
        or (
            change.kind is ParagraphChangeKind.EDITED
            and change.before is not None
            and change.after is not None
            and change.before.startswith(change.after.rstrip(" .\u2026"))
        )
        for change in edits
    )


def _has_moved(before: Snapshot, after: Snapshot) -> bool:
    """Whether it has another address, or calls itself one; a claim that is not new is no move."""
    keys = (key_of(before), key_of(after))
    if None in keys or keys[0] == keys[1]:
        return False
    here = address_key(after.page.target_uri)
    claims = [each.article.canonical_url if each.article else None for each in (before, after)]
    is_disbelieved = keys[1] == here == address_key(before.page.target_uri) and claims[0] == claims[1]
    return not is_disbelieved


def _quiet(before: Snapshot, after: Snapshot, something_differs: bool) -> ChangeKind:
    if something_differs:
        return ChangeKind.FURNITURE_ONLY
    digests = (before.page.payload_digest, after.page.payload_digest)
    return ChangeKind.IDENTICAL if digests[0] == digests[1] is not None else ChangeKind.BYTES_ONLY

"""How an article changed from one visit to the next: every difference, and which of them are only noise.

Nothing that differs is dropped: what is not called a change of the article carries the reason (`noise`), so
that the judgement can be checked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from archiver.model.article import ArticleField
from archiver.model.digest import Digest


class ChangeKind(StrEnum):
    """What became of an article between two visits."""

    FIRST_SEEN = "first-seen"
    IDENTICAL = "identical"
    """The same bytes, and the same pictures."""
    BYTES_ONLY = "bytes-only"
    """Other bytes that say the same."""
    FURNITURE_ONLY = "furniture-only"
    """Only what stands around the article differs: advertisements, related links, counters, clocks."""
    METADATA = "metadata"
    TEXT_EDITED = "text-edited"
    TITLE_EDITED = "title-edited"
    PICTURES_CHANGED = "pictures-changed"
    MOVED = "moved"
    WALLED = "walled"
    GONE = "gone"
    BACK_AGAIN = "back-again"


QUIET = frozenset({ChangeKind.IDENTICAL, ChangeKind.BYTES_ONLY, ChangeKind.FURNITURE_ONLY})
"""The kinds that are no change of the article."""


class Noise(StrEnum):
    """Why a difference is not called a change of the article."""

    LINKS = "links"
    """The paragraph consists mostly of links to other pages."""
    CLOCK = "clock"
    """Only a relative time, a clock or a counter differs."""
    LABEL = "label"
    """The heading or first words of a box: "Read more", "Advertisement", "Sign up for our newsletter"."""
    FRAGMENT = "fragment"
    """A few words that are no sentence, before or after the text, or in another place than before."""
    SIBLINGS = "siblings"
    """The same words stand, or came and went, on other articles of the source."""
    ROLE = "role"
    """A picture that is not part of the article."""
    RENDITION = "rendition"
    """The same picture in another size or format: the bytes cannot be compared."""
    NOT_HAD = "not-had"
    """The picture could not be fetched at one of the visits."""
    RENDERED = "rendered"
    """The page states the time of the visit as the time of its last change."""


@dataclass(frozen=True, slots=True)
class FieldChange:
    """A field whose value differs; `before` and `after` are the values as text, None where not stated."""

    field: ArticleField
    before: str | None
    after: str | None
    noise: Noise | None = None


class ParagraphChangeKind(StrEnum):
    """What became of a paragraph."""

    ADDED = "added"
    REMOVED = "removed"
    EDITED = "edited"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class ParagraphChange:
    """A paragraph that differs; `position` counts from 0 in the later text, or, removed, in the earlier."""

    kind: ParagraphChangeKind
    before: str | None
    after: str | None
    position: int
    noise: Noise | None = None


class PictureChangeKind(StrEnum):
    """What became of a picture."""

    ADDED = "added"
    REMOVED = "removed"
    REPLACED = "replaced"
    """Other bytes at the same address."""
    ALT = "alt"
    CAPTION = "caption"
    CREDIT = "credit"
    RENDITION = "rendition"
    """Offered at other sizes or formats only, so that no two bytes can be compared."""
    NOT_HAD = "not-had"
    """The page shows it at both visits, but at one of them it could not be fetched."""
    GONE = "gone"
    """The page shows it still, but its address answers that it is not there: 404, 410 or 451."""
    STILL_GONE = "still-gone"
    """A second look, six hours or more after the first, finds it gone too."""
    BACK_AGAIN = "back-again"
    """It was gone, and is there again as it was, or at another size or format."""


@dataclass(frozen=True, slots=True)
class PictureChange:
    """A picture that differs; `alt` and `caption` are the later ones (for a removed picture the earlier).

    `before_digest` and `after_digest` are of the payloads compared. `before` and `after` are the words that
    differ for `ALT`, `CAPTION` and `CREDIT`, the reason why it is missing for `NOT_HAD`, and for `GONE` and
    `STILL_GONE` what its address answers. `confirmed` says of these two whether a second look was had.
    """

    kind: PictureChangeKind
    url: str
    before_digest: Digest | None = None
    after_digest: Digest | None = None
    alt: str | None = None
    caption: str | None = None
    before: str | None = None
    after: str | None = None
    noise: Noise | None = None
    confirmed: bool | None = None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs between two snapshots, named by their ids; `kinds` in the order of ChangeKind."""

    before: str
    after: str
    extractor_version: str | None
    kinds: tuple[ChangeKind, ...]
    fields: tuple[FieldChange, ...] = ()
    paragraphs: tuple[ParagraphChange, ...] = ()
    pictures: tuple[PictureChange, ...] = ()

    @property
    def is_change(self) -> bool:
        """Whether the article itself changed."""
        return any(kind not in QUIET for kind in self.kinds)


@dataclass(frozen=True, slots=True)
class ArticleEvent:
    """What a visit found that is no snapshot of the article: it is gone, walled, moved, or back again.

    `record_id` is the visit's own capture, the evidence; `status` is its HTTP status. An event that is not
    `confirmed` wants a second look.
    """

    kind: ChangeKind
    url: str
    article_key: str | None
    observed_at: datetime
    record_id: UUID
    status: int
    detail: str
    confirmed: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """One visit at which a version was seen."""

    snapshot_id: str
    captured_at: datetime


@dataclass(frozen=True, slots=True)
class Version:
    """One state of an article with every visit that saw it, oldest first; `number` counts from 1."""

    number: int
    seen: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The distinct versions of an article in the order of first sight, and each visit compared with the last.

    An article that was A, then B, then A again has two versions, the first of them seen twice.
    """

    article_key: str | None
    versions: tuple[Version, ...]
    comparisons: tuple[Comparison, ...]

    def version_of(self, snapshot_id: str) -> Version | None:
        """The version that the snapshot shows; None when it is not in this timeline."""
        return next(
            (v for v in self.versions if any(seen.snapshot_id == snapshot_id for seen in v.seen)), None
        )

"""An article as its page states it: each field with the place it came from and the values that disagreed.

A news page says the same thing in several places (JSON-LD, OpenGraph, microdata, what a reader sees) and
they differ: that difference is evidence, so nothing that was found is thrown away within bounds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from archiver.model.picture import FoundPicture


class ArticleField(StrEnum):
    """What a page can state of an article."""

    CANONICAL_URL = "canonical_url"
    TITLE = "title"
    AUTHORS = "authors"
    PUBLISHED = "published"
    MODIFIED = "modified"
    SECTION = "section"
    KEYWORDS = "keywords"
    LANGUAGE = "language"
    DESCRIPTION = "description"
    SITE_NAME = "site_name"
    BODY = "body"
    LEAD_PICTURE = "lead_picture"
    FREE = "free"
    NOARCHIVE = "noarchive"
    AMP_URL = "amp_url"


class ParagraphKind(StrEnum):
    """What a piece of the text is."""

    PARAGRAPH = "paragraph"
    HEADING = "heading"
    QUOTE = "quote"
    LIST = "list"


class TimePrecision(StrEnum):
    """How much of a time the page stated; what it did not state is zero in the moment."""

    DAY = "day"
    MINUTE = "minute"
    SECOND = "second"


class Doubt(StrEnum):
    """Why a stated value was not believed at once."""

    FUTURE = "future"
    """A time more than a day after the capture."""
    BEFORE_PUBLISHED = "before-published"
    """A modification that precedes the publication on the same page."""
    OTHER_SITE = "other-site"
    """A canonical URL on another host than the page's."""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A piece of the body in reading order: white space is collapsed, nothing else is changed."""

    text: str
    kind: ParagraphKind = ParagraphKind.PARAGRAPH
    linked: float = field(default=0.0, compare=False)
    """The share of its letters that stand in links, from 0 to 1."""


@dataclass(frozen=True, slots=True)
class StatedTime:
    """A time as a page states it: `moment` keeps the UTC offset that was written.

    Where the page wrote none, the moment is in UTC and `zone_stated` is False: its wall clock is what was
    written, its zone is our assumption.
    """

    moment: datetime
    written: str
    zone_stated: bool
    precision: TimePrecision
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A value that the page gives for a field, as text, and where.

    Origins read `json-ld:NewsArticle.headline`, `og:title` (the name of a meta element), `h1`, `trafilatura`.
    """

    field: ArticleField
    value: str
    origin: str
    doubt: Doubt | None = None


@dataclass(frozen=True, slots=True)
class ExtractedArticle:
    """What a page says of its article; a field that it does not state is None or empty.

    `origins` holds one finding for each field that has a value (for `AUTHORS` and `KEYWORDS` the value is
    the list joined by `; `), `disagreeing` the other values found, best first, at most 8 a field.
    `limits` says in words what was cut because the page was too large or too odd; empty for most pages.
    """

    url: str
    extractor_version: str
    canonical_url: str | None = None
    amp_url: str | None = None
    title: str | None = None
    authors: tuple[str, ...] = ()
    published: StatedTime | None = None
    modified: StatedTime | None = None
    section: str | None = None
    keywords: tuple[str, ...] = ()
    language: str | None = None
    """BCP 47 as stated, `_` written as `-`."""
    description: str | None = None
    site_name: str | None = None
    paragraphs: tuple[Paragraph, ...] = ()
    lead_picture: str | None = None
    """Absolute URL; the picture itself is among `pictures` when the page shows it."""
    pictures: tuple[FoundPicture, ...] = ()
    free: bool | None = None
    """Whether everybody may read the whole text; None when the page does not say."""
    noarchive: bool = False
    """The page asks in meta robots not to be archived."""
    origins: tuple[Finding, ...] = ()
    disagreeing: tuple[Finding, ...] = ()
    limits: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The body, one paragraph a line."""
        return "\n".join(paragraph.text for paragraph in self.paragraphs)

    def origin(self, field: ArticleField) -> str | None:
        """Where the value of `field` came from; None when it has none."""
        return next((finding.origin for finding in self.origins if finding.field is field), None)

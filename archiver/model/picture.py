"""A picture as a page shows it: where it was found, its renditions, what is said of it, and its fate."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from archiver.model.digest import Digest


class PictureOrigin(StrEnum):
    """The place in a page where a picture URL was found."""

    IMG = "img"
    SRCSET = "srcset"
    PICTURE_SOURCE = "picture-source"
    LAZY = "lazy"
    LAZY_SRCSET = "lazy-srcset"
    NOSCRIPT = "noscript"
    OPEN_GRAPH = "og:image"
    TWITTER = "twitter:image"
    META = "meta"
    """Another meta or link element that names a picture (`link rel=image_src`, microdata)."""
    JSON_LD = "json-ld"
    SCRIPT = "script-json"
    POSTER = "poster"
    STYLE = "style"
    PRELOAD = "preload"
    LINK = "link"
    SVG = "svg-image"
    INPUT = "input"
    OBJECT = "object"
    ICON = "icon"
    FEED = "feed"
    DATA_URI = "data-uri"


class PictureRole(StrEnum):
    """What a picture is to the article. A label, never a reason to drop it."""

    LEAD = "lead"
    ARTICLE = "article"
    FURNITURE = "furniture"


class PictureStatus(StrEnum):
    """What became of a picture in a snapshot."""

    CAPTURED = "captured"
    UNCHANGED = "unchanged"
    """The bytes are those of an earlier capture; a revisit record says so."""
    MISSING = "missing"
    INLINE = "inline"
    """A data: URI; its bytes are inside the page's own record."""
    LISTED = "listed"
    """Known but not asked for, as the picture policy says."""

    @property
    def word(self) -> str:
        """As people are told it: `known` for bytes that the archive had already, from whatever page."""
        return "known" if self is PictureStatus.UNCHANGED else self.value


@dataclass(frozen=True, slots=True)
class Rendition:
    """One URL under which a picture is offered: `width` in pixels, `density` as in `srcset` (2x is 2.0)."""

    url: str
    origin: PictureOrigin
    width: int | None = None
    density: float | None = None
    mime: str | None = None
    media: str | None = None


@dataclass(frozen=True, slots=True)
class FoundPicture:
    """One picture of a page, before it is fetched.

    `position` counts from 0 in document order. `fetch` are the URLs that the policy wants: the largest
    rendition first, then what a plain desktop browser would show; they are among `renditions`.
    """

    position: int
    role: PictureRole
    renditions: tuple[Rendition, ...]
    fetch: tuple[str, ...]
    alt: str | None = None
    caption: str | None = None
    credit: str | None = None
    automatic_alt: bool = False
    """The alt text was written by a social network's image recognition ("Image may contain: ...")."""


@dataclass(frozen=True, slots=True)
class FetchedRendition:
    """What became of one URL of a picture. `record_id` is its capture's; None when there is none."""

    url: str
    status: PictureStatus
    record_id: UUID | None = None
    http_status: int = 0
    mime: str | None = None
    """As sniffed from the first bytes; None when they are no image."""
    payload_digest: Digest | None = None
    payload_length: int = 0
    reason: str | None = None
    """Why it is missing, in one line; None otherwise."""
    hops: tuple[UUID, ...] = ()
    """The record ids of the redirects and failed attempts that came before, oldest first."""


@dataclass(frozen=True, slots=True)
class SnapshotPicture:
    """A picture of a snapshot: as found, and what became of each rendition asked for."""

    found: FoundPicture
    status: PictureStatus
    fetched: tuple[FetchedRendition, ...] = ()
    reason: str | None = None

    @property
    def url(self) -> str:
        """The address that stands for it: the first asked for, else the first listed; empty without any."""
        if self.fetched:
            return self.fetched[0].url
        return self.found.renditions[0].url if self.found.renditions else ""

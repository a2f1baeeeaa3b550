"""A snapshot: one article as archived at one time, with its pictures and what is missing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from archiver.model.article import ExtractedArticle
from archiver.model.digest import Digest
from archiver.model.picture import PictureStatus, SnapshotPicture


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who captured, with which software, from where, under which robots decision."""

    software: str
    operator: str | None = None
    vantage: str | None = None
    user_agent: str | None = None
    source: str | None = None
    spider: str | None = None
    robots: str | None = None
    noarchive: bool = False
    """The page asked in meta robots or X-Robots-Tag not to be archived."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """What a source said of a page where it named it: `found_in` is the feed, sitemap or listing."""

    found_in: str
    title: str | None = None
    published: datetime | None = None
    updated: datetime | None = None
    guid: str | None = None
    authors: tuple[str, ...] = ()
    summary: str | None = None


@dataclass(frozen=True, slots=True)
class PageCapture:
    """The page of a snapshot: the exchange that gave it."""

    record_id: UUID
    target_uri: str
    captured_at: datetime
    status: int
    mime: str
    payload_digest: Digest | None


@dataclass(frozen=True, slots=True)
class SnapshotResource:
    """A file that the page needs to look as it did, such as a stylesheet: what became of its URL.

    `record_ids` are those of all its exchanges, redirects and failed attempts first; the last one answers.
    `reason` says in one line why it is missing; None otherwise.
    """

    url: str
    record_ids: tuple[UUID, ...] = ()
    http_status: int = 0
    mime: str | None = None
    payload_digest: Digest | None = None
    payload_length: int = 0
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One article as archived at one time; immutable. It is also a WARC metadata record.

    `seed` is the URL that was asked for; `redirects` are the record ids of the hops that led from it to
    `page`, oldest first. `id` is the permanent identifier.
    """

    id: str
    seed: str
    captured_at: datetime
    page: PageCapture
    redirects: tuple[UUID, ...]
    pictures: tuple[SnapshotPicture, ...]
    provenance: Provenance
    article: ExtractedArticle | None = None
    """What the page says of the article, without its `pictures`; None when it could not be read."""
    announcement: Announcement | None = None
    article_key: str | None = None
    """The cased urlkey of the article's own URL: the same for all versions and all URLs of one article."""
    resources: tuple[SnapshotResource, ...] = ()
    """Stylesheets and other files that the page needs; those of older snapshots are not listed."""

    @property
    def record_ids(self) -> tuple[UUID, ...]:
        """The main records that it consists of, each once: redirects, page, pictures, resources."""
        needed = [record_id for resource in self.resources for record_id in resource.record_ids]
        return tuple(dict.fromkeys([*self.content_ids, *needed]))

    @property
    def content_ids(self) -> tuple[UUID, ...]:
        """Those of them that say something; resources belong to the site as much as to the page."""
        ids = [*self.redirects, self.page.record_id]
        for picture in self.pictures:
            for rendition in picture.fetched:
                ids += rendition.hops
                if rendition.record_id:
                    ids.append(rendition.record_id)
        return tuple(dict.fromkeys(ids))

    @property
    def missing(self) -> tuple[SnapshotPicture, ...]:
        """The pictures that could not be had."""
        return tuple(p for p in self.pictures if p.status is PictureStatus.MISSING)

    @property
    def captured(self) -> tuple[SnapshotPicture, ...]:
        """The pictures whose bytes the archive has."""
        return tuple(
            p for p in self.pictures if p.status in (PictureStatus.CAPTURED, PictureStatus.UNCHANGED)
        )

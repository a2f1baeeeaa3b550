"""What a citation says, whatever its style: taken from a snapshot, made safe for one line of text."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import UTC, date, datetime
from urllib.parse import urlsplit

from archiver.citation.names import Author, parse_author
from archiver.model.article import ArticleField, ExtractedArticle
from archiver.model.capture import Capture
from archiver.model.digest import Digest
from archiver.model.moment import to_timestamp14, to_warc_date
from archiver.model.snapshot import Snapshot

SHORT = 16
"""Hexadecimal digits of a short digest: enough to find the page's payload, too few to prove it."""

_LONGEST = 1_000
_GUESSED = "htmldate"
"""Where the first extractor had a date from when the page stated none: any number that looked like one."""
_DIRECTING = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


@dataclass(frozen=True, slots=True)
class Citation:
    """One snapshot as a reference; what the page did not state is None or empty.

    `published` is the day as the page wrote it, in its own time zone; `captured` is UTC. `archive_url` is
    None while the archive has no public address; the identifier then stands alone. `digest` is of the
    page's payload. `is_dead` says that the page was found gone after this capture.
    """

    authors: tuple[Author, ...]
    title: str | None
    site: str | None
    published: date | None
    captured: datetime
    url: str
    archive_url: str | None
    identifier: str
    digest: Digest | None
    language: str | None = None
    archive: str | None = None
    is_news: bool = False
    is_dead: bool = False
    imported_from: str | None = None
    """The foreign file that the capture came in: this archive did not take it."""

    @property
    def origin(self) -> str:
        """That the capture is not this archive's own; empty for one that is."""
        return f"imported from {self.imported_from}" if self.imported_from else ""

    @property
    def short_digest(self) -> str:
        """`sha256:` and the first digits; empty when the snapshot has no payload."""
        return f"sha256:{self.digest.value.hex()[:SHORT]}" if self.digest else ""

    @property
    def evidence(self) -> str:
        """The identifier, the short digest if there is one, and where a foreign capture came from."""
        return ", ".join(part for part in (self.identifier, self.short_digest, self.origin) if part)

    @property
    def archived_at(self) -> str:
        """Where a reader finds the copy: the address, or the identifier alone."""
        return self.archive_url or self.identifier

    @property
    def host(self) -> str:
        """The host of the original."""
        return urlsplit(self.url).hostname or self.url

    @property
    def captured_text(self) -> str:
        """The moment of the capture to the second, UTC."""
        return to_warc_date(self.captured)[:19] + "Z"


def citation_of(
    snapshot: Snapshot, base_url: str = "", archive: str = "", *, is_dead: bool = False
) -> Citation:
    """The reference to `snapshot`; `base_url` is the archive's public address, `archive` its name."""
    article = snapshot.article
    site = one_line(article.site_name) if article else None
    url = snapshot.page.target_uri
    return Citation(
        authors=_authors(article, site),
        title=_title(snapshot),
        site=site,
        published=_published(snapshot),
        captured=snapshot.captured_at.astimezone(UTC),
        url=url,
        archive_url=replay_url(base_url, snapshot.captured_at, url) if base_url else None,
        identifier=snapshot.id,
        digest=snapshot.page.payload_digest,
        language=one_line(article.language) if article else None,
        archive=one_line(archive),
        is_news=bool(article and article.published),
        is_dead=is_dead,
    )


def citation_of_import(capture: Capture, base_url: str = "", archive: str = "") -> Citation:
    """The reference to a capture in an imported file: what it says of itself, by its record id."""
    url = capture.target_uri
    return Citation(
        authors=(),
        title=None,
        site=None,
        published=None,
        captured=capture.captured_at.astimezone(UTC),
        url=url,
        archive_url=replay_url(base_url, capture.captured_at, url) if base_url else None,
        identifier=f"urn:uuid:{capture.record_id}",
        digest=capture.payload_digest,
        archive=one_line(archive),
        imported_from=capture.imported_from,
    )


def replay_url(base_url: str, captured: datetime, url: str) -> str:
    """Where the archive at `base_url` shows the capture of `url`."""
    return f"{base_url.rstrip('/')}/web/{to_timestamp14(captured)}/{url}"


def one_line(text: str | None) -> str | None:
    """Text of a page as one line, without controls or marks that turn the direction; None when empty."""
    if not text:
        return None
    line = " ".join(_DIRECTING.sub("", _CONTROL.sub(" ", text)).split())
    line = unicodedata.normalize("NFC", line)
    return (line if len(line) <= _LONGEST else line[: _LONGEST - 1].rstrip() + "…") or None


def _authors(article: ExtractedArticle | None, site: str | None) -> tuple[Author, ...]:
    names = (one_line(name) for name in article.authors) if article else ()
    return tuple(parse_author(name, site) for name in names if name)


def _title(snapshot: Snapshot) -> str | None:
    stated = one_line(snapshot.article.title) if snapshot.article else None
    announced = snapshot.announcement.title if snapshot.announcement else None
    return stated or one_line(announced)


def _published(snapshot: Snapshot) -> date | None:
    """The day that the page states; none for a doubtful one, or one that an old extractor had guessed."""
    article = snapshot.article
    if article is None or article.published is None or article.published.doubt:
        return None
    guessed = article.origin(ArticleField.PUBLISHED) == _GUESSED
    return None if guessed else article.published.moment.date()

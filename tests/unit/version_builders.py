"""Builds the snapshots, pictures and captures that the tests of versions compare."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from archiver.model.article import ExtractedArticle, Paragraph
from archiver.model.capture import Capture, RecordLocation, RecordType
from archiver.model.digest import Digest
from archiver.model.picture import (
    FetchedRendition,
    FoundPicture,
    PictureOrigin,
    PictureRole,
    PictureStatus,
    Rendition,
    SnapshotPicture,
)
from archiver.model.snapshot import PageCapture, Provenance, Snapshot

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
URL = "https://news.example/politics/the-bridge-is-closed-12345"
KEY = "example,news)/politics/the-bridge-is-closed-12345"
TEXT = (
    "The bridge over the river was closed on Monday after 3 cracks were found.",
    "The mayor said that she would not resign.",
    "Work will take until autumn, the city council said in the evening.",
)


def article(*paragraphs: str | Paragraph, **fields: object) -> ExtractedArticle:
    pieces = tuple(p if isinstance(p, Paragraph) else Paragraph(p) for p in paragraphs or TEXT)
    plain = ExtractedArticle(
        url=URL, extractor_version="1", title="The bridge is closed", language="en", canonical_url=URL
    )
    return replace(plain, paragraphs=pieces, **fields)  # type: ignore[arg-type]


def snapshot(
    read: ExtractedArticle | None = None,
    *,
    hours: float = 0,
    page: bytes | None = None,
    pictures: tuple[SnapshotPicture, ...] = (),
    key: str | None = KEY,
) -> Snapshot:
    at = NOON + timedelta(hours=hours)
    read = read or article()
    content = page if page is not None else f"{hours} {read}".encode()
    capture = PageCapture(UUID(int=1), URL, at, 200, "text/html", Digest.of(content))
    return Snapshot(
        id=f"ark:99999/{hours}",
        seed=URL,
        captured_at=at,
        page=capture,
        redirects=(),
        pictures=pictures,
        provenance=Provenance("test"),
        article=read,
        article_key=key,
    )


def picture(
    url: str,
    payload: bytes | None,
    *,
    role: PictureRole = PictureRole.ARTICLE,
    alt: str | None = None,
    caption: str | None = None,
    reason: str | None = None,
    answered: int = 0,
) -> SnapshotPicture:
    """A picture that was had with `payload`; without one, `answered` is the status of what came instead."""
    found = FoundPicture(0, role, (Rendition(url, PictureOrigin.IMG),), (url,), alt, caption)
    status = PictureStatus.MISSING if payload is None else PictureStatus.CAPTURED
    digest = None if payload is None else Digest.of(payload)
    return SnapshotPicture(
        found,
        status,
        (FetchedRendition(url, status, payload_digest=digest, http_status=answered),),
        reason=reason,
    )


def capture(url: str = URL, status: int = 200, *, hours: float = 0, redirect: str | None = None) -> Capture:
    return Capture(
        record_id=uuid4(),
        urlkey="",
        target_uri=url,
        captured_at=NOON + timedelta(hours=hours),
        method="GET",
        status=status,
        mime="text/html",
        record_type=RecordType.RESPONSE,
        payload_digest=Digest.of(b""),
        payload_length=0,
        location=RecordLocation("a.warc.gz", 0, 1),
        redirect=redirect,
    )

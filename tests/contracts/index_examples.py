"""Captures and snapshots for the contract tests of the index."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from archiver.model.capture import Capture, Original, RecordLocation, RecordType
from archiver.model.digest import EMPTY, Digest
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
from archiver.uri import urlkey

START = datetime(2024, 1, 1, tzinfo=UTC)
SEGMENT = "NEWS-20240101000000-0001-abcd.warc.gz"


def at(seconds: float) -> datetime:
    """A moment `seconds` after the start."""
    return START + timedelta(seconds=seconds)


def capture(url: str, seconds: float = 0, **changes: Any) -> Capture:
    """A complete 200 response with a payload of its own."""
    record_id = changes.pop("record_id", None) or uuid4()
    values: dict[str, Any] = {
        "record_id": record_id,
        "urlkey": urlkey(url),
        "target_uri": url,
        "captured_at": at(seconds),
        "method": "GET",
        "status": 200,
        "mime": "text/html",
        "record_type": RecordType.RESPONSE,
        "payload_digest": Digest.of(record_id.bytes),
        "payload_length": 1_000,
        "location": RecordLocation(SEGMENT, int(seconds * 1_000), 500),
        "source": "example",
    }
    return Capture(**{**values, **changes})


def revisit(of: Capture, seconds: float, **changes: Any) -> Capture:
    """A capture that found the payload of `of` again."""
    values: dict[str, Any] = {
        "record_type": RecordType.REVISIT,
        "payload_digest": of.payload_digest,
        "payload_length": of.payload_length,
        "original": Original(of.record_id, of.target_uri, of.captured_at, of.location),
    }
    return capture(changes.pop("url", of.target_uri), seconds, **{**values, **changes})


def not_modified(of: Capture, seconds: float) -> Capture:
    """A 304 answer about `of`."""
    return revisit(of, seconds, status=304, payload_digest=EMPTY, payload_length=0)


def failure(url: str, seconds: float = 0) -> Capture:
    """An exchange that got no response."""
    return capture(
        url,
        seconds,
        status=0,
        mime="unk",
        record_type=RecordType.METADATA,
        payload_digest=None,
        payload_length=0,
        failure="dns: no such host",
    )


def picture(
    position: int,
    *fetched: FetchedRendition,
    status: PictureStatus = PictureStatus.CAPTURED,
    role: PictureRole = PictureRole.ARTICLE,
) -> SnapshotPicture:
    """A picture whose renditions are those that were fetched."""
    renditions = tuple(Rendition(each.url, PictureOrigin.SRCSET, width=800) for each in fetched)
    found = FoundPicture(position, role, renditions, tuple(each.url for each in fetched), alt="A harbour")
    return SnapshotPicture(found, status, fetched, None if fetched else "not found: 404")


def fetched(of: Capture, status: PictureStatus = PictureStatus.CAPTURED) -> FetchedRendition:
    """The capture of a picture as a snapshot names it."""
    return FetchedRendition(
        of.target_uri, status, of.record_id, of.status, of.mime, of.payload_digest, of.payload_length
    )


def snapshot(
    identifier: str,
    page: Capture,
    *pictures: SnapshotPicture,
    seed: str | None = None,
    source: str | None = "example",
) -> Snapshot:
    """A snapshot of `page`."""
    return Snapshot(
        id=identifier,
        seed=seed or page.target_uri,
        captured_at=page.captured_at,
        page=PageCapture(
            page.record_id,
            page.target_uri,
            page.captured_at,
            page.status,
            page.mime,
            page.payload_digest,
        ),
        redirects=(),
        pictures=pictures,
        provenance=Provenance(software="news-archiver/0", source=source),
    )


def located(*snapshots: Snapshot) -> list[tuple[Snapshot, RecordLocation]]:
    """Snapshots with the places of their metadata records."""
    return [
        (each, RecordLocation(SEGMENT, 90_000 + place * 100, 100)) for place, each in enumerate(snapshots)
    ]


def id_of(number: int) -> UUID:
    """A record id that sorts as `number` does."""
    return UUID(int=number)

"""Turns what a spider handed over into a snapshot, once every exchange in it is durable."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from uuid import UUID

from archiver.model.capture import Capture, RecordType
from archiver.model.fetched import Download, FetchedPage, FetchedPicture
from archiver.model.picture import (
    FetchedRendition,
    PictureStatus,
    SnapshotPicture,
)
from archiver.model.snapshot import PageCapture, Provenance, Snapshot

Acknowledged = Callable[[UUID], Awaitable[Capture]]


async def assemble(
    fetched: FetchedPage, acknowledged: Acknowledged, identifier: str, provenance: Provenance
) -> Snapshot:
    """The snapshot of `fetched`; waits until all its captures are durable. The page must have an answer."""
    *hops, last = fetched.page.exchanges
    page = await acknowledged(last)
    payload = page
    if page.status == HTTPStatus.NOT_MODIFIED and page.original:
        payload = await acknowledged(page.original.record_id)
    pictures = tuple([await _picture(picture, acknowledged) for picture in fetched.pictures])
    for resource in fetched.resources:
        for exchange in resource.exchanges:
            await acknowledged(exchange)
    for hop in hops:
        await acknowledged(hop)
    return Snapshot(
        id=identifier,
        seed=fetched.seed,
        captured_at=page.captured_at,
        page=PageCapture(
            page.record_id,
            page.target_uri,
            page.captured_at,
            page.status,
            payload.mime,
            payload.payload_digest,
        ),
        redirects=tuple(hops),
        pictures=pictures,
        provenance=provenance,
        announcement=fetched.announcement,
    )


def reason_for(download: Download, last: Capture) -> str | None:
    """Why what was asked for is not there or not whole; `last` is the last capture that was made for it.

    Where no answer reached the spider, what was recorded says it better than the error that came out.
    """
    cut = f"cut off ({last.truncated})" if last.truncated else None
    reason = (download.reason or cut) if download.status else (last.failure or cut or download.reason)
    return download.after_attempts(reason) if reason else None


async def _picture(fetched: FetchedPicture, acknowledged: Acknowledged) -> SnapshotPicture:
    found = fetched.found
    renditions = tuple([await _rendition(download, acknowledged) for download in fetched.downloads])
    had = [rendition.status for rendition in renditions if rendition.status is not PictureStatus.MISSING]
    if had:
        changed = PictureStatus.CAPTURED in had
        status = PictureStatus.CAPTURED if changed else PictureStatus.UNCHANGED
        return SnapshotPicture(found, status, renditions)
    if renditions:
        return SnapshotPicture(found, PictureStatus.MISSING, renditions, renditions[0].reason)
    inline = any(rendition.url.startswith("data:") for rendition in found.renditions)
    return SnapshotPicture(found, PictureStatus.INLINE if inline else PictureStatus.LISTED)


async def _rendition(download: Download, acknowledged: Acknowledged) -> FetchedRendition:
    if not download.exchanges:
        return FetchedRendition(download.url, PictureStatus.MISSING, reason=download.reason)
    capture: Capture | None = None
    for exchange in download.exchanges:
        capture = await acknowledged(exchange)
    assert capture is not None
    payload = capture
    if capture.status == HTTPStatus.NOT_MODIFIED and capture.original:
        payload = await acknowledged(capture.original.record_id)
    reason = reason_for(download, capture)
    if reason:
        status = PictureStatus.MISSING
    elif capture.record_type is RecordType.REVISIT:
        status = PictureStatus.UNCHANGED
    else:
        status = PictureStatus.CAPTURED
    return FetchedRendition(
        url=download.url,
        status=status,
        record_id=capture.record_id,
        http_status=capture.status,
        mime=download.sniffed,
        payload_digest=payload.payload_digest,
        payload_length=payload.payload_length,
        reason=reason,
    )

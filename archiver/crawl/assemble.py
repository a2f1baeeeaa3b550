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
from archiver.model.snapshot import PageCapture, Provenance, Snapshot, SnapshotResource

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
    resources = tuple([await _resource(download, acknowledged) for download in fetched.resources])
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
        resources=resources,
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
    if fetched.problem:
        return SnapshotPicture(found, PictureStatus.MISSING, (), fetched.problem)
    inline = any(rendition.url.startswith("data:") for rendition in found.renditions)
    return SnapshotPicture(found, PictureStatus.INLINE if inline else PictureStatus.LISTED)


async def _rendition(download: Download, acknowledged: Acknowledged) -> FetchedRendition:
    if not download.exchanges:
        return FetchedRendition(download.url, PictureStatus.MISSING, reason=download.reason)
    capture, payload = await _answer(download, acknowledged)
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
        hops=download.exchanges[:-1],
    )


async def _resource(download: Download, acknowledged: Acknowledged) -> SnapshotResource:
    if not download.exchanges:
        return SnapshotResource(download.url, reason=download.reason)
    capture, payload = await _answer(download, acknowledged)
    return SnapshotResource(
        url=download.url,
        record_ids=download.exchanges,
        http_status=capture.status,
        mime=payload.mime if capture.status else None,
        payload_digest=payload.payload_digest,
        payload_length=payload.payload_length,
        reason=reason_for(download, capture),
    )


async def _answer(download: Download, acknowledged: Acknowledged) -> tuple[Capture, Capture]:
    """The last capture that was made for a URL, and the one that has its payload; waits for all of them."""
    captures = [await acknowledged(exchange) for exchange in download.exchanges]
    last = captures[-1]
    if last.status == HTTPStatus.NOT_MODIFIED and last.original:
        return last, await acknowledged(last.original.record_id)
    return last, last

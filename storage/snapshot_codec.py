"""A snapshot as a JSON document: the block of its WARC metadata record, and what the index keeps of it.

The document is written once and read for decades, so its shape is spelled out here and carries a version;
equal snapshots give equal bytes.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Annotated, Any, Final
from uuid import UUID

import msgspec

from archiver.errors import DamagedRecordError
from archiver.model.article import ExtractedArticle
from archiver.model.digest import Digest
from archiver.model.picture import FetchedRendition, FoundPicture, PictureStatus, SnapshotPicture
from archiver.model.snapshot import Announcement, PageCapture, Provenance, Snapshot, SnapshotResource

FORMAT: Final = "news-archiver/snapshot"
VERSION: Final = 1
MIME: Final = "application/vnd.news-archiver.snapshot+json"

_Moment = Annotated[datetime, msgspec.Meta(tz=True)]
_Digest = Annotated[str, msgspec.Meta(pattern="^sha256:[0-9a-f]{64}$")]


class _Page(msgspec.Struct, frozen=True):
    record_id: UUID
    target_uri: str
    captured_at: _Moment
    status: int
    mime: str
    payload_digest: _Digest | None


class _Rendition(msgspec.Struct, frozen=True, omit_defaults=True):
    url: str
    status: PictureStatus
    record_id: UUID | None
    http_status: int
    mime: str | None
    payload_digest: _Digest | None
    payload_length: int
    reason: str | None
    hops: tuple[UUID, ...] = ()


class _Picture(msgspec.Struct, frozen=True):
    found: FoundPicture
    status: PictureStatus
    fetched: tuple[_Rendition, ...]
    reason: str | None


class _Resource(msgspec.Struct, frozen=True):
    url: str
    record_ids: tuple[UUID, ...]
    http_status: int
    mime: str | None
    payload_digest: _Digest | None
    payload_length: int
    reason: str | None


class _Document(msgspec.Struct, frozen=True, omit_defaults=True):
    format: str
    version: int
    id: str
    seed: str
    captured_at: _Moment
    page: _Page
    redirects: tuple[UUID, ...]
    pictures: tuple[_Picture, ...]
    provenance: Provenance
    announcement: Announcement | None
    article_key: str | None
    article: ExtractedArticle | None
    resources: tuple[_Resource, ...] = ()


class _Envelope(msgspec.Struct, frozen=True):
    format: str
    version: int


_decoder = msgspec.json.Decoder(_Document)
_envelope = msgspec.json.Decoder(_Envelope)
_encoder = msgspec.json.Encoder()


def encode(snapshot: Snapshot) -> bytes:
    """The UTF-8 JSON document of `snapshot`; the same bytes for equal snapshots.

    Lone surrogates, which JSON in a page can bring in, become U+FFFD.
    """
    document = _Document(
        format=FORMAT,
        version=VERSION,
        id=snapshot.id,
        seed=snapshot.seed,
        captured_at=snapshot.captured_at.astimezone(UTC),
        page=_page(snapshot.page),
        redirects=snapshot.redirects,
        pictures=tuple(_picture(picture) for picture in snapshot.pictures),
        provenance=snapshot.provenance,
        announcement=snapshot.announcement,
        article_key=snapshot.article_key,
        article=snapshot.article,
        resources=tuple(_resource(resource) for resource in snapshot.resources),
    )
    try:
        return _encoder.encode(document)
    except UnicodeEncodeError:
        return _encoder.encode(_without_surrogates(document))


def decode(document: bytes) -> Snapshot:
    """The snapshot that `encode` wrote. Raises DamagedRecordError for anything else, as a newer version."""
    try:
        envelope = _envelope.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedRecordError(f"not a snapshot document: {error}") from None
    if envelope.format != FORMAT:
        raise DamagedRecordError(f"not a snapshot document: its format is {envelope.format!r}")
    if envelope.version != VERSION:
        raise DamagedRecordError(
            f"the snapshot document is of version {envelope.version}, this program reads {VERSION}; update it"
        )
    try:
        read = _decoder.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedRecordError(f"the snapshot document is damaged: {error}") from None
    return Snapshot(
        id=read.id,
        seed=read.seed,
        captured_at=read.captured_at.astimezone(UTC),
        page=_read_page(read.page),
        redirects=read.redirects,
        pictures=tuple(_read_picture(picture) for picture in read.pictures),
        provenance=read.provenance,
        announcement=read.announcement,
        article_key=read.article_key,
        article=read.article,
        resources=tuple(_read_resource(resource) for resource in read.resources),
    )


def _page(page: PageCapture) -> _Page:
    return _Page(
        record_id=page.record_id,
        target_uri=page.target_uri,
        captured_at=page.captured_at.astimezone(UTC),
        status=page.status,
        mime=page.mime,
        payload_digest=_labelled(page.payload_digest),
    )


def _read_page(page: _Page) -> PageCapture:
    return PageCapture(
        record_id=page.record_id,
        target_uri=page.target_uri,
        captured_at=page.captured_at.astimezone(UTC),
        status=page.status,
        mime=page.mime,
        payload_digest=_digest(page.payload_digest),
    )


def _picture(picture: SnapshotPicture) -> _Picture:
    fetched = tuple(
        _Rendition(
            url=rendition.url,
            status=rendition.status,
            record_id=rendition.record_id,
            http_status=rendition.http_status,
            mime=rendition.mime,
            payload_digest=_labelled(rendition.payload_digest),
            payload_length=rendition.payload_length,
            reason=rendition.reason,
            hops=rendition.hops,
        )
        for rendition in picture.fetched
    )
    return _Picture(found=picture.found, status=picture.status, fetched=fetched, reason=picture.reason)


def _read_picture(picture: _Picture) -> SnapshotPicture:
    fetched = tuple(
        FetchedRendition(
            url=rendition.url,
            status=rendition.status,
            record_id=rendition.record_id,
            http_status=rendition.http_status,
            mime=rendition.mime,
            payload_digest=_digest(rendition.payload_digest),
            payload_length=rendition.payload_length,
            reason=rendition.reason,
            hops=rendition.hops,
        )
        for rendition in picture.fetched
    )
    return SnapshotPicture(found=picture.found, status=picture.status, fetched=fetched, reason=picture.reason)


def _resource(resource: SnapshotResource) -> _Resource:
    return _Resource(
        url=resource.url,
        record_ids=resource.record_ids,
        http_status=resource.http_status,
        mime=resource.mime,
        payload_digest=_labelled(resource.payload_digest),
        payload_length=resource.payload_length,
        reason=resource.reason,
    )


def _read_resource(resource: _Resource) -> SnapshotResource:
    return SnapshotResource(
        url=resource.url,
        record_ids=resource.record_ids,
        http_status=resource.http_status,
        mime=resource.mime,
        payload_digest=_digest(resource.payload_digest),
        payload_length=resource.payload_length,
        reason=resource.reason,
    )


def _labelled(digest: Digest | None) -> str | None:
    return None if digest is None else str(digest)


def _digest(labelled: str | None) -> Digest | None:
    return None if labelled is None else Digest.parse(labelled)


def _without_surrogates(document: _Document) -> Any:
    escaped = json.dumps(msgspec.to_builtins(document), ensure_ascii=False)
    return json.loads(escaped.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace"))

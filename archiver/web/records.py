"""What is known of snapshots and captures, in words and values that pages and JSON share."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from archiver.citation.standing import Standing
from archiver.model.capture import Capture
from archiver.model.moment import to_warc_date
from archiver.model.picture import PictureStatus, SnapshotPicture
from archiver.model.snapshot import Snapshot
from archiver.storage.index import Index
from archiver.web.wanted import memento_path, timestamp


@dataclass(frozen=True, slots=True)
class ShownPicture:
    """A picture for the gallery; `path` is where the replay origin has it, None when missing."""

    picture: SnapshotPicture
    url: str
    path: str | None
    digest: str | None
    length: int
    mime: str | None
    is_missing: bool
    reason: str | None

    @property
    def hole(self) -> str:
        """What stands in its place where it is not shown."""
        if self.is_missing:
            return "Missing"
        return "Withdrawn" if self.digest else self.picture.status.word.capitalize()


def title_of(snapshot: Snapshot) -> str:
    """What the article is called; its URL when nothing says."""
    article, announced = snapshot.article, snapshot.announcement
    title = (article.title if article else None) or (announced.title if announced else None)
    return title or snapshot.page.target_uri


def view_path(capture: Capture) -> str:
    """The framed view of a capture, on the application's origin."""
    return f"/view/{timestamp(capture, is_fine=True)}/{capture.target_uri}"


def page_path(snapshot: Snapshot) -> str:
    """The framed view of the page of a snapshot."""
    return f"/view/{snapshot.page.captured_at:%Y%m%d%H%M%S%f}/{snapshot.page.target_uri}"


def shown_pictures(index: Index, snapshot: Snapshot) -> Iterator[ShownPicture]:
    """The pictures in the order of the page; one look-up each."""
    for picture in snapshot.pictures:
        had = next((r for r in picture.fetched if r.record_id and r.payload_digest and not r.reason), None)
        capture = index.capture(had.record_id) if had and had.record_id else None
        is_missing = picture.status is PictureStatus.MISSING or (
            capture is None and picture.status in (PictureStatus.CAPTURED, PictureStatus.UNCHANGED)
        )
        renditions = picture.found.renditions
        url = (
            had.url
            if had
            else picture.fetched[0].url
            if picture.fetched
            else renditions[0].url
            if renditions
            else ""
        )
        reason = picture.reason or next((r.reason for r in picture.fetched if r.reason), None)
        yield ShownPicture(
            picture=picture,
            url=url if not url.startswith("data:") else "inside the page",
            path=memento_path(capture, "im_", is_fine=True) if capture and not is_missing else None,
            digest=str(had.payload_digest) if had else None,
            length=had.payload_length if had else 0,
            mime=had.mime if had else None,
            is_missing=is_missing,
            reason=reason,
        )


def file_name(snapshot: Snapshot, suffix: str) -> str:
    """What a file of a snapshot is called when it is kept."""
    return snapshot.id.replace(":", "-").replace("/", "-") + suffix


def described_standing(standing: Standing) -> dict[str, Any]:
    """How far the proof of a snapshot has come, and what was said of it since."""
    return {
        "states": list(standing.states),
        "entry": standing.leaf,
        "existed_no_later_than": to_warc_date(standing.moment) if standing.moment else None,
        "witnesses": list(standing.witnesses),
        "remarks": [
            {
                "kind": remark.kind, "issued_at": to_warc_date(remark.issued_at), "text": remark.text,
                "by": remark.by, "entry": remark.leaf,
            }
            for remark in standing.remarks
        ],
    }  # fmt: skip


def described_picture(shown: ShownPicture) -> dict[str, Any]:
    """A picture in the gallery."""
    found = shown.picture.found
    return {
        "url": shown.url, "status": shown.picture.status.word, "role": found.role, "memento": shown.path,
        "digest": shown.digest, "length": shown.length, "mime": shown.mime, "reason": shown.reason,
        "alt": found.alt, "automatic_alt": found.automatic_alt, "caption": found.caption,
        "credit": found.credit,
    }  # fmt: skip


def described_snapshot(snapshot: Snapshot, *, withdrawn: bool = False) -> dict[str, Any]:
    """A snapshot in a list."""
    return {
        "snapshot": snapshot.id,
        "title": title_of(snapshot),
        "url": snapshot.page.target_uri,
        "captured_at": to_warc_date(snapshot.captured_at),
        "source": snapshot.provenance.source,
        "status": snapshot.page.status,
        "authors": list(snapshot.article.authors) if snapshot.article else [],
        "pictures": len(snapshot.pictures),
        "pictures_captured": len(snapshot.captured),
        "pictures_missing": len(snapshot.missing),
        "withdrawn": withdrawn,
    }


def described_capture(capture: Capture) -> dict[str, Any]:
    """A capture in a list."""
    return {
        "url": capture.target_uri,
        "captured_at": to_warc_date(capture.captured_at),
        "status": capture.status or None,
        "mime": capture.mime,
        "record_type": capture.record_type,
        "record_id": f"urn:uuid:{capture.record_id}",
        "payload_digest": str(capture.payload_digest) if capture.payload_digest else None,
        "payload_length": capture.payload_length,
        "truncated": capture.truncated,
        "redirect": capture.redirect,
        "source": capture.source,
        "imported_from": capture.imported_from,
        "memento": memento_path(capture),
    }


def near(moment: datetime, other: datetime) -> str:
    """How far `other` lies from `moment`, in words: `3 hours later`."""
    seconds = int(abs((other - moment).total_seconds()))
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)):
        if seconds >= length:
            count = seconds // length
            return f"{count} {unit}{'s' if count > 1 else ''} {'later' if other > moment else 'earlier'}"
    return "at the same time"

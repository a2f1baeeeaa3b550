"""What a spider hands over: one page with everything that was asked for because of it, not yet a snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from archiver.model.picture import FoundPicture
from archiver.model.snapshot import Announcement


@dataclass(frozen=True, slots=True)
class Download:
    """What came of one URL. `exchanges` are all attempts and redirect hops, oldest first.

    `status` is 0 when no response came; `reason` then says why in one line. `mime` is the type named by the
    server, `sniffed` the picture type that the first bytes show, or None when they show none. `attempts` were
    made at `final_url`. `again_at` is when it is worth asking again, where a limit stood against it.
    """

    url: str
    final_url: str
    exchanges: tuple[UUID, ...]
    status: int = 0
    mime: str | None = None
    sniffed: str | None = None
    length: int = 0
    reason: str | None = None
    attempts: int = 1
    again_at: datetime | None = None

    def after_attempts(self, reason: str) -> str:
        """`reason`, with how often it was tried where that was more than once."""
        return f"{reason.rstrip('.')} after {self.attempts} attempts" if self.attempts > 1 else reason


@dataclass(frozen=True, slots=True)
class FetchedPicture:
    """A picture of a page and the downloads that were made for it; `problem` says why there were none."""

    found: FoundPicture
    downloads: tuple[Download, ...]
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class FetchedPage:
    """A page, its pictures and its stylesheets, as fetched in one visit."""

    seed: str
    page: Download
    pictures: tuple[FetchedPicture, ...] = ()
    resources: tuple[Download, ...] = ()
    source: str | None = None
    spider: str | None = None
    robots: str | None = None
    noarchive: bool = False
    charset: str | None = None
    body: bytes = b""
    """The page's payload, decoded, for reading the article; empty when it is no markup."""
    announcement: Announcement | None = None

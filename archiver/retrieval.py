"""Gets archived captures back: the one closest to a date, its payload, its exact bytes, its record."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from archiver.errors import NotFoundError, UsageError
from archiver.model import identifier
from archiver.model.capture import Capture, RecordType
from archiver.model.snapshot import Snapshot
from archiver.storage.index import Index
from archiver.storage.warc import StoredRecord, find_segment, is_in_memory, read_record
from archiver.uri import with_scheme

LONGEST_SHOWN = 80
"""Characters of a mistyped identifier that are said back."""


@dataclass(frozen=True, slots=True)
class Found:
    """A capture with its stored record; for a revisit also the record that holds the payload."""

    capture: Capture
    record: StoredRecord
    payload_record: StoredRecord | None
    """None when no payload exists: an exchange without a response, or a 304 whose original is not here."""

    def headers(self) -> bytes:
        """Status line and headers, exact bytes, of this exchange (a revisit has its own)."""
        return self.record.http_head()

    def raw(self) -> Iterator[bytes]:
        """The exact bytes on the wire.

        For a revisit of an identical payload they are its own head and the body as the original had it on
        the wire, since the body of a repeated payload is not stored twice.
        """
        if self.capture.record_type is RecordType.REVISIT and self.payload_record:
            yield self.headers()
            yield from self.payload_record.http_body()
        else:
            yield from self.record.chunks()

    def payload(self) -> Iterator[bytes]:
        """The entity, transfer and content coding undone. Nothing when there is none."""
        if self.payload_record:
            yield from self.payload_record.decoded_payload()

    def content_problem(self) -> str | None:
        """Why the content coding cannot be undone to its end; None when it can, or there is none."""
        if self.payload_record is None or not self.payload_record.http().content_codings:
            return None
        content = self.payload_record.decoded_payload()
        for _ in content:
            pass
        return content.problem

    def entity(self) -> Iterator[bytes]:
        """The entity, transfer coding undone and content coding kept: what WARC-Payload-Digest is of."""
        if self.payload_record:
            yield from self.payload_record.payload()


def named_by(index: Index, written: str) -> Snapshot:
    """The snapshot with the identifier `written`.

    Raises UsageError for a mistyped one, with the one in the archive that was likely meant; NotFoundError.
    """
    if not identifier.is_valid(written):
        known = next((name for name in identifier.likely(written) if index.snapshot(name)), None)
        meant = f"did you mean {known}?" if known else "was it copied whole?"
        raise UsageError(
            f"{written[:LONGEST_SHOWN]} is not a snapshot identifier: its check character does not fit;"
            f" {meant}"
        )
    name = identifier.normalise(written)
    found = index.snapshot(name)
    if found is None:
        raise NotFoundError(f"no snapshot {name} in this archive")
    return found


class Retrieval:
    """Reads the archive: the index says where, the WARC files say what."""

    def __init__(self, index: Index, folder: Path) -> None:
        self._index = index
        self._folder = folder

    def closest(self, url: str, at: datetime | None = None) -> Found:
        """The capture of `url` closest to `at` (the latest without it). Raises NotFoundError."""
        capture = self._index.closest(url, at)
        if capture is None:
            raise NotFoundError(
                f"no capture of {url} in this archive (archiver capture {with_scheme(url)} makes one)"
            )
        return self.open(capture)

    def closest_page(self, url: str, at: datetime | None = None) -> Capture | None:
        """The capture of `url` closest to `at` that is no error page; None without any."""
        return self._index.closest(url, at, below=400)

    def open(self, capture: Capture) -> Found:
        """The stored records of `capture`. Raises DamagedRecordError or StorageError."""
        record = read_record(self._folder, capture.location)
        payload: StoredRecord | None = record
        if capture.record_type is RecordType.METADATA:
            payload = None
        elif capture.record_type is RecordType.REVISIT:
            payload = read_record(self._folder, capture.original.location) if capture.original else None
        return Found(capture, record, payload)

    def is_in_memory(self, capture: Capture, limit: int) -> bool:
        """Whether the records of `capture` have `limit` bytes at most and reading them waits for no disk."""
        places = [capture.location, *([capture.original.location] if capture.original else [])]
        return all(place.length <= limit and is_in_memory(self._folder, place) for place in places)

    def open_segment(self, name: str) -> int:
        """A file descriptor to read the WARC file called `name`. Raises NotFoundError, OSError."""
        return os.open(find_segment(self._folder, name), os.O_RDONLY)

    def is_readable(self) -> bool:
        """Whether the folder of the WARC files can be read."""
        return os.access(self._folder, os.R_OK | os.X_OK)

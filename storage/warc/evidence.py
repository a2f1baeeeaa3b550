"""What can be said of stored records so that nobody can change them unnoticed: digests over every byte.

`WARC-Block-Digest` does not cover a record's header, so that an edited date passes it; the digest here is of
the whole uncompressed record, read from the disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from archiver.http_message import parse_head
from archiver.model.capture import RecordLocation, RecordType
from archiver.model.digest import Digest
from archiver.storage.warc.fields import WARC_FIELDS, Field, parse_warc_fields
from archiver.storage.warc.inflate import GzipError
from archiver.storage.warc.members import MemberReader
from archiver.storage.warc.reader import KEPT, RecordError, Unpacked, damaged
from archiver.storage.warc.segments import find_segment


@dataclass(frozen=True)
class RecordEvidence:
    """A record as it stands on the disk: `record_sha256` is of all its uncompressed bytes.

    `start` are the first bytes of the block. `length` counts the block's bytes.
    """

    location: RecordLocation
    fields: tuple[Field, ...]
    length: int
    record_sha256: Digest
    start: bytes

    @cached_property
    def _named(self) -> dict[str, str]:
        return {name.lower(): value for name, value in reversed(self.fields)}

    def field(self, name: str) -> str | None:
        """The first value of the named field."""
        return self._named.get(name.lower())

    @property
    def record_id(self) -> str:
        """The record id, as `urn:uuid:...`."""
        return (self.field("WARC-Record-ID") or "").strip("<>")

    @property
    def status(self) -> int | None:
        """The status of an HTTP response; None for every other record."""
        if self.field("WARC-Type") not in (RecordType.RESPONSE, RecordType.REVISIT):
            return None
        return parse_head(self.start.partition(b"\r\n\r\n")[0] + b"\r\n\r\n").status or None

    def remarks(self) -> list[Field]:
        """The fields in the block of an `application/warc-fields` record, as far as they are in `start`."""
        if self.field("Content-Type") != WARC_FIELDS:
            return []
        return parse_warc_fields(self.start)


def exchange_evidence(folder: Path, locations: Iterable[RecordLocation]) -> Iterator[RecordEvidence]:
    """The main records at `locations`, each with the records of its exchange that were written behind it.

    In the order of the files; what lies together is read in one go. Every record is read to its end, so that
    its checksum is known to be right. Raises NotFoundError, DamagedRecordError.
    """
    by_segment: dict[str, set[int]] = {}
    for location in locations:
        by_segment.setdefault(location.segment, set()).add(location.offset)
    for segment, wanted in sorted(by_segment.items()):
        path = find_segment(folder, segment)
        while wanted:
            yield from _run(path, segment, wanted)


def record_evidence(folder: Path, location: RecordLocation) -> RecordEvidence:
    """The one record at `location`. Raises NotFoundError, DamagedRecordError."""
    return next(exchange_evidence(folder, [location]))


def _run(path: Path, segment: str, wanted: set[int]) -> Iterator[RecordEvidence]:
    """From the first of the offsets `wanted` on, until a record comes that is not asked for."""
    main_id: str | None = None
    start = min(wanted)
    with MemberReader(path, start) as members:
        while members.open_member():
            offset = members.offset
            is_main = offset in wanted
            try:
                found = _evidence(members, segment, None if is_main else main_id)
            except (GzipError, RecordError) as error:
                if not is_main:
                    return  # what comes later is still being written
                raise damaged(RecordLocation(segment, offset, 0), str(error)) from error
            if found is None:
                return
            if is_main:
                wanted.remove(offset)
                main_id = f"<{found.record_id}>"
            yield found
    if start in wanted:
        raise damaged(RecordLocation(segment, start, 0), "no record begins here")


def _evidence(members: MemberReader, segment: str, main_id: str | None) -> RecordEvidence | None:
    """The record that begins here; None when it is not of the exchange `main_id`."""
    offset = members.offset
    whole = hashlib.sha256()
    unpacked = Unpacked(members, whole.update)
    if main_id is not None and ("WARC-Concurrent-To", main_id) not in unpacked.fields:
        return None
    kept = b""
    for piece in unpacked.chunks():
        if len(kept) < KEPT:
            kept += piece[: KEPT - len(kept)]
    location = RecordLocation(segment, offset, members.position - offset)
    return RecordEvidence(location, unpacked.fields, unpacked.length, Digest(whole.digest()), kept)

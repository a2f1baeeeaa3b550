"""What can be said of stored records so that nobody can change them unnoticed: digests over every byte.

`WARC-Block-Digest` does not cover a record's header, so that an edited date passes it; the digest here is of
the whole uncompressed record, read from the disk.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archiver.errors import DamagedRecordError
from archiver.model.capture import RecordLocation, RecordType
from archiver.model.digest import Digest
from archiver.storage.warc.fields import WARC_FIELDS, Field, parse_warc_fields
from archiver.storage.warc.http_block import parse_head
from archiver.storage.warc.inflate import GzipError
from archiver.storage.warc.members import MemberReader
from archiver.storage.warc.reader import KEPT, RecordError, Unpacked, damaged
from archiver.storage.warc.segments import find_segment


@dataclass(frozen=True, slots=True)
class RecordEvidence:
    """A record as it stands on the disk: `record_sha256` is of all its uncompressed bytes.

    `start` are the first bytes of the block. `length` counts the block's bytes.
    """

    location: RecordLocation
    fields: tuple[Field, ...]
    length: int
    record_sha256: Digest
    start: bytes

    def field(self, name: str) -> str | None:
        """The first value of the named field."""
        wanted = name.lower()
        return next((value for key, value in self.fields if key.lower() == wanted), None)

    @property
    def record_id(self) -> str:
        """The record id, as `urn:uuid:...`."""
        return (self.field("WARC-Record-ID") or "").strip("<>")

    @property
    def status(self) -> int | None:
        """The status of an HTTP response; None for every other record."""
        if self.field("WARC-Type") not in (RecordType.RESPONSE, RecordType.REVISIT):
            return None
        return parse_head(self.start).status or None

    def remarks(self) -> list[Field]:
        """The fields in the block of an `application/warc-fields` record, as far as they are in `start`."""
        if self.field("Content-Type") != WARC_FIELDS:
            return []
        return parse_warc_fields(self.start)


def exchange_evidence(folder: Path, location: RecordLocation) -> Iterator[RecordEvidence]:
    """The main record at `location`, then the records of the same exchange that were written behind it.

    Every block is read to its end and held against its digest. Raises NotFoundError, DamagedRecordError.
    """
    main_id: str | None = None
    path = find_segment(folder, location.segment)
    with MemberReader(path, location.offset) as members:
        while members.open_member():
            offset = members.offset
            try:
                found = _evidence(members, location.segment, main_id)
            except (GzipError, RecordError) as error:
                if main_id is not None:
                    return  # what comes later is still being written
                raise damaged(RecordLocation(location.segment, offset, 0), str(error)) from error
            if found is None:
                return
            main_id = main_id or f"<{found.record_id}>"
            yield found
    if main_id is None:
        raise damaged(location, "no record begins here")


def record_evidence(folder: Path, location: RecordLocation) -> RecordEvidence:
    """The one record at `location`. Raises NotFoundError, DamagedRecordError."""
    return next(exchange_evidence(folder, location))


def _evidence(members: MemberReader, segment: str, main_id: str | None) -> RecordEvidence | None:
    """The record that begins here; None when it is not of the exchange `main_id`."""
    offset = members.offset
    whole = hashlib.sha256()
    unpacked = Unpacked(members, whole.update)
    fields = dict(unpacked.fields)
    if main_id is not None and fields.get("WARC-Concurrent-To") != main_id:
        return None
    block, kept = hashlib.sha256(), b""
    for piece in unpacked.chunks():
        block.update(piece)
        if len(kept) < KEPT:
            kept += piece[: KEPT - len(kept)]
    location = RecordLocation(segment, offset, members.position - offset)
    said = fields.get("WARC-Block-Digest")
    if said is not None and said != str(Digest(block.digest())):
        raise DamagedRecordError(
            f"{segment} at {offset}: the disk does not give back what was written; check the disk"
        )
    return RecordEvidence(location, unpacked.fields, unpacked.length, Digest(whole.digest()), kept)

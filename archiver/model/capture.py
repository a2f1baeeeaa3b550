"""A capture is one exchange as indexed (a CDX row); a record location says where its bytes are."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from archiver.model.digest import Digest
from archiver.model.exchange import Purpose, Truncation

IMPORTED = "import-"
"""How the names of segments begin that this archive did not write itself."""

_IMPORTED_NAME = re.compile(r"import-[0-9a-f]{32}-(.+)\.warc\.gz")


def imported_from(segment: str) -> str | None:
    """The name of the foreign file that a segment was brought in from; None for a segment of our own."""
    if not segment.startswith(IMPORTED):
        return None
    match = _IMPORTED_NAME.fullmatch(segment)
    return match[1] if match else segment.removesuffix(".warc.gz")


class RecordType(StrEnum):
    """The WARC record types (WARC 1.1, 6) that the archive writes."""

    WARCINFO = "warcinfo"
    RESPONSE = "response"
    REQUEST = "request"
    REVISIT = "revisit"
    METADATA = "metadata"
    RESOURCE = "resource"
    CONVERSION = "conversion"


@dataclass(frozen=True, slots=True, order=True)
class RecordLocation:
    """Where a record is: the segment's name (`NAME.warc.gz`, never `.open`), and its gzip member's place.

    `offset` and `length` are in bytes of the compressed file.
    """

    segment: str
    offset: int
    length: int

    @property
    def imported_from(self) -> str | None:
        """The name of the foreign file that the record came in; None for a record that we wrote."""
        return imported_from(self.segment)


@dataclass(frozen=True, slots=True)
class Original:
    """The capture that a revisit refers to (WARC 1.1, 6.7.2): `WARC-Refers-To`, `-Target-URI`, `-Date`."""

    record_id: UUID
    target_uri: str
    captured_at: datetime
    location: RecordLocation


@dataclass(frozen=True, slots=True)
class Capture:
    """One exchange as the index knows it.

    `captured_at` is UTC with microseconds (= WARC-Date). `payload_digest` and `payload_length` are those
    of the entity after transfer decoding. `status` is 0 and `failure` set for an exchange without a
    response. A revisit has `original` when the payload was stored earlier; for a 304 the original is the
    capture that the server said is unchanged, if the archive has it.
    """

    record_id: UUID
    urlkey: str
    target_uri: str
    captured_at: datetime
    method: str
    status: int
    mime: str
    """Content-Type without parameters, lower case; `unk` when the server named none (CDX)."""
    record_type: RecordType
    """response, revisit, or metadata (an exchange without a response)."""
    payload_digest: Digest | None
    payload_length: int
    location: RecordLocation
    truncated: Truncation | None = None
    failure: str | None = None
    """`kind: message` when no response came."""
    redirect: str | None = None
    """Absolute target of the Location header of a 3xx."""
    original: Original | None = None
    source: str | None = None
    purpose: Purpose | None = None

    @property
    def imported_from(self) -> str | None:
        """The name of the foreign file that holds this capture; None for one that this archive took."""
        return self.location.imported_from

    @property
    def is_complete(self) -> bool:
        """Whether the whole payload came and can stand as the original of a revisit."""
        return self.record_type is RecordType.RESPONSE and self.truncated is None

"""What stands in the WARC records of the log: statements, and what the log did with them."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final
from uuid import UUID

import msgspec

from archiver.errors import DamagedRecordError
from archiver.model.capture import RecordLocation
from archiver.model.digest import Digest
from archiver.storage.ledger.tree import SIZE

STATEMENT_MIME: Final = "application/vnd.news-archiver.statement+json"
LOG_MIME: Final = "application/vnd.news-archiver.log+json"


@dataclass(frozen=True, slots=True)
class StoredStatement:
    """Where a statement stands: `digest` of its canonical bytes, `subject` the identifier that it is about.

    `leaf` is its number in the log; None while it waits.
    """

    digest: Digest
    kind: str
    subject: str
    issued_at: datetime
    location: RecordLocation
    leaf: int | None = None


class _Statement(msgspec.Struct, frozen=True):
    kind: str
    id: str
    issued: datetime


_Size = Annotated[int, msgspec.Meta(ge=0, lt=2**62)]


class Batch(msgspec.Struct, frozen=True, tag="batch", tag_field="kind", omit_defaults=True):
    """Entries put at the end of the log, and the checkpoint signed over it; `digests` of the statements."""

    first: _Size
    size: _Size
    entries: str
    checkpoint: str

    @property
    def digests(self) -> list[bytes]:
        """The digests of the statements, 32 bytes each. Raises DamagedRecordError."""
        try:
            joined = base64.b64decode(self.entries, validate=True)
        except binascii.Error as error:
            raise DamagedRecordError(f"a batch of the log is damaged: {error}") from None
        if len(joined) != (self.size - self.first) * SIZE:
            raise DamagedRecordError(f"the batch of the log from {self.first} to {self.size} is incomplete")
        return [joined[place : place + SIZE] for place in range(0, len(joined), SIZE)]

    @classmethod
    def of(cls, first: int, digests: Sequence[bytes], checkpoint: str) -> Batch:
        """The batch of these statements."""
        joined = base64.b64encode(b"".join(digests)).decode()
        return cls(first, first + len(digests), joined, checkpoint)


class Timestamp(msgspec.Struct, frozen=True, tag="timestamp", tag_field="kind"):
    """What an authority answered (RFC 3161) for the signed checkpoint of a size, base64."""

    size: _Size
    authority: str
    response: str
    at: datetime


class Cosignature(msgspec.Struct, frozen=True, tag="cosignature", tag_field="kind"):
    """The signature line of a witness under the checkpoint of a size."""

    size: _Size
    witness: str
    line: str


class CheckedCopy(msgspec.Struct, frozen=True):
    """One copy (`primary`, `replica`) of a WARC file as a check found it: `ok`, `damaged` or `missing`."""

    segment: str
    copy: str
    bytes: _Size
    outcome: str


class Fixity(msgspec.Struct, frozen=True, tag="fixity", tag_field="kind"):
    """What one round of fixity checks found; `size` of the log at that time."""

    size: _Size
    at: datetime
    checks: tuple[CheckedCopy, ...]


LogDocument = Batch | Timestamp | Cosignature | Fixity
IdentifiedLogDocument = tuple[LogDocument, UUID]
"""A document of the log, and the record id of the metadata record that holds it."""

_statements = msgspec.json.Decoder(_Statement)
_documents: msgspec.json.Decoder[LogDocument] = msgspec.json.Decoder(Batch | Timestamp | Cosignature | Fixity)
_encoder = msgspec.json.Encoder()


def read_statement(document: bytes, location: RecordLocation) -> StoredStatement:
    """What the index keeps of a statement. Raises DamagedRecordError."""
    try:
        stated = _statements.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedRecordError(f"{location.segment} at {location.offset}: no statement: {error}") from None
    return StoredStatement(
        Digest.of(document), stated.kind, stated.id, stated.issued.astimezone(UTC), location
    )


def encode_log(document: LogDocument) -> bytes:
    """The JSON of a document of the log: the block of its metadata record."""
    return _encoder.encode(document)


def decode_log(document: bytes) -> LogDocument:
    """The document that `encode_log` wrote. Raises DamagedRecordError."""
    try:
        return _documents.decode(document)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedRecordError(f"a document of the log is damaged: {error}") from None

"""From an exchange to WARC 1.1 records.

The response or revisit exactly as it came over the wire, the request, and a metadata record when there is
something that neither of them can say.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from uuid import UUID, uuid4

from archiver.model.capture import Capture, Original, RecordType
from archiver.model.digest import Digest
from archiver.model.exchange import Block, Exchange, Failure, WireResponse
from archiver.model.moment import to_warc_date
from archiver.storage.warc.fields import (
    HTTP_REQUEST,
    HTTP_RESPONSE,
    IDENTICAL_PAYLOAD,
    NOT_MODIFIED,
    WARC_FIELDS,
    Field,
    one_line,
    uri_value,
    urn,
    warc_fields,
)

METADATA_URN = "urn:metadata:"

_PIECE = 65_536
_NOT_MODIFIED_STATUS = 304
_NOT_IN_NAME = re.compile(r"[^!#$%&'*+.^_`|~0-9A-Za-z-]+")
_COMPRESSED_MIME = re.compile(
    r"(?i)\s*(?:image/(?!svg|bmp|x-ms-bmp|tiff|x-icon|vnd\.microsoft)|video/|audio/|font/woff"
    r"|application/(?:zip|gzip|x-gzip|zstd|pdf|font-woff|x-7z|x-rar|x-bzip|x-xz|epub))"
)


class MemoryBlock:
    """A block whose bytes are in memory."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @property
    def length(self) -> int:
        """Number of bytes."""
        return len(self._content)

    @cached_property
    def digest(self) -> Digest:
        """sha256 of all bytes."""
        return Digest(hashlib.sha256(self._content).digest())

    def chunks(self, start: int = 0) -> Iterator[bytes]:
        """The bytes from offset `start`, in pieces of at most 64 KiB."""
        for offset in range(start, len(self._content), _PIECE):
            yield self._content[offset : offset + _PIECE]

    def close(self) -> None:
        """Nothing to give back before the object goes."""


@dataclass(frozen=True, slots=True)
class Record:
    """One record to be written.

    `fields` are all named fields but `Content-Length` and `WARC-Warcinfo-ID`, which the segment knows; their
    values are safe to write. `is_compressed` says that the block would not shrink.
    """

    type: RecordType
    record_id: UUID
    fields: tuple[Field, ...]
    block: Block
    is_compressed: bool = False


def exchange_records(exchange: Exchange, original: Original | Capture | None = None) -> tuple[Record, ...]:
    """The records of `exchange`, the main one first; its id is the exchange's.

    With `original`, an earlier capture of the same bytes, the main record is a revisit. A 304 always is one;
    its `original` is the capture that the server said is unchanged.
    """
    shared = _shared_fields(exchange)
    concurrent = ("WARC-Concurrent-To", urn(exchange.id))
    remarks = _remarks(exchange)
    response = exchange.response
    if response is None:
        records = [_remark_record(exchange.id, [*shared, *_provenance(exchange)], remarks)]
    else:
        records = [_main_record(exchange, response, as_original(exchange, original), shared)]
    if exchange.request:
        records.append(_request_record(exchange, [*shared, concurrent]))
    if response is not None and remarks:
        records.append(_remark_record(uuid4(), [*shared, concurrent], remarks))
    return tuple(records)


def as_original(exchange: Exchange, earlier: Original | Capture | None) -> Original | None:
    """What the revisit of `exchange` says of the `earlier` capture.

    None rather than another revisit, a capture that was cut short, or one of another payload: the payload of
    `exchange` would be lost. Of an Original the caller must know that it is none of these.
    """
    if not isinstance(earlier, Capture):
        return earlier
    response = exchange.response
    is_unchanged = response is not None and response.status == _NOT_MODIFIED_STATUS
    if response and not is_unchanged and earlier.payload_digest != response.payload_digest:
        return None
    if not earlier.is_complete:
        return earlier.original
    return Original(earlier.record_id, uri_value(earlier.target_uri), earlier.captured_at, earlier.location)


def revisit_profile(exchange: Exchange, original: Original | None) -> str | None:
    """The `WARC-Profile` of the revisit that `exchange` is stored as (WARC 1.1, 6.7); None for a response.

    A truncated response is never a revisit: what was cut off is not known to be the same.
    """
    response = exchange.response
    if response is None or response.truncated is not None:
        return None
    if response.status == _NOT_MODIFIED_STATUS and response.payload_length == 0:
        return NOT_MODIFIED
    return IDENTICAL_PAYLOAD if original is not None else None


def failure_text(failure: Failure) -> str:
    """A failure as its record and the index name it: `kind: message`, one line."""
    return one_line(f"{failure.kind}: {failure.message}")


def head_of(response: WireResponse) -> bytes:
    """Status line, headers and the empty line, exactly."""
    head = bytearray()
    for piece in response.block.chunks():
        head += piece[: response.header_length - len(head)]
        if len(head) >= response.header_length:
            break
    return bytes(head)


def metadata_record(
    target_uri: str,
    moment: datetime,
    body: bytes,
    content_type: str,
    *,
    record_id: UUID | None = None,
    concurrent_to: UUID | None = None,
    refers_to: UUID | None = None,
) -> Record:
    """A metadata record (WARC 1.1, 6.6) about `target_uri`, or about the record `refers_to`.

    Its WARC-Target-URI is `urn:metadata:` and the URI: replay tools index metadata records under their
    target, and would show them in the place of the page.
    """
    links = _links(concurrent_to, refers_to)
    about = target_uri if target_uri.startswith("urn:") else f"{METADATA_URN}{target_uri}"
    return _derived(RecordType.METADATA, record_id, about, moment, body, content_type, links)


def resource_record(
    target_uri: str, moment: datetime, body: bytes, content_type: str, *, concurrent_to: UUID | None = None
) -> Record:
    """A resource record (WARC 1.1, 6.4): bytes that came without a protocol's envelope."""
    links = _links(concurrent_to, None)
    return _derived(RecordType.RESOURCE, None, target_uri, moment, body, content_type, links)


def conversion_record(
    target_uri: str, moment: datetime, body: bytes, content_type: str, *, refers_to: UUID | None = None
) -> Record:
    """A conversion record (WARC 1.1, 6.8): another form of what the record `refers_to` holds."""
    links = _links(None, refers_to)
    return _derived(RecordType.CONVERSION, None, target_uri, moment, body, content_type, links)


def _main_record(
    exchange: Exchange, response: WireResponse, original: Original | None, shared: list[Field]
) -> Record:
    profile = revisit_profile(exchange, original)
    if profile is None:
        return _response_record(exchange, response, shared)
    return _revisit_record(exchange, response, profile, original, shared)


def _response_record(exchange: Exchange, response: WireResponse, shared: list[Field]) -> Record:
    fields = [
        *_identity(RecordType.RESPONSE, exchange.id),
        *shared,
        ("WARC-Block-Digest", str(response.block.digest)),
        ("WARC-Payload-Digest", str(response.payload_digest)),
        *_provenance(exchange),
        ("Archiver-Payload-Length", str(response.payload_length)),
        ("Content-Type", HTTP_RESPONSE),
    ]
    if response.truncated is not None:
        fields.append(("WARC-Truncated", response.truncated.value))
    return Record(RecordType.RESPONSE, exchange.id, tuple(fields), response.block, _is_compressed(response))


def _revisit_record(
    exchange: Exchange,
    response: WireResponse,
    profile: str,
    original: Original | None,
    shared: list[Field],
) -> Record:
    block = MemoryBlock(head_of(response))
    fields = [*_identity(RecordType.REVISIT, exchange.id), *shared, ("WARC-Profile", profile)]
    if original is not None:
        place = original.location
        fields += [
            ("WARC-Refers-To", urn(original.record_id)),
            ("WARC-Refers-To-Target-URI", uri_value(original.target_uri)),
            ("WARC-Refers-To-Date", to_warc_date(original.captured_at)),
            ("Archiver-Refers-To-Location", f"{place.segment} {place.offset} {place.length}"),
        ]
    if profile == IDENTICAL_PAYLOAD:
        fields += [
            ("WARC-Payload-Digest", str(response.payload_digest)),
            ("WARC-Truncated", "length"),  # WARC 1.1, 6.7.2: the payload is left out
            ("Archiver-Payload-Length", str(response.payload_length)),
        ]
    fields += [
        ("WARC-Block-Digest", str(block.digest)),
        *_provenance(exchange),
        ("Content-Type", HTTP_RESPONSE),
    ]
    return Record(RecordType.REVISIT, exchange.id, tuple(fields), block)


def _request_record(exchange: Exchange, shared: list[Field]) -> Record:
    record_id = uuid4()
    block = MemoryBlock(exchange.request)
    fields = (
        *_identity(RecordType.REQUEST, record_id),
        *shared,
        ("WARC-Block-Digest", str(block.digest)),
        ("Content-Type", HTTP_REQUEST),
    )
    return Record(RecordType.REQUEST, record_id, fields, block)


def _remark_record(record_id: UUID, shared: list[Field], remarks: list[Field]) -> Record:
    block = MemoryBlock(warc_fields(remarks))
    fields = (
        *_identity(RecordType.METADATA, record_id),
        *shared,
        ("WARC-Block-Digest", str(block.digest)),
        ("Content-Type", WARC_FIELDS),
    )
    return Record(RecordType.METADATA, record_id, fields, block)


def _derived(
    record_type: RecordType,
    record_id: UUID | None,
    target_uri: str,
    moment: datetime,
    body: bytes,
    content_type: str,
    links: list[Field],
) -> Record:
    record_id = record_id or uuid4()
    block = MemoryBlock(body)
    fields = [
        *_identity(record_type, record_id),
        ("WARC-Date", to_warc_date(moment)),
        ("WARC-Target-URI", uri_value(target_uri)),
        *links,
        ("WARC-Block-Digest", str(block.digest)),
        ("Content-Type", one_line(content_type)),
    ]
    if record_type is not RecordType.METADATA:
        fields.insert(-1, ("WARC-Payload-Digest", str(block.digest)))
    is_compressed = _COMPRESSED_MIME.match(content_type) is not None
    return Record(record_type, record_id, tuple(fields), block, is_compressed)


def _links(concurrent_to: UUID | None, refers_to: UUID | None) -> list[Field]:
    named = (("WARC-Concurrent-To", concurrent_to), ("WARC-Refers-To", refers_to))
    return [(name, urn(record_id)) for name, record_id in named if record_id is not None]


def _identity(record_type: RecordType, record_id: UUID) -> tuple[Field, Field]:
    return ("WARC-Type", record_type.value), ("WARC-Record-ID", urn(record_id))


def _shared_fields(exchange: Exchange) -> list[Field]:
    """What all records of one exchange say: when, of what, and over which connection."""
    fields = [
        ("WARC-Date", to_warc_date(exchange.started_at)),
        ("WARC-Target-URI", uri_value(exchange.target_uri)),
    ]
    connection = exchange.connection
    if connection is None:
        return fields
    fields.append(("WARC-IP-Address", one_line(connection.ip.partition("%")[0])))
    fields += [("WARC-Protocol", one_line(protocol)) for protocol in connection.protocols]
    if connection.cipher_suite:
        fields.append(("WARC-Cipher-Suite", one_line(connection.cipher_suite)))
    return fields


def _provenance(exchange: Exchange) -> list[Field]:
    fields = [("Archiver-Purpose", exchange.purpose.value)]
    if exchange.method != "GET":
        fields.append(("Archiver-Method", one_line(exchange.method)))
    if exchange.source and (source := one_line(exchange.source)):
        fields.append(("Archiver-Source", source))
    if exchange.via:
        fields.append(("Archiver-Via", uri_value(exchange.via)))
    if exchange.robots:
        fields.append(("Archiver-Robots", one_line(exchange.robots)))
    if exchange.resolved:
        fields.append(("Archiver-Resolved", one_line(" ".join(exchange.resolved))))
    return fields


def _remarks(exchange: Exchange) -> list[Field]:
    """What only a metadata record can say; the failure first, so that no note can pose as one."""
    remarks: list[Field] = []
    if exchange.failure is not None:
        remarks.append(("failure", failure_text(exchange.failure)))
    if exchange.undecodable:
        remarks.append(("undecodable", _base64(exchange.undecodable)))
    response = exchange.response
    if response is not None:
        remarks += [("informational", _base64(block)) for block in response.informational]
        if response.stray:
            remarks.append(("stray", _base64(response.stray)))
    connection = exchange.connection
    if connection is not None and connection.certificates:
        for certificate in connection.certificates:
            remarks.append(("certificate", one_line(f"{certificate.digest} {certificate.subject}")))
    if connection is not None and connection.verified is not None:
        remarks.append(("certificateVerified", "true" if connection.verified else "false"))
    for name, value in exchange.notes.items():
        remarks.append((_NOT_IN_NAME.sub("-", name) or "note", one_line(value)))
    if remarks:
        took = exchange.ended_at - exchange.started_at
        remarks.append(("fetchTimeMs", str(max(0, round(took.total_seconds() * 1000)))))
    return remarks


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _is_compressed(response: WireResponse) -> bool:
    coding = response.header("content-encoding")
    if coding and coding.strip().lower() != "identity":
        return True
    return _COMPRESSED_MIME.match(response.header("content-type") or "") is not None

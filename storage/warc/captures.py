"""One exchange as the index knows it: told from the exchange when written, from the record ever after.

Both tell the same capture, field for field; that is what lets the index be rebuilt from the WARC files
alone. So what depends on the response's header is read from its bytes in both.
"""

from __future__ import annotations

import hashlib
import re
from datetime import datetime

from archiver.http_message import HttpHead, parse_head
from archiver.model.capture import Capture, Original, RecordLocation, RecordType
from archiver.model.digest import Digest
from archiver.model.exchange import Exchange, Truncation
from archiver.storage.warc.fields import (
    IDENTICAL_PAYLOAD,
    WARC_FIELDS,
    one_line,
    parse_date,
    parse_record_id,
    parse_warc_fields,
    uri_value,
)
from archiver.storage.warc.reader import StoredRecord, damaged
from archiver.storage.warc.records import as_original, failure_text, head_of, revisit_profile
from archiver.uri import redirect_target, urlkey

_MIME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,127}/[!#$%&'*+.^_`|~0-9A-Za-z-]{1,127}")
_LOCATION = re.compile(r"(\S+) (\d{1,15}) (\d{1,15})", re.ASCII)
_WEB = re.compile(r"(?i)https?://")
_NO_MIME = "unk"


def capture_of_exchange(
    exchange: Exchange, location: RecordLocation, earlier: Original | Capture | None = None
) -> Capture:
    """The capture of `exchange`, whose main record is at `location`; `earlier` as given to its records."""
    response = exchange.response
    original = as_original(exchange, earlier)
    uri = uri_value(exchange.target_uri)
    source = one_line(exchange.source) if exchange.source else None
    method = one_line(exchange.method)
    if response is None:
        return Capture(
            record_id=exchange.id,
            urlkey=urlkey(uri),
            target_uri=uri,
            captured_at=exchange.started_at,
            method=method,
            status=0,
            mime=_NO_MIME,
            record_type=RecordType.METADATA,
            payload_digest=None,
            payload_length=0,
            location=location,
            failure=failure_text(exchange.failure) if exchange.failure else None,
            source=source or None,
        )
    profile = revisit_profile(exchange, original)
    has_payload = profile in (None, IDENTICAL_PAYLOAD)
    head = parse_head(head_of(response))
    return Capture(
        record_id=exchange.id,
        urlkey=urlkey(uri),
        target_uri=uri,
        captured_at=exchange.started_at,
        method=method,
        status=head.status,
        mime=_mime(head),
        record_type=RecordType.REVISIT if profile else RecordType.RESPONSE,
        payload_digest=response.payload_digest if has_payload else None,
        payload_length=response.payload_length if has_payload else 0,
        location=location,
        truncated=response.truncated,
        redirect=redirect_target(head.status, head.values("location"), uri),
        original=original if profile else None,
        source=source or None,
    )


def capture_of_record(record: StoredRecord) -> Capture | None:
    """The capture that `record` is the main record of; None for every other record.

    Raises DamagedRecordError when a field that every capture needs is absent or unreadable.
    """
    if record.type in (RecordType.RESPONSE, RecordType.REVISIT) and record.is_http:
        return _http_capture(record) if record.location.imported_from is None else _imported_capture(record)
    if record.location.imported_from is not None:
        return None
    if record.type is RecordType.METADATA and record.content_type == WARC_FIELDS:
        return _failed_capture(record)
    return None


def _http_capture(record: StoredRecord) -> Capture:
    head = record.http()
    uri = _target_uri(record)
    digest, length = _payload(record)
    is_revisit = record.type is RecordType.REVISIT
    return Capture(
        record_id=record.record_id,
        urlkey=urlkey(uri),
        target_uri=uri,
        captured_at=_date(record),
        method=record.field("Archiver-Method") or "GET",
        status=head.status,
        mime=_mime(head),
        record_type=RecordType.REVISIT if is_revisit else RecordType.RESPONSE,
        payload_digest=digest,
        payload_length=length,
        location=record.location,
        truncated=None if is_revisit else _truncation(record),
        redirect=redirect_target(head.status, head.values("location"), uri),
        original=_original(record) if is_revisit else None,
        source=record.field("Archiver-Source"),
    )


def _imported_capture(record: StoredRecord) -> Capture | None:
    """The capture in a record that somebody else wrote; its digest is counted, our own fields mean nothing.

    What the revisit refers to is found by its payload digest.
    """
    uri = _target_uri(record)
    if not _WEB.match(uri):
        return None
    head = record.http()
    is_revisit = record.type is RecordType.REVISIT
    digest, length = (_sha256(record.field("WARC-Payload-Digest")), 0) if is_revisit else _counted(record)
    return Capture(
        record_id=record.record_id,
        urlkey=urlkey(uri),
        target_uri=uri,
        captured_at=_date(record),
        method="GET",
        status=head.status,
        mime=_mime(head),
        record_type=RecordType.REVISIT if is_revisit else RecordType.RESPONSE,
        payload_digest=digest,
        payload_length=length,
        location=record.location,
        truncated=None if is_revisit else _truncation(record),
        redirect=redirect_target(head.status, head.values("location"), uri),
        source=f"import:{record.location.imported_from}",
    )


def _failed_capture(record: StoredRecord) -> Capture | None:
    if record.field("Archiver-Purpose") is None:
        return None
    remarks = parse_warc_fields(next(record.chunks(), b""))  # the failure comes first
    uri = _target_uri(record)
    return Capture(
        record_id=record.record_id,
        urlkey=urlkey(uri),
        target_uri=uri,
        captured_at=_date(record),
        method=record.field("Archiver-Method") or "GET",
        status=0,
        mime=_NO_MIME,
        record_type=RecordType.METADATA,
        payload_digest=None,
        payload_length=0,
        location=record.location,
        failure=next((value for name, value in remarks if name == "failure"), None),
        source=record.field("Archiver-Source"),
    )


def _target_uri(record: StoredRecord) -> str:
    text = record.field("WARC-Target-URI")
    if not text:
        raise damaged(record.location, "the record has no WARC-Target-URI")
    if text.startswith("<") and text.endswith(">"):  # WARC 1.0 writers did so
        text = text[1:-1]
    return uri_value(text)


def _date(record: StoredRecord) -> datetime:
    try:
        return parse_date(record.field("WARC-Date") or "")
    except ValueError as error:
        raise damaged(record.location, str(error)) from error


def _truncation(record: StoredRecord) -> Truncation | None:
    text = record.field("WARC-Truncated")
    if text is None:
        return None
    try:
        return Truncation(text.lower())
    except ValueError:
        return Truncation.UNSPECIFIED


def _payload(record: StoredRecord) -> tuple[Digest | None, int]:
    """Digest and length of the payload: as recorded, else counted. A foreign revisit may know neither."""
    length = record.field("Archiver-Payload-Length")
    digest = _sha256(record.field("WARC-Payload-Digest"))
    if record.type is RecordType.REVISIT:
        return digest, int(length) if length and length.isdecimal() else 0
    if digest is not None and length and length.isdecimal():
        return digest, int(length)
    return _counted(record)


def _counted(record: StoredRecord) -> tuple[Digest, int]:
    hasher, count = hashlib.sha256(), 0
    for piece in record.payload():
        hasher.update(piece)
        count += len(piece)
    return Digest(hasher.digest()), count


def _sha256(text: str | None) -> Digest | None:
    try:
        return Digest.parse(text) if text else None
    except ValueError:
        return None  # another algorithm, which the index cannot hold


def _original(record: StoredRecord) -> Original | None:
    """What a revisit of ours refers to; a foreign one does not say where its original is stored."""
    refers_to = record.field("WARC-Refers-To")
    uri = record.field("WARC-Refers-To-Target-URI")
    date = record.field("WARC-Refers-To-Date")
    place = _LOCATION.fullmatch(record.field("Archiver-Refers-To-Location") or "")
    if not (refers_to and uri and date and place):
        return None
    location = RecordLocation(place[1], int(place[2]), int(place[3]))
    try:
        return Original(parse_record_id(refers_to), uri, parse_date(date), location)
    except ValueError as error:
        raise damaged(record.location, f"WARC-Refers-To-Date: {error}") from error


def _mime(head: HttpHead) -> str:
    match = _MIME.match((head.header("content-type") or "").lstrip())
    return match[0].lower() if match else _NO_MIME

"""The capture told from a record equals the one told from the exchange: the index can be rebuilt."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warc_exchanges import STARTED, earlier, exchange, exchanges, failed, not_modified, response, writer

from archiver.model.capture import Capture, RecordType
from archiver.model.exchange import Exchange, FailureKind, Truncation
from archiver.storage.warc import (
    SegmentWriter,
    capture_of_exchange,
    capture_of_record,
    exchange_records,
    iterate_records,
    metadata_record,
    read_record,
)
from archiver.storage.warc import segments as segments_module


@pytest.fixture(scope="module")
def segments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SegmentWriter]:
    with pytest.MonkeyPatch.context() as patch, writer(tmp_path_factory.mktemp("warc")) as segments:
        patch.setattr(segments_module, "_sync_bytes", lambda _descriptor: None)
        yield segments


def told_twice(segments: SegmentWriter, sent: Exchange, original: object = None) -> tuple[Capture, Capture]:
    """The capture of `sent` from the exchange and from what was written."""
    locations = segments.write(exchange_records(sent, original))
    segments.commit()
    stored = [capture_of_record(read_record(segments.folder, location)) for location in locations]
    assert stored[1:] == [None] * (len(locations) - 1), "only the main record is a capture"
    assert stored[0]
    return capture_of_exchange(sent, locations[0], original), stored[0]


@given(sent=exchanges(), revisited=st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_record_and_exchange_tell_the_same_capture(
    segments: SegmentWriter, sent: Exchange, revisited: bool
) -> None:
    at_ingest, from_record = told_twice(segments, sent, earlier() if revisited else None)
    assert from_record == at_ingest


def test_a_capture_says_what_the_response_was(segments: SegmentWriter) -> None:
    sent = exchange(response(b"abc"))
    capture, stored = told_twice(segments, sent)
    assert capture == stored
    assert capture.record_id == sent.id
    assert capture.urlkey == "example,news)/story?id=7"
    assert capture.captured_at == STARTED
    assert (capture.method, capture.status, capture.mime) == ("GET", 200, "text/html")
    assert capture.record_type is RecordType.RESPONSE
    assert capture.payload_digest
    assert capture.payload_digest.value == hashlib.sha256(b"abc").digest()
    assert capture.payload_length == 3
    assert capture.source == "example"
    assert capture.is_complete


def test_a_redirect_names_its_absolute_target(segments: SegmentWriter) -> None:
    moved = response(b"", head=b"HTTP/1.1 301 Moved\r\nLocation: ../neu/\xc3\xbc#top\r\n\r\n", status=301)
    assert told_twice(segments, exchange(moved))[1].redirect == "https://news.example/neu/%C3%BC"


@pytest.mark.parametrize("target", [b"javascript:alert(1)", b"//[", b"mailto:a@b.c", b""])
def test_a_location_that_leads_nowhere_is_no_redirect(segments: SegmentWriter, target: bytes) -> None:
    moved = response(b"", head=b"HTTP/1.1 302 Found\r\nLocation: " + target + b"\r\n\r\n", status=302)
    assert told_twice(segments, exchange(moved))[1].redirect is None


def test_a_location_on_an_ordinary_page_is_no_redirect(segments: SegmentWriter) -> None:
    page = response(b"", head=b"HTTP/1.1 200 OK\r\nLocation: /x\r\n\r\n")
    assert told_twice(segments, exchange(page))[1].redirect is None


@pytest.mark.parametrize(
    ("line", "mime"),
    [
        (b"Content-Type: Text/HTML ; charset=utf-8", "text/html"),
        (b"content-type:image/svg+xml", "image/svg+xml"),
        (b"Content-Type: text/html,text/html", "text/html"),
        (b"Content-Type: html", "unk"),
        (b"Content-Type:", "unk"),
        (b"X: y", "unk"),
    ],
)
def test_the_mime_type_is_without_parameters(segments: SegmentWriter, line: bytes, mime: str) -> None:
    page = response(b"", head=b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n")
    assert told_twice(segments, exchange(page))[1].mime == mime


def test_a_revisit_has_the_payload_and_the_original_of_an_earlier_capture(segments: SegmentWriter) -> None:
    at_ingest, stored = told_twice(segments, exchange(response(b"again")), earlier())
    assert stored == at_ingest
    assert stored.record_type is RecordType.REVISIT
    assert stored.original == earlier()
    assert stored.payload_length == 5
    assert stored.truncated is None
    assert not stored.is_complete


def test_a_304_refers_to_the_unchanged_capture_and_has_no_payload_of_its_own(segments: SegmentWriter) -> None:
    at_ingest, stored = told_twice(segments, exchange(not_modified()), earlier())
    assert stored == at_ingest
    assert (stored.status, stored.payload_digest, stored.original) == (304, None, earlier())


def test_a_capture_can_be_the_original_but_a_revisit_passes_on_its_own(segments: SegmentWriter) -> None:
    first = told_twice(segments, exchange(response(b"same")))[1]
    second = told_twice(segments, exchange(response(b"same")), first)[1]
    third = told_twice(segments, exchange(response(b"same")), second)[1]
    assert second.original
    assert second.original.record_id == first.record_id
    assert third.original == second.original


def test_a_cut_capture_is_no_original(segments: SegmentWriter) -> None:
    cut = told_twice(segments, exchange(response(b"sam", truncated=Truncation.DISCONNECT)))[1]
    assert cut.truncated is Truncation.DISCONNECT
    assert told_twice(segments, exchange(response(b"sam")), cut)[1].record_type is RecordType.RESPONSE


def test_a_capture_of_another_payload_is_no_original(segments: SegmentWriter) -> None:
    other = told_twice(segments, exchange(response(b"one")))[1]
    assert told_twice(segments, exchange(response(b"two")), other)[1].record_type is RecordType.RESPONSE
    assert told_twice(segments, exchange(not_modified()), other)[1].original


def test_a_failure_with_more_to_say_than_fits_a_page_is_told_whole(segments: SegmentWriter) -> None:
    notes = {f"note{number}": "x" * 4000 for number in range(400)}
    at_ingest, stored = told_twice(segments, failed(undecodable=bytes(65_536), notes=notes))
    assert stored == at_ingest
    assert stored.failure == "timeout: no answer in 30 s"


def test_a_page_that_claims_to_come_from_a_picture_of_megabytes_stays_readable(
    segments: SegmentWriter,
) -> None:
    sent = exchange(via="data:image/png;base64," + "A" * 5_000_000)
    at_ingest, stored = told_twice(segments, sent)
    assert stored == at_ingest


def test_a_failure_is_a_capture_without_status(segments: SegmentWriter) -> None:
    at_ingest, stored = told_twice(segments, failed(FailureKind.TLS, "certificate has\nexpired"))
    assert stored == at_ingest
    assert (stored.status, stored.mime, stored.failure) == (0, "unk", "tls: certificate has expired")
    assert stored.record_type is RecordType.METADATA


def test_a_large_block_is_told_from_its_header(segments: SegmentWriter) -> None:
    for line in (b"Content-Type: image/jpeg", b"Content-Type: text/html"):
        large = response(b"0123456789" * 30_000, head=b"HTTP/1.1 200 OK\r\n" + line + b"\r\n\r\n")
        at_ingest, stored = told_twice(segments, exchange(large))
        assert stored == at_ingest


def test_a_header_longer_than_what_a_record_keeps_is_read_whole(segments: SegmentWriter) -> None:
    head = b"HTTP/1.1 200 OK\r\nX-Long: " + b"x" * 100_000 + b"\r\nContent-Type: text/plain\r\n\r\n"
    at_ingest, stored = told_twice(segments, exchange(response(b"abc", head=head)))
    assert stored == at_ingest
    assert stored.mime == "text/plain"


def test_a_record_from_elsewhere_has_its_payload_counted(segments: SegmentWriter) -> None:
    chunked = response(
        b"3\r\nabc\r\n0\r\n\r\n",
        head=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        payload=b"abc",
    )
    (record, *_) = exchange_records(exchange(chunked))
    fields = tuple(
        f for f in record.fields if not f[0].startswith("Archiver-") and f[0] != "WARC-Payload-Digest"
    )
    sha1 = ("WARC-Payload-Digest", "sha1:3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ")
    for known in (fields, (*fields, sha1)):
        (location,) = segments.write([replace(record, fields=known)])
        segments.commit()
        capture = capture_of_record(read_record(segments.folder, location))
        assert capture
        assert capture.payload_digest
        assert capture.payload_digest.value == hashlib.sha256(b"abc").digest()
        assert (capture.payload_length, capture.method, capture.source) == (3, "GET", None)


def test_records_that_are_no_exchange_are_no_capture(segments: SegmentWriter, tmp_path: Path) -> None:
    snapshot = metadata_record("https://news.example/", STARTED, b'{"failure": 1}', "application/json")
    fields = metadata_record("https://news.example/", STARTED, b"failure: x\r\n", "application/warc-fields")
    with writer(tmp_path) as other:
        other.write([snapshot, fields])
        sealed = other.seal()
    assert sealed
    assert [capture_of_record(record) for record in iterate_records(tmp_path / sealed.name)] == [None] * 3

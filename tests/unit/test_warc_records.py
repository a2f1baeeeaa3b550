"""What is written for each exchange, as other programs read it: warcio, FastWARC, and plain gzip."""

from __future__ import annotations

import base64
import hashlib
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastwarc.warc import ArchiveIterator as FastIterator
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warc_exchanges import STARTED, earlier, exchange, exchanges, failed, not_modified, response, writer
from warcio.archiveiterator import ArchiveIterator

from archiver.model.digest import EMPTY
from archiver.model.exchange import Certificate, Exchange, FailureKind, Purpose, Truncation
from archiver.storage.warc import (
    SegmentWriter,
    conversion_record,
    exchange_records,
    metadata_record,
    resource_record,
)
from archiver.storage.warc import segments as segments_module
from archiver.storage.warc.records import Record

ID = "urn:uuid:"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Read:
    """One record as read without any WARC library: version line, fields in order, block."""

    def __init__(self, member: bytes) -> None:
        head, _, rest = member.partition(b"\r\n\r\n")
        self.version, *lines = head.decode().split("\r\n")
        self.fields = [tuple(line.split(": ", 1)) for line in lines]
        length = int(self["Content-Length"])
        self.block, self.end = rest[:length], rest[length:]

    def __getitem__(self, name: str) -> str:
        (value,) = self.values(name)
        return value

    def __contains__(self, name: str) -> bool:
        return bool(self.values(name))

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.fields if key == name]


def members(content: bytes) -> list[bytes]:
    """The gzip members of a file, each unpacked by zlib."""
    unpacked = []
    while content:
        engine = zlib.decompressobj(31)
        unpacked.append(engine.decompress(content))
        assert engine.eof
        content = engine.unused_data
    return unpacked


def write(folder: Path, *records: Record) -> tuple[Path, list[Read]]:
    folder.mkdir(parents=True, exist_ok=True)
    with writer(folder) as segments:
        segments.write(records)
        sealed = segments.seal()
    assert sealed
    path = folder / sealed.name
    assert hashlib.sha256(path.read_bytes()).digest() == sealed.digest.value
    return path, [Read(member) for member in members(path.read_bytes())]


def test_a_segment_begins_with_a_warcinfo_record_that_names_the_archive_and_no_machine(
    tmp_path: Path,
) -> None:
    path, (warcinfo, *_) = write(tmp_path, *exchange_records(exchange()))
    assert warcinfo["WARC-Type"] == "warcinfo"
    assert warcinfo["WARC-Filename"] == path.name
    assert warcinfo["Content-Type"] == "application/warc-fields"
    said = dict(line.split(": ", 1) for line in warcinfo.block.decode().splitlines())
    assert said["software"] == "news-archiver/0.1.0"
    assert said["format"] == "WARC File Format 1.1"
    assert said["conformsTo"].endswith("/warc-1.1/")
    assert said["operator"] == "An Archive"
    assert said["http-header-from"] == "archive@example.org"
    assert said["robots"] == "obey"
    assert said["http-header-user-agent"].startswith("news-archiver/")
    assert said["vantage"] == "Vienna, AT"
    assert said["isPartOf"] == "news"
    assert "hostname" not in said


def test_a_response_is_stored_byte_for_byte_with_its_request(tmp_path: Path) -> None:
    chunked = b"5;name=value\r\nhello\r\n0\r\nTrailer: x\r\n\r\n"
    head = b"HTTP/1.1 200 Sch\xf6n\r\nX-b: 1\r\nx-A: 2\r\n folded\nTransfer-Encoding: chunked\r\n\r\n"
    sent = exchange(response(chunked, head=head, payload=b"hello"))
    _, (warcinfo, answer, request) = write(tmp_path, *exchange_records(sent))
    assert answer.version == "WARC/1.1"
    assert answer.block == head + chunked
    assert answer.end == b"\r\n\r\n"
    assert answer["WARC-Type"] == "response"
    assert answer["WARC-Record-ID"] == f"<{ID}{sent.id}>"
    assert answer["WARC-Date"] == "2017-11-14T10:00:00.123456Z"
    assert answer["WARC-Target-URI"] == sent.target_uri
    assert answer["WARC-IP-Address"] == "93.184.216.34"
    assert answer.values("WARC-Protocol") == ["http/1.1", "tls/1.3"]
    assert answer["WARC-Cipher-Suite"] == "TLS_AES_128_GCM_SHA256"
    assert answer["WARC-Block-Digest"] == "sha256:" + hashlib.sha256(head + chunked).hexdigest()
    assert answer["WARC-Payload-Digest"] == "sha256:" + hashlib.sha256(b"hello").hexdigest()
    assert answer["WARC-Warcinfo-ID"] == warcinfo["WARC-Record-ID"]
    assert answer["Content-Type"] == "application/http;msgtype=response"
    assert answer["Archiver-Source"] == "example"
    assert answer["Archiver-Purpose"] == "page"
    assert answer["Archiver-Via"] == "https://news.example/feed.xml"
    assert answer["Archiver-Robots"] == "allowed"
    assert answer["Archiver-Payload-Length"] == "5"
    assert "WARC-Truncated" not in answer
    assert request["WARC-Type"] == "request"
    assert request.block == sent.request
    assert request["WARC-Concurrent-To"] == answer["WARC-Record-ID"]
    assert request["Content-Type"] == "application/http;msgtype=request"
    assert request["WARC-Record-ID"] != answer["WARC-Record-ID"]


def test_what_dns_answered_is_kept_with_the_answer(tmp_path: Path) -> None:
    sent = exchange(resolved=("93.184.216.34", "2606:2800:220:1::1"))
    _, (_, answer, *_) = write(tmp_path, *exchange_records(sent))
    assert answer["Archiver-Resolved"] == "93.184.216.34 2606:2800:220:1::1"


def test_what_was_not_said_has_no_field(tmp_path: Path) -> None:
    _, (_, answer, *_) = write(tmp_path, *exchange_records(exchange(source=None, via=None, robots=None)))
    names = {name for name, _ in answer.fields}
    assert names.isdisjoint({"Archiver-Source", "Archiver-Via", "Archiver-Robots", "Archiver-Method"})
    assert "Archiver-Resolved" not in names


@pytest.mark.parametrize("reason", list(Truncation))
def test_a_cut_response_says_why(tmp_path: Path, reason: Truncation) -> None:
    _, (_, answer, *_) = write(tmp_path, *exchange_records(exchange(response(truncated=reason))))
    assert answer["WARC-Truncated"] == reason.value


def test_a_repeated_payload_becomes_a_revisit_that_keeps_its_own_header(tmp_path: Path) -> None:
    again = exchange(response(b"<p>It rained.</p>"))
    _, (_, revisit, request) = write(tmp_path, *exchange_records(again, earlier()))
    assert revisit["WARC-Type"] == "revisit"
    assert revisit["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
    assert revisit["WARC-Refers-To"] == f"<{ID}{earlier().record_id}>"
    assert revisit["WARC-Refers-To-Target-URI"] == earlier().target_uri
    assert revisit["WARC-Refers-To-Date"] == "2017-11-13T10:00:00.123456Z"
    assert revisit["WARC-Payload-Digest"] == "sha256:" + hashlib.sha256(b"<p>It rained.</p>").hexdigest()
    assert revisit["WARC-Truncated"] == "length"
    assert again.response
    assert revisit.block == b"".join(again.response.block.chunks())[: again.response.header_length]
    assert revisit["WARC-Block-Digest"] == "sha256:" + hashlib.sha256(revisit.block).hexdigest()
    assert request["WARC-Concurrent-To"] == revisit["WARC-Record-ID"]


@pytest.mark.parametrize("original", [None, earlier()], ids=["unknown", "known"])
def test_a_304_becomes_a_server_not_modified_revisit(tmp_path: Path, original: object) -> None:
    _, (_, revisit, *_) = write(tmp_path, *exchange_records(exchange(not_modified()), original))
    assert revisit["WARC-Type"] == "revisit"
    assert revisit["WARC-Profile"] == "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
    assert revisit.block == b'HTTP/1.1 304 Not Modified\r\nETag: "7"\r\n\r\n'
    assert ("WARC-Refers-To" in revisit) is (original is not None)
    assert "WARC-Payload-Digest" not in revisit


def test_a_truncated_response_is_never_a_revisit(tmp_path: Path) -> None:
    cut = exchange(response(truncated=Truncation.TIME))
    _, (_, answer, *_) = write(tmp_path, *exchange_records(cut, earlier()))
    assert answer["WARC-Type"] == "response"


def test_a_failure_is_a_metadata_record_under_the_id_of_the_exchange(tmp_path: Path) -> None:
    lost = failed(FailureKind.NOT_HTTP, "the server\r\nsaid nonsense", undecodable=b"SSH-2.0\r\n\0")
    _, (_, failure, request) = write(tmp_path, *exchange_records(lost))
    assert failure["WARC-Type"] == "metadata"
    assert failure["WARC-Record-ID"] == f"<{ID}{lost.id}>"
    assert failure["Archiver-Purpose"] == "page"
    said = dict(line.split(": ", 1) for line in failure.block.decode().splitlines())
    assert said["failure"] == "not-http: the server said nonsense"
    assert base64.b64decode(said["undecodable"]) == b"SSH-2.0\r\n\0"
    assert said["fetchTimeMs"] == "250"
    assert request["WARC-Concurrent-To"] == failure["WARC-Record-ID"]


def test_a_request_that_was_never_sent_has_no_record(tmp_path: Path) -> None:
    _, records = write(tmp_path, *exchange_records(failed(FailureKind.DNS, "no such host", request=b"")))
    assert [record["WARC-Type"] for record in records] == ["warcinfo", "metadata"]


def test_what_the_response_cannot_hold_is_in_a_metadata_record_beside_it(tmp_path: Path) -> None:
    early = b"HTTP/1.1 103 Early Hints\r\n\r\n"
    told = exchange(
        response(informational=(early,), stray=b"more"),
        certificates=(Certificate(EMPTY, "CN=news.example\r\nevil: 1"),),
        notes={"clock offset": "0.2 s", "failure\r\n": "a note is no failure"},
    )
    _, (_, answer, _, remarks) = write(tmp_path, *exchange_records(told))
    assert remarks["WARC-Concurrent-To"] == answer["WARC-Record-ID"]
    said = dict(line.split(": ", 1) for line in remarks.block.decode().splitlines())
    assert base64.b64decode(said["informational"]) == early
    assert base64.b64decode(said["stray"]) == b"more"
    assert said["certificate"] == f"{EMPTY} CN=news.example evil: 1"
    assert said["certificateVerified"] == "true"
    assert said["clock-offset"] == "0.2 s"
    assert "Archiver-Purpose" not in remarks


def test_derived_records_point_to_what_they_are_derived_from(tmp_path: Path) -> None:
    about = exchange()
    uri = about.target_uri
    _, (_, metadata, resource, conversion) = write(
        tmp_path,
        metadata_record(uri, STARTED, b"{}", "application/json", refers_to=about.id),
        resource_record(uri, STARTED, b"\x89PNG", "image/png", concurrent_to=about.id),
        conversion_record(uri, STARTED, b"It rained.", "text/plain", refers_to=about.id),
    )
    assert metadata["WARC-Refers-To"] == conversion["WARC-Refers-To"] == f"<{ID}{about.id}>"
    assert resource["WARC-Concurrent-To"] == f"<{ID}{about.id}>"
    assert [r["WARC-Type"] for r in (metadata, resource, conversion)] == [
        "metadata",
        "resource",
        "conversion",
    ]
    assert (metadata.block, resource.block, conversion.block) == (b"{}", b"\x89PNG", b"It rained.")
    assert conversion["WARC-Payload-Digest"] == conversion["WARC-Block-Digest"]


def every_kind() -> list[Record]:
    kinds: list[tuple[Exchange, object]] = [
        (exchange(response(informational=(b"HTTP/1.1 103 Early\r\n\r\n",))), None),
        (
            exchange(
                response(b"\xff\xd8" * 50_000, head=b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n")
            ),
            None,
        ),
        (exchange(response(b"")), None),
        (exchange(method="POST", purpose=Purpose.RESOURCE), None),
        (exchange(), earlier()),
        (exchange(not_modified()), earlier()),
        (failed(), None),
    ]
    records = [record for sent, original in kinds for record in exchange_records(sent, original)]
    return [*records, conversion_record("https://news.example/", STARTED, b"text", "text/plain")]


def test_warcio_reads_every_kind_of_record_and_finds_the_digests_right(tmp_path: Path) -> None:
    records = every_kind()
    path, read = write(tmp_path, *records)
    with path.open("rb") as stream:
        seen = [(r.rec_type, r.raw_stream.read()) for r in ArchiveIterator(stream, no_record_parse=True)]
    assert seen == [(record["WARC-Type"], record.block) for record in read]
    assert [kind for kind, _ in seen[1:]] == [record.type for record in records]
    with path.open("rb") as stream:
        for record in ArchiveIterator(stream, check_digests="raise"):
            record.content_stream().read()


def test_fastwarc_reads_every_kind_of_record_and_finds_the_digests_right(tmp_path: Path) -> None:
    path, read = write(tmp_path, *every_kind())
    seen = []
    with path.open("rb") as stream:
        for record in FastIterator(stream, parse_http=False):
            assert record.verify_block_digest(), record.headers
            seen.append((record.headers["WARC-Type"], record.reader.read()))
    assert seen == [(record["WARC-Type"], record.block) for record in read]


def test_every_block_digest_is_that_of_the_block(tmp_path: Path) -> None:
    _, read = write(tmp_path, *every_kind())
    for record in read:
        assert record["WARC-Block-Digest"] == "sha256:" + hashlib.sha256(record.block).hexdigest()


@pytest.fixture(scope="module")
def segments(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SegmentWriter]:
    with pytest.MonkeyPatch.context() as patch, writer(tmp_path_factory.mktemp("any")) as segments:
        patch.setattr(segments_module, "_sync_bytes", lambda _descriptor: None)
        yield segments


@given(sent=exchanges(), revisited=st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_text_can_make_more_records_or_fields_than_meant(
    segments: SegmentWriter, sent: Exchange, revisited: bool
) -> None:
    records = exchange_records(sent, earlier() if revisited else None)
    locations = segments.write(records)
    segments.commit()
    content = segments.folder.joinpath(locations[0].segment + ".open").read_bytes()[locations[0].offset :]
    read = [Read(member) for member in members(content)]
    assert len(read) == len(records)
    for record, stored in zip(records, read, strict=True):
        assert stored.block == b"".join(record.block.chunks())
        assert stored.end == b"\r\n\r\n"
        added = 2  # WARC-Warcinfo-ID, Content-Length
        assert len(stored.fields) == len(record.fields) + added
        assert not any(CONTROL.search(name + value) for name, value in stored.fields)
    with_warcio = list(ArchiveIterator(io.BytesIO(content), no_record_parse=True))
    assert len(with_warcio) == len(read)

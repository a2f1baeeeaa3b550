"""Exchanges to be written to WARC files: plain ones, odd ones, and any that Hypothesis can think of."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

from hypothesis import strategies as st

from archiver.model.capture import Original, RecordLocation
from archiver.model.digest import EMPTY, Digest
from archiver.model.exchange import (
    Certificate,
    Connection,
    Exchange,
    Failure,
    FailureKind,
    Purpose,
    Truncation,
    WireResponse,
)
from archiver.storage.warc import MemoryBlock, SegmentWriter, Warcinfo

STARTED = datetime(2017, 11, 14, 10, 0, 0, 123456, UTC)
WARCINFO = Warcinfo(
    software="news-archiver/0.1.0",
    operator="An Archive",
    contact="archive@example.org",
    robots="obey",
    user_agent="news-archiver/0.1.0 (+https://example.org/bot)",
    vantage="Vienna, AT",
    is_part_of="news",
)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nX-Twice: a\r\nx-twice: b\r\n\r\n"
REQUEST = b"GET /story?id=7 HTTP/1.1\r\nHost: news.example\r\n\r\n"


def writer(folder: Path, **options: object) -> SegmentWriter:
    """A writer with the warcinfo of these tests."""
    return SegmentWriter(folder, WARCINFO, **options)  # type: ignore[arg-type]


def response(
    body: bytes = b"<p>It rained.</p>",
    *,
    head: bytes = HEAD,
    status: int = 200,
    payload: bytes | None = None,
    truncated: Truncation | None = None,
    informational: tuple[bytes, ...] = (),
    stray: bytes = b"",
) -> WireResponse:
    """A response whose block is `head` and `body`; `payload` is the body unless it was chunked."""
    payload = body if payload is None else payload
    lines = head.decode("latin-1").split("\r\n")[1:]
    headers = tuple(
        (name, value.strip()) for name, _, value in (line.partition(":") for line in lines) if value
    )
    return WireResponse(
        MemoryBlock(head + body), len(head), status, headers, Digest.of(payload), len(payload),
        truncated, informational, stray,
    )  # fmt: skip


def exchange(
    answer: WireResponse | None = None,
    *,
    uri: str = "https://news.example/story?id=7",
    failure: Failure | None = None,
    started_at: datetime = STARTED,
    request: bytes = REQUEST,
    method: str = "GET",
    purpose: Purpose = Purpose.PAGE,
    source: str | None = "example",
    via: str | None = "https://news.example/feed.xml",
    robots: str | None = "allowed",
    undecodable: bytes = b"",
    certificates: tuple[Certificate, ...] = (),
    notes: dict[str, str] | None = None,
    resolved: tuple[str, ...] = (),
) -> Exchange:
    """An exchange with `answer`, or with a plain response unless it failed."""
    if answer is None and failure is None:
        answer = response()
    connection = Connection(
        "93.184.216.34", 443, ("http/1.1", "tls/1.3"), "TLS_AES_128_GCM_SHA256", certificates,
        True if certificates else None,
    )  # fmt: skip
    return Exchange(
        uuid4(), uri, method, started_at, started_at + timedelta(milliseconds=250), request, purpose,
        connection, answer, failure, undecodable, via, source, robots, notes or {}, resolved,
    )  # fmt: skip


def failed(
    kind: FailureKind = FailureKind.TIMEOUT, message: str = "no answer in 30 s", **more: object
) -> Exchange:
    """An exchange without a response."""
    return exchange(failure=Failure(kind, message), **more)  # type: ignore[arg-type]


def not_modified() -> WireResponse:
    """A 304."""
    head = b'HTTP/1.1 304 Not Modified\r\nETag: "7"\r\n\r\n'
    return WireResponse(MemoryBlock(head), len(head), 304, (("ETag", '"7"'),), EMPTY, 0)


_EARLIER = Original(
    UUID("6ba7b810-9dad-41d1-80b4-00c04fd430c8"),
    "https://news.example/story",
    STARTED - timedelta(days=1),
    RecordLocation("news-20171113100000000-00001-00c04fd4.warc.gz", 4711, 1234),
)


def earlier() -> Original:
    """A capture that a revisit can refer to."""
    return _EARLIER


_texts = st.text(max_size=30) | st.sampled_from(
    ["a\r\nWARC/1.1", "\n\n", "\0", "\ud800", "ü\x85\u2028b", " x "]
)
_paths = st.text(max_size=30) | st.sampled_from(["a\r\nWARC-Type: response", " <b>"])
_bodies = st.binary(max_size=200) | st.sampled_from(
    [b"\r\n\r\n", b"WARC/1.1\r\n", b"\x1f\x8b\x08" * 9, b"x" * 70_000]
)


_ODD_LINES = [
    b"Content-Type: text/HTML;charset=x",
    b"content-type: image/jpeg",
    b"Content-Type: ,,",
    b"Location: /next",
    b"Location: https://b.example/\xc3\xbc#top",
    b"Location: mailto:a@b",
    b"Location: //[bad",
    b"No colon here",
    b" folded",
    b"Content-Encoding: br",
    b"X: \xff\x00\x7f",
]


@st.composite
def _responses(draw: st.DrawFn) -> WireResponse:
    status = draw(st.sampled_from([200, 204, 301, 302, 304, 404, 500, 999]))
    lines = [b"HTTP/1.1 %d %s" % (status, draw(st.sampled_from([b"OK", b"", b"\xe4\xf6"])))]
    lines += draw(st.lists(st.sampled_from(_ODD_LINES), max_size=6))
    newline = draw(st.sampled_from([b"\r\n", b"\n"]))
    head = newline.join(lines) + newline * 2
    body = b"" if status in (204, 304) else draw(_bodies)
    return WireResponse(
        MemoryBlock(head + body), len(head), status, (), Digest.of(body), len(body),
        draw(st.none() | st.sampled_from(list(Truncation))),
        tuple(draw(st.lists(st.binary(max_size=20), max_size=2))), draw(st.binary(max_size=20)),
    )  # fmt: skip


@st.composite
def exchanges(draw: st.DrawFn) -> Exchange:
    """Any exchange that can come in, its texts as hostile as text can be."""
    has_response = draw(st.booleans())
    failure = None
    if not has_response or draw(st.booleans()):
        failure = Failure(draw(st.sampled_from(list(FailureKind))), draw(_texts))
    started_at = STARTED + timedelta(microseconds=draw(st.integers(0, 10**12)))
    certificate = Certificate(EMPTY, draw(_texts))
    connection = Connection(
        ip=draw(st.sampled_from(["1.2.3.4", "2001:db8::1"])),
        port=443,
        protocols=("http/1.1", draw(_texts)),
        cipher_suite=draw(st.none() | _texts),
        certificates=draw(st.sampled_from([(), (certificate, certificate)])),
        verified=draw(st.none() | st.booleans()),
    )
    return Exchange(
        id=draw(st.uuids(version=4)),
        target_uri="https://news.example/" + draw(_paths),
        method=draw(st.sampled_from(["GET", "POST", "HEAD"])),
        started_at=started_at,
        ended_at=started_at + timedelta(seconds=draw(st.integers(-1, 60))),
        request=draw(_bodies),
        purpose=draw(st.sampled_from(list(Purpose))),
        connection=draw(st.none() | st.just(connection)),
        response=draw(_responses()) if has_response else None,
        failure=failure,
        undecodable=draw(st.binary(max_size=40)),
        via=draw(st.none() | _texts),
        source=draw(st.none() | _texts),
        robots=draw(st.none() | _texts),
        notes=draw(st.dictionaries(_texts, _texts, max_size=2)),
    )

"""Pages behind broken certificates are archived, and the archive says that they were broken."""

from __future__ import annotations

import ssl
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import trustme
from wire_crawl import Crawl, Job, Plan, run
from wire_server import After, Script, WireServer

from archiver.model.digest import Digest
from archiver.model.exchange import Connection, FailureKind, Truncation

PAGE = Script(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npage")
OPEN_ENDED = Script(b"HTTP/1.1 200 OK\r\n\r\npage", After.CUT)
EXPIRED = datetime(2020, 1, 1, tzinfo=UTC)

AUTHORITY = trustme.CA()
UNKNOWN = trustme.CA()
LEAVES = {
    "good": AUTHORITY.issue_cert("127.0.0.1"),
    "tls_1_2": AUTHORITY.issue_cert("127.0.0.1"),
    "unknown_authority": UNKNOWN.issue_cert("127.0.0.1"),
    "expired": AUTHORITY.issue_cert("127.0.0.1", not_after=EXPIRED),
    "other_name": AUTHORITY.issue_cert("paper.example"),
}
PROBLEMS = {
    "unknown_authority": "the issuer of a certificate in the chain is not trusted",
    "expired": "the certificate has expired",
    "other_name": "the certificate does not name 127.0.0.1",
}


def server_for(name: str) -> WireServer:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    LEAVES[name].configure_cert(context)
    if name == "tls_1_2":
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    return WireServer({"/": PAGE, "/open-ended": OPEN_ENDED}, context)


@cache
def crawl(strict: bool) -> Crawl:
    with ExitStack() as stack:
        bundle = Path(stack.enter_context(TemporaryDirectory())) / "roots.pem"
        AUTHORITY.cert_pem.write_to_path(bundle)
        servers = {name: stack.enter_context(server_for(name)) for name in LEAVES}
        jobs = [Job(name, server.url("/")) for name, server in servers.items()]
        jobs.append(Job("open_ended", servers["good"].url("/open-ended")))
        return run(Plan(jobs, {"ARCHIVER_CA_BUNDLE": str(bundle), "ARCHIVER_TLS_STRICT": strict}))


def connection_of(name: str, *, strict: bool = False) -> Connection:
    [recorded] = crawl(strict).of(name)
    assert recorded.exchange.connection is not None
    return recorded.exchange.connection


def test_version_cipher_and_certificates_are_recorded() -> None:
    connection = connection_of("good")
    assert connection.ip == "127.0.0.1"
    assert connection.protocols == ("http/1.1", "tls/1.3")
    assert connection.cipher_suite
    assert connection.cipher_suite.startswith("TLS_")
    assert connection.verified is True
    leaf = ssl.PEM_cert_to_DER_cert(LEAVES["good"].cert_chain_pems[0].bytes().decode())
    assert connection.certificates[0].digest == Digest.of(leaf)
    assert "trustme" in connection.certificates[0].subject
    assert connection_of("tls_1_2").protocols == ("http/1.1", "tls/1.2")


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_page_with_a_broken_certificate_is_archived_as_unverified(name: str) -> None:
    [recorded] = crawl(strict=False).of(name)
    assert recorded.block == PAGE.answer
    assert connection_of(name).verified is False
    assert recorded.exchange.notes["tls-problem"] == PROBLEMS[name]


@pytest.mark.parametrize("name", PROBLEMS)
def test_strict_verification_refuses_a_broken_certificate(name: str) -> None:
    [recorded] = crawl(strict=True).of(name)
    assert recorded.exchange.response is None
    assert recorded.exchange.failure is not None
    assert recorded.exchange.failure.kind is FailureKind.TLS
    assert recorded.exchange.failure.message.startswith(PROBLEMS[name])
    assert connection_of(name, strict=True).verified is False
    assert crawl(strict=True).outcomes[name].error is not None


def test_strict_verification_lets_a_good_certificate_through() -> None:
    assert connection_of("good", strict=True).verified is True
    assert crawl(strict=True).of("good")[0].block == PAGE.answer


def test_an_open_ended_body_is_whole_only_after_close_notify() -> None:
    [recorded] = crawl(strict=False).of("open_ended")
    assert recorded.exchange.response is not None
    assert recorded.exchange.response.truncated is Truncation.DISCONNECT
    assert recorded.block == OPEN_ENDED.answer


def test_a_bundle_that_cannot_be_read_stops_the_crawl() -> None:
    server = server_for("good")
    with server:
        outcome = run(Plan([Job("page", server.url("/"))], {"ARCHIVER_CA_BUNDLE": "/nonexistent"})).outcomes
    assert "network.ca_bundle: /nonexistent is not a readable PEM file" in outcome["page"].message
    assert not server.requests

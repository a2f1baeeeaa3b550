from __future__ import annotations

import errno

import pytest
from OpenSSL import SSL
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    StopDownload,
)
from twisted.internet import error as network
from twisted.python.failure import Failure as TwistedFailure
from twisted.web._newclient import ParseError, ResponseNeverReceived
from twisted.web.http import _MalformedChunkedDataError

from archiver.errors import UnsafeURLError
from archiver.model.exchange import FailureKind, Truncation
from archiver.spiders.wire.attempt import Attempt, BodyTooLongError
from archiver.spiders.wire.failure import failure_of, truncation_of, words_of
from archiver.spiders.wire.sink import Attachment


def an_attempt() -> Attempt:
    class Nowhere:
        async def accept(self, exchange: object) -> None:
            raise AssertionError

    return Attempt(Attachment(Nowhere()))


def wrapped(*reasons: BaseException) -> DownloadFailedError:
    inner = ResponseNeverReceived([TwistedFailure(reason) for reason in reasons])
    error = DownloadFailedError(str(inner))
    error.__cause__ = inner
    return error


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (CannotResolveHostError("no such host"), FailureKind.DNS),
        (network.DNSLookupError("no such host"), FailureKind.DNS),
        (DownloadConnectionRefusedError("refused"), FailureKind.REFUSED),
        (network.NoRouteError("no route"), FailureKind.UNREACHABLE),
        (network.ConnectError(errno.ENETUNREACH, "unreachable"), FailureKind.UNREACHABLE),
        (network.ConnectError(errno.EHOSTUNREACH, "unreachable"), FailureKind.UNREACHABLE),
        (DownloadTimeoutError("too long"), FailureKind.TIMEOUT),
        (network.TCPTimedOutError("too long"), FailureKind.TIMEOUT),
        (wrapped(SSL.Error([("SSL routines", "", "handshake failure")])), FailureKind.TLS),
        (wrapped(network.ConnectionDone()), FailureKind.DISCONNECT),
        (wrapped(network.ConnectionLost()), FailureKind.DISCONNECT),
        (wrapped(ParseError("wrong number of parts", b"SSH-2.0")), FailureKind.NOT_HTTP),
        (wrapped(UnsafeURLError("10.0.0.1 is private")), FailureKind.BLOCKED),
        (UnsafeURLError("10.0.0.1 is private"), FailureKind.BLOCKED),
        (TunnelError("proxy said 407"), FailureKind.OTHER),
        (ZeroDivisionError("two\nlines"), FailureKind.OTHER),
    ],
)
def test_a_failure_has_its_kind_and_one_line(error: BaseException, kind: FailureKind) -> None:
    failure = failure_of(an_attempt(), error)
    assert failure.kind is kind
    assert failure.message
    assert "\n" not in failure.message


def test_the_message_says_what_a_person_can_use() -> None:
    tls = wrapped(SSL.Error([("SSL routines", "", "handshake failure")]))
    assert failure_of(an_attempt(), tls).message == "handshake failure"
    ssh = wrapped(ParseError("wrong number of parts", b"SSH-2.0"))
    assert failure_of(an_attempt(), ssh).message == "not an HTTP response, it begins with b'SSH-2.0'"


def test_an_error_that_causes_itself_is_no_trap() -> None:
    error = ValueError("round")
    error.__context__ = wrapped(error)
    assert failure_of(an_attempt(), error).message == "round"


def test_a_complete_response_is_not_truncated_whatever_happened_later() -> None:
    attempt = an_attempt()
    attempt.complete = True
    assert truncation_of(attempt, DownloadTimeoutError()) is None


@pytest.mark.parametrize(
    ("error", "broken", "lost", "truncated"),
    [
        (DownloadTimeoutError(), None, None, Truncation.TIME),
        (DownloadCancelledError(), None, None, Truncation.LENGTH),
        (wrapped(), BodyTooLongError(), None, Truncation.LENGTH),
        (wrapped(), None, network.ConnectionLost(), Truncation.DISCONNECT),
        (wrapped(), ValueError("bad chunk"), None, Truncation.UNSPECIFIED),
        (StopDownload(), None, None, Truncation.UNSPECIFIED),
        (None, None, None, Truncation.UNSPECIFIED),
    ],
)
def test_a_cut_response_says_what_cut_it(
    error: BaseException | None,
    broken: BaseException | None,
    lost: BaseException | None,
    truncated: Truncation,
) -> None:
    attempt = an_attempt()
    attempt.broken, attempt.lost = broken, lost
    assert truncation_of(attempt, error) is truncated


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (wrapped(_MalformedChunkedDataError("x")), "the answer is not chunked as its header says"),
        (wrapped(ValueError("no digits: b'-5'")), "the answer makes no sense: no digits: '-5'"),
        (wrapped(ParseError("odd", b"SSH-2.0")), "not an HTTP response, it begins with b'SSH-2.0'"),
        (wrapped(RuntimeError("")), "the download ended without a reason that has words"),
        (wrapped(), "the download ended without a reason that has words"),
        (DownloadCancelledError("too long in request <GET http://a/>."), "too long"),
        (OSError(errno.EIO, "Input/output error"), "Input/output error"),
    ],
)
def test_what_a_download_died_of_is_told_without_the_insides_of_python(
    error: BaseException, words: str
) -> None:
    assert words_of(error) == words
    failure = failure_of(an_attempt(), error)
    assert failure.message == words or failure.kind is not FailureKind.OTHER

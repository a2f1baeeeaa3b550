"""Why no response came, or why it ended early: Scrapy's and Twisted's exceptions in the archive's words."""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator

from OpenSSL import SSL
from scrapy.core.downloader.handlers.http11 import TunnelError
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    ResponseDataLossError,
)
from service_identity import VerificationError
from twisted.internet import error as network
from twisted.web._newclient import ParseError
from twisted.web.http import _DataLoss, _MalformedChunkedDataError

from archiver.errors import UnsafeURLError
from archiver.model.exchange import Failure, FailureKind, Truncation
from archiver.spiders.wire.attempt import Attempt, BodyTooLongError, HeaderTooLongError

_KINDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], FailureKind], ...] = (
    (UnsafeURLError, FailureKind.BLOCKED),
    ((SSL.Error, VerificationError), FailureKind.TLS),
    ((CannotResolveHostError, network.DNSLookupError, network.UnknownHostError), FailureKind.DNS),
    ((DownloadConnectionRefusedError, network.ConnectionRefusedError), FailureKind.REFUSED),
    (network.NoRouteError, FailureKind.UNREACHABLE),
    ((DownloadTimeoutError, network.TimeoutError, network.TCPTimedOutError), FailureKind.TIMEOUT),
    (ParseError, FailureKind.NOT_HTTP),
    ((TunnelError, HeaderTooLongError), FailureKind.OTHER),
    (network.ConnectionClosed, FailureKind.DISCONNECT),
)
_UNREACHABLE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EHOSTDOWN, errno.ENETDOWN)
_WORDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (_MalformedChunkedDataError, "the answer is not chunked as its header says"),
    ((ResponseDataLossError, _DataLoss), "the connection ended before the answer was whole"),
)
_REQUEST_NAMED = re.compile(r" in request <.*")
_BYTES = re.compile(r"\bb(?=['\"])")
_INSIDES = re.compile(r"<[\w.]+[ .][^>]*>|^\[\]$")
"""How Python shows what has no words of its own."""
_MESSAGE_LENGTH = 500
_SAMPLE_LENGTH = 80


def causes(error: BaseException) -> Iterator[BaseException]:
    """`error` and everything that it wraps: Python's causes and the reasons inside Twisted's failures."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        current = waiting.pop(0)
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        waiting += [current.__cause__, current.__context__]
        waiting += [getattr(reason, "value", None) for reason in getattr(current, "reasons", ())]


def failure_of(attempt: Attempt, error: BaseException) -> Failure:
    """Why `attempt`, which ended with `error`, brought no response."""
    found = list(causes(error))
    if attempt.broken is not None:
        found += causes(attempt.broken)
    for kinds, kind in _KINDS:
        for cause in found:
            if isinstance(cause, kinds) and not isinstance(cause, SSL.WantReadError):
                return Failure(kind, _one_line(cause, attempt))
    for cause in found:
        if isinstance(cause, network.ConnectError) and cause.osError in _UNREACHABLE:
            return Failure(FailureKind.UNREACHABLE, _one_line(cause, attempt))
    return Failure(FailureKind.OTHER, _in_words(found))


def words_of(error: BaseException) -> str:
    """What a download died of in one line for a person: no class and no object of Python's is named."""
    return _in_words(list(causes(error)))


def _in_words(found: list[BaseException]) -> str:
    for kinds, words in _WORDS:
        if any(isinstance(cause, kinds) for cause in found):
            return words
    for depth, cause in enumerate(found):
        if isinstance(cause, ParseError):
            return _not_http(cause)
        said = cause.strerror if isinstance(cause, OSError) and cause.strerror else str(cause)
        text = _REQUEST_NAMED.sub("", " ".join(said.split()))[:_MESSAGE_LENGTH]
        if not text or _INSIDES.search(text):
            continue
        if depth and isinstance(cause, ValueError):
            return f"the answer makes no sense: {_BYTES.sub('', text)}"
        return text
    return "the download ended without a reason that has words"


def truncation_of(attempt: Attempt, error: BaseException | None) -> Truncation | None:
    """Why the response of `attempt` is shorter than the server meant it to be; None when it is not."""
    if attempt.complete:
        return None
    if isinstance(attempt.broken, HeaderTooLongError | BodyTooLongError):
        return Truncation.LENGTH
    if isinstance(error, DownloadTimeoutError):
        return Truncation.TIME
    if isinstance(error, DownloadCancelledError):
        return Truncation.LENGTH
    if attempt.broken is None and attempt.lost is not None:
        return Truncation.DISCONNECT
    return Truncation.UNSPECIFIED


def _one_line(cause: BaseException, attempt: Attempt) -> str:
    text = str(cause)
    if isinstance(cause, ParseError):
        text = _not_http(cause)
    elif isinstance(cause, SSL.Error):
        text = "; ".join(reason for *_, reason in cause.args[0]) if cause.args else ""
        problem = attempt.peer.tls_problem if attempt.peer else None
        text = f"{problem} ({text})" if problem else text
    return " ".join(text.split())[:_MESSAGE_LENGTH] or type(cause).__name__


def _not_http(cause: ParseError) -> str:
    return f"not an HTTP response, it begins with {bytes(cause.data)[:_SAMPLE_LENGTH]!r}"

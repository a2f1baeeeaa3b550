"""Twisted's HTTP/1.1 client with taps: what it writes, what it reads, where headers and body end.

Every private name used here belongs to the pinned Scrapy and Twisted; `selftest` proves them at start.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from contextvars import ContextVar
from functools import partial
from typing import Any

from scrapy.core.downloader.handlers.http11 import (
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
)
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web._newclient import ParseError
from twisted.web._newclient import Request as TwistedRequest
from twisted.web.client import HTTPConnectionPool
from twisted.web.iweb import IResponse

from archiver.spiders.wire.attempt import Attempt, HeaderTooLongError
from archiver.spiders.wire.chunks import ChunkDecoder
from archiver.spiders.wire.peer import PeerFacts, peer_facts

_HEAD_END = b"\r\n\r\n"
_DECODERS = {b"chunked": ChunkDecoder}

CURRENT: ContextVar[Attempt | None] = ContextVar("current_attempt", default=None)
"""The attempt whose request is being handed to the connection pool."""


class WirePool(HTTPConnectionPool):
    """A connection pool that ties each request to the attempt it is made for.

    The tie is on the Twisted request itself, so it holds when Twisted sends the request again because a
    kept connection turned out to be dead.
    """

    def getConnection(self, key: Hashable, endpoint: IStreamClientEndpoint) -> Deferred[Any]:
        """A connection for the request of the current attempt."""
        connecting = super().getConnection(key, endpoint)
        return connecting.addCallback(partial(_TiedConnection, CURRENT.get()))


class _TiedConnection:
    def __init__(self, attempt: Attempt | None, connection: Any) -> None:
        self._attempt = attempt
        self._connection = connection

    def request(self, request: TwistedRequest) -> Deferred[IResponse]:
        request.attempt = self._attempt  # type: ignore[attr-defined]
        answer: Deferred[IResponse] = self._connection.request(request)
        return answer


class WireParser(_LenientHTTPClientParser):
    """A response parser that tells the attempt where the headers end and what the payload is."""

    attempt: Attempt
    _unended: list[bytes] | None = None
    _beyond = b""

    def dataReceived(self, data: bytes) -> None:
        """Parse `data`; pieces of a line wait for its end, else a long line would cost its length squared."""
        if not self.line_mode:
            super().dataReceived(data)
            return
        if b"\n" not in data:
            self._everReceivedData = True
            if self._unended is None:
                self._unended = []
            self._unended.append(data)
            return
        if self._unended:
            data = b"".join((*self._unended, data))
            self._unended = None
        self._parse_heads(data)

    def _parse_heads(self, data: bytes) -> None:
        """Keep what follows a head back while it is parsed: LineReceiver copies all it has for each line."""
        while data and self.line_mode:
            end = data.find(_HEAD_END) + len(_HEAD_END)
            if end < len(_HEAD_END):
                end = len(data)
            self._beyond = data[end:]
            super().dataReceived(data[:end])
            data, self._beyond = self._beyond, b""
        if data:
            super().dataReceived(data)

    def _finished(self, rest: bytes) -> None:
        beyond, self._beyond = self._beyond, b""
        super()._finished(rest + beyond)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002
        """Called for a line over `MAX_LENGTH`, which is what the attempt takes."""
        raise HeaderTooLongError(f"a header line is over {self.MAX_LENGTH} bytes long")

    def statusReceived(self, status: bytes) -> None:
        """Called for the first line."""
        super().statusReceived(status)
        protocol, major, minor = self.response.version
        if protocol != b"HTTP":
            raise ParseError("not an HTTP status line", status)
        self.attempt.status_received(self.response.code, (major, minor))

    def headerReceived(self, name: bytes, value: bytes) -> None:
        """Called for each header, continuation lines joined."""
        self.attempt.headers.append((name, value))
        super().headerReceived(name, value)

    def allHeadersReceived(self) -> None:
        """Called at the empty line, of 1xx responses too."""
        self.attempt.head_ended(len(self._buffer) + len(self._beyond))
        transfer_encoding = self.connHeaders.getRawHeaders(b"Transfer-Encoding")
        if transfer_encoding:
            self._settle_framing(transfer_encoding)
        super().allHeadersReceived()

    def _settle_framing(self, transfer_encoding: Sequence[bytes]) -> None:
        """RFC 9112, 6.3: chunked counts as the last coding; any other one ends with the connection."""
        codings = [coding.strip().lower() for coding in b",".join(transfer_encoding).split(b",")]
        if codings[-1] == b"chunked":
            self.connHeaders.setRawHeaders(b"Transfer-Encoding", [b"chunked"])
            return
        self.connHeaders.removeHeader(b"Transfer-Encoding")
        if codings != [b"identity"]:
            self.connHeaders.removeHeader(b"Content-Length")

    def switchToBodyMode(self, decoder: Any) -> None:
        """Called before the first byte of a body, with the decoder of its framing."""
        decoder.dataCallback = self.attempt.tap(decoder.dataCallback)
        super().switchToBodyMode(decoder)


class WireProtocol(_LenientHTTP11ClientProtocol):
    """A client connection that shows everything to the attempt of the request in progress."""

    attempt: Attempt | None = None
    transport: Any
    _facts: PeerFacts | None = None

    def request(self, request: TwistedRequest) -> Deferred[IResponse]:
        """Send `request`, which carries its attempt."""
        attempt: Attempt = request.attempt  # type: ignore[attr-defined]
        attempt.begin()
        self.attempt = attempt
        request.writeTo = partial(_write_and_keep, request, attempt.sent)  # type: ignore[method-assign]
        answer = super().request(request)
        parser: Any = self._parser
        parser.__class__ = WireParser
        parser.attempt = attempt
        parser._transferDecoders = _DECODERS
        parser.MAX_LENGTH = attempt.header_limit
        return answer

    def dataReceived(self, data: bytes) -> None:
        """Keep `data`, then parse it. What comes while no request waits ends the connection."""
        attempt = self.attempt
        if attempt is None:
            self.transport.abortConnection()
            return
        try:
            if attempt.peer is None:
                attempt.peer = self._peer_facts()
            attempt.receive(data)
        except (OSError, HeaderTooLongError):
            self._giveUp(Failure())
            return
        super().dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """The connection ended, maybe before the response did."""
        attempt = self.attempt
        if attempt is not None:
            attempt.lost = reason.value
            if attempt.peer is None:
                attempt.peer = self._peer_facts()
        super().connectionLost(reason)
        self.attempt = None

    def _finishResponse(self, rest: bytes) -> None:
        attempt, self.attempt = self.attempt, None
        if attempt is not None and (attempt.lost is None or isinstance(attempt.lost, ConnectionDone)):
            attempt.end(rest)
            if rest and self._currentRequest is not None:
                self._currentRequest.persistent = False
        super()._finishResponse(rest)

    def _giveUp(self, reason: Failure) -> None:
        attempt, self.attempt = self.attempt, None
        if attempt is not None:
            attempt.broken = reason.value
            self.transport.abortConnection()
        super()._giveUp(reason)

    def _peer_facts(self) -> PeerFacts | None:
        if self._facts is None:
            self._facts = peer_facts(self.transport)
        return self._facts


class WireFactory(_LenientHTTP11ClientFactory):
    """Makes `WireProtocol`s for the pool."""

    def buildProtocol(self, _address: object) -> WireProtocol:
        """One protocol for one connection."""
        return WireProtocol(self._quiescentCallback)


WirePool._factory = WireFactory


class _KeepingTransport:
    """Stands before the transport while a request is written, and keeps what goes through."""

    def __init__(self, transport: Any, kept: list[bytes]) -> None:
        self._transport = transport
        self._kept = kept

    def write(self, data: bytes) -> None:
        self._kept.append(data)
        self._transport.write(data)

    def writeSequence(self, pieces: Sequence[bytes]) -> None:
        self.write(b"".join(pieces))

    def registerProducer(self, producer: object, streaming: bool) -> None:
        self._transport.registerProducer(producer, streaming)

    def unregisterProducer(self) -> None:
        self._transport.unregisterProducer()


def _write_and_keep(request: TwistedRequest, kept: list[bytes], transport: Any) -> Deferred[None]:
    written: Deferred[None] = TwistedRequest.writeTo(request, _KeepingTransport(transport, kept))
    return written

"""Conversations with a server in memory, through the classes that crawl: the stage of the self-test."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.web._newclient import Request as TwistedRequest
from twisted.web.http_headers import Headers
from zope.interface import implementer

from archiver.model.exchange import Exchange
from archiver.spiders.wire.attempt import Attempt
from archiver.spiders.wire.conclusion import conclude
from archiver.spiders.wire.handler import WireDownloadHandler
from archiver.spiders.wire.protocol import CURRENT, WirePool
from archiver.spiders.wire.selftest import HOST, Conversation, refusal
from archiver.spiders.wire.settings import wire_settings
from archiver.spiders.wire.sink import Attachment, attach

_KEY = (b"http", HOST.encode(), 80)


class _Exchanges:
    def __init__(self) -> None:
        self.received: list[Exchange] = []

    async def accept(self, exchange: Exchange) -> None:
        self.received.append(exchange)


@implementer(IStreamClientEndpoint)
class _ServerInMemory:
    """Answers each request, once it was written, with the conversation at hand."""

    def __init__(self, piece_size: int, soon: Callable[[Callable[[], None]], object]) -> None:
        self._piece_size = piece_size
        self.soon = soon
        self.conversation: Conversation | None = None

    def connect(self, factory: Any) -> Deferred[Any]:
        protocol = factory.buildProtocol(None)
        protocol.makeConnection(_TransportInMemory(self, protocol))
        return succeed(protocol)

    def answer(self, transport: _TransportInMemory) -> None:
        conversation = self.conversation
        assert conversation is not None
        stream = conversation.early + conversation.answer + conversation.stray
        for start in range(0, len(stream), self._piece_size):
            transport.protocol.dataReceived(stream[start : start + self._piece_size])
        if conversation.closes:
            transport.loseConnection()


class _TransportInMemory:
    disconnecting = False

    def __init__(self, server: _ServerInMemory, protocol: Any) -> None:
        self._server = server
        self.protocol = protocol
        self._lost = False

    def write(self, _data: bytes) -> None:
        self._server.soon(lambda: self._server.answer(self))

    def loseConnection(self) -> None:
        if not self._lost:
            self._lost = True
            self.protocol.connectionLost(Failure(ConnectionDone()))

    def abortConnection(self) -> None:
        self.loseConnection()

    def getPeer(self) -> IPv4Address:
        return IPv4Address("TCP", "192.0.2.1", 80)

    def pauseProducing(self) -> None:
        """Everything is sent at once."""

    def resumeProducing(self) -> None:
        """Nothing was held back."""


class _Reader(Protocol):
    def __init__(self) -> None:
        self.payload = b""

    def dataReceived(self, data: bytes) -> None:
        self.payload += data


class Rehearsal:
    """Conversations with pool, protocol and parser, one connection kept between them; synchronous."""

    def __init__(self, piece_size: int) -> None:
        self._steps: deque[Callable[[], None]] = deque()
        self._server: Any = _ServerInMemory(piece_size, self._steps.append)
        self._pool = WirePool(Clock(), persistent=True)

    def converse(self, conversation: Conversation) -> Exchange:
        """The exchange that the archive would get of `conversation`."""
        self._server.conversation = conversation
        attempt = Attempt(Attachment(_Exchanges()))
        token = CURRENT.set(attempt)
        try:
            connecting = self._pool.getConnection(_KEY, self._server)
        finally:
            CURRENT.reset(token)
        headers = Headers({b"Host": [HOST.encode()]})
        request = TwistedRequest(b"GET", conversation.path.encode(), headers, None, persistent=True)
        reader = _Reader()
        failures: list[Failure] = []

        def read(response: Any) -> None:
            response.deliverBody(reader)

        connecting.addCallback(lambda connection: connection.request(request))
        connecting.addCallbacks(read, failures.append)
        while self._steps:
            self._steps.popleft()()
        if reader.payload != conversation.payload:
            raise refusal(f"{conversation.path}: {reader.payload!r} was read")
        if attempt.delivered != len(conversation.payload):
            raise refusal(
                f"{conversation.path}: {attempt.delivered} bytes of the payload went through the tap"
            )
        error = failures[0].value if failures else None
        return conclude(Request(f"http://{HOST}{conversation.path}"), attempt, error)


class _PoolInMemory(WirePool):
    server: Any

    def _newConnection(self, key: Hashable, _endpoint: IStreamClientEndpoint) -> Deferred[Any]:
        return super()._newConnection(key, self.server)


class HandlerRehearsal:
    """Conversations with the whole download handler, in a running event loop."""

    def __init__(self, piece_size: int) -> None:
        crawler = Crawler(Spider, wire_settings())
        self._sink = _Exchanges()
        attach(crawler, self._sink)
        self._handler = WireDownloadHandler(crawler)
        pool = _PoolInMemory(self._handler._pool._reactor, persistent=True)
        pool.server = self._server = _ServerInMemory(piece_size, asyncio.get_running_loop().call_soon)
        self._handler._pool = pool

    async def converse(self, conversation: Conversation) -> Exchange:
        """The exchange that the sink got of `conversation`."""
        self._server.conversation = conversation
        response = await self._handler.download_request(Request(f"http://{HOST}{conversation.path}"))
        content = conversation.payload if conversation.decoded is None else conversation.decoded
        if response.body != content:
            raise refusal(f"{conversation.path}: {response.body!r} was read")
        return self._sink.received.pop()

    async def close(self) -> None:
        """Let go of the connections."""
        await self._handler.close()

"""A small HTTP/1.1 server on loopback, in a thread of its own, that remembers everything it served.

It stands in for the live web in the demonstration, the tests and the benches: many hosts on one port,
told apart by the Host header.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from abc import ABC, abstractmethod
from types import TracebackType
from typing import NamedTuple, Self

from archiver.demo.resource import Answer, Fault, Request, note
from archiver.errors import UsageError

_LONGEST_HEAD = 64 * 1024
_LONGEST_REQUEST_BODY = 1024 * 1024


class LoggedRequest(NamedTuple):
    """One line of the request log; `status` is 0 when no answer was given."""

    method: str
    host: str
    path: str
    status: int
    conditional: bool


class Served(NamedTuple):
    """One version of a URL that went out: sha256 (hexadecimal) of the entity as sent, and the status."""

    url: str
    digest: str
    status: int


class LocalSite(ABC):
    """Virtual hosts under `.localhost`, bound to 127.0.0.1; a context manager that starts and stops them.

    `port` 0 lets the system choose. Subclasses say what each request is answered with; they are asked in
    the server's thread.
    """

    def __init__(self, port: int = 0) -> None:
        self._wanted_port = port
        self._socket: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._requests: list[LoggedRequest] = []
        self._served: set[Served] = set()

    @abstractmethod
    def respond(self, request: Request) -> Answer:
        """What `request` is answered with."""

    def opened(self) -> None:  # noqa: B027 - most sites have nothing to do
        """Called once when the port is known, before the first request."""

    @property
    def port(self) -> int:
        """The port on 127.0.0.1. Raises UsageError before the start."""
        if self._socket is None:
            raise UsageError("the local site has no port yet: start it first")
        return int(self._socket.getsockname()[1])

    def url(self, host: str, path: str = "/") -> str:
        """The absolute URL of `path` on `host` (`ministry` stands for `ministry.localhost`)."""
        return f"http://{qualified(host)}:{self.port}{path}"

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """Every request so far, in the order of the answers."""
        return tuple(self._requests)

    @property
    def served(self) -> frozenset[Served]:
        """Every version of every URL that was sent in answer to a request other than HEAD."""
        return frozenset(self._served.copy())

    def forget_requests(self) -> None:
        """Empty the request log, so that the next step of a test is seen alone."""
        self._requests.clear()

    def start(self) -> Self:
        """Listen. Raises UsageError when the port is taken."""
        try:
            self._socket = socket.create_server(("127.0.0.1", self._wanted_port), backlog=512)
        except OSError as error:
            raise UsageError(
                f"port {self._wanted_port} on 127.0.0.1 cannot be used ({error.strerror}); "
                "name another, or 0 for any free one"
            ) from error
        self.opened()
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._socket, ready), name="local-site", daemon=True
        )
        self._thread.start()
        ready.wait()
        return self

    def stop(self) -> None:
        """Close every connection and the port. Harmless when not started."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
        self._loop = self._thread = self._socket = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def record(self, request: Request, answer: Answer, sent: Served | None) -> None:
        """Enter one exchange in the log; `sent` is None when no entity went out."""
        status = 0 if answer.fault is Fault.HANG else answer.status
        self._requests.append(
            LoggedRequest(request.method, request.hostname, request.target, status, request.is_conditional)
        )
        if sent is not None:
            self._served.add(sent)

    def _run(self, listening: socket.socket, ready: threading.Event) -> None:
        with asyncio.Runner() as runner:
            self._loop = loop = runner.get_loop()
            connections: set[_Connection] = set()
            server = runner.run(
                loop.create_server(lambda: _Connection(self, loop, connections), sock=listening)
            )
            ready.set()
            loop.run_forever()
            runner.run(_close(server, connections))


class _Connection(asyncio.Protocol):
    """Answers the requests of one connection one after the other (RFC 9112, 9.3.2)."""

    def __init__(
        self, site: LocalSite, loop: asyncio.AbstractEventLoop, connections: set[_Connection]
    ) -> None:
        self._site = site
        self._loop = loop
        self._connections = connections
        self._received = bytearray()
        self._is_waiting = False
        self._timer: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's signature
        self._connections.discard(self)
        if self._timer is not None:
            self._timer.cancel()

    def drop(self) -> None:
        """End the connection at once."""
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._received += data
        self._serve()

    def _serve(self) -> None:
        while not self._is_waiting and not self._transport.is_closing():
            end = self._received.find(b"\r\n\r\n")
            if end < 0:
                if len(self._received) > _LONGEST_HEAD:
                    self._refuse(431, "the request head is too long")
                return
            try:
                request = Request.parse(bytes(self._received[:end]))
                length = request.body_length
            except ValueError as error:
                self._refuse(400, str(error))
                return
            if not 0 <= length <= _LONGEST_REQUEST_BODY:
                self._refuse(413, "the request body is too long")
                return
            if len(self._received) < end + 4 + length:
                return
            del self._received[: end + 4 + length]
            self._answer(request)

    def _refuse(self, status: int, reason: str) -> None:
        answer = note(status, reason).answer(Request("GET", "", "/", "HTTP/1.1", {}))
        self._transport.write(answer.wire("GET", keeps_alive=False))
        self._transport.close()

    def _answer(self, request: Request) -> None:
        answer = self._site.respond(request)
        if answer.fault is Fault.HANG:
            self._is_waiting = True
            self._site.record(request, answer, None)
        elif answer.delay:
            self._is_waiting = True
            self._timer = self._loop.call_later(answer.delay, self._send_late, request, answer)
        else:
            self._send(request, answer)

    def _send_late(self, request: Request, answer: Answer) -> None:
        self._is_waiting = False
        self._send(request, answer)
        self._serve()

    def _send(self, request: Request, answer: Answer) -> None:
        keeps_alive = request.keeps_alive and answer.fault is not Fault.TRUNCATED
        wire = answer.wire(request.method, request.keeps_alive)
        url = f"http://{request.host}{request.target}"
        sent = None if request.method == "HEAD" else Served(url, answer.digest, answer.status)
        self._site.record(request, answer, sent)
        self._transport.write(wire)
        if not keeps_alive:
            self._transport.close()


async def _close(server: asyncio.Server, connections: set[_Connection]) -> None:
    """Close port and connections, also those that wait to be accepted (asyncio needs four turns for one)."""
    for _ in range(4):
        await asyncio.sleep(0)
    server.close()
    for connection in tuple(connections):
        connection.drop()
    await asyncio.sleep(0)


def qualified(host: str) -> str:
    """`ministry` -> `ministry.localhost`; a name with a dot stays as it is."""
    return host if "." in host else f"{host}.localhost"

"""A server on raw sockets that sends exactly the bytes it is told to, and keeps the bytes that it gets."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import Enum

HEAD_END = b"\r\n\r\n"
TLS_HELLO = b"\x16\x03"


class After(Enum):
    """What the server does once the answer is sent."""

    KEEP = "keeps the connection"
    CLOSE = "closes, over TLS with close_notify"
    CUT = "closes the socket, over TLS without close_notify"
    RESET = "resets the connection"
    HANG = "sends nothing more until the client goes"


@dataclass(frozen=True)
class Script:
    """The answer to a path: bytes, or a function of the request. `drop_reused` leaves reused connections."""

    answer: bytes | Callable[[bytes], Iterator[bytes]]
    after: After = After.KEEP
    drop_reused: bool = False


@dataclass
class WireServer:
    """Answers by path. `piece` is the size of each send, hence of each TLS record; None sends all at once."""

    scripts: dict[str, Script]
    tls: ssl.SSLContext | None = None
    tunnel: ssl.SSLContext | None = None
    """As a proxy it plays any TLS server that a client asks to be connected to."""
    piece: int | None = None
    requests: dict[str, list[bytes]] = field(default_factory=lambda: defaultdict(list))
    """By path, in order of arrival."""
    connections: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))
    """By path, the number of the connection that each request came on."""

    def __enter__(self) -> WireServer:
        self._stopping = False
        self._open: set[socket.socket] = set()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self._thread.join()

    def url(self, path: str) -> str:
        return f"{'https' if self.tls else 'http'}://127.0.0.1:{self.port}{path}"

    def _listen(self) -> None:
        workers = []
        number = 0
        while not self._stopping:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                break
            number += 1
            worker = threading.Thread(target=self._serve, args=(connection, number), daemon=True)
            worker.start()
            workers.append(worker)
        for worker in workers:
            worker.join()

    def _serve(self, plain: socket.socket, number: int) -> None:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._open.add(plain)
        connection = plain
        try:
            if self.tls:
                connection = self.tls.wrap_socket(plain, server_side=True)
                self._open.add(connection)
                self._open.discard(plain)
            self._converse(connection, number)
        except OSError:
            pass  # the client went away, as many cases make it do
        finally:
            self._open.discard(connection)
            self._open.discard(plain)
            connection.close()

    def _converse(self, connection: socket.socket, number: int) -> None:
        buffer = b""
        reused = False
        while True:
            request, buffer = _read_request(connection, buffer)
            if not request:
                return
            if request.startswith(b"CONNECT "):
                self.requests["CONNECT"].append(request)
                connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                assert self.tunnel is not None
                with self.tunnel.wrap_socket(connection, server_side=True) as within:
                    self._open.add(within)
                    self._converse(within, number)
                    self._open.discard(within)
                return
            path = request.split(b" ", 2)[1].decode()
            path = path if path.startswith("/") else "/" + path.split("/", 3)[3]
            self.requests[path].append(request)
            self.connections[path].append(number)
            script = self.scripts[path]
            if script.drop_reused and reused:
                return
            reused = True
            self._send(connection, script, request)
            if script.after is not After.KEEP:
                _end(connection, script.after)
                return

    def _send(self, connection: socket.socket, script: Script, request: bytes) -> None:
        if callable(script.answer):
            for part in script.answer(request):
                connection.sendall(part)
            return
        step = self.piece or len(script.answer) or 1
        for start in range(0, len(script.answer), step):
            connection.sendall(script.answer[start : start + step])


def _read_request(connection: socket.socket, buffer: bytes) -> tuple[bytes, bytes]:
    while HEAD_END not in buffer:
        received = connection.recv(1 << 16)
        if received.startswith(TLS_HELLO):
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        if not received or received.startswith(TLS_HELLO):
            return b"", b""
        buffer += received
    head, _, rest = buffer.partition(HEAD_END)
    lengths = [
        int(line.partition(b":")[2])
        for line in head.split(b"\r\n")
        if line.lower().startswith(b"content-length:")
    ]
    length = lengths[0] if lengths else 0
    while len(rest) < length:
        rest += connection.recv(1 << 16)
    return head + HEAD_END + rest[:length], rest[length:]


def _end(connection: socket.socket, after: After) -> None:
    if after is After.HANG:
        connection.recv(1)
    elif after is After.RESET:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    elif after is After.CLOSE and isinstance(connection, ssl.SSLSocket):
        connection.unwrap()
    else:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
            connection.recv(1)

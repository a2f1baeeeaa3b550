"""Runs both origins in one process until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import replace

import uvicorn
from starlette.applications import Starlette

from archiver.errors import UsageError
from archiver.web.application import application, replay
from archiver.web.site import Site

_WAITING = 1024
GRACE = 5
"""Seconds that answers under way have to end."""


class _Server(uvicorn.Server):
    """A server that leaves the signals to its caller."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Nothing: `serve` listens for both servers."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        self.ready.set()


@contextlib.contextmanager
def bound(host: str, port: int, count: int = 1) -> Iterator[list[socket.socket]]:
    """So many listening sockets of one address, among which the system shares out the connections.

    Raises UsageError, which says what to do.
    """
    with contextlib.ExitStack() as closing:
        first = closing.enter_context(_bind(host, port))
        if count == 1:
            first.listen(_WAITING)
            yield [first]
            return
        number = first.getsockname()[1]
        first.close()  # it has shown that nobody listens there; a shared address would not
        listeners = [closing.enter_context(_bind(host, number, is_shared=True)) for _ in range(count)]
        for listener in listeners:
            listener.listen(_WAITING)
        yield listeners


def _bind(host: str, port: int, *, is_shared: bool = False) -> socket.socket:
    listener: socket.socket | None = None
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if is_shared:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind((host, port))
    except OSError as error:
        if listener is not None:
            listener.close()
        reason = "it is taken" if error.errno == errno.EADDRINUSE else error.strerror or str(error)
        raise UsageError(
            f"cannot listen on {host} port {port}: {reason}; choose another with web.host, web.port or"
            " web.replay_port in archiver.toml (archiver serve: --host, --port, --replay-port)"
        ) from None
    listener.setblocking(False)
    return listener


def serve(
    site: Site,
    listeners: tuple[socket.socket, socket.socket],
    trusted_proxies: tuple[str, ...],
    when_ready: Callable[[], None],
) -> None:
    """Serve the application on the first socket and the replay on the second, until SIGTERM or SIGINT."""
    ports = [listener.getsockname()[1] for listener in listeners]
    origins = replace(site.origins, application_port=ports[0], replay_port=ports[1])
    site = replace(site, origins=origins)
    apps = (application(site), replay(site))
    servers = [_server(app, trusted_proxies) for app in apps]
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        runner.run(_serve(servers, listeners, when_ready))


def _new_loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


def _server(app: Starlette, trusted_proxies: tuple[str, ...]) -> _Server:
    return _Server(
        uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            http="httptools",
            ws="none",
            lifespan="off",
            server_header=False,
            proxy_headers=bool(trusted_proxies),
            forwarded_allow_ips=list(trusted_proxies),
            timeout_graceful_shutdown=GRACE,
            limit_concurrency=512,
        )
    )


async def _serve(
    servers: list[_Server],
    listeners: tuple[socket.socket, socket.socket],
    when_ready: Callable[[], None],
) -> None:
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for server in servers:
            server.should_exit = True

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    tasks = [
        asyncio.create_task(server.serve(sockets=[listener]))
        for server, listener in zip(servers, listeners, strict=True)
    ]
    for server in servers:
        await server.ready.wait()
    when_ready()
    await asyncio.gather(*tasks)

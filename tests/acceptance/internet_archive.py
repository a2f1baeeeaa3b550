"""Loopback in the place of the Internet Archive, for clients that know no other address.

`wayback`, `waybackpy` and `waybackpack` have `https://web.archive.org` written into them. They run here as
they are: the proxy that the environment names (HTTPS_PROXY, and a CA of our own) leads that
name to a server on this machine, and answers for every other place that it is gone.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path

import trustme

ORIGIN = "https://web.archive.org"
_NAMES = ("web.archive.org", "archive.org")
_GONE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


@contextmanager
def standing_in(port: int, folder: Path) -> Iterator[dict[str, str]]:
    """While it lasts, the environment in which the Internet Archive is the server on `port`."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*_NAMES).configure_cert(context)
    listening: Future[int] = Future()
    stopping = asyncio.Event()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(
        target=loop.run_until_complete, args=(_run(port, context, listening, stopping),)
    )
    thread.start()
    try:
        proxy = f"http://127.0.0.1:{listening.result(10)}"
        yield {
            "HTTP_PROXY": proxy, "http_proxy": proxy, "HTTPS_PROXY": proxy, "https_proxy": proxy,
            "NO_PROXY": "localhost,127.0.0.1", "no_proxy": "localhost,127.0.0.1",
            "REQUESTS_CA_BUNDLE": str(folder / "authority.pem"),
        }  # fmt: skip
    finally:
        loop.call_soon_threadsafe(stopping.set)
        thread.join(10)
        loop.close()


async def _run(port: int, context: ssl.SSLContext, listening: Future[int], stopping: asyncio.Event) -> None:
    under_way: set[asyncio.Task[None]] = set()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await _answer(port, context, reader, writer)
        await _close(writer)
        under_way.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    listening.set_result(server.sockets[0].getsockname()[1])
    await stopping.wait()
    server.close()
    left = list(under_way)
    for task in left:
        task.cancel()
    await asyncio.gather(*left)


async def _answer(
    port: int, context: ssl.SSLContext, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    method, target, _ = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split(" ", 2)
    if method != "CONNECT" or target not in [f"{name}:443" for name in _NAMES]:
        writer.write(_GONE)
        await writer.drain()
        return
    writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
    await writer.drain()
    await writer.start_tls(context)
    there, back = await asyncio.open_connection("127.0.0.1", port)
    try:
        await asyncio.gather(_pass_on(reader, back), _pass_on(there, writer))
    finally:
        await _close(back)


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
        await writer.drain()
    writer.close()


async def _close(writer: asyncio.StreamWriter) -> None:
    writer.close()
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(1):
            await writer.wait_closed()
    writer.transport.abort()

"""What serving costs: `id_` of a 100 KB page under 16 clients, closest look-ups, a long CDX answer.

Run with `python bench/web.py`; prints one JSON object. The clients share the cores of the machine.
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import os
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from statistics import quantiles

for folder in ("integration", "unit"):
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / folder))

from web_archive import DAY, URL, fill, page  # noqa: E402
from web_server import serving  # noqa: E402

from archiver.config.home import Home, create_home  # noqa: E402
from archiver.storage.index import Index  # noqa: E402

CLIENTS = 16
REQUESTS = 1_600
CAPTURES = 10_000


def build(root: Path) -> str:
    home = Home(root)
    create_home(home)
    database = f"sqlite:///{root}/index.sqlite"
    body = os.urandom(33_000).hex().encode() + b"<p>text</p>" * 3_000
    many = (
        page(b"%d" % number, url=f"{URL}/often", at=DAY + timedelta(minutes=number))
        for number in range(CAPTURES)
    )
    with Index.open(database) as index:
        fill(index, home.warc, [page(body[:100_000])])
        fill(index, home.warc, many, at_once=1_000)
    return database


def lookups(database: str) -> float:
    with Index.open(database) as index:
        began = time.perf_counter()
        for number in range(2_000):
            assert index.closest(f"{URL}/often", DAY + timedelta(seconds=37 * number))
        return (time.perf_counter() - began) / 2_000 * 1_000


async def ask(port: int, path: str, count: int, times: list[float]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    request = f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode()
    for _ in range(count):
        began = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        await reader.readexactly(length)
        times.append((time.perf_counter() - began) * 1_000)
    writer.close()


def load(port: int, path: str, results: multiprocessing.Queue[tuple[list[float], float]]) -> None:
    times: list[float] = []

    async def run() -> float:
        began = time.perf_counter()
        await asyncio.gather(*(ask(port, path, REQUESTS // CLIENTS, times) for _ in range(CLIENTS)))
        return time.perf_counter() - began

    results.put((times, asyncio.run(run())))


def under_load(port: int, path: str) -> dict[str, float]:
    results: multiprocessing.Queue[tuple[list[float], float]] = multiprocessing.Queue()
    process = multiprocessing.Process(target=load, args=(port, path, results))
    process.start()
    times, seconds = results.get()
    process.join()
    cuts = quantiles(times, n=100)
    return {
        "p50_ms": round(cuts[49], 2),
        "p99_ms": round(cuts[98], 2),
        "per_second": round(len(times) / seconds),
    }


def stream(port: int) -> dict[str, float]:
    import http.client

    connection = http.client.HTTPConnection("127.0.0.1", port)
    began = time.perf_counter()
    connection.request("GET", f"/cdx?url={URL}/often")
    answer = connection.getresponse()
    answer.read(1)
    first = time.perf_counter() - began
    lines = answer.read().count(b"\n")
    assert lines == CAPTURES, lines
    return {"first_byte_ms": round(first * 1_000, 1), "all_ms": round((time.perf_counter() - began) * 1_000)}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "home"
        database = build(root)
        figures: dict[str, object] = {"closest_ms": round(lookups(database), 3)}
        with serving(root) as server:
            port = int(server.application.rpartition(":")[2])
            figures["id_100kb_16_clients"] = under_load(port, f"/web/20171114100000id_/{URL}")
            figures["readable_100kb_16_clients"] = under_load(port, f"/web/20171114100000/{URL}")
            figures["cdx_10000"] = stream(port)
        print(json.dumps(figures))


if __name__ == "__main__":
    main()

"""What serving costs: `id_` of 100 KB pages and readable pages under 16 clients, a long CDX answer, look-ups.

    python bench/web.py [--rounds 3] [--workers 1]

Prints one JSON object. Beside each figure stands what the server and the clients spent, in CPU milliseconds
for one answer, since they share the cores of the machine; and the same load on a bare Starlette application
that sends 100 KB out of memory, in turns with ours, so that ratios within one run can be compared.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from statistics import median, quantiles

for folder in ("integration", "unit"):
    sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / folder))

from web_archive import DAY, URL, fill, page  # noqa: E402
from web_server import serving  # noqa: E402

from archiver.config.home import Home, create_home  # noqa: E402
from archiver.storage.index import Index  # noqa: E402

CLIENTS = 16
REQUESTS = 1_600
CAPTURES = 10_000
PAGES = 200
BARE = """
import os, sys, uvicorn
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route
BODY = os.urandom(100_000)
def answer(_): return Response(BODY)
app = Starlette(routes=[Route("/{rest:path}", answer)])
options = {"log_config": None, "access_log": False, "http": "httptools", "lifespan": "off", "loop": "uvloop"}
uvicorn.run(app, port=int(sys.argv[1]), **options)
"""
Times = list[float]


def build(root: Path) -> str:
    home = Home(root)
    create_home(home)
    database = f"sqlite:///{root}/index.sqlite"
    many = (
        page(b"%d" % number, url=f"{URL}/often", at=DAY + timedelta(minutes=number))
        for number in range(CAPTURES)
    )
    with Index.open(database) as index:
        fill(index, home.warc, (page(article(), url=f"{URL}/{number}") for number in range(PAGES)), PAGES)
        fill(index, home.warc, many, at_once=1_000)
    return database


def article() -> bytes:
    """A page of 100,000 bytes, a third of them paragraphs; no two alike."""
    start = b"<!doctype html><title>x</title>" + b"<p class=text>paragraph</p>" * 1_200
    return start + os.urandom((100_000 - len(start)) // 2).hex().encode()


def lookups(database: str) -> float:
    with Index.open(database) as index:
        began = time.perf_counter()
        for number in range(2_000):
            assert index.closest(f"{URL}/often", DAY + timedelta(seconds=37 * number))
        return (time.perf_counter() - began) / 2_000 * 1_000


async def ask(port: int, paths: Sequence[str], times: Times) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for path in paths:
        began = time.perf_counter()
        writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r")[0])
        await reader.readexactly(length)
        times.append((time.perf_counter() - began) * 1_000)
    writer.close()


def load(port: int, paths: Sequence[str], results: multiprocessing.Queue[tuple[Times, float, float]]) -> None:
    times: Times = []

    async def run() -> None:
        await asyncio.gather(*(ask(port, paths[start::CLIENTS], times) for start in range(CLIENTS)))

    began, spent = time.perf_counter(), time.process_time()
    asyncio.run(run())
    results.put((times, time.perf_counter() - began, time.process_time() - spent))


def under_load(port: int, paths: Sequence[str], server: int) -> dict[str, float]:
    """Ask for the paths with 16 clients at once; `server` is the process whose CPU time is told."""
    results: multiprocessing.Queue[tuple[Times, float, float]] = multiprocessing.Queue()
    process = multiprocessing.Process(target=load, args=(port, paths, results))
    before = cpu_seconds(server)
    process.start()
    times, seconds, spent = results.get()
    process.join()
    cuts = quantiles(times, n=100)
    return {
        "p50_ms": round(cuts[49], 2),
        "p99_ms": round(cuts[98], 2),
        "per_second": round(len(times) / seconds),
        "server_cpu_ms": round((cpu_seconds(server) - before) / len(times) * 1_000, 2),
        "clients_cpu_ms": round(spent / len(times) * 1_000, 2),
    }


def cpu_seconds(process: int) -> float:
    """What the process and its children have used."""
    ticks = 0
    for one in (process, *children(process)):
        fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def children(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(one) for one in found]


def stream(port: int) -> dict[str, float]:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    began = time.perf_counter()
    connection.request("GET", f"/cdx?url={URL}/often")
    answer = connection.getresponse()
    answer.read(1)
    first = time.perf_counter() - began
    lines = answer.read().count(b"\n")
    assert lines == CAPTURES, lines
    return {"first_byte_ms": round(first * 1_000, 1), "all_ms": round((time.perf_counter() - began) * 1_000)}


@contextmanager
def bare() -> Iterator[tuple[int, int]]:
    """The port and the process of the bare application."""
    port = 8_099
    with subprocess.Popen([sys.executable, "-c", BARE, str(port)]) as process:
        try:
            for _ in range(100):
                try:
                    http.client.HTTPConnection("127.0.0.1", port).request("GET", "/")
                    break
                except OSError:
                    time.sleep(0.1)
            yield port, process.pid
        finally:
            process.terminate()


def middle(runs: Sequence[dict[str, float]]) -> dict[str, float]:
    return {name: round(median(run[name] for run in runs), 2) for name in runs[0]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--workers", type=int, default=1)
    asked = parser.parse_args()
    rounds = asked.rounds
    os.environ["ARCHIVER_WEB__WORKERS"] = str(asked.workers)
    one = [f"/web/20171114100000id_/{URL}/0"] * REQUESTS
    many = [f"/web/20171114100000id_/{URL}/{number % PAGES}" for number in range(REQUESTS)]
    readable = [path.replace("id_", "", 1) for path in one]
    unseen = [path.replace("id_", "", 1) for path in many[:PAGES]]
    loads = {"id_one_page": one, "id_200_pages": many, "readable_again": readable}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "home"
        figures: dict[str, object] = {"closest_ms": round(lookups(build(root)), 3)}
        with serving(root) as server, bare() as (bare_port, bare_process):
            port, process = int(server.application.rpartition(":")[2]), server.process.pid
            figures["readable_never_asked_before"] = under_load(port, unseen, process)
            runs: dict[str, list[dict[str, float]]] = {}
            for _ in range(rounds):
                for name, paths in loads.items():
                    runs.setdefault("bare", []).append(under_load(bare_port, one, bare_process))
                    runs.setdefault(name, []).append(under_load(port, paths, process))
            figures |= {name: middle(found) for name, found in runs.items()}
            figures["cdx_10000"] = stream(port)
        print(json.dumps(figures, indent=1))


if __name__ == "__main__":
    main()

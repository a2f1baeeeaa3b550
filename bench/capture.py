"""What archiving costs: CPU and memory for the same crawl, plain, captured, archived, and by other tools.

    python bench/capture.py [--pages 150] [--rounds 2] [--scrapy-webarchive] [--json]

The contenders take turns (A B C A B C), each in a process of its own against a local site (see
`capture_site.py`). CPU seconds and their ratios within one run are the result; requests per second on a
shared machine say little.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from shutil import which
from typing import Any

from capture_site import PICTURES, page_path, picture_path

HERE = Path(__file__).resolve()
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "news-archiver-bench"
PICTURE_BEGINNING = 4096
WEBARCHIVE = (
    "scrapy-webarchive==0.5.3",
    "scrapy==2.11.2",
    *("twisted==24.11.0", "w3lib==2.2.1", "setuptools<81"),  # the last that this Scrapy works with
)
SHARED_SETTINGS: dict[str, Any] = {"LOG_LEVEL": "ERROR", "COOKIES_ENABLED": False, "DOWNLOAD_DELAY": 0}
AT_ONCE = 8
"""Requests at once, as Scrapy has it by default for one host."""
PLAIN_HANDLERS = dict.fromkeys(
    ("http", "https"), "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler"
)


@dataclass(frozen=True)
class Measurement:
    """Of one crawl: responses, CPU seconds, and the most memory in bytes."""

    responses: int
    cpu: float
    peak: int
    stored: int = 0

    @property
    def milliseconds(self) -> float:
        """CPU for one response."""
        return self.cpu * 1000 / self.responses


def make_spider(base: str, pages: int, picture_meta: dict[str, Any]) -> Any:
    """A spider that asks for each page, and for its pictures when the page has come."""
    from scrapy import Request, Spider

    class Visitor(Spider):
        name = "visitor"
        responses = 0
        cpu_before = 0.0

        def requests(self) -> Iterator[Request]:
            for number in range(pages):
                yield Request(base + page_path(number), cb_kwargs={"number": number})

        async def start(self) -> Any:
            for request in self.start_requests():
                yield request

        def start_requests(self) -> Iterator[Request]:
            Visitor.cpu_before = cpu()
            yield from self.requests()

        def parse(self, response: Any, number: int) -> Iterator[Request]:
            Visitor.responses += len(response.body) > 0
            for picture in range(PICTURES):
                url = base + picture_path(number, picture)
                yield Request(url, self.look_at, meta=dict(picture_meta))

        def look_at(self, response: Any) -> None:
            Visitor.responses += response.body.startswith(b"\xff\xd8\xff")

    return Visitor


def cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def measured(spider: Any, crawl: Callable[[], None]) -> Measurement:
    """From the first request, when everything is imported, to the end of the crawl."""
    crawl()
    spent = cpu() - spider.cpu_before
    return Measurement(spider.responses, spent, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


def scrapy_plain(base: str, pages: int, _: Path, settings: dict[str, Any] | None = None) -> Measurement:
    """Scrapy as it comes."""
    spider = make_spider(base, pages, {})
    return measured(spider, lambda: run_async(spider, settings or {}, None))


def scrapy_tuned(base: str, pages: int, folder: Path) -> Measurement:
    """Scrapy with the archive's settings, but its own download handler."""
    from archiver.spiders.wire import wire_settings

    return scrapy_plain(base, pages, folder, {**wire_settings(), "DOWNLOAD_HANDLERS": PLAIN_HANDLERS})


class Nowhere:
    """A sink that keeps nothing."""

    async def accept(self, exchange: Any) -> None:
        """Let go of `exchange`."""
        if exchange.response is not None:
            exchange.response.block.close()


def capture(base: str, pages: int, folder: Path) -> Measurement:
    """The wire tap alone: every exchange is collected, digested and thrown away."""
    from archiver.spiders.wire import KEEP_BODY, attach, wire_settings

    spider = make_spider(base, pages, {KEEP_BODY: PICTURE_BEGINNING})
    return measured(
        spider,
        lambda: run_async(spider, wire_settings(), lambda crawler: attach(crawler, Nowhere(), folder)),
    )


def polite_settings() -> dict[str, Any]:
    """As a crawl of the archive: its own retries, and no limit but that of the politeness."""
    from archiver.spiders.wire import wire_settings

    settings: dict[str, Any] = dict(wire_settings())
    settings["DOWNLOADER_MIDDLEWARES"] = {
        **settings["DOWNLOADER_MIDDLEWARES"],
        "archiver.spiders.politeness.retries.PatientRetryMiddleware": 550,
        "scrapy.downloadermiddlewares.retry.RetryMiddleware": None,
    }
    return {**settings, "CONCURRENT_REQUESTS_PER_DOMAIN": 1 << 30, "ARCHIVER_KEPT_CONNECTIONS": AT_ONCE}


def polite(base: str, pages: int, folder: Path) -> Measurement:
    """The wire tap, and every request waits for its turn."""
    from archiver.spiders.politeness import Manners, Pace
    from archiver.spiders.wire import KEEP_BODY, attach

    spider = make_spider(base, pages, {KEEP_BODY: PICTURE_BEGINNING})
    pace = Pace(0, AT_ONCE)

    def prepare(crawler: Any) -> None:
        attach(crawler, Nowhere(), folder, manners=Manners(), pace=pace)

    return measured(spider, lambda: run_async(spider, polite_settings(), prepare))


def archive(base: str, pages: int, folder: Path) -> Measurement:
    """The full path: capture, WARC, digests, durable groups, index."""
    from archiver.ingest import Ingest
    from archiver.spiders.politeness import Manners, Pace
    from archiver.spiders.wire import KEEP_BODY, attach
    from archiver.storage.index import Index
    from archiver.storage.warc import SegmentWriter, Warcinfo

    spider = make_spider(base, pages, {KEEP_BODY: PICTURE_BEGINNING})
    index = Index.open(f"sqlite:///{folder / 'index.sqlite'}")
    (folder / "warc").mkdir()
    writer = SegmentWriter(folder / "warc", Warcinfo(software="bench"))

    def crawl() -> None:
        ingest: list[Ingest] = []

        def prepare(crawler: Any) -> None:
            ingest.append(Ingest(writer, index))
            attach(crawler, ingest[0], folder, manners=Manners(), pace=Pace(0, AT_ONCE))

        run_async(spider, polite_settings(), prepare, lambda: ingest[0].close())

    result = measured(spider, crawl)
    index.close()
    return Measurement(result.responses, result.cpu, result.peak, size_of(folder / "warc"))


def run_async(
    spider: Any,
    settings: dict[str, Any],
    prepare: Callable[[Any], None] | None,
    finish: Callable[[], Any] | None = None,
) -> None:
    from scrapy.crawler import AsyncCrawlerRunner
    from scrapy.utils.reactor import install_reactor

    install_reactor(
        "twisted.internet.asyncioreactor.AsyncioSelectorReactor", settings.get("ASYNCIO_EVENT_LOOP")
    )
    runner = AsyncCrawlerRunner({**settings, **SHARED_SETTINGS})

    async def run() -> None:
        crawler = runner.create_crawler(spider)
        if prepare:
            prepare(crawler)
        await runner.crawl(crawler)
        if finish:
            await finish()

    reactor: Any = import_module("twisted.internet.reactor")
    outcome: list[asyncio.Task[None]] = []

    def begin() -> None:
        outcome.append(asyncio.get_event_loop().create_task(run()))
        outcome[0].add_done_callback(lambda _task: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run()
    outcome[0].result()


def scrapy_webarchive(base: str, pages: int, folder: Path) -> Measurement:
    """Scrapy with the scrapy-webarchive extension; runs in a virtual environment of its own."""
    from scrapy.crawler import CrawlerProcess

    os.chdir(folder)
    settings = {
        **SHARED_SETTINGS,
        "EXTENSIONS": {"scrapy_webarchive.extensions.WaczExporter": 543},
        "SW_EXPORT_URI": f"{folder}/out/",
    }
    spider = make_spider(base, pages, {})
    process = CrawlerProcess(settings)
    process.crawl(spider)
    result = measured(spider, process.start)
    return Measurement(result.responses, result.cpu, result.peak, size_of(folder))


CHILDREN: dict[str, Callable[[str, int, Path], Measurement]] = {
    "scrapy": scrapy_plain,
    "scrapy-tuned": scrapy_tuned,
    "capture": capture,
    "polite": polite,
    "archive": archive,
    "scrapy-webarchive": scrapy_webarchive,
}
MEANING = {
    "scrapy": "Scrapy, default settings",
    "scrapy-tuned": "Scrapy, the archive's settings",
    "capture": "wire capture, nothing stored",
    "polite": "wire capture with politeness",
    "archive": "full archive: WARC, digests, index",
    "scrapy-webarchive": "scrapy-webarchive, default settings",
    "wget": "wget --warc-file",
}


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def wget(base: str, pages: int, folder: Path) -> Measurement:
    """GNU Wget writing a WARC, with the same URLs from a list."""
    urls = folder / "urls"
    paths = [
        path
        for page in range(pages)
        for path in (page_path(page), *(picture_path(page, number) for number in range(PICTURES)))
    ]
    urls.write_text("\n".join(base + path for path in paths))
    command = ["wget", "-q", "-i", str(urls), "-O", "/dev/null", "--header=Accept-Encoding: gzip"]
    command += [f"--warc-file={folder}/wget", "--delete-after", "--no-warc-keep-log"]
    child = subprocess.Popen(command, cwd=folder)
    _, _, usage = os.wait4(child.pid, 0)
    stored = size_of(folder) - urls.stat().st_size
    return Measurement(len(paths), usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, stored)


def run_child(contender: str, python: Path, base: str, pages: int) -> Measurement:
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        if contender == "wget":
            return wget(base, pages, Path(folder))
        child = subprocess.run(
            [
                *(str(python), str(HERE), "--child", contender),
                *("--base", base, "--pages", str(pages), "--folder", folder),
            ],
            stdout=subprocess.PIPE,
            check=True,
        )
    result = Measurement(**json.loads(child.stdout.splitlines()[-1]))
    expected = pages * (1 + PICTURES)
    if result.responses != expected:
        raise SystemExit(f"{contender} got {result.responses} responses, not {expected}: no fair measurement")
    return result


@contextmanager
def site() -> Iterator[str]:
    program = [sys.executable, str(HERE.with_name("capture_site.py"))]
    server = subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert server.stdin
    assert server.stdout
    try:
        yield f"http://127.0.0.1:{int(server.stdout.readline())}"
    finally:
        server.stdin.close()
        server.wait()


def webarchive_python() -> Path:
    """The interpreter of scrapy-webarchive's own environment, made at first use."""
    environment = CACHE / "scrapy-webarchive"
    python = environment / "bin" / "python"
    installed = environment / "installed"
    if not installed.exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        subprocess.run([str(python), "-m", "pip", "install", "-q", *WEBARCHIVE], check=True)
        installed.touch()
    return python


def table(results: dict[str, list[Measurement]]) -> list[dict[str, Any]]:
    """One row a contender: medians, and ratios within the same round, whose median is taken."""

    def ratio(contender: str, anchor: str) -> float:
        pairs = zip(results[contender], results[anchor], strict=True)
        return statistics.median(one.milliseconds / other.milliseconds for one, other in pairs)

    return [
        {
            "contender": contender,
            "cpu_ms_per_response": statistics.median(one.milliseconds for one in runs),
            "to_tuned_scrapy": ratio(contender, "scrapy-tuned"),
            "to_default_scrapy": ratio(contender, "scrapy"),
            "peak_mb": max(one.peak for one in runs) / 1e6,
            "stored_mb": statistics.median(one.stored for one in runs) / 1e6,
        }
        for contender, runs in results.items()
    ]


def compare(arguments: argparse.Namespace) -> None:
    pythons = dict.fromkeys(("scrapy", "scrapy-tuned", "capture", "polite", "archive"), Path(sys.executable))
    if which("wget"):
        pythons["wget"] = Path(sys.executable)
    if arguments.scrapy_webarchive:
        pythons["scrapy-webarchive"] = webarchive_python()
    results: dict[str, list[Measurement]] = {contender: [] for contender in pythons}
    with site() as base:
        for number in range(arguments.rounds):
            for contender, python in pythons.items():
                started = time.monotonic()
                results[contender].append(run_child(contender, python, base, arguments.pages))
                seconds = time.monotonic() - started
                print(f"round {number + 1}: {contender} took {seconds:.1f} s", file=sys.stderr)
    rows = table(results)
    if arguments.json:
        print(json.dumps(rows, indent=2))
        return
    print(f"{'':38}{'CPU ms':>8}{'x tuned':>9}{'x default':>11}{'peak MB':>9}{'stored MB':>11}")
    for row in rows:
        print(
            f"{MEANING[row['contender']]:38}{row['cpu_ms_per_response']:8.2f}{row['to_tuned_scrapy']:9.2f}"
            f"{row['to_default_scrapy']:11.2f}{row['peak_mb']:9.0f}{row['stored_mb']:11.1f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=150, help="pages, each with six pictures")
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument(
        "--scrapy-webarchive", action="store_true", help=f"include it (environment in {CACHE})"
    )
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--child", choices=CHILDREN, help=argparse.SUPPRESS)
    parser.add_argument("--base", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        result = CHILDREN[arguments.child](arguments.base, arguments.pages, arguments.folder)
        print(json.dumps(vars(result)))
    else:
        compare(arguments)


if __name__ == "__main__":
    main()

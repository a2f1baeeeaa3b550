"""A crawl with the wire handler in a process of its own, since a reactor cannot be started twice."""

from __future__ import annotations

import asyncio
import dataclasses
import pickle
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from archiver.errors import StorageError
from archiver.model.exchange import Exchange


@dataclass(frozen=True)
class Job:
    """One request. Jobs of one `lane` run one after the other, lanes at once."""

    name: str
    url: str
    meta: dict[str, Any] = field(default_factory=dict)
    method: str = "GET"
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    lane: str = ""


@dataclass(frozen=True)
class Recorded:
    """An exchange as the sink got it; its block is read out, so that it can leave the process."""

    exchange: Exchange
    block: bytes
    block_digest: str


@dataclass
class Outcome:
    """What whoever asked got: a response or the name of an error."""

    status: int = 0
    body: bytes = b""
    error: str | None = None
    message: str = ""
    exchanges: tuple[UUID, ...] = ()


@dataclass
class Crawl:
    """Everything that a crawl did. `peak` is the most memory in bytes."""

    recorded: list[Recorded]
    outcomes: dict[str, Outcome]
    peak: int = 0
    log: str = ""

    def of(self, name: str) -> list[Recorded]:
        """The exchanges that a job made, in its order."""
        by_id = {one.exchange.id: one for one in self.recorded}
        return [by_id[exchange] for exchange in self.outcomes[name].exchanges if exchange in by_id]


@dataclass(frozen=True)
class Plan:
    jobs: list[Job]
    settings: dict[str, Any] = field(default_factory=dict)
    read_size: int | None = None
    """How many bytes a TCP read may return; None leaves Twisted's own."""
    read_blocks: bool = True
    attached: bool = True
    memory_limit: int = 1 << 20
    folder: Path | None = None
    refuse: tuple[str, ...] = ()
    """Ends of URIs that the sink refuses to take."""


def run(plan: Plan, timeout: float = 60) -> Crawl:
    """Run `plan` in a child process."""
    child = subprocess.run(
        [sys.executable, __file__],
        input=pickle.dumps(plan),
        capture_output=True,
        timeout=timeout,
        check=False,
    )
    log = child.stderr.decode(errors="replace")
    assert child.returncode == 0, log
    crawl: Crawl = pickle.loads(child.stdout)
    crawl.log = log
    return crawl


class _Sink:
    def __init__(self, plan: Plan) -> None:
        self.recorded: list[Recorded] = []
        self._plan = plan

    async def accept(self, exchange: Exchange) -> None:
        await asyncio.sleep(0)
        if exchange.target_uri.endswith(self._plan.refuse):
            raise StorageError("the archive is full")
        response, block, digest = exchange.response, b"", ""
        if response is not None:
            digest = str(response.block.digest)
            if self._plan.read_blocks:
                block = b"".join(response.block.chunks())
            response.block.close()
            exchange = dataclasses.replace(exchange, response=dataclasses.replace(response, block=None))
        self.recorded.append(Recorded(exchange, block, digest))


async def _crawl(plan: Plan) -> Crawl:
    from scrapy import Request, Spider, signals
    from scrapy.crawler import AsyncCrawlerRunner
    from scrapy.exceptions import StopDownload
    from twisted.internet import reactor, tcp

    from archiver.model.access import UrlPolicy
    from archiver.spiders.guard import install_guard
    from archiver.spiders.wire import EXCHANGES, attach, wire_settings

    if plan.read_size:
        tcp.Connection.bufferSize = plan.read_size
    install_guard(reactor, UrlPolicy.of(["127.0.0.0/8"]))
    outcomes: dict[str, Outcome] = {}

    class Jobs(Spider):
        name = "jobs"

        async def start(self):
            lanes: dict[str, list[Job]] = {}
            for job in plan.jobs:
                lanes.setdefault(job.lane or job.name, []).append(job)
            await asyncio.gather(*(self.lane(lane) for lane in lanes.values()))
            for nothing in ():
                yield nothing

        async def lane(self, jobs: list[Job]) -> None:
            for job in jobs:
                outcomes[job.name] = await self.fetch(job)

        async def fetch(self, job: Job) -> Outcome:
            exchanges: list[UUID] = []
            request = Request(
                job.url,
                method=job.method,
                headers=job.headers,
                body=job.body,
                meta={EXCHANGES: exchanges, **job.meta},
                dont_filter=True,
            )
            outcome = Outcome()
            try:
                response = await self.crawler.engine.download_async(request)
            except Exception as error:  # noqa: BLE001 - the outcome is what is looked at
                outcome.error, outcome.message = type(error).__name__, str(error)
            else:
                outcome.status, outcome.body = response.status, response.body
            outcome.exchanges = tuple(exchanges or request.meta[EXCHANGES])
            return outcome

    settings = {
        **wire_settings(),
        "LOG_LEVEL": "WARNING",
        "RETRY_ENABLED": False,
        "DOWNLOAD_TIMEOUT": 5,
        "CONCURRENT_REQUESTS": 32,
        "CONCURRENT_REQUESTS_PER_DOMAIN": 32,
        "USER_AGENT": "wire-test",
        **plan.settings,
    }
    runner = AsyncCrawlerRunner(settings)
    crawler = runner.create_crawler(Jobs)
    sink = _Sink(plan)
    if plan.attached:
        attach(crawler, sink, plan.folder, memory_limit=plan.memory_limit)
    for signal in ("headers_received", "bytes_received"):

        def stop(request: Request, now: str = signal, **_: object) -> None:
            if request.meta.get("stop_at") == now:
                raise StopDownload(fail=False)

        crawler.signals.connect(stop, getattr(signals, signal), weak=False)
    await runner.crawl(crawler)
    peak = peak_memory()
    return Crawl(sink.recorded, outcomes, peak)


def peak_memory() -> int:
    """The most bytes this process ever held; `ru_maxrss` would begin with what its parent held."""
    status = Path("/proc/self/status").read_text()
    [line] = [line for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def main() -> None:
    # The classes must be known by the name that the parent knows them by.
    import wire_crawl
    from scrapy.utils.reactor import install_reactor

    from archiver.spiders.wire import wire_settings

    plan = pickle.load(sys.stdin.buffer)
    settings = wire_settings()
    install_reactor(str(settings["TWISTED_REACTOR"]), str(settings["ASYNCIO_EVENT_LOOP"]))
    crawl = asyncio.get_event_loop().run_until_complete(wire_crawl._crawl(plan))
    pickle.dump(crawl, sys.stdout.buffer)


if __name__ == "__main__":
    main()

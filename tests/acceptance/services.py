"""A running service, its sources, and a local site that remembers who asked when."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from command_line import COMMAND, Archive

from archiver.demo.generated import GeneratedSite
from archiver.demo.resource import Answer, Request
from archiver.demo.server import Served


class WatchedSite(GeneratedSite):
    """Remembers of each request when it came, the User-Agent, the host and the path."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self.seen: list[tuple[float, str, str, str]] = []
        self.newest: dict[str, str] = {}
        """Of each URL the digest (hexadecimal) of what was sent last with status 200."""

    def respond(self, request: Request) -> Answer:
        self.seen.append(
            (time.monotonic(), request.headers.get("user-agent", ""), request.hostname, request.target)
        )
        return super().respond(request)

    def record(self, request: Request, answer: Answer, sent: Served | None) -> None:
        super().record(request, answer, sent)
        if sent and sent.status == 200:
            self.newest[sent.url] = sent.digest


@dataclass
class Service:
    """An archive whose sources are those of a site, and the processes that serve it."""

    archive: Archive
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def follow(self, site: GeneratedSite, **facts: object) -> list[str]:
        """A source for each host of the site; their names."""
        hosts = sorted({urlsplit(url).netloc for url in site.article_urls})
        for number, host in enumerate(hosts):
            self.source(
                f"outlet-{number}",
                domains=[host.partition(":")[0]],
                feeds=[f"http://{host}/feed.xml"],
                sitemaps=[f"http://{host}/sitemap.xml"],
                **facts,
            )
        return [f"outlet-{number}" for number in range(len(hosts))]

    def source(self, name: str, **facts: object) -> Path:
        known = {"title": name, "country": "DE", "languages": ["en"], "enabled": True, "max_age": None}
        lines = [f"{key}: {json.dumps(value)}" for key, value in {**known, **facts}.items()]
        path = self.archive.home / "sources" / f"{name}.yaml"
        partial = path.with_suffix(".partial")
        partial.write_text("\n".join(lines) + "\n")
        partial.replace(path)
        return path

    def start(self, *arguments: str, **more: str) -> subprocess.Popen[bytes]:
        log = self.archive.home / f"service-{len(self.processes)}.log"
        with log.open("wb") as file:
            process = subprocess.Popen(
                [COMMAND, "run", *(arguments or ("--no-web",))],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=file,
                env=self.archive.environment(**more),
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def log(self, number: int = 0) -> list[dict[str, Any]]:
        """What a process logged."""
        text = (self.archive.home / f"service-{number}.log").read_text("utf-8")
        return [json.loads(line) for line in text.splitlines()]

    def status(self) -> dict[str, Any]:
        found: dict[str, Any] = self.archive.here("status", "--json").json()
        return found

    def wait_until(self, is_so: Callable[[], object], seconds: float = 60) -> None:
        """Wait for a condition; a process that ended meanwhile, or no end in sight, fails the test."""
        deadline = time.monotonic() + seconds
        while not is_so():
            assert time.monotonic() < deadline, self.logs()
            time.sleep(0.1)

    def logs(self) -> str:
        """What all processes logged last, for a failure."""
        return "\n".join(
            "\n".join(path.read_text("utf-8").splitlines()[-15:])
            for path in sorted(self.archive.home.glob("service-*.log"))
        )

    def stop(self, process: subprocess.Popen[bytes], code: int = 0, seconds: float = 45) -> None:
        """SIGTERM, and the end with this exit code."""
        process.send_signal(signal.SIGTERM)
        assert process.wait(seconds) == code, self.logs()


@contextmanager
def service(home: Path, **settings: str) -> Iterator[Service]:
    """A service on a new home; nothing of it is left at the end."""
    archive = Archive(home, settings)
    archive.here("init")
    running = Service(archive)
    try:
        yield running
    finally:
        for process in running.processes:
            if process.poll() is None:
                process.kill()
                process.wait()

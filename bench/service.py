"""Runs the service at full speed against a generated site, with the web on, and watches what it costs.

    python bench/service.py [--minutes 1] [--hosts 16] [--articles 8000] [--pictures 3]

The site runs in a process of its own and changes a hundredth of its articles every half minute. Printed every
half minute: requests, requests a second, CPU of the crawling process for one request, its memory, work in
progress, articles that are due and for how long; at the end how long a memento and a record page took
meanwhile, against the same on a service that has nothing to do.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from archiver.demo.process import SiteProcess
from archiver.storage.index import Index

ARCHIVER = Path(sys.executable).with_name("archiver")
SETTINGS = {
    "ARCHIVER_NETWORK__ALLOW_PRIVATE": '["127.0.0.0/8"]',
    "ARCHIVER_POLITENESS__DELAY": "0",
    "ARCHIVER_POLITENESS__AUTOTHROTTLE": "false",
    "ARCHIVER_POLITENESS__CONCURRENCY": "8",
    "ARCHIVER_STORAGE__FREE_FLOOR": "0",
}
LOOK_EVERY = 30.0
ASK_EVERY = 0.5


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Asker:
    """Asks the web for a memento and a record page, and keeps how long each took, in ms."""

    def __init__(self, port: int, url: str, snapshot: str) -> None:
        self._addresses = {
            "memento": f"http://127.0.0.1:{port}/web/20300101000000id_/{url}",
            "record page": f"http://127.0.0.1:{port}/snapshot/{snapshot}",
        }
        self.took: dict[str, list[float]] = {name: [] for name in self._addresses}

    def ask(self) -> None:
        """Each once."""
        for name, address in self._addresses.items():
            began = time.perf_counter()
            urllib.request.urlopen(address, timeout=60).read()
            self.took[name].append((time.perf_counter() - began) * 1000)

    def figures(self) -> dict[str, tuple[float, float]]:
        """p50 and p99 of each; begins anew."""
        found = {
            name: (statistics.median(times), sorted(times)[int(len(times) * 0.99)])
            for name, times in self.took.items()
        }
        self.took = {name: [] for name in self._addresses}
        return found


def source(home: Path, number: int, host: str) -> None:
    facts = {
        "title": f"Host {number}", "country": "DE", "languages": ["en"], "enabled": True, "max_age": None,
        "domains": [host.partition(":")[0]], "feeds": [f"http://{host}/feed.xml"],
        "sitemaps": [f"http://{host}/sitemap.xml"], "schedule": "1 min",
        "revisit": ["5 min", "10 min", "1 d"],
    }  # fmt: skip
    text = "\n".join(f"{key}: {json.dumps(value)}" for key, value in facts.items()) + "\n"
    (home / "sources" / f"host-{number}.yaml").write_text(text)


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).read()
        except OSError:
            time.sleep(0.2)
        else:
            return
    raise SystemExit("the web did not come up")


def watch(index: Index, asker: Asker, site: SiteProcess, minutes: float) -> None:
    """Print a line every half minute."""
    print("  s  requests  /s    CPU ms each  RSS MB  working  due   lag s")
    began = looked = time.monotonic()
    before: dict[str, float] = {"requests": 0.0, "cpu_seconds": 0.0}
    while time.monotonic() - began < minutes * 60:
        asker.ask()
        time.sleep(ASK_EVERY)
        if time.monotonic() - looked < LOOK_EVERY:
            continue
        seconds, looked = time.monotonic() - looked, time.monotonic()
        [beat] = index.operations.beats.all()
        now = {name: float(beat.document[name]) for name in before}
        requests = now["requests"] - before["requests"]
        cpu = 1000 * (now["cpu_seconds"] - before["cpu_seconds"]) / max(1, requests)
        late = index.due_sources(datetime.now(UTC))
        due = sum(each.count for each in late)
        lag = max(((datetime.now(UTC) - each.oldest).total_seconds() for each in late), default=0)
        print(
            f"{looked - began:4.0f} {now['requests']:8.0f} {requests / seconds:6.1f} {cpu:10.2f}"
            f" {float(beat.document['rss_bytes']) / 1e6:9.0f} {beat.document['in_flight']:6}"
            f" {due:7} {lag:6.0f}",
            flush=True,
        )
        before = now
        site.mutate(0.01)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--hosts", type=int, default=16)
    parser.add_argument("--articles", type=int, default=8000)
    parser.add_argument("--pictures", type=int, default=3)
    wanted = parser.parse_args()
    arguments = ["generated", "--hosts", str(wanted.hosts), "--articles", str(wanted.articles)]
    with (
        tempfile.TemporaryDirectory() as folder,
        SiteProcess(*arguments, "--pictures", str(wanted.pictures)) as site,
    ):
        home, ports = Path(folder) / "home", (free_port(), free_port())
        environment = {
            **os.environ, **SETTINGS, "ARCHIVER_HOME": str(home), "ARCHIVER_WEB__PORT": str(ports[0]),
            "ARCHIVER_WEB__REPLAY_PORT": str(ports[1]),
            "ARCHIVER_NETWORK__ALLOWED_PORTS": json.dumps([site.port]),
        }  # fmt: skip
        articles: list[str] = site.tell("urls")
        captured = subprocess.run(
            [ARCHIVER, "capture", articles[0], "--json"], env=environment, check=True, capture_output=True
        )
        snapshot = json.loads(captured.stdout)["snapshot"]
        with (Path(folder) / "log").open("wb") as log:
            service = subprocess.Popen([ARCHIVER, "run"], env=environment, stderr=log)
        try:
            wait_for(ports[0])
            asker = Asker(ports[0], articles[0], snapshot)
            for _ in range(50):
                asker.ask()
            idle = asker.figures()
            for number, host in enumerate(sorted({urlsplit(url).netloc for url in articles})):
                source(home, number, host)
            service.send_signal(signal.SIGHUP)
            with Index.open(f"sqlite:///{home / 'index.sqlite'}") as index:
                watch(index, asker, site, wanted.minutes)
                stats = index.stats().total
            for name, (p50, p99) in asker.figures().items():
                before = idle[name]
                print(
                    f"{name}: p50 {p50:.1f} ms ({p50 / before[0]:.1f} x idle), p99 {p99:.1f} ms"
                    f" ({p99 / before[1]:.1f} x)"
                )
            print(f"{stats.captures} captures, {stats.revisits} revisits, {stats.snapshots} snapshots")
            print(f"{stats.pictures_missing} pictures missing, {stats.stored_bytes / 1e6:.0f} MB stored")
            began = time.monotonic()
            service.send_signal(signal.SIGTERM)
            print(f"SIGTERM: exit {service.wait(90)} after {time.monotonic() - began:.1f} s")
        finally:
            if service.poll() is None:
                service.kill()
                service.wait()
        done = subprocess.run(
            [ARCHIVER, "verify"], env=environment, capture_output=True, text=True, check=False
        )
        print(done.stdout.strip() or done.stderr.strip())


if __name__ == "__main__":
    main()

"""Many days of the service in a minute or two: `python soak.py HOME DAYS`.

The clock is moved from outside whenever the service has nothing to do. The site lives in the same time: its
articles appear, are edited, change pictures, are deleted; it has bad hours of several kinds. At the end one
JSON object is printed: what the site answered, and what the process cost.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import time_machine

from archiver.cli.logs import set_up_logs
from archiver.config.folder import Home
from archiver.config.settings import load_settings
from archiver.crawl.archive import open_archive
from archiver.crawl.extracting import Extractor
from archiver.crawl.reactor import run_under_reactor
from archiver.demo.resource import Answer, Fault, Request, Resource, note
from archiver.demo.server import LocalSite, Served
from archiver.ingest import queue
from archiver.service import dispatcher
from archiver.service.clock_watch import ClockWatch
from archiver.service.pulse import LEADER, Pulse
from archiver.service.shift import Orders, Shift
from archiver.service.source_files import SourceFiles
from archiver.storage.index import engine

START = datetime(2030, 3, 1, tzinfo=UTC)
HOST = "daily.localhost"
EVERY = timedelta(hours=6)
STEP = timedelta(minutes=20)
PNG = b"\x89PNG\r\n\x1a\n"
EDITED, REPAINTED = timedelta(hours=3), timedelta(hours=10)
DELETED, RESTORED = timedelta(days=2), timedelta(days=5)
FAR = timedelta(days=3650)


def born(number: int) -> datetime:
    """When an article appears."""
    return START + number * EVERY


def page_version(number: int, at: datetime) -> int:
    """0, 1 after an edit, -1 when the article is gone; every second that goes comes back."""
    age = at - born(number)
    if number % 4 == 3 and age >= DELETED and not (number % 8 == 7 and age >= RESTORED):
        return -1
    return int(number % 4 == 1 and age >= EDITED)


def picture_version(number: int, at: datetime) -> int:
    """0, then 1 when another picture stands at the same address."""
    return int(number % 4 == 2 and at - born(number) >= REPAINTED)


def trouble(path: str, at: datetime) -> str | None:
    """What is wrong with the site now: on every third day, three hours of one kind."""
    day, hour = divmod((at - START) / timedelta(hours=1), 24)
    if day % 3 != 1 or not 12 <= hour < 15:
        return None
    kind = ("busy", "broken feed", "hang", "error")[int(day) // 3 % 4]
    if kind == "broken feed" and path != "/feed.xml":
        return None
    if kind == "hang" and not path.startswith("/news/"):
        return None
    return kind


class Daily(LocalSite):
    """One newspaper; `log` is what it answered: when, to what, with which status."""

    def __init__(self, days: float) -> None:
        super().__init__()
        self.count = int(timedelta(days=days) / EVERY)
        self.log: list[tuple[float, str, int]] = []

    def respond(self, request: Request) -> Answer:
        now = datetime.now(UTC)
        answer = self._answer(request, now)
        if answer.fault is not Fault.HANG:
            self.log.append((now.timestamp(), request.target, answer.status))
        return answer

    def record(self, request: Request, answer: Answer, sent: Served | None) -> None:
        """Nothing: the process whose memory is watched holds no more than `log`."""

    def _answer(self, request: Request, now: datetime) -> Answer:
        path = request.target
        if path == "/robots.txt":
            return note(404, "none").answer(request)
        wrong = trouble(path, now)
        if wrong == "busy":
            return note(429, "busy", ("Retry-After", "0")).answer(request)
        if wrong == "error":
            return note(503, "down").answer(request)
        if wrong == "broken feed":
            return Resource(b"<!doctype html><p>A new design!", "text/html").answer(request)
        if wrong == "hang":
            return note(200, "").answer(request)._replace(fault=Fault.HANG)
        if path == "/feed.xml":
            return self._feed(now).answer(request)
        kind, _, rest = path.strip("/").partition("/")
        number = int(rest.partition(".")[0])
        if number >= self.count or born(number) > now:
            return note(404, "not yet").answer(request)
        if kind == "pictures":
            version = picture_version(number, now)
            return Resource(PNG + f"{number} {version} ".encode() * 200, "image/png").answer(request)
        version = page_version(number, now)
        if version < 0:
            return note(410, "gone").answer(request)
        return self._page(number, version).answer(request)

    def _feed(self, now: datetime) -> Resource:
        listed = [number for number in range(self.count) if born(number) <= now][-20:]
        entries = "".join(
            f"<item><title>Story {number}</title><link>{self.url(HOST, f'/news/{number}.html')}</link></item>"
            for number in listed
        )
        text = (
            f'<?xml version="1.0"?><rss version="2.0"><channel><title>Daily</title>{entries}</channel></rss>'
        )
        return Resource(text.encode(), "application/rss+xml")

    def _page(self, number: int, version: int) -> Resource:
        said = "denied it in the evening" if version else "said so on Tuesday"
        text = (
            f"<!doctype html><html lang=en><head><title>Story {number}</title></head><body><article>"
            f"<h1>The council of district {number} votes on the bridge</h1><p>By Ada Writer</p>"
            f'<img src="/pictures/{number}.png" alt="The bridge in district {number}" width=800 height=600>'
            f"<p>The council of district {number} voted on the new bridge, and the mayor {said}.</p>"
            f"<p>Seventeen members were present; the vote was postponed before, in {1990 + number % 30}.</p>"
            "</article></body></html>"
        )
        return Resource(text.encode(), "text/html; charset=utf-8")


def resident() -> int:
    return int(Path("/proc/self/statm").read_text("ascii").split()[1]) * os.sysconf("SC_PAGESIZE")


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def prepare() -> None:
    """What is kept on purpose, up to a bound, is kept small here: all else that grows is seen.

    And what waits by the clock of the machine, which nobody moves, waits for less.
    """
    queue.REMEMBERED = 50
    engine._CACHE_KIB = 256
    dispatcher.RETRY = 0.05


async def soak(home: Home, site: Daily, days: float, clock: Any) -> dict[str, Any]:
    settings, costs = load_settings(home), []
    files = SourceFiles(home.sources)
    files.reload()
    pulse, orders = Pulse(role=LEADER), Orders()
    end = START + timedelta(days=days)
    async with open_archive(home, settings, patience=float("inf")) as archive:
        with Extractor(1) as extractor:
            shift = Shift(archive, extractor, files, pulse, lambda: True, ClockWatch(steady=time.time))
            working = asyncio.create_task(shift.work(orders))
            idle = False
            while ((now := datetime.now(UTC)) < end or not idle) and not working.done():
                runs = [run for name in files.sources if (run := shift.timetable.next_run(name))]
                visits = [each.oldest for each in archive.index.due_sources(end + FAR)]
                due = min([*runs, *visits], default=now)
                busy = shift.dispatcher.in_progress or shift.dispatcher.waiting
                idle = due > now and not busy
                if idle and now < end:
                    clock.move_to(min(max(due, now + STEP), end))
                    costs.append((resident(), open_files()))
                if not busy:
                    shift.timetable.wake()
                    shift.dispatcher.wake()
                await asyncio.sleep(0.01)
            orders.stop.set()
            await working
            due = sum(each.count for each in archive.index.due_sources(datetime.now(UTC)))
            unfinished = archive.index.operations.sources.unfinished()
    return {"log": site.log, "costs": costs, "overdue": due, "unfinished": unfinished}


def main() -> None:
    home, days = Home(Path(sys.argv[1])), float(sys.argv[2])
    set_up_logs("json")
    prepare()
    with Daily(days) as site, time_machine.travel(START, tick=True) as clock:
        (home.sources / "daily.yaml").write_text(
            f"title: Daily\ndomains: [{HOST}]\ncountry: DE\nlanguages: [en]\nenabled: true\n"
            f'feeds: ["{site.url(HOST, "/feed.xml")}"]\nschedule: 1 h\n'
        )
        os.environ["ARCHIVER_NETWORK__ALLOWED_PORTS"] = json.dumps([site.port])
        found = run_under_reactor(lambda: soak(home, site, days, clock))
    print(json.dumps({**found, "articles": site.count}))


if __name__ == "__main__":
    main()

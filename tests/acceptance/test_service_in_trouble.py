"""The service on a bad day: hostile sources, files that vanish under it, no room, signals at any moment."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest
from command_line import COMMAND
from services import Service, WatchedSite, service

from archiver.demo.resource import Answer, Fault, Request, Resource, note
from archiver.demo.server import LocalSite

ROBOTS = b"User-agent: *\nDisallow: /secret\n" + b"# padding\n" * 1_000_000 + b"Disallow: /\n"
MILLION = 1_000_000


class HostileSite(LocalSite):
    """Hosts that each go wrong in their own way, and one that does not."""

    def respond(self, request: Request) -> Answer:
        return self._resource(request.hostname.partition(".")[0], request.target).answer(request)

    def _resource(self, host: str, path: str) -> Resource:
        if path == "/robots.txt":
            return Resource(ROBOTS, "text/plain") if host == "wordy" else note(404, "none")
        if path == "/feed.xml":
            return self._feed(host)
        number = path.removeprefix("/news/").removesuffix(".html")
        text = f"<title>Story {number}</title><article><h1>Story {number}</h1><p>It rained.</p></article>"
        return Resource(text.encode(), "text/html; charset=utf-8")

    def _feed(self, host: str) -> Resource:
        if host == "redesigned":
            return Resource(b"<!doctype html><title>New design</title><p>Hello", "text/html")
        entry = f"<item><link>{self.url(host, '/news/1.html')}</link>"
        if host == "ahead":
            dates = ("Fri, 31 Dec 9999 23:59:59 GMT", "Mon, 01 Jan 99999 00:00:00 GMT", "Thu, 01 Jan 2099")
            entries = "".join(f"{entry}<pubDate>{date}</pubDate></item>" for date in dates)
        elif host == "endless":
            entries = f"{entry}</item>" * MILLION
        elif host == "wordy":
            entries = f"{entry}</item><item><link>{self.url(host, '/secret/2.html')}</link></item>"
        else:
            entries = "".join(
                f"<item><link>{self.url(host, f'/news/{number}.html')}</link></item>" for number in range(5)
            )
        text = f'<?xml version="1.0"?><rss version="2.0"><channel><title>F</title>{entries}</channel></rss>'
        return Resource(text.encode(), "application/rss+xml")


def most_memory(process: subprocess.Popen[bytes]) -> int:
    """Bytes that the process had in memory at most (proc(5), VmHWM)."""
    lines = Path(f"/proc/{process.pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


def test_hostile_sources_are_told_and_hold_nobody_else_up(tmp_path: Path) -> None:
    hosts = ("redesigned", "ahead", "endless", "wordy", "good")
    with HostileSite() as site, service(tmp_path / "home") as running:
        for host in hosts:
            feed = site.url(host, "/feed.xml")
            running.source(host, domains=[f"{host}.localhost"], feeds=[feed], schedule="1 min")
        process = running.start()

        def passes() -> list[bool]:
            sources = running.status()["sources"]
            return [bool(sources.get(host, {}).get("finished_at")) for host in hosts]

        running.wait_until(lambda: all(passes()), 90)
        assert most_memory(process) < 700e6
        sources = running.status()["sources"]
        running.stop(process)
        assert "is an HTML page, not a feed" in sources["redesigned"]["problem"]
        assert {host: sources[host]["total"]["new"] for host in hosts} == {
            "redesigned": 0, "ahead": 1, "endless": 1, "wordy": 1, "good": 5,
        }  # fmt: skip
        assert not [request for request in site.requests if request.path.startswith("/secret")]
        assert running.archive.here("verify", "--json").json()["faults"] == []
        seen = len(site.requests)
        again = running.archive.run("run", "--once", "--json", code=None).json()
        assert (again["new"], again["changed"]) == (0, 0), "no date ahead makes an article newer"
        assert len(site.requests) - seen <= 12


def _catches(process: subprocess.Popen[bytes], number: signal.Signals) -> bool:
    lines = Path(f"/proc/{process.pid}/status").read_text("ascii").splitlines()
    caught = next(int(line.split()[1], 16) for line in lines if line.startswith("SigCgt"))
    return bool(caught >> (number - 1) & 1)


def test_signals_while_it_begins_neither_kill_nor_are_lost(tmp_path: Path) -> None:
    with service(tmp_path / "home") as running:
        process = running.start()
        running.wait_until(lambda: _catches(process, signal.SIGTERM))
        assert not any("leads" in line["event"] for line in running.log()), "it had not begun yet"
        process.send_signal(signal.SIGHUP)
        running.stop(process)


@pytest.mark.parametrize("arguments", [("--no-web",), ("--once",)])
def test_a_full_disk_does_not_keep_a_service_from_ending(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    with (
        WatchedSite(1, 5, 0) as site,
        service(tmp_path / "home", ARCHIVER_SERVICE__GRACE="2") as running,
    ):
        running.follow(site, schedule="1 min")
        process = running.start(*arguments, ARCHIVER_STORAGE__FREE_FLOOR="900TiB")
        running.wait_until(lambda: any("free_floor" in line["event"] for line in running.log()))
        assert not any("nothing new" in line["event"] for line in running.log())
        running.wait_until(lambda: running.status()["service"]["running"])
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in ((0,) if arguments == ("--no-web",) else (0, 1)), running.logs()
        process = running.start()
        running.wait_until(lambda: _archived(running) == 5)
        running.stop(process)


PAGES = 40


@pytest.fixture
def full_pipe() -> Iterator[int]:
    """The end to write to of a pipe that has no room left, and that nobody reads."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(write, b"x" * 4096)
    os.set_blocking(write, True)
    yield write
    os.close(write)
    os.close(read)


def test_a_log_that_nobody_reads_keeps_a_service_neither_from_its_work_nor_from_ending(
    tmp_path: Path, full_pipe: int
) -> None:
    with service(tmp_path / "home") as running:
        process = subprocess.Popen(
            [COMMAND, "run", "--no-web"],
            stdin=subprocess.DEVNULL,
            stderr=full_pipe,
            env=running.archive.environment(),
            start_new_session=True,
        )
        running.processes.append(process)
        running.wait_until(lambda: running.status()["service"]["running"])
        running.stop(process, seconds=20)


def test_a_service_runs_without_a_standard_error(tmp_path: Path) -> None:
    with service(tmp_path / "home") as running:
        process = subprocess.Popen(
            ["sh", "-c", 'exec "$@" 2>&-', "sh", COMMAND, "run", "--no-web"],
            stdin=subprocess.DEVNULL,
            env=running.archive.environment(),
            start_new_session=True,
        )
        running.processes.append(process)
        running.wait_until(lambda: running.status()["service"]["running"])
        running.stop(process, seconds=20)


@contextmanager
def at_work(home: Path, **settings: str) -> Iterator[tuple[Service, subprocess.Popen[bytes]]]:
    """A service with some of its `PAGES` pages archived, and the process that goes on with the others."""
    with (
        WatchedSite(1, PAGES, 0, page_bytes=2_000) as site,
        service(home, ARCHIVER_POLITENESS__DELAY="0.1", **settings) as running,
    ):
        running.follow(site, schedule="1 min")
        process = running.start()
        running.wait_until(lambda: _archived(running) >= 5)
        yield running, process


def _archived(running: Service) -> int:
    with running.archive.index() as index:
        return len(list(index.snapshots()))


def finish(running: Service, process: subprocess.Popen[bytes] | None = None) -> None:
    """Archive the rest, in a new process if none is given, and end."""
    process = process or running.start()
    running.wait_until(lambda: _archived(running) == PAGES, 90)
    running.stop(process)


def test_a_locked_index_does_not_keep_a_service_from_ending(tmp_path: Path) -> None:
    with at_work(tmp_path / "home", ARCHIVER_SERVICE__GRACE="2") as (running, process):
        with closing(sqlite3.connect(running.archive.home / "index.sqlite", timeout=30)) as other:
            other.execute("BEGIN EXCLUSIVE")
            process.send_signal(signal.SIGTERM)
            running.wait_until(lambda: any("stopping" in line["event"] for line in running.log()), 10)
            assert process.wait(50) == 0, running.logs()
        finish(running)
        assert running.archive.here("verify", "--json").json()["faults"] == []


def test_what_is_archived_into_a_file_that_was_removed_is_not_reported(tmp_path: Path) -> None:
    with at_work(tmp_path / "home") as (running, process):
        warc = running.archive.home / "warc"
        shutil.rmtree(warc)
        running.wait_until(lambda: any("was removed" in line["event"] for line in running.log()))
        [removed] = [line["timestamp"] for line in running.log() if "was removed" in line["event"]]
        warc.mkdir()
        finish(running, process)
        with running.archive.index() as index:
            later = [
                each.page.record_id
                for each in index.snapshots()
                if each.captured_at > datetime.fromisoformat(removed)
            ]
        assert later
        faults = running.archive.here("verify", "--json", code=1).json()["faults"]
        assert faults, "what was there before is lost, and said to be"
        running.archive.here("reindex")
        with running.archive.index() as index:
            assert all(index.capture(record_id) for record_id in later)


def test_an_index_that_vanishes_ends_the_service_with_what_to_do(tmp_path: Path) -> None:
    with at_work(tmp_path / "home") as (running, process):
        for path in running.archive.home.glob("index.sqlite*"):
            path.unlink()
        assert process.wait(60) == 1, running.logs()
        last = running.log()[-1]
        assert last["level"] == "critical"
        assert "archiver reindex" in last["event"]
        assert not any("exception" in line for line in running.log())
        (running.archive.home / "index.sqlite").unlink(missing_ok=True)
        running.archive.here("reindex")
        finish(running)
        assert running.archive.here("verify", "--json").json()["faults"] == []


def test_a_killed_leader_is_forgotten_by_the_next_and_a_paused_source_is_not_taken_up(tmp_path: Path) -> None:
    with at_work(tmp_path / "home") as (running, process):
        process.kill()
        process.wait()
        running.archive.here("sources", "pause", "outlet-0")
        process = running.start()

        def leader() -> int | None:
            told = running.status()["service"]
            leading = [each["pid"] for each in told["processes"] if each["role"] == "leader"]
            return leading[0] if len(leading) == 1 else None

        running.wait_until(lambda: leader() == process.pid)
        running.stop(process)
        assert not any("looked at again" in line["event"] for line in running.log(1))
        assert running.status()["service"]["processes"] == []


class ShutSite(HostileSite):
    """Asks to be left alone for ten minutes, whatever is asked for; a hanging page is another matter."""

    def respond(self, request: Request) -> Answer:
        if request.hostname.startswith("hanging"):
            answer = super().respond(request)
            return answer._replace(fault=Fault.HANG) if "/news/" in request.target else answer
        if request.target == "/robots.txt":
            return note(404, "none").answer(request)
        return note(503, "not now", ("Retry-After", "600")).answer(request)


def test_a_host_that_asked_to_be_left_alone_is_left_alone_by_the_next_process_too(tmp_path: Path) -> None:
    with ShutSite() as site, service(tmp_path / "home") as running:
        running.source(
            "shut", domains=["shut.localhost"], feeds=[site.url("shut", "/feed.xml")], schedule="1 min"
        )
        process = running.start()
        running.wait_until(lambda: any(each.status == 503 for each in site.requests))
        running.stop(process)
        [closed] = running.status()["closed_hosts"]
        assert closed["host"].startswith("shut.localhost")
        asked = len(site.requests)
        told = running.archive.run("run", "--once", "--json", code=1).json()
        assert "is left alone until" in told["problems"]["shut"]
        assert len(site.requests) == asked


def test_one_pass_ends_in_the_grace_too(tmp_path: Path) -> None:
    with ShutSite() as site, service(tmp_path / "home", ARCHIVER_SERVICE__GRACE="1") as running:
        running.source("slow", domains=["hanging.localhost"], feeds=[site.url("hanging", "/feed.xml")])
        process = running.start("--once")
        running.wait_until(lambda: any("/news/" in each.path for each in site.requests))
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) in (0, 1), running.logs()
        assert running.archive.here("verify", "--json").json()["faults"] == []

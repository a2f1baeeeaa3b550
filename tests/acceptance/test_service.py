"""`archiver run` as an operator meets it: once, refused, reloaded, paused, with the web beside it."""

from __future__ import annotations

import json
import socket
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from services import Service, WatchedSite, service

from archiver.demo.generated import GeneratedSite

SECRET = {"Authorization": "${NO_SUCH_SECRET}"}


def test_once_does_all_that_is_due_and_tells_what_it_brought(tmp_path: Path) -> None:
    with GeneratedSite(2, 6, 1) as site, service(tmp_path / "home") as running:
        running.follow(site)
        brought = running.archive.run("run", "--once", "--json").json()
        with_logos = 12
        assert (brought["new"], brought["pictures"], brought["failed"]) == (6, with_logos, 0)
        make_all_due(running)
        site.mutate(1 / 3)
        again = running.archive.run("run", "--once", "--json").json()
        assert (again["new"], again["known"]) == (0, 6)
        assert (again["changed"], again["unchanged"]) == (2, 4), "visits of articles that are due count too"
        make_all_due(running)
        assert "6 unchanged, 6 entries, 6 known" in running.archive.run("run", "--once").err.splitlines()
        assert set(running.status()["sources"]) == {"outlet-0", "outlet-1"}


def test_once_with_a_list_that_cannot_be_read_ends_with_1_and_says_which(tmp_path: Path) -> None:
    with GeneratedSite(1, 2, 0) as site, service(tmp_path / "home") as running:
        running.follow(site)
        feed = f"http://127.0.0.1:{free_port()}/feed.xml"
        running.source("evening", domains=["127.0.0.1"], feeds=[feed])
        answer = running.archive.run("run", "--once", "--json", code=1)
        brought = answer.json()
        assert brought["new"] == 2
        assert list(brought["problems"]) == ["evening"]
        assert "refused" in brought["problems"]["evening"]
        assert "1 of 2 sources could not be looked at as they should" in answer.err
        assert f"evening: {brought['problems']['evening']}" in answer.err
        assert "looked at evening: its list could not be read" in answer.err
        assert "nothing new" not in answer.err
        running.archive.here("sources", "pause", "outlet-0")
        told = running.archive.run("run", "--once", code=1).err
        assert "nothing new" not in told
        assert "1 of 1 sources could not be looked at as they should" in told


def test_once_without_a_source_says_so_and_ends_well(tmp_path: Path) -> None:
    with service(tmp_path / "home") as running:
        told = running.archive.run("run", "--once").err
        assert "nothing new: no source is enabled" in told
        path = running.source("one", domains=["one.localhost"], feeds=["http://one.localhost/feed"])
        running.archive.here("sources", "pause", "one")
        assert (
            "nothing new: every source that is enabled is paused" in running.archive.run("run", "--once").err
        )
        with path.open("a") as file:
            file.write("shedule: 5 min\n")
        broken = running.archive.run("run", "--once", code=1).err
        assert "shedule: is no key of a source (did you mean schedule?)" in broken.splitlines()[-1]
        assert "no source can be looked at" in broken
        path.unlink()
        running.source(
            "closed", domains=["one.localhost"], feeds=["http://one.localhost/feed"], headers=SECRET
        )
        lacking = running.archive.run("run", "--once", code=1).err
        assert (
            "header Authorization needs the environment variable NO_SUCH_SECRET" in lacking.splitlines()[-1]
        )
        assert "no source is enabled" not in lacking


def test_sites_beyond_this_machine_are_not_crawled_without_a_contact(tmp_path: Path) -> None:
    with service(tmp_path / "home") as running:
        running.source("far", domains=["news.example"], feeds=["https://news.example/feed"])
        refused = running.archive.run("run", code=2)
        assert "identity.contact" in refused.err


def test_a_service_follows_its_files_heeds_a_pause_and_refuses_a_second_one(tmp_path: Path) -> None:
    with WatchedSite(2, 6, 0) as site, service(tmp_path / "home") as running:
        process = running.start()
        running.wait_until(lambda: running.status()["service"]["running"])
        second = running.archive.run("run", "--no-web", code=1)
        assert f"process {process.pid} on " in second.err
        hosts = sorted({urlsplit(url).netloc for url in site.article_urls})
        feed = f"http://{hosts[0]}/feed.xml"
        running.source("one", domains=[hosts[0].partition(":")[0]], feeds=[feed], schedule="1 min")
        running.wait_until(lambda: any(path == "/feed.xml" for _, _, _, path in site.seen))
        running.archive.here("sources", "pause", "one", "--reason", "too loud")
        running.wait_until(lambda: any("one is paused" in line["event"] for line in running.log()))
        assert running.status()["sources"]["one"]["paused_reason"] == "too loud"
        running.stop(process)


def test_the_web_comes_up_when_its_port_is_free_and_crawling_does_not_wait_for_it(tmp_path: Path) -> None:
    taken = socket.create_server(("127.0.0.1", 0))
    port = taken.getsockname()[1]
    with (
        WatchedSite(1, 2, 0) as site,
        service(tmp_path / "home", ARCHIVER_WEB__PORT=str(port), ARCHIVER_WEB__REPLAY_PORT="0") as running,
    ):
        running.follow(site)
        process = running.start("--web")
        running.wait_until(lambda: _brought(running) == 2)
        running.wait_until(lambda: any("the web ended" in line["event"] for line in running.log()))
        taken.close()
        running.wait_until(lambda: _is_ready(port))
        running.stop(process)
        assert not _is_ready(port)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def make_all_due(running: Service) -> None:
    now = datetime.now(UTC)
    with running.archive.index() as index:
        followed = index.due(now + timedelta(days=365))
        index.follow(
            [replace(each, next_visit_at=each.last_visit + timedelta.resolution) for each in followed]
        )


def _brought(running: Service) -> int:
    return sum(each["total"]["new"] for each in running.status()["sources"].values())


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as answer:
            return bool(json.load(answer)["checks"]["service"] == "ok")
    except OSError:
        return False

"""The service is killed and stopped at any moment: nothing is lost, nothing is done twice."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
from collections import Counter
from pathlib import Path

from services import Service, WatchedSite, service

from archiver.model.capture import RecordType
from archiver.storage.index import Index, Match

KILLS = int(os.environ.get("ARCHIVER_TEST_KILLS", "3"))


def in_session(session: int) -> list[int]:
    """The processes of a session that still live."""
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text("ascii", "replace").rpartition(")")[2].split()
        except OSError:
            continue  # it ended meanwhile
        if int(fields[3]) == session and fields[0] != "Z":
            found.append(int(path.parent.name))
    return found


def kill(running: Service, process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for the service alone; what it started ends with it."""
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    running.wait_until(lambda: not in_session(process.pid), 20)


def make_everything_due(home: Path) -> None:
    with sqlite3.connect(home / "index.sqlite") as database:
        database.execute(
            "UPDATE articles SET next_visit_at = last_visit + 1, first_seen = first_seen - 86400000000"
        )


def is_done(running: Service, site: WatchedSite) -> bool:
    """Every article has a snapshot, nothing is due, nothing was left unfinished."""
    with running.archive.index() as index:
        states = index.operations.sources
        if states.unfinished() or running.status()["revisits"]["due"]:
            return False
        return {each.seed for each in index.snapshots()} == set(site.article_urls)


def pictures(site: WatchedSite) -> list[str]:
    return [url for number in range(len(site.article_urls)) for url in site.picture_urls(number)]


def responses(index: Index, site: WatchedSite) -> Counter[object]:
    """How often each payload of an article or picture was stored."""
    return Counter(
        capture.payload_digest
        for url in (*site.article_urls, *pictures(site))
        for capture in index.captures(Match.EXACT, url)
        if capture.record_type is RecordType.RESPONSE and capture.status == 200 and not capture.truncated
    )


def test_after_kills_at_any_moment_every_version_is_archived_exactly_once(tmp_path: Path) -> None:
    chance = random.Random(KILLS)
    with (
        WatchedSite(3, 90, 2, page_bytes=3_000, picture_bytes=5_000) as site,
        service(tmp_path / "home", ARCHIVER_POLITENESS__CONCURRENCY="4") as running,
    ):
        running.follow(site, schedule="1 min")
        for number in range(KILLS):
            if number == KILLS // 2:
                site.mutate(0.2)
                make_everything_due(running.archive.home)
            seen = len(site.seen)
            process = running.start()
            enough = seen + chance.randrange(1, 60)
            running.wait_until(lambda enough=enough: len(site.seen) >= enough or is_done(running, site))
            kill(running, process)
        make_everything_due(running.archive.home)
        process = running.start()
        running.wait_until(lambda: is_done(running, site), 90)
        running.stop(process)
        assert running.archive.here("verify", "--json").json()["faults"] == []
        assert not list((running.archive.home / "warc").glob("*.open"))
        with running.archive.index() as index:
            stored = responses(index, site)
            assert set(stored.values()) == {1}
            for url in (*site.article_urls, *pictures(site)):
                latest = index.unchanged_since(url)
                assert latest
                assert latest.payload_digest
                assert latest.payload_digest.value.hex() == site.newest[url]
        before = running.archive.dump()
        running.archive.here("reindex")
        assert running.archive.dump() == before


def test_a_source_that_waited_for_its_turn_when_the_service_was_killed_has_it_soon(tmp_path: Path) -> None:
    with (
        WatchedSite(2, 120, 0, page_bytes=1_000) as site,
        service(
            tmp_path / "home", ARCHIVER_SERVICE__WORKERS="1", ARCHIVER_POLITENESS__DELAY="0.5"
        ) as running,
    ):
        running.follow(site, schedule="31 d")
        process = running.start()

        def asked() -> set[str]:
            return {host for _, _, host, _ in site.seen}

        def waits() -> bool:
            return any(each["document"].get("queue") for each in running.status()["service"]["processes"])

        running.wait_until(waits)
        assert len(asked()) == 1
        kill(running, process)
        running.start(ARCHIVER_SERVICE__WORKERS="2")
        running.wait_until(lambda: len(asked()) == 2, 25)


def test_a_service_that_is_told_to_stop_finishes_what_is_under_way_and_seals(tmp_path: Path) -> None:
    with (
        WatchedSite(2, 80, 1, page_bytes=3_000, picture_bytes=3_000) as site,
        service(tmp_path / "home", ARCHIVER_POLITENESS__DELAY="0.05") as running,
    ):
        running.follow(site, schedule="1 min")
        process = running.start()
        running.wait_until(lambda: len(site.seen) > 20)
        running.stop(process)
        assert not list((running.archive.home / "warc").glob("*.open"))
        assert running.archive.here("verify", "--json").json()["faults"] == []
        with running.archive.index() as index:
            archived = len(list(index.snapshots()))
            assert 0 < archived < len(site.article_urls)
            assert index.operations.sources.unfinished()
        process = running.start()
        running.wait_until(lambda: is_done(running, site), 90)
        running.stop(process)


def test_a_second_signal_ends_the_service_at_once(tmp_path: Path) -> None:
    with (
        WatchedSite(1, 80, 1, page_bytes=3_000, picture_bytes=3_000) as site,
        service(tmp_path / "home", ARCHIVER_POLITENESS__DELAY="3", ARCHIVER_SERVICE__GRACE="60") as running,
    ):
        running.follow(site, schedule="1 min")
        process = running.start()
        running.wait_until(lambda: len(site.seen) > 2)
        process.send_signal(signal.SIGTERM)
        running.wait_until(lambda: any("stopping" in line["event"] for line in running.log()))
        process.send_signal(signal.SIGTERM)
        assert process.wait(15) == 130, running.logs()
        assert running.archive.here("verify", "--json").json()["faults"] == []

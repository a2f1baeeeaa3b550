"""PostgreSQL is stopped under a running service, and comes back: everything waits for it, nothing is lost."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from database_line import Line
from services import Service, WatchedSite, service

from archiver.model.capture import RecordType
from archiver.storage.index import Index, Match


class OwnServer:
    """A PostgreSQL server that a test may stop and start, which nobody else uses."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="archiver-own-postgresql-"))
        self.start()

    def start(self) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as in conftest.py
            import pgserver

            self._server = pgserver.get_server(self.folder, cleanup_mode="stop")
        self.url = self._server.get_uri()

    def stop(self) -> None:
        self._server.cleanup()


@pytest.fixture
def server() -> Iterator[OwnServer]:
    server = OwnServer()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder)


@contextmanager
def at_work(home: Path, site: WatchedSite, url: str) -> Iterator[Service]:
    with service(home, ARCHIVER_DATABASE__URL=url, ARCHIVER_POLITENESS__DELAY="0.1") as running:
        running.follow(site, schedule="1 min")
        yield running


def wait_until_it_is_missed(running: Service) -> None:
    running.wait_until(lambda: any("cannot be reached" in line["event"] for line in running.log()))


def test_a_service_outlives_its_database_and_archives_everything_once(
    tmp_path: Path, server: OwnServer
) -> None:
    with (
        WatchedSite(3, 45, 1, page_bytes=2_000, picture_bytes=2_000) as site,
        at_work(tmp_path / "home", site, server.url) as running,
    ):
        process = running.start()
        running.wait_until(lambda: len(site.seen) > 30)
        server.stop()
        wait_until_it_is_missed(running)
        unheard = len(site.seen)
        server.start()

        def is_complete() -> bool:
            with Index.open(server.url) as index:
                seeds = {each.seed for each in index.snapshots()}
                return seeds == set(site.article_urls) and not index.operations.sources.unfinished()

        running.wait_until(is_complete, 100)
        assert len(site.seen) > unheard
        assert process.poll() is None
        running.stop(process)
        assert running.archive.here("verify", "--json").json()["faults"] == []
        with Index.open(server.url) as index:
            stored = Counter(
                capture.payload_digest
                for url in site.article_urls
                for capture in index.captures(Match.EXACT, url)
                if capture.record_type is RecordType.RESPONSE and capture.status == 200
            )
        assert len(stored) == len(site.article_urls)
        assert set(stored.values()) == {1}


def test_a_service_that_is_told_to_stop_while_its_database_is_away_ends_in_its_grace(
    tmp_path: Path, server: OwnServer
) -> None:
    with (
        WatchedSite(3, 45, 1, page_bytes=2_000, picture_bytes=2_000) as site,
        at_work(tmp_path / "home", site, server.url) as running,
    ):
        process = running.start(ARCHIVER_SERVICE__GRACE="3")
        running.wait_until(lambda: len(site.seen) > 30)
        server.stop()
        wait_until_it_is_missed(running)
        running.stop(process, seconds=20)
        server.start()
        process = running.start()

        def is_complete() -> bool:
            with Index.open(server.url) as index:
                return {each.seed for each in index.snapshots()} == set(site.article_urls)

        running.wait_until(is_complete, 100)
        running.stop(process)
        assert running.archive.here("verify", "--json").json()["faults"] == []


def test_a_service_that_is_told_to_stop_while_its_database_is_silent_ends_in_its_grace(
    tmp_path: Path, line: Line
) -> None:
    with (
        WatchedSite(3, 45, 1, page_bytes=2_000, picture_bytes=2_000) as site,
        at_work(tmp_path / "home", site, line.url) as running,
    ):
        process = running.start(ARCHIVER_SERVICE__GRACE="3")
        running.wait_until(lambda: len(site.seen) > 30)
        line.hold()
        wait_until_it_is_missed(running)
        running.stop(process, seconds=20)
        line.mend()
        assert running.archive.here("verify", "--json").json()["faults"] == []

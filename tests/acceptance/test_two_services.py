"""Two services on one PostgreSQL: one leads, the other waits and takes over."""

from __future__ import annotations

import itertools
import os
import signal
import time
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from services import WatchedSite, service

from archiver.storage.index import Index

TAKEOVER = 30.0


def roles(url: str) -> dict[int, str]:
    """What each process said last of its role, by its number."""
    with Index.open(url) as index:
        return {beat.pid: beat.role for beat in index.operations.beats.all()}


def owners(url: str) -> dict[str, int]:
    """The number of each process, by the name that it goes by."""
    with Index.open(url) as index:
        return {beat.owner: beat.pid for beat in index.operations.beats.all()}


def asked_by(site: WatchedSite, agent: str) -> set[str]:
    """The hosts that it asked."""
    return {host for _, asker, host, _ in site.seen if asker == agent}


def test_when_the_leader_is_killed_the_other_takes_over_and_no_source_is_crawled_twice_at_once(
    tmp_path: Path, postgresql_database: str
) -> None:
    url = postgresql_database
    with (
        WatchedSite(4, 80, 1, page_bytes=2_000, picture_bytes=2_000) as site,
        service(tmp_path / "home", ARCHIVER_DATABASE__URL=url, ARCHIVER_POLITENESS__DELAY="0.1") as running,
    ):
        sources = running.follow(site, schedule="1 min")
        first = running.start(ARCHIVER_POLITENESS__USER_AGENT="first")
        running.wait_until(lambda: len(site.seen) > 40)
        second = running.start(ARCHIVER_POLITENESS__USER_AGENT="second")
        running.wait_until(lambda: roles(url).get(second.pid) == "standby")
        assert roles(url)[first.pid] == "leader"
        os.kill(first.pid, signal.SIGKILL)
        first.wait()
        killed = time.monotonic()
        running.wait_until(lambda: any(agent == "second" for _, agent, _, _ in site.seen), TAKEOVER)
        print(f"took over after {time.monotonic() - killed:.1f} s")

        def is_complete() -> bool:
            with Index.open(url) as index:
                states = {state.name: state for state in index.operations.sources.all()}
            return all(name in states and states[name].succeeded_at for name in sources)

        running.wait_until(is_complete, 90)
        running.stop(second)
        with Index.open(url) as index:
            assert {urlsplit(each.seed).path for each in index.snapshots()} == {
                urlsplit(page).path for page in site.article_urls
            }
            assert index.operations.sources.unfinished() == []
        for _, seen in itertools.groupby(
            sorted(site.seen, key=lambda each: each[2]), key=lambda each: each[2]
        ):
            agents = [agent for _, agent, _, _ in sorted(seen)]
            assert agents == sorted(agents), "both asked one host at the same time"
        assert running.archive.here("verify", "--json").json()["faults"] == []


def test_a_leader_that_slept_leaves_everything_to_the_one_that_took_over(
    tmp_path: Path, postgresql_database: str
) -> None:
    url = postgresql_database
    with (
        WatchedSite(4, 160, 0, page_bytes=2_000) as site,
        service(tmp_path / "home", ARCHIVER_DATABASE__URL=url, ARCHIVER_POLITENESS__DELAY="0.25") as running,
    ):
        running.follow(site, schedule="1 min")
        first = running.start(ARCHIVER_POLITENESS__USER_AGENT="first")
        running.wait_until(lambda: len(site.seen) > 30)
        [sleeper] = [owner for owner, pid in owners(url).items() if pid == first.pid]
        second = running.start(ARCHIVER_POLITENESS__USER_AGENT="second")
        running.wait_until(lambda: roles(url).get(second.pid) == "standby")
        first.send_signal(signal.SIGSTOP)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
                (f"archiver {sleeper}",),
            )
        running.wait_until(lambda: all(host in asked_by(site, "second") for host in site.hosts), TAKEOVER)
        awake = len(site.seen)
        first.send_signal(signal.SIGCONT)
        running.wait_until(lambda: roles(url).get(first.pid) == "standby")
        running.wait_until(lambda: len(site.seen) > awake + 20)
        late = [agent for _, agent, _, _ in site.seen[awake:]].count("first")
        assert late <= 2 * len(site.hosts), "what was on its way when it fell asleep, and no more"
        running.stop(first)
        running.stop(second)
        assert running.archive.here("verify", "--json").json()["faults"] == []


def test_a_leader_whose_database_hangs_up_leads_again_and_loses_nothing(
    tmp_path: Path, postgresql_database: str
) -> None:
    url = postgresql_database
    with (
        WatchedSite(2, 30, 1, page_bytes=2_000, picture_bytes=2_000) as site,
        service(tmp_path / "home", ARCHIVER_DATABASE__URL=url, ARCHIVER_POLITENESS__DELAY="0.1") as running,
    ):
        running.follow(site, schedule="1 min")
        process = running.start()
        running.wait_until(lambda: len(site.seen) > 20)
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

        def is_complete() -> bool:
            with Index.open(url) as index:
                return len(list(index.snapshots())) == len(site.article_urls)

        running.wait_until(is_complete, 100)
        assert process.poll() is None
        running.stop(process)
        assert running.archive.here("verify", "--json").json()["faults"] == []

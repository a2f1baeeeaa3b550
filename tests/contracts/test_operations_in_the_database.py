"""Who leads, what a rebuild keeps, where APScheduler's jobs stand, and how a database is tidied."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from apscheduler.jobstores.base import ConflictingIdError, JobLookupError
from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.background import BackgroundScheduler
from database_line import Line
from index_examples import at, capture
from sqlalchemy.engine import make_url

from archiver.errors import IndexUnavailableError
from archiver.model.operations import Beat, HostState, PassCounts
from archiver.storage.index import DueSource, FollowedArticle, Index
from archiver.storage.index import housekeeping as housekeeping_module
from archiver.storage.operations.tables import jobs

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PAGE = "https://www.example.com/"

on_postgresql = pytest.mark.parametrize("kind", ["postgresql"])
"""SQLite has no server: with it an archive has one machine, and the home's lock file decides who leads."""


def end_sessions(url: str, named: str) -> int:
    """End the PostgreSQL sessions whose application name has `named` in it; returns how many."""
    with psycopg.connect(url, autocommit=True) as connection:
        ended = connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE datname = current_database() AND application_name LIKE %s AND pid <> pg_backend_pid()",
            (f"%{named}%",),
        ).fetchall()
    return len(ended)


def test_one_leads_at_a_time_and_the_place_is_free_when_given_back(
    index: Index, url: str, kind: str, opened: Callable[[str], Index]
) -> None:
    one, other = index.operations.leadership("one"), opened(url).operations.leadership("other")
    assert not one.is_held()
    assert one.try_acquire()
    assert one.try_acquire()
    assert one.is_held()
    assert other.try_acquire() is (kind == "sqlite")
    one.release()
    one.release()
    assert not one.is_held()
    with other:
        assert other.try_acquire()
    assert not other.is_held()
    assert one.try_acquire()
    one.release()


@on_postgresql
def test_another_leads_when_the_session_of_the_first_died(
    index: Index, url: str, opened: Callable[[str], Index]
) -> None:
    with (
        index.operations.leadership("first") as first,
        opened(url).operations.leadership("second") as second,
    ):
        assert first.try_acquire()
        assert not second.try_acquire()
        assert end_sessions(url, "archiver first") == 1
        assert second.try_acquire()
        assert not first.is_held()
        assert not first.try_acquire()
        assert second.is_held()


@on_postgresql
def test_archives_in_schemas_of_one_database_have_leaders_of_their_own(
    url: str, opened: Callable[[str], Index]
) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA second")
    elsewhere = make_url(url).update_query_dict({"options": "-csearch_path=second"})
    indexes = opened(url), opened(elsewhere.render_as_string(hide_password=False))
    with indexes[0].operations.leadership("a") as a, indexes[1].operations.leadership("b") as b:
        assert a.try_acquire()
        assert b.try_acquire()


def test_a_server_that_is_away_is_told_to_who_would_lead(line: Line) -> None:
    with Index.open(line.url) as index:
        leadership = index.operations.leadership("a")
        line.cut()
        with pytest.raises(IndexUnavailableError, match="cannot be reached"):
            leadership.try_acquire()
        assert not leadership.is_held()


def fill(index: Index) -> None:
    """Something in every table of the running."""
    operations = index.operations
    operations.sources.pause("daily", NOW, "reason")
    operations.sources.finished("daily", "a", NOW, PassCounts(new=4), None, is_pass=True)
    operations.hosts.put([HostState("a.example", at(9), "429", 1, 2.5, NOW)])
    operations.beats.put(Beat("a", "machine", 1, "leader", NOW, NOW, {"queue": 1}))
    operations.tokens.add("desk", ["capture"], bytes(32), NOW)
    operations.submissions.add(PAGE, None, NOW)


def contents(index: Index) -> tuple[object, ...]:
    operations = index.operations
    return (
        operations.sources.all(), operations.hosts.all(), operations.beats.all(), operations.tokens.all(),
        operations.submissions.recent(99), [job.id for job in stored_jobs(index)],
    )  # fmt: skip


def run_nothing() -> None:
    """A job."""


def stored_jobs(index: Index) -> list[object]:
    """The jobs as a scheduler finds them that is started later."""
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_jobstore(index.job_store())
    scheduler.start(paused=True)
    try:
        found: list[object] = scheduler.get_jobs()
        return found
    finally:
        scheduler.shutdown()


def add_job(index: Index, name: str) -> None:
    scheduler = BackgroundScheduler(timezone="UTC")
    scheduler.add_jobstore(index.job_store())
    scheduler.start(paused=True)
    try:
        scheduler.add_job(f"{__name__}:run_nothing", "interval", hours=1, id=name)
    finally:
        scheduler.shutdown()


def test_a_rebuilt_index_keeps_what_no_warc_file_says(index: Index) -> None:
    fill(index)
    add_job(index, "poll daily")
    index.record([capture(PAGE)])
    before = contents(index)
    assert all(before)
    with index.rebuild():
        index.operations.sources.pause("weekly", NOW, "while the new index is built")
    assert index.closest(PAGE) is None
    assert [state.name for state in index.operations.sources.all()] == ["daily", "weekly"]
    index.operations.sources.resume("weekly")
    assert contents(index)[1:] == before[1:]
    assert index.operations.sources.get("daily") == before[0][0]  # type: ignore[index]


def test_nothing_that_is_said_while_the_index_is_replaced_is_lost(
    index: Index, url: str, opened: Callable[[str], Index]
) -> None:
    other = opened(url)
    ended = threading.Event()

    def work() -> int:
        count = 0
        while not ended.is_set():
            other.operations.sources.finished("daily", "a", NOW, PassCounts(new=1), None, is_pass=False)
            count += 1
        return count

    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(work)
        try:
            for _ in range(3):
                with index.rebuild():
                    pass
        finally:
            ended.set()
        counted = working.result()
    assert counted
    assert index.operations.sources.get("daily").total.new == counted


def test_what_nothing_else_says_outlives_a_power_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    statements: list[str] = []
    connect = sqlite3.dbapi2.connect

    def watched(*arguments: object, **named: object) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*arguments, **named)  # type: ignore[call-overload]
        connection.set_trace_callback(statements.append)
        return connection

    monkeypatch.setattr(sqlite3.dbapi2, "connect", watched)
    with Index.open(f"sqlite:///{tmp_path / 'index.sqlite'}") as index:
        operations = index.operations
        for durable, act in {
            True: [
                lambda: operations.sources.pause("daily", NOW, None),
                lambda: operations.sources.resume("daily"),
                lambda: operations.tokens.add("desk", ["capture"], bytes(32), NOW),
                lambda: operations.tokens.revoke("desk", NOW),
                lambda: operations.submissions.add(PAGE, None, NOW),
            ],
            False: [
                lambda: operations.beats.put(Beat("a", "machine", 1, "leader", NOW, NOW)),
                lambda: index.record([capture(PAGE)]),
            ],
        }.items():
            for each in act:
                statements.clear()
                each()
                begun, ended = statements.index("BEGIN IMMEDIATE"), statements.index("COMMIT")
                flushed = "PRAGMA synchronous=FULL" in statements[:begun]
                assert flushed is durable
                assert ("PRAGMA synchronous=NORMAL" in statements[ended:]) is durable


def test_clearing_the_index_keeps_what_no_warc_file_says(index: Index) -> None:
    fill(index)
    before = contents(index)
    index.clear()
    assert contents(index) == before


def test_jobs_of_a_scheduler_outlive_it(index: Index) -> None:
    add_job(index, "poll daily")
    add_job(index, "poll weekly")
    assert [job.id for job in stored_jobs(index)] == ["poll daily", "poll weekly"]  # type: ignore[attr-defined]
    store = index.job_store()
    with pytest.raises(JobLookupError):
        store.remove_job("unknown")
    with pytest.raises(ConflictingIdError):
        add_job(index, "poll daily")
    store.remove_job("poll daily")
    assert [job.id for job in stored_jobs(index)] == ["poll weekly"]  # type: ignore[attr-defined]
    assert index.closest(PAGE) is None


def test_the_table_of_the_jobs_is_the_one_that_apscheduler_would_make(index: Index) -> None:
    theirs = SQLAlchemyJobStore(engine=index._database.engine).jobs_t
    assert [str(column.type) for column in theirs.c] == [str(column.type) for column in jobs.c]
    described = [
        [(column.name, column.nullable, column.primary_key) for column in table.c] for table in (theirs, jobs)
    ]
    assert described[0] == described[1]
    assert {index.name for index in theirs.indexes} == {index.name for index in jobs.indexes}


def test_a_database_that_is_away_is_told_to_the_scheduler_in_one_line(index: Index) -> None:
    store = index.job_store()
    with index._database.writing() as connection:
        connection.exec_driver_sql("DROP TABLE apscheduler_jobs")
    with pytest.raises(IndexUnavailableError, match="apscheduler_jobs"):
        store.get_next_run_time()


def follow(index: Index, count: int, source: str | None, due: datetime) -> None:
    index.follow(
        [
            FollowedArticle(
                f"{source} {number}", f"https://example.org/{source}/{number}", source,
                NOW + timedelta(seconds=number), NOW, NOW, 0, due - timedelta(minutes=number),
            )
            for number in range(count)
        ]
    )  # fmt: skip


def test_the_sources_with_due_articles_are_named_with_count_and_oldest(index: Index) -> None:
    follow(index, 3, "weekly", NOW)
    follow(index, 2, "daily", NOW - timedelta(hours=1))
    follow(index, 1, "later", NOW + timedelta(hours=1))
    follow(index, 2, None, NOW)
    assert index.due_sources(NOW) == [
        DueSource("daily", 2, NOW - timedelta(minutes=61)),
        DueSource("weekly", 3, NOW - timedelta(minutes=2)),
    ]


def test_due_articles_come_by_lateness_or_the_newest_first(index: Index) -> None:
    follow(index, 3, "daily", NOW)
    follow(index, 1, "later", NOW + timedelta(hours=1))
    late = [article.key for article in index.due(NOW, "daily")]
    new = [article.key for article in index.due(NOW, "daily", 2, newest_first=True)]
    assert late == ["daily 2", "daily 1", "daily 0"]
    assert new == ["daily 2", "daily 1"]
    index.follow([FollowedArticle("old", PAGE, "daily", at(1), NOW, NOW, 0, NOW - timedelta(days=9))])
    assert index.due(NOW, "daily", 1)[0].key == "old"
    assert index.due(NOW, "daily", 9, newest_first=True)[-1].key == "old"


def test_tidying_gives_back_the_log_of_sqlite(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    with Index.open(f"sqlite:///{path}") as index:
        index.record([capture(f"{PAGE}{number}") for number in range(50)])
        log = path.with_name("index.sqlite-wal")
        assert log.stat().st_size > 0
        assert index.tidy()
        assert log.stat().st_size == 0


def test_tidying_does_not_wait_for_who_reads_or_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "index.sqlite"
    monkeypatch.setattr(housekeeping_module, "_PATIENCE", 0.05)
    with (
        Index.open(f"sqlite:///{path}") as index,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        index.closest(PAGE)
        assert not index.tidy()
        other.execute("ROLLBACK")
        index.record([capture(PAGE)])
        assert index.tidy()
        with index._database.reading() as connection:
            assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 30_000


@on_postgresql
def test_tidying_gives_postgresql_statistics_of_all_tables(index: Index, url: str) -> None:
    fill(index)
    assert index.tidy()
    with psycopg.connect(url) as connection:
        known = connection.execute("SELECT reltuples FROM pg_class WHERE relname = 'tokens'").fetchone()
    assert known == (1.0,)

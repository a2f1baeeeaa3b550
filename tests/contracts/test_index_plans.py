"""No question to the index may read a whole table.

SQLite explains every statement of every method; PostgreSQL counts the whole tables that it read although
told to avoid that.
"""

from __future__ import annotations

import os
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

import psycopg
import pytest
from conftest import new_database
from index_examples import SEGMENT, at, capture, fetched, id_of, located, picture, revisit, snapshot

from archiver.model.digest import Digest
from archiver.model.operations import PassCounts
from archiver.storage.index import Cursor, FollowedArticle, Index

PAGE = "https://www.example.com/news/7"
PHOTO = capture("https://cdn.example.com/a.jpg", 3)

QUESTIONS: dict[str, Callable[[Index], object]] = {
    "closest": lambda index: index.closest(PAGE, at(3)),
    "closest by key": lambda index: index.closest("http://example.com/news/7/", at(3)),
    "capture": lambda index: index.capture(id_of(3)),
    "original": lambda index: index.original([Digest.of(b"1"), Digest.of(b"2")]),
    "unchanged since": lambda index: index.unchanged_since(PAGE),
    "exact": lambda index: list(index.captures("exact", PAGE, at(1), at(9))),
    "prefix": lambda index: list(islice(index.captures("prefix", "example.com/news/"), 5)),
    "domain, backwards": lambda index: list(index.captures("domain", "example.com", descending=True)),
    "host, going on": lambda index: list(
        index.captures("host", "example.com", after=Cursor("com,example)/news/7", at(1), id_of(1)))
    ),
    "snapshot": lambda index: index.snapshot("a"),
    "snapshot location": lambda index: index.snapshot_location("a"),
    "snapshot of a record": lambda index: index.snapshot_of_record(id_of(3)),
    "snapshots of a record": lambda index: index.snapshots_of_record(id_of(3)),
    "snapshots of pages": lambda index: index.page_snapshots([id_of(3), id_of(4)]),
    "snapshots": lambda index: list(index.snapshots(None, at(1), at(9))),
    "snapshots, backwards": lambda index: list(index.snapshots(descending=True, limit=3)),
    "snapshots of a URL": lambda index: list(index.snapshots(PAGE)),
    "sightings": lambda index: list(index.picture_sightings(PHOTO.payload_digest or Digest.of(b""))),
    "segment": lambda index: index.segment(SEGMENT),
    "indexed end": lambda index: index.indexed_end(SEGMENT),
    "recording": lambda index: index.record(
        [capture(PAGE, 99)],
        {SEGMENT: 9},
        located(snapshot("z", capture(PAGE, 99), picture(0, fetched(PHOTO)))),
    ),
    "sealing": lambda index: index.segment_sealed(SEGMENT, 1, Digest.of(b"")),
    "due": lambda index: index.due(at(9), "daily"),
    "due, newest first": lambda index: index.due(at(9), "daily", newest_first=True),
    "due of any source": lambda index: index.due(at(9), None, 5),
    "due sources": lambda index: index.due_sources(at(9)),
    "one source": lambda index: index.operations.sources.get("daily"),
    "claiming a source": lambda index: index.operations.sources.claim("daily", "a", at(1), at(2)),
    "ending a pass": lambda index: index.operations.sources.finished(
        "daily", "a", at(1), PassCounts(), None, is_pass=True
    ),
    "token": lambda index: index.operations.tokens.find(bytes([7]) * 32),
    "submission": lambda index: index.operations.submissions.get("a"),
    "queued": lambda index: index.operations.submissions.queued_count("desk 3"),
    "unfinished submissions": lambda index: index.operations.submissions.unfinished(),
    "claiming submissions": lambda index: index.operations.submissions.claim("a", at(59), at(60), 3),
    "renewing submissions": lambda index: index.operations.submissions.renew("b", at(60)),
    "submissions lately": lambda index: index.operations.submissions.since("desk 3", at(40)),
    "newest submissions of one": lambda index: index.operations.submissions.recent(5, "desk 3"),
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("plans") / "index.sqlite"
    fill(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="module")
def filled_postgresql(postgresql: str, postgresql_template: str) -> str:
    url = new_database(postgresql, f"archiver_plans_{os.getpid()}", postgresql_template)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE archiver_plans_{os.getpid()} SET enable_seqscan = off")
    fill(url)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")  # as its own service does
    return url


def fill(url: str) -> None:
    with Index.open(url) as index:
        pages = [capture(f"https://www.example.com/news/{number}", number) for number in range(300)]
        again = [revisit(page, 60) for page in pages]
        taken = [
            snapshot(f"s{number}", page, picture(0, fetched(PHOTO))) for number, page in enumerate(pages)
        ]
        index.record([*pages, *again, PHOTO], {SEGMENT: 1}, located(*taken))
        index.follow(
            [
                FollowedArticle(
                    f"{number}", page.target_uri, "daily" if number % 2 else "weekly",
                    page.captured_at, page.captured_at, page.captured_at, 0, page.captured_at,
                )
                for number, page in enumerate(pages)
            ]
        )  # fmt: skip
        fill_operations(index)


def fill_operations(index: Index) -> None:
    """Sources and tokens, and submissions that are over but for a few."""
    operations = index.operations
    for number in range(100):
        operations.sources.plan(f"s{number}", at(number), None)
        operations.tokens.add(f"t{number}", ["capture"], bytes([number]) * 32, at(1))
        operations.submissions.add(PAGE, f"desk {number % 10}", at(number))
    for ended in operations.submissions.claim("z", at(95), at(96), 95):
        operations.submissions.finished(ended.id, "z", at(95), "ark:99999/b", None)


@pytest.fixture
def traced(filled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Index, list[str]]]:
    """An index, and the statements that it runs."""
    statements: list[str] = []
    connect = sqlite3.dbapi2.connect

    def watched(*arguments: object, **named: object) -> sqlite3.Connection:
        connection = connect(*arguments, **named)  # type: ignore[call-overload]
        connection.set_trace_callback(statements.append)
        assert isinstance(connection, sqlite3.Connection)
        return connection

    monkeypatch.setattr(sqlite3.dbapi2, "connect", watched)
    with Index.open(f"sqlite:///{filled}") as index:
        statements.clear()
        yield index, statements


@pytest.mark.parametrize("question", QUESTIONS)
def test_no_question_reads_a_whole_table(
    traced: tuple[Index, list[str]], filled: Path, question: str
) -> None:
    index, statements = traced
    check_plans(index, statements, filled, question)


def test_statistics_make_no_question_read_a_whole_table(
    traced: tuple[Index, list[str]], filled: Path
) -> None:
    index, statements = traced
    assert index.tidy()
    for question in QUESTIONS:
        statements.clear()
        check_plans(index, statements, filled, question)


def check_plans(index: Index, statements: list[str], filled: Path, question: str) -> None:
    """Ask, and let SQLite explain every statement that was run."""
    QUESTIONS[question](index)
    own = [
        each for each in statements if "'main'." not in each
    ]  # not what a full-text table asks of its parts
    asked = [each for each in own if re.match(r"\s*(SELECT|INSERT|UPDATE|DELETE)", each)]
    assert asked
    with closing(sqlite3.connect(filled)) as connection:
        for statement in asked:
            plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}")]
            scans = [
                step
                for step in plan
                if re.match(r"SCAN (?!anon|main.snapshot_texts_|\d+ CONSTANT|CONSTANT)", step)
            ]
            assert not scans, (statement, plan)
            assert not any("AUTOMATIC" in step for step in plan), (statement, plan)
            sorted_whole = [step for step in plan if step == "USE TEMP B-TREE FOR ORDER BY"]
            assert not sorted_whole or question in SORTS_FEW_ROWS, (statement, plan)


SORTS_FEW_ROWS = {
    *("closest", "closest by key", "snapshot of a record", "snapshots of a record"),
    *("snapshots of a URL", "recording", "due, newest first"),
}
"""Two candidates, the snapshots of one record or of one URL, what is due of one source."""


@pytest.mark.parametrize("question", QUESTIONS)
def test_postgresql_finds_an_index_for_every_question(filled_postgresql: str, question: str) -> None:
    scans, entries = _reads(filled_postgresql)
    with Index.open(filled_postgresql) as index:
        QUESTIONS[question](index)
    scans_after, entries_after = _reads(filled_postgresql)
    assert scans_after == scans
    assert entries_after - entries < FEW or question in LISTS_MANY


FEW = 60
"""Index entries; a table that is read as a whole through an index has 300 or more."""

LISTS_MANY = {"prefix", "domain, backwards", "host, going on", "snapshots", "sightings"}


def _reads(url: str) -> tuple[dict[str, int], int]:
    """How often each table was read as a whole, and how many index entries were read.

    A server process reports it at its end at the latest.
    """
    others = (
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    with psycopg.connect(url, autocommit=True) as connection:
        while connection.execute(others).fetchone() != (0,):
            time.sleep(0.01)
        rows = connection.execute("SELECT relname, seq_scan FROM pg_stat_user_tables").fetchall()
        total = connection.execute("SELECT sum(idx_tup_read) FROM pg_stat_user_indexes").fetchone()
    assert total
    return {name: count for name, count in rows if name not in {"alembic_version", "tallies"}}, int(total[0])

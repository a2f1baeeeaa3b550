"""What the database refuses for good is not waited for: damage ends all, odd content only itself."""

from __future__ import annotations

import sqlite3
import traceback
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest
from index_examples import at, capture
from sqlalchemy import text
from warc_exchanges import exchange, response, writer

from archiver.errors import ArchiverError, IndexDamagedError, StorageError, UnstorableError
from archiver.ingest import CommitPolicy, Ingest
from archiver.model.capture import RecordLocation
from archiver.model.digest import Digest
from archiver.model.version import ArticleEvent, ChangeKind
from archiver.storage.index import Index
from archiver.storage.index.articles import FollowedArticle
from archiver.storage.ledger.documents import StoredStatement

PAGE = "https://news.example/story"
PATIENT = CommitPolicy(patience=float("inf"))


MANY = 300
AFTER_ALL = 4_611_686_018_427_387_904
"""Microseconds, more than there is a moment for."""


def change(index: Index, statement: str) -> None:
    with index._database.writing() as connection:
        connection.execute(text(statement))


def followed(number: int) -> FollowedArticle:
    key = f"{PAGE}/{number}"
    return FollowedArticle(key, key, f"source-{number}", at(0), at(0), at(0), next_visit_at=at(number))


def damage(index: Index, kind: str) -> None:
    """Make every new capture contradict the database."""
    if kind == "sqlite":
        statement = "CREATE TRIGGER t BEFORE INSERT ON captures BEGIN SELECT RAISE(ABORT, 'no'); END"
    else:
        statement = "ALTER TABLE captures ADD CONSTRAINT t CHECK (false) NOT VALID"
    change(index, statement)


def test_a_database_that_contradicts_what_is_written_says_how_to_make_a_new_one(
    index: Index, kind: str
) -> None:
    damage(index, kind)
    with pytest.raises(IndexDamagedError, match="archiver reindex"):
        index.record([capture(PAGE)])


def test_a_number_that_no_database_holds_is_told_from_damage(index: Index) -> None:
    with pytest.raises(UnstorableError):
        index.record([capture(PAGE, payload_length=2**63)])
    index.record([capture(PAGE)])


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("articles", "first_seen"), ("articles", "last_visit"), ("articles", "last_change"),
        ("articles", "next_visit_at"), ("captures", "captured_at"), ("segments", "created_at"),
        ("segments", "sealed_at"), ("statements", "issued_at"),
    ],
)  # fmt: skip
def test_a_stored_number_that_is_no_moment_is_damage(index: Index, table: str, column: str) -> None:
    location = RecordLocation("a.warc.gz", 0, 1)
    stated = StoredStatement(Digest.of(b""), "capture", "ark:99999/b", at(0), location)
    one = capture(PAGE)
    index.record([one], statements=[stated])
    index.segment_sealed("a.warc.gz", 1, Digest.of(b""))
    index.follow([followed(-1)])
    change(index, f"UPDATE {table} SET {column} = -{AFTER_ALL}")
    read: dict[str, Callable[[], object]] = {
        "articles": lambda: index.followed(followed(-1).key),
        "captures": lambda: index.capture(one.record_id),
        "segments": index.segments,
        "statements": lambda: index.ledger.about("ark:99999/b"),
    }
    with pytest.raises(IndexDamagedError, match=r"is no moment.*archiver reindex"):
        read[table]()
    if table == "articles":
        with pytest.raises(IndexDamagedError, match="archiver reindex"):
            assert index.due(at(0))


def test_a_source_with_an_article_that_is_due_at_no_moment_is_damage(index: Index) -> None:
    index.follow([followed(-1)])
    change(index, f"UPDATE articles SET next_visit_at = -{AFTER_ALL}")
    with pytest.raises(IndexDamagedError, match="archiver reindex"):
        index.due_sources(at(0))


@pytest.mark.timeout(20)
async def test_nobody_waits_for_a_damaged_index(index: Index, kind: str, tmp_path: Path) -> None:
    damage(index, kind)
    ingest = Ingest(writer(tmp_path), index, PATIENT)
    one = exchange()
    await ingest.accept(one)
    with pytest.raises(IndexDamagedError):
        await ingest.capture(one.id)
    assert isinstance(ingest.failed, IndexDamagedError)
    await ingest.close()


@pytest.mark.timeout(20)
async def test_why_nothing_is_taken_any_more_is_told_as_briefly_the_thousandth_time_as_the_first(
    index: Index, kind: str, tmp_path: Path
) -> None:
    damage(index, kind)
    ingest = Ingest(writer(tmp_path), index, PATIENT)
    one = exchange()
    await ingest.accept(one)
    with pytest.raises(IndexDamagedError):
        await ingest.capture(one.id)
    for ask in (lambda: ingest.accept(one), lambda: ingest.capture(one.id), ingest.settle):
        depths = []
        for _ in range(1_000):
            with pytest.raises(IndexDamagedError, match="archiver reindex") as raised:
                await ask()
            depths.append(len(list(traceback.walk_tb(raised.tb))))
        assert depths[-1] == depths[0]
    await ingest.close()


@pytest.mark.timeout(20)
async def test_an_exchange_that_cannot_be_indexed_takes_no_other_with_it(
    index: Index, tmp_path: Path
) -> None:
    ingest = Ingest(writer(tmp_path), index, PATIENT)
    odd = exchange(replace(response(b"odd"), payload_length=2**63))
    others = [exchange(response(b"%d" % number)) for number in range(5)]
    for each in (*others[:2], odd, *others[2:]):
        await ingest.accept(each)
    for each in others:
        assert (await ingest.capture(each.id)).status == 200
    with pytest.raises(StorageError, match="cannot be recorded"):
        await ingest.capture(odd.id)
    assert ingest.failed is None
    await ingest.close()


def segments_without_digests(index: Index) -> None:
    for number in range(MANY):
        index.segment_opened(f"{number:04}.warc.gz")
    change(index, "UPDATE segments SET sha256 = X'00'")
    index.segments()


def articles_without_moments(index: Index) -> None:
    index.follow([followed(number) for number in range(MANY)])
    change(index, f"UPDATE articles SET last_change = {AFTER_ALL}")
    index.due(at(MANY))


def sources_that_were_due_before_time_began(index: Index) -> None:
    index.follow([followed(number) for number in range(MANY)])
    change(index, f"UPDATE articles SET next_visit_at = -{AFTER_ALL}")
    index.due_sources(at(MANY))


def events_that_say_nothing(index: Index) -> None:
    gone = ArticleEvent(ChangeKind.GONE, PAGE, PAGE, at(0), uuid4(), 410, "gone", confirmed=True)
    index.record([], events=[(gone, uuid4()) for _ in range(MANY)])
    change(index, "UPDATE events SET document = X'00'")
    index.events(PAGE)


@pytest.mark.parametrize("kind", ["sqlite"])
@pytest.mark.parametrize(
    "read",
    [
        segments_without_digests,
        articles_without_moments,
        sources_that_were_due_before_time_began,
        events_that_say_nothing,
    ],
)
def test_rows_that_make_no_sense_do_not_keep_the_write_ahead_log_from_being_emptied(
    index: Index, read: Callable[[Index], None]
) -> None:
    with pytest.raises((ArchiverError, ValueError)) as raised:
        read(index)
    with closing(sqlite3.connect(index._database.path)) as other:
        assert other.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0
    assert raised.value

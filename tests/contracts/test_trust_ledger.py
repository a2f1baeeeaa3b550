"""What the index keeps of the log, in both databases."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from archiver.citation.checks import Loss, losses
from archiver.model.capture import RecordLocation
from archiver.model.digest import Digest
from archiver.storage.index import Index
from archiver.storage.ledger.documents import (
    Batch,
    CheckedCopy,
    Cosignature,
    Fixity,
    StoredStatement,
    Timestamp,
)

NOW = datetime.now(UTC).replace(microsecond=5)


def statement(number: int, subject: str = "ark:99999/b", kind: str = "capture") -> StoredStatement:
    """A statement that stands in a file of its own."""
    location = RecordLocation(f"file-{number}.warc.gz", number * 100, 50)
    moment = NOW + timedelta(seconds=number)
    return StoredStatement(Digest.of(bytes([number])), kind, subject, moment, location)


def batch(first: int, *numbers: int) -> tuple[Batch, UUID]:
    return Batch.of(first, [Digest.of(bytes([n])).value for n in numbers], f"checkpoint {first}"), uuid4()


@pytest.fixture
def index(url: str):
    with Index.open(url) as opened:
        yield opened


def test_statements_wait_in_the_order_in_which_they_came_until_a_batch_takes_them(index: Index):
    index.record([], statements=[statement(2), statement(1)])
    index.record([], statements=[statement(1), statement(3)])
    assert [s.digest for s in index.ledger.waiting()] == [statement(n).digest for n in (2, 1, 3)]
    index.record([], log_documents=[batch(0, 2, 1)])
    assert [s.digest for s in index.ledger.waiting()] == [statement(3).digest]
    assert index.ledger.at_leaf(1) == StoredStatement(
        statement(1).digest, "capture", "ark:99999/b", statement(1).issued_at, statement(1).location, 1
    )
    assert index.ledger.at_leaf(2) is None
    assert index.ledger.size() == 2
    assert index.ledger.numbered() == 2


def test_a_batch_that_comes_before_its_statements_finds_them_later(index: Index):
    index.record([], log_documents=[batch(2, 3), batch(0, 1, 2)])
    index.record([], statements=[statement(n) for n in (1, 2, 3)])
    index.ledger.number_again()
    assert [s.leaf for s in index.ledger.about("ark:99999/b")] == [0, 1, 2]
    assert [b.first for b in index.ledger.documents("batch")] == [0, 2]


def test_documents_come_by_kind_and_size_and_each_once(index: Index):
    stamps = [(Timestamp(size, "a", "", NOW), uuid4()) for size in (5, 3, 3)]
    lines = [(Cosignature(4, "w", "line"), uuid4())]
    checks = [(Fixity(6, NOW, (CheckedCopy("f", "primary", 1, "ok"),)), uuid4())]
    for _ in range(2):
        index.record([], log_documents=[*stamps, *lines, *checks])
    assert [d.size for d in index.ledger.documents("timestamp")] == [3, 3, 5]
    assert [d.size for d in index.ledger.documents("timestamp", 4)] == [5]
    assert list(index.ledger.documents("cosignature", 5)) == []
    assert list(index.ledger.documents("fixity")) == [checks[0][0]]


def test_withdrawals_and_the_files_of_statements_are_found(index: Index):
    index.record([], statements=[statement(1), statement(2, "ark:99999/c", "withdrawal"), statement(3)])
    index.record([], log_documents=[batch(0, 1, 2)])
    assert index.ledger.withdrawals() == ["ark:99999/c"]
    assert index.ledger.segments() == [
        ("file-1.warc.gz", "ark:99999/b", 1), ("file-2.warc.gz", "ark:99999/c", 0),
    ]  # fmt: skip
    assert index.ledger.unstated() == []


def test_statements_of_one_kind_are_found_for_many_subjects_in_order(index: Index):
    stated = [statement(number, f"file-{number * 6:04}", "fixity-loss") for number in range(0, 200, 2)]
    later = statement(201, "file-0012", "fixity-loss")
    others = [statement(3, "file-0012"), statement(5, "other", "fixity-loss")]
    index.record([], statements=[later, *stated, *others])
    subjects = [f"file-{number:04}" for number in range(1_200)]
    found = index.ledger.about_each(subjects, "fixity-loss")
    assert [(one.subject, one.issued_at) for one in found] == sorted(
        (one.subject, one.issued_at) for one in [*stated, later]
    )
    assert index.ledger.about_each([], "fixity-loss") == []


def test_a_loss_ends_with_the_first_later_check_that_finds_the_right_bytes(index: Index):
    def check(minutes: int, outcome: str, copy: str = "primary") -> None:
        found = Fixity(0, NOW + timedelta(minutes=minutes), (CheckedCopy("a", copy, 1, outcome),))
        index.record([], log_documents=[(found, uuid4())])

    index.record([], statements=[statement(60, "a", "fixity-loss")])
    check(0, "ok")
    check(2, "missing")
    assert losses(index) == [Loss("a", NOW + timedelta(minutes=1))]
    check(9, "ok")
    check(5, "ok", "replica")
    assert losses(index) == [Loss("a", NOW + timedelta(minutes=1), NOW + timedelta(minutes=5))]


def test_what_is_logged_while_the_index_is_rebuilt_is_carried_over(index: Index):
    index.record([], statements=[statement(1)], log_documents=[batch(0, 1)])
    with index.rebuild() as fresh:
        fresh.record([], statements=[statement(1)], log_documents=list(_batches(index)))
        index.record([], statements=[statement(2), statement(3)])
        index.record([], log_documents=[batch(1, 2)])
    assert [s.leaf for s in index.ledger.about("ark:99999/b")] == [0, 1, None]
    assert index.ledger.size() == 2


def test_a_recent_statement_that_is_carried_over_keeps_its_place_without_its_batch(index: Index):
    """The file that holds both is away; what is in the log already must not be logged a second time."""
    index.record([], statements=[statement(1)], log_documents=[batch(0, 1)])
    with index.rebuild() as fresh:
        fresh.record([], statements=[statement(2)], log_documents=[batch(1, 2)])
    assert [s.leaf for s in index.ledger.about("ark:99999/b")] == [0, 1]
    assert index.ledger.waiting() == []


def _batches(index: Index):
    for document in index.ledger.documents("batch"):
        yield document, UUID(int=7)

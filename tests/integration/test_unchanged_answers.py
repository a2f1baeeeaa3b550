"""A 304 refers to the capture that was asked about, whatever else the archive has, or to nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from warc_exchanges import exchange, not_modified
from web_archive import fill, hours, page

from archiver.model.exchange import Condition, Exchange
from archiver.storage.index import Index

BASE = page(b"one")
URL = BASE.target_uri


def unchanged(condition: Condition | None, url: str = URL) -> Exchange:
    """An answer that carries the ETag "7"."""
    answer = exchange(not_modified(), uri=url, started_at=BASE.started_at + hours(2))
    return replace(answer, condition=condition)


def original(folder: Path, answer: Exchange, *earlier: Exchange) -> UUID | None:
    """What the archive says that `answer` refers to."""
    with Index.open(f"sqlite:///{folder}/index.sqlite") as index:
        fill(index, folder, [*earlier, answer])
        found = index.capture(answer.id)
        assert found
        return found.original.record_id if found.original else None


def test_a_later_capture_of_the_url_is_not_what_was_asked_about(tmp_path: Path) -> None:
    later = page(b"two", at=BASE.started_at + hours(1))
    answer = unchanged(Condition(BASE.id, URL, '"7"'))
    assert original(tmp_path, answer, BASE, later) == BASE.id


def test_an_answer_to_a_request_without_conditions_refers_to_nothing(tmp_path: Path) -> None:
    assert original(tmp_path, unchanged(None), BASE) is None


def test_an_answer_that_was_given_for_another_url_refers_to_nothing(tmp_path: Path) -> None:
    other = page(b"two", url=f"{URL}/2")
    answer = unchanged(Condition(BASE.id, URL, '"7"'), other.target_uri)
    assert original(tmp_path, answer, BASE, other) is None


def test_a_capture_whose_payload_was_stored_earlier_stands_for_that_payload(tmp_path: Path) -> None:
    repeated = page(b"one", url=f"{URL}/2", at=BASE.started_at + hours(1))
    answer = unchanged(Condition(repeated.id, repeated.target_uri, '"7"'), repeated.target_uri)
    assert original(tmp_path, answer, BASE, repeated) == BASE.id


@pytest.mark.parametrize(
    ("sent", "answered", "is_met"),
    [
        ('"7"', '"7"', True),
        ('"7"', None, True),
        (None, '"7"', True),
        ('"7"', '"8"', False),
        ('W/"7"', '"7"', True),
        ('"7-gzip"', '"7"', True),
        ('"7;br"', 'W/"7"', True),
        ('"7"', "7", True),
        ('"7-gzip"', '"8-gzip"', False),
    ],
)
def test_another_etag_names_another_version(sent: str | None, answered: str | None, is_met: bool) -> None:
    assert Condition(BASE.id, URL, sent, "Mon, 02 Nov 2026 10:00:00 GMT").is_met(URL, answered) is is_met

"""Histories compare pages as the present extractor reads them, and name the articles as it does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import cast
from uuid import uuid4

from index_examples import located
from version_builders import NOON, URL, article, snapshot

from archiver.history import Historian
from archiver.model.snapshot import Snapshot
from archiver.model.version import ArticleEvent, ChangeKind
from archiver.retrieval import Retrieval
from archiver.spiders.extraction import EXTRACTOR_VERSION
from archiver.storage.index import Index
from archiver.versions import compare
from archiver.versions.identity import address_key

CANONICAL = "https://news.example/city/bridge-closed-after-cracks-77777"
READ = replace(article(canonical_url=CANONICAL), extractor_version=EXTRACTOR_VERSION)


def test_a_page_that_can_be_read_only_now_is_the_article_that_it_names() -> None:
    index = SimpleNamespace(extraction=lambda *_: READ)
    historian = Historian(cast("Index", index), cast("Retrieval", SimpleNamespace()))
    unread = replace(snapshot(key=address_key(URL)), article=None)
    later = snapshot(READ, hours=1, key=address_key(CANONICAL))
    now = historian.current(unread)
    assert (now.article, now.article_key) == (READ, later.article_key)
    assert ChangeKind.MOVED not in compare(now, later).kinds


def test_a_page_that_was_read_before_keeps_its_key() -> None:
    index = SimpleNamespace(extraction=lambda *_: READ)
    historian = Historian(cast("Index", index), cast("Retrieval", SimpleNamespace()))
    old = snapshot(replace(READ, extractor_version="0"), key=address_key(URL))
    assert historian.current(old) == replace(old, article=READ)


def visited(url: str, hours: float, key: str, *text: str) -> Snapshot:
    read = replace(article(*text, canonical_url=None), extractor_version=EXTRACTOR_VERSION)
    shown = snapshot(read, hours=hours, key=key)
    page = replace(shown.page, target_uri=url, record_id=uuid4())
    return replace(shown, seed=url, page=page)


def test_a_history_that_began_under_a_key_without_letter_case_goes_on_and_is_of_one_address(
    tmp_path: Path,
) -> None:
    upper, lower = "https://news.example/i/KzAbQ1", "https://news.example/i/kZaBq1"
    former, key = "example,news)/i/kzabq1", "example,news)/i/KzAbQ1"
    text = "The minister resigned on Tuesday after a long debate in parliament."
    other = "The cup final is played tonight before eighty thousand people."
    shown = [
        visited(upper, 0, former, text),
        visited(lower, 1, former, other),
        visited(upper, 2, former, text),
        visited(upper, 3, key, text),
    ]
    gone = ArticleEvent(ChangeKind.GONE, lower, former, NOON, uuid4(), 404, "404: not found", False)
    with Index.open(f"sqlite:///{tmp_path / 'index.sqlite'}") as index:
        index.record([], snapshots=located(*shown), events=[(gone, uuid4())])
        historian = Historian(index, cast("Retrieval", SimpleNamespace()))
        history, others = historian.history(upper), historian.history(lower)
    assert [each.captured_at.hour for each in history.snapshots] == [12, 14, 15]
    assert (len(history.timeline.versions), history.events) == (1, ())
    assert [each.captured_at.hour for each in others.snapshots] == [13]
    assert others.events == (gone,)

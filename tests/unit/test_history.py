"""Histories compare pages as the present extractor reads them, and name the articles as it does."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import cast

from version_builders import URL, article, snapshot

from archiver.history import Historian
from archiver.model.version import ChangeKind
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

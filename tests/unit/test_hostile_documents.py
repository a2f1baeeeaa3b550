"""Metadata records that say what no program of ours wrote are damage in one line, never a crash."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest

from archiver.cli.output import plain
from archiver.model.picture import FoundPicture, PictureRole, PictureStatus, SnapshotPicture
from archiver.model.snapshot import PageCapture, Provenance, Snapshot
from archiver.reindex import reindex
from archiver.storage import snapshot_codec
from archiver.storage.index import ARTICLE_MIME, EVENT_MIME, Index
from archiver.storage.ledger.documents import LOG_MIME
from archiver.storage.warc import SegmentWriter, Warcinfo, metadata_record

NOW = datetime(2026, 3, 12, 8, tzinfo=UTC)
DEEP = b"[" * 200_000 + b"]" * 200_000


def snapshot(*pictures: SnapshotPicture) -> Snapshot:
    page = PageCapture(uuid4(), "https://example.org/", NOW, 200, "text/html", None)
    return Snapshot(
        "ark:99999/bcdfghjkmnp0", "https://example.org/", NOW, page, (), pictures, Provenance("test/1")
    )


def edited(change: Callable[[dict[str, object]], object]) -> bytes:
    document = json.loads(snapshot_codec.encode(snapshot()))
    change(document)
    return json.dumps(document).encode()


HOSTILE = {
    "a moment past the end of time": (
        snapshot_codec.MIME,
        edited(lambda document: document.update(captured_at="9999-12-31T23:59:59-14:00")),
    ),
    "a moment before the beginning of time": (
        snapshot_codec.MIME,
        edited(lambda document: document.update(captured_at="0001-01-01T00:00:00+14:00")),
    ),
    "a nested snapshot": (
        snapshot_codec.MIME,
        b'{"format":"news-archiver/snapshot","version":1,"x":' + DEEP + b"}",
    ),
    "a nested event": (EVENT_MIME, b'{"x":' + DEEP + b"}"),
    "an event that is not UTF-8": (EVENT_MIME, b'{"kind":"\xff"}'),
    "an article that is not UTF-8": (ARTICLE_MIME, b'{"url":"\xff\xfe"}'),
    "a log of an impossible size": (
        LOG_MIME,
        b'{"kind":"timestamp","size":99999999999999999999,"authority":"a","response":"","at":"2026-01-01T00:00:00Z"}',
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_one_hostile_document_is_told_and_everything_else_is_indexed(tmp_path: Path, name: str) -> None:
    mime, body = HOSTILE[name]
    good = metadata_record(
        "https://example.org/", NOW, snapshot_codec.encode(snapshot()), snapshot_codec.MIME
    )
    with SegmentWriter(tmp_path, Warcinfo("test/1")) as writer:
        writer.write([metadata_record("https://example.org/", NOW, body, mime), good])
        writer.commit()
    told: list[str] = []
    with Index.open(f"sqlite:///{tmp_path / 'index.sqlite'}") as index:
        result = reindex(tmp_path, index, on_damage=told.append)
        assert [each.id for each in index.snapshots()] == ["ark:99999/bcdfghjkmnp0"]
    assert (result.snapshots, result.damaged, len(told)) == (1, 1, 1)
    assert ".warc.gz at " in told[0]


def test_a_picture_of_no_address_has_an_empty_one() -> None:
    found = FoundPicture(0, PictureRole.ARTICLE, (), ())
    assert SnapshotPicture(found, PictureStatus.LISTED).url == ""


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("a\x1b]0;PWNED\x07b", "a\\x1b]0;PWNED\\x07b"),
        ("red \x1b[31m", "red \\x1b[31m"),
        ("c1 \x9b31m", "c1 \\x9b31m"),
        ("two\nlines\tand a tab", "two lines and a tab"),
        ("turned \u202e round", "turned \\u202e round"),
        ("عربي 中文 naïve", "عربي 中文 naïve"),
    ],
)
def test_what_a_page_says_reaches_a_terminal_without_its_control_characters(hostile: str, shown: str) -> None:
    assert plain(hostile) == shown

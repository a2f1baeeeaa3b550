"""Several processes work on one home at once, and the index may be in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Archive, finish

from archiver.demo.generated import GeneratedSite
from archiver.storage.index import Index
from archiver.storage.warc import iterate_records

PAGES = 30


@pytest.fixture(scope="module")
def site() -> Iterator[GeneratedSite]:
    with GeneratedSite(2, PAGES, 2, page_bytes=2_000, picture_bytes=4_000) as site:
        yield site


def test_two_captures_and_a_reader_share_one_home(tmp_path: Path, site: GeneratedSite) -> None:
    archive = Archive(tmp_path / "home", {"ARCHIVER_STORAGE__SEGMENT_BYTES": "1MiB"})
    both = [archive.start("capture", "--json", *site.article_urls) for _ in range(2)]
    assert both[0].stdout is not None
    first_line = both[0].stdout.readline()
    while both[0].poll() is None or both[1].poll() is None:  # readers look on while both write
        assert archive.here("verify", "--json").json()["faults"] == []
        assert archive.here("stats", "--json").json()["captures"] > 0
        if not archive.here("reindex", "--json").json()["captures"]:
            pytest.fail("a reindex beside two writers lost everything")
    said = [finish(process) for process in both]
    lines = [json.loads(first_line), *said[0].lines(), *said[1].lines()]
    assert len({line["snapshot"] for line in lines}) == 2 * PAGES
    assert {line["status"] for line in lines} == {200}
    verified = archive.here("verify", "--json").json()
    assert verified["faults"] == []
    identifiers = [record.record_id for path in archive.warcs for record in iterate_records(path)]
    assert len(identifiers) == len(set(identifiers)) == verified["records"]
    with archive.index() as index:
        for line in lines:
            assert index.snapshot(line["snapshot"]) is not None
    before = archive.dump()
    archive.here("reindex")
    assert archive.dump() == before


def test_the_index_may_be_in_postgresql(
    tmp_path: Path, site: GeneratedSite, postgresql_database: str
) -> None:
    archive = Archive(tmp_path / "home", {"ARCHIVER_DATABASE__URL": postgresql_database})
    urls = site.article_urls[:3]
    archive.run("capture", *urls)
    said = archive.run("capture", "--json", *urls)
    assert all(line["snapshot"] for line in said.lines())
    assert not (archive.home / "index.sqlite").exists()
    listed = archive.here("list", urls[0], "--json").lines()
    assert [line["record_type"] for line in listed] == ["response", "revisit"]
    assert archive.here("get", urls[0]).out.startswith(b"<!")
    with Index.open(postgresql_database) as index:
        before = list(index.dump())
    archive.here("reindex")
    with Index.open(postgresql_database) as index:
        assert list(index.dump()) == before
    assert archive.here("verify", "--json").json()["faults"] == []


def test_a_postgresql_that_is_away_is_named_without_its_password(tmp_path: Path) -> None:
    archive = Archive(
        tmp_path / "home", {"ARCHIVER_DATABASE__URL": "postgresql://me:secret@127.0.0.1:9/news"}
    )
    archive.here("init")
    said = archive.here("stats", code=1)
    assert "cannot be reached" in said.err
    assert "database.url" in said.err
    assert "secret" not in said.err
    assert said.err.count("\n") == 1

"""Several processes work on one home at once, and the index may be in PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Archive, finish
from database_line import Line

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
    assert first_line, both[0].communicate()
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


def test_a_capture_waits_for_a_database_that_went_away_and_then_goes_on(
    tmp_path: Path, site: GeneratedSite, line: Line
) -> None:
    archive = Archive(
        tmp_path / "home", {"ARCHIVER_DATABASE__URL": line.url, "ARCHIVER_STORAGE__COMMIT_RECORDS": "4"}
    )
    archive.here("init")
    process = archive.start("capture", "--json", *site.article_urls)
    assert process.stdout is not None
    assert process.stderr is not None
    first = process.stdout.readline()
    line.cut()
    assert b"The crawl is paused until then." in process.stderr.readline()
    line.mend()
    said = finish(process)
    assert "can be written again; going on" in said.err
    assert len({json.loads(first)["snapshot"], *(done["snapshot"] for done in said.lines())}) == PAGES
    assert archive.here("verify", "--json").json()["faults"] == []
    assert not (archive.home / "index.sqlite").exists()
    assert archive.here("list", site.article_urls[0], "--json").json()["status"] == 200
    assert archive.here("get", site.article_urls[0]).out.startswith(b"<!")


def test_what_a_database_that_stayed_away_did_not_hear_of_it_learns_at_the_next_start(
    tmp_path: Path, site: GeneratedSite, line: Line
) -> None:
    archive = Archive(
        tmp_path / "home",
        {
            "ARCHIVER_DATABASE__URL": line.url,
            "ARCHIVER_STORAGE__COMMIT_RECORDS": "4",
            "ARCHIVER_STORAGE__PATIENCE": "0.3",
        },
    )
    process = archive.start("capture", "--json", *site.article_urls)
    assert process.stdout is not None
    acknowledged = [json.loads(process.stdout.readline())]
    line.cut()
    said = finish(process, 1)
    assert said.err.splitlines()[-1].startswith("archiver: the index database postgresql://")
    acknowledged += said.lines()
    line.mend()
    assert archive.here("verify", "--json").json()["faults"] == []
    with Index.open(line.url) as index:
        assert all(index.snapshot(done["snapshot"]) for done in acknowledged if done["snapshot"])
        before = list(index.dump())
    archive.here("reindex")
    with Index.open(line.url) as index:
        assert list(index.dump()) == before


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

"""The database holds nothing that the WARC files do not: deleted, it comes back as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from command_line import Archive
from raw_site import NOT_HTTP, PICTURE, Site, answer, chunked, in_turn, page, redirect
from wire_server import After, Script, WireServer

SOURCE = """\
title: The Paper
country: DE
languages: [de]
domains: [127.0.0.1]
pages: ["{page}"]
enabled: true
"""


def validated(body: bytes) -> bytes:
    return answer(body, "text/html", 'ETag: "one"')


NOT_MODIFIED = b'HTTP/1.1 304 Not Modified\r\nETag: "one"\r\n\r\n'


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Archive:
    """An archive of everything that there can be: revisits, a 304, redirects, failures, cut bodies."""
    archive = Archive(
        tmp_path_factory.mktemp("reindexing") / "home",
        {"ARCHIVER_NETWORK__TIMEOUT": "5", "ARCHIVER_STORAGE__SEGMENT_BYTES": "1MiB"},
    )
    site = Site(
        {
            "/watched": Script(in_turn(validated(page("/a.jpg", "/none.jpg")), NOT_MODIFIED)),
            "/chunked": Script(chunked(page("/a.jpg", text="Grüße 🐝"), "text/html; charset=utf-8")),
            "/a.jpg": Script(answer(PICTURE, "image/jpeg")),
            "/moved": redirect("/chunked"),
            "/cut": Script(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", After.CLOSE),
            "/ssh": NOT_HTTP,
            "/inside": redirect("http://10.1.2.3/admin"),
            "/gr%C3%BC%C3%9Fe?q=%20x&y=1": Script(answer(page(text="odd address"))),
        }
    )
    with WireServer(site) as server:
        archive.here("init")
        source = SOURCE.format(page=server.url("/watched"))
        (archive.home / "sources" / "paper.yaml").write_text(source)
        archive.run("crawl", "paper")
        archive.run("crawl", "paper")  # answered with a 304
        urls = ("/chunked", "/moved", "/cut", "/ssh", "/inside", "/grüße?q= x&y=1", "/never")
        archive.run("capture", *(server.url(url) for url in urls), code=1)
    return archive


def test_the_archive_holds_every_kind_of_capture(archive: Archive) -> None:
    kinds = {str(row[0]) for row in archive.dump()}
    assert {"segment", "capture", "snapshot", "picture", "tally"} <= kinds
    counted = archive.here("stats", "--json").json()
    assert counted["revisits"] >= 2
    assert counted["failures"] >= 2
    assert counted["pictures_missing"] >= 1
    with archive.index() as index:
        captures = [c for s in index.segments() for c in index.captures_in_segment(s.name)]
    assert {304, 302, 200, 404, 0} <= {capture.status for capture in captures}
    assert any(capture.status == 304 and capture.original for capture in captures)
    assert any(capture.truncated for capture in captures)
    assert {capture.source for capture in captures} == {None, "paper"}


def test_a_deleted_index_comes_back_as_it_was(archive: Archive) -> None:
    before = archive.dump()
    for path in archive.home.glob("index.sqlite*"):
        path.unlink()
    archive.run("reindex")
    after = archive.dump()
    assert [row for row in after if row not in before] == []
    assert after == before
    assert archive.here("verify", "--json").json()["faults"] == []


def test_reindexing_an_index_that_is_there_changes_nothing(archive: Archive) -> None:
    before = archive.dump()
    said = archive.here("reindex", "--json").json()
    assert archive.dump() == before
    assert said["damaged"] == 0


def test_a_capture_after_the_index_was_deleted_brings_back_the_rest_first(
    archive: Archive,
) -> None:
    before = set(archive.dump())
    for path in archive.home.glob("index.sqlite*"):
        path.unlink()
    site = Site({"/new": Script(answer(page(text="new")))})
    with WireServer(site) as server:
        archive.run("capture", server.url("/new"))
    tallies_aside = {row for row in before if row[0] != "tally"}
    assert tallies_aside <= set(archive.dump())
    assert archive.here("verify", "--json").json()["faults"] == []


def test_what_no_segment_is_does_not_disturb(archive: Archive) -> None:
    folder = archive.home / "warc"
    (folder / "notes.txt").write_text("not a WARC")
    (folder / "half.warc.gz.torn-17").write_bytes(b"torn")
    (folder / "subfolder.warc.gz").mkdir()
    before = archive.dump()
    archive.here("reindex")
    assert archive.dump() == before


def test_the_rows_of_the_sources_and_of_what_no_source_asked_for_sum_to_the_totals(archive: Archive) -> None:
    counted = archive.here("stats", "--json").json()
    parts = [*counted["sources"].values(), counted["no_source"]]
    assert list(counted["sources"]) == ["paper"]
    for name in ("captures", "revisits", "failures", "snapshots", "pictures_captured", "stored_bytes"):
        assert sum(part[name] for part in parts) == counted[name], name
        assert counted["no_source"][name] > 0 or name in ("revisits", "failures"), name
    assert [part["urls"] for part in parts] == [0, 0]
    rows = [line.split() for line in archive.here("stats").text.splitlines()[-2:]]
    assert rows[0][:2] == ["paper", str(counted["sources"]["paper"]["snapshots"])]
    assert rows[1][:3] == ["(no", "source)", str(counted["no_source"]["snapshots"])]


def test_an_empty_index_beside_warc_files_is_told_and_what_to_do(archive: Archive, tmp_path: Path) -> None:
    assert "reindex" not in archive.here("stats").err
    restored = Archive(tmp_path / "home")
    restored.here("init")
    for path in archive.warcs:
        shutil.copy2(path, restored.home / "warc")
    files = f"{len(archive.warcs)} WARC file"
    for command in (("stats",), ("list", "http://a.example/"), ("status", "--json")):
        assert f"the index knows nothing of {files}" in restored.here(*command, code=None).err
    told = restored.here("stats", "--json")
    assert (told.json()["captures"], "run `archiver reindex`" in told.err) == (0, True)
    assert "knows nothing" not in restored.here("reindex").err
    assert "reindex" not in restored.here("stats").err


def test_a_copy_of_a_file_beside_it_is_named_and_counts_once(archive: Archive) -> None:
    before = archive.here("reindex", "--json").json()
    original = archive.warcs[0]
    copy = original.with_name("zz-copy.warc.gz")
    copy.symlink_to(original.name)
    try:
        said = archive.here("reindex", "--json")
        assert said.json()["captures"] == before["captures"]
        assert f"{copy.name}: " in said.err
        assert "keep one of the two" in said.err
        [fault] = archive.here("verify", "--json", code=1).json()["faults"]
        assert f"indexed in {original.name}; keep one of the two files" in str(fault)
    finally:
        copy.unlink()
        archive.here("reindex")
    assert archive.here("verify", "--json").json()["faults"] == []

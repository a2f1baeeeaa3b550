"""A copy made while the archive is written is a whole archive: keys first, WARC files last."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from command_line import Archive, finish

from archiver.demo.generated import GeneratedSite

READ_BEFORE = 5


def copy_home(home: Path, to: Path) -> Archive:
    """As docs/operating.md says: what is small first, the WARC files last; no index, no log, no spool."""
    to.mkdir()
    shutil.copytree(home / "keys", to / "keys")
    shutil.copytree(home / "sources", to / "sources")
    shutil.copy2(home / "archiver.toml", to / "archiver.toml")
    (to / "warc").mkdir()
    for path in (home / "warc").iterdir():
        shutil.copy2(path, to / "warc" / path.name)
    return Archive(to)


def test_a_copy_made_in_the_midst_of_writing_has_all_that_was_acknowledged_before(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home")
    archive.here("init")
    with GeneratedSite(2, 60, 1, page_bytes=3_000, picture_bytes=3_000) as site:
        process = archive.start("capture", "--json", *site.article_urls)
        assert process.stdout is not None
        before = [json.loads(process.stdout.readline()) for _ in range(READ_BEFORE)]
        assert process.poll() is None
        copy = copy_home(archive.home, tmp_path / "copy")
        finish(process)
    copy.here("reindex")
    for page in before:
        assert copy.here("show", page["snapshot"], "--json").json()["seed"] == page["url"]
        assert copy.here("get", page["url"]).out
    assert copy.here("verify", "--json").json()["faults"] == []
    assert not list((copy.home / "warc").glob("*.open"))
    copy.here("log", "checkpoint", "--no-timestamp")
    copy.here("log", "audit")


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> tuple[Archive, str]:
    archive = Archive(tmp_path_factory.mktemp("backup") / "home")
    archive.here("init")
    with GeneratedSite(1, 2, 1, page_bytes=3_000, picture_bytes=3_000) as site:
        archive.run("capture", *site.article_urls)
        return archive, site.article_urls[0]


def test_the_warc_files_alone_bring_back_captures_snapshots_and_their_place_in_the_log(
    archived: tuple[Archive, str], tmp_path: Path
) -> None:
    archive, url = archived
    bare = Archive(tmp_path / "bare")
    bare.here("init")
    shutil.copytree(archive.home / "warc", bare.home / "warc", dirs_exist_ok=True)
    bare.here("reindex")
    assert bare.dump() == archive.dump()
    assert bare.here("get", url).out == archive.here("get", url).out
    assert bare.here("cite", url).out == archive.here("cite", url).out
    assert bare.here("verify", "--json").json()["faults"] == []


def test_a_copy_whose_keys_are_newer_than_its_warc_files_signs_nothing(
    archived: tuple[Archive, str], tmp_path: Path
) -> None:
    archive, url = archived
    old = copy_home(archive.home, tmp_path / "old")
    with GeneratedSite(1, 3, 0, page_bytes=3_000) as site:
        archive.run("capture", site.article_urls[-1])
    shutil.copytree(archive.home / "keys", old.home / "keys", dirs_exist_ok=True)
    old.here("reindex")
    assert not (old.home / "log" / "checkpoint").exists()
    refused = old.here("log", "checkpoint", "--no-timestamp", code=1)
    assert "restored from an older copy" in refused.err
    assert old.here("get", url).out

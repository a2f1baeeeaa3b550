"""What was acknowledged survives `kill -9`; what a killed process leaves is mended at the next start.

ARCHIVER_TEST_KILLS sets how many rounds are killed at random moments (5 by default), and
ARCHIVER_TEST_KILL_AFTER how many acknowledged pages are waited for at most.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from command_line import Answer, Archive, finish
from raw_site import NO_ROBOTS, PICTURE, answer, page
from wire_server import Script, WireServer

from archiver.demo.generated import GeneratedSite
from archiver.model.capture import RecordType
from archiver.model.digest import Digest
from archiver.retrieval import Retrieval
from archiver.storage.warc import iterate_records

ROUNDS = int(os.environ.get("ARCHIVER_TEST_KILLS", "5"))
PAGES = 200
MOST_ACKNOWLEDGED = int(os.environ.get("ARCHIVER_TEST_KILL_AFTER", "25"))
BUSY = {  # many small groups and files, so that a kill meets every step
    "ARCHIVER_STORAGE__SEGMENT_BYTES": "1MiB",
    "ARCHIVER_STORAGE__COMMIT_RECORDS": "8",
    "ARCHIVER_PICTURES__STYLESHEETS": "false",
}


@dataclass
class Round:
    """A capture that was killed: the pages that it had acknowledged until then, and its standard error."""

    acknowledged: list[dict[str, object]]
    said: str


def killed(archive: Archive, urls: tuple[str, ...], draw: random.Random) -> Round:
    """Capture `urls`, and kill the process some moment after some page was acknowledged."""
    process = archive.start("capture", "--json", *urls)
    assert process.stdout is not None
    lines = [process.stdout.readline() for _ in range(draw.randrange(1, min(MOST_ACKNOWLEDGED, len(urls))))]
    time.sleep(draw.random() * 0.05)
    process.send_signal(signal.SIGKILL)
    rest, err = process.communicate()
    assert process.returncode == -signal.SIGKILL, err
    whole = b"".join(lines) + rest[: rest.rfind(b"\n") + 1]
    return Round([json.loads(line) for line in whole.splitlines()], err.decode())


def is_anything_left(archive: Archive) -> bool:
    """Whether a file was being written, or was sealed and the index not told; between two there is none."""
    with archive.index() as index:
        sealed = {segment.name for segment in index.segments() if segment.sealed}
    return any(path.stat().st_size and path.name not in sealed for path in archive.warcs)


def everything_is_readable(archive: Archive) -> int:
    """Read every capture of the index from its file, with its digest; returns how many there are."""
    count = 0
    with archive.index() as index:
        retrieval = Retrieval(index, archive.home / "warc")
        for segment in index.segments():
            for capture in index.captures_in_segment(segment.name):
                found = retrieval.open(capture)
                count += 1
                if capture.payload_digest and found.payload_record:
                    assert Digest.of(b"".join(found.entity())) == capture.payload_digest, capture
    return count


def check(archive: Archive, site: GeneratedSite, acknowledged: list[dict[str, object]]) -> None:
    """Every page that was acknowledged is listed and holds what the site sent."""
    served = {(entry.url, entry.digest) for entry in site.served}
    with archive.index() as index:
        for said in acknowledged:
            snapshot = index.snapshot(str(said["snapshot"]))
            assert snapshot is not None, said
            assert snapshot.page.payload_digest is not None
            assert (snapshot.seed, snapshot.page.payload_digest.value.hex()) in served
            captures = list(index.captures("exact", snapshot.seed))
            assert snapshot.page.record_id in {capture.record_id for capture in captures}


def test_every_acknowledged_page_survives_kill_9_at_any_moment(tmp_path: Path) -> None:
    """Each capture mends what the one killed before it left, and says so."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # shown when it fails
    draw = random.Random(seed)
    archive = Archive(tmp_path / "home", BUSY)
    acknowledged: list[dict[str, object]] = []
    with GeneratedSite(4, PAGES, 2, page_bytes=2_000, picture_bytes=25_000, seed=seed) as site:
        for number in range(ROUNDS):
            urls = tuple(draw.sample(site.article_urls, PAGES))
            left = is_anything_left(archive) if number else False
            round_ = killed(archive, urls, draw)
            assert round_.acknowledged
            mended = round_.said.startswith("WARNING archiver.reindex: mended ")
            assert mended is left or not number, round_.said
            acknowledged += round_.acknowledged
            check(archive, site, acknowledged)
        verified = archive.here("verify", "--json").json()
        assert verified["faults"] == []
        check(archive, site, acknowledged)
        assert everything_is_readable(archive) == verified["captures"]
    assert not list((archive.home / "warc").glob("*.open"))
    before = archive.dump()
    archive.here("reindex")
    assert archive.dump() == before


def test_a_stopped_capture_says_so_and_leaves_nothing_open(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home")
    archive.here("init")
    with GeneratedSite(2, 60, 1, page_bytes=3_000, picture_bytes=3_000) as site:
        process = archive.start("capture", *site.article_urls)
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        said = finish(process, 130)
    assert said.err.strip() == "archiver: stopped"
    assert not list((archive.home / "warc").glob("*.open"))
    archive.here("verify")


@dataclass(frozen=True)
class Wreck:
    """A copy of a sound archive with two segments, to be left as a killed process would leave it."""

    archive: Archive
    urls: tuple[str, str]
    acknowledged: tuple[Answer, Answer]
    index_before_second: Path

    @property
    def last(self) -> Path:
        return self.archive.warcs[-1]

    def reopen(self) -> Path:
        """Take the last segment back to what it was before it was sealed."""
        path = self.last.rename(self.last.with_name(self.last.name + ".open"))
        path.chmod(0o644)
        self.unseal()
        return path

    def unseal(self) -> None:
        """Make the index forget that the last segment was sealed."""
        with sqlite3.connect(self.archive.home / "index.sqlite") as connection:
            name = self.last.name.removesuffix(".open")
            connection.execute(
                "UPDATE segments SET state='open', size=NULL, sha256=NULL, sealed_at=NULL WHERE name=?",
                [name],
            )
        connection.close()

    def forget_second(self) -> None:
        """Take the index back to before the second capture."""
        for suffix in ("", "-wal", "-shm"):
            (self.archive.home / f"index.sqlite{suffix}").unlink(missing_ok=True)
        shutil.copy(self.index_before_second, self.archive.home / "index.sqlite")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Wreck:
    folder = tmp_path_factory.mktemp("sound")
    archive = Archive(folder / "home")
    scripts = {
        "/robots.txt": NO_ROBOTS,
        "/one": Script(answer(page("/a.jpg"))),
        "/two": Script(answer(page("/a.jpg", text="two"))),
        "/a.jpg": Script(answer(PICTURE, "image/jpeg")),
    }
    with WireServer(scripts) as server:
        urls = (server.url("/one"), server.url("/two"))
        first = archive.run("capture", urls[0], "--json")
        with sqlite3.connect(archive.home / "index.sqlite") as connection:
            connection.execute("VACUUM INTO ?", [str(folder / "before.sqlite")])
        connection.close()
        second = archive.run("capture", urls[1], "--json")
    return Wreck(archive, urls, (first, second), folder / "before.sqlite")


@pytest.fixture
def wreck(sound: Wreck, tmp_path: Path) -> Wreck:
    shutil.copytree(sound.archive.home, tmp_path / "home")
    return Wreck(Archive(tmp_path / "home"), sound.urls, sound.acknowledged, sound.index_before_second)


def before_the_rename(wreck: Wreck) -> None:
    wreck.reopen()


def after_the_rename(wreck: Wreck) -> None:
    wreck.unseal()


def before_the_index_knew(wreck: Wreck) -> None:
    wreck.reopen()
    wreck.forget_second()


def sealed_before_the_index_knew(wreck: Wreck) -> None:
    wreck.forget_second()


def with_a_torn_tail(wreck: Wreck) -> None:
    with wreck.reopen().open("ab") as file:
        file.write(gzip.compress(b"WARC/1.1\r\nWARC-Type: response\r\n" + os.urandom(3000))[:2000])


def with_a_zero_filled_tail(wreck: Wreck) -> None:
    with wreck.reopen().open("ab") as file:
        file.write(bytes(70_000))


def cut_within_a_record_that_no_index_knew(wreck: Wreck) -> None:
    path = wreck.reopen()
    wreck.forget_second()
    locations = [record.location for record in iterate_records(path)]
    os.truncate(path, locations[-1].offset + locations[-1].length // 2)


WRECKS: tuple[Callable[[Wreck], None], ...] = (
    before_the_rename,
    after_the_rename,
    before_the_index_knew,
    sealed_before_the_index_knew,
    with_a_torn_tail,
    with_a_zero_filled_tail,
    cut_within_a_record_that_no_index_knew,
)


@pytest.mark.parametrize("left", WRECKS, ids=lambda left: left.__name__)
def test_what_a_crash_left_is_whole_again_after_the_next_start(
    sound: Wreck, wreck: Wreck, left: Callable[[Wreck], None]
) -> None:
    left(wreck)
    verified = wreck.archive.here("verify", "--json").json()
    assert verified["faults"] == []
    assert not list((wreck.archive.home / "warc").glob("*.open"))
    cut = left is cut_within_a_record_that_no_index_knew
    expected = sound.archive.dump()
    if not cut:
        assert wreck.archive.dump() == expected
        assert wreck.archive.here("get", wreck.urls[1]).out == page("/a.jpg", text="two")
    with wreck.archive.index() as index:
        assert all(segment.sealed and segment.digest for segment in index.segments())
    aside = [path.stat().st_size for path in (wreck.archive.home / "warc").glob("*.torn-*")]
    assert bool(aside) == (cut or left in (with_a_torn_tail, with_a_zero_filled_tail))
    assert everything_is_readable(wreck.archive) == verified["captures"]
    assert wreck.archive.here("verify", "--json").json() == verified  # and nothing is left to do


def test_bytes_that_the_disk_lost_after_all_are_told_and_reindexing_goes_on_without_them(
    wreck: Wreck,
) -> None:
    path = wreck.reopen()
    with wreck.archive.index() as index:
        captures = list(index.captures_in_segment(wreck.last.name.removesuffix(".open")))
    [revisit] = [capture for capture in captures if capture.record_type is RecordType.REVISIT]
    os.truncate(path, revisit.location.offset + 10)
    said = wreck.archive.run("verify", "--json", code=1)
    assert "the disk lost" in said.err
    assert any("no record begins here" in fault["message"] for fault in said.json()["faults"])
    assert wreck.archive.here("reindex", "--json").json()["damaged"] == 0
    lost = wreck.archive.here("verify", "--json", code=1).json()["faults"]
    assert [fault["message"] for fault in lost if fault["file"] == "log"] == [
        "entry 1 of the log is of statements that are in no file"
    ]
    of_the_entry = ("index has the statement", "index has what no file has: record of the log", "entry 1 of")
    assert [fault for fault in lost if not any(said in fault["message"] for said in of_the_entry)] == []
    assert everything_is_readable(wreck.archive) > 0

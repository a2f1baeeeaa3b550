"""A full disk pauses a capture with a word about it; nothing breaks, and it goes on when there is room."""

from __future__ import annotations

import contextlib
import ctypes
import os
import random
import resource
import signal
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Archive, finish
from raw_site import Site, answer
from wire_server import Script, WireServer

from archiver.demo.generated import GeneratedSite

SMALL_GROUPS = {"ARCHIVER_STORAGE__COMMIT_RECORDS": "4", "ARCHIVER_PICTURES__STYLESHEETS": "false"}
LIBC = ctypes.CDLL(None)
PAUSED = b"The crawl is paused until then."


@pytest.fixture(scope="module")
def site() -> Iterator[GeneratedSite]:
    with GeneratedSite(2, 40, 2, page_bytes=2_000, picture_bytes=30_000) as site:
        yield site


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 8 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if not mounted(folder):
        pytest.skip("no file system can be mounted here; the limit on the size of files stands for it")
    try:
        yield folder
    finally:
        unmount(folder)


def mounted(folder: Path) -> bool:
    """Mount a small file system, if that is allowed."""
    return LIBC.mount(b"tmpfs", str(folder).encode(), b"tmpfs", 0, b"size=8m") == 0


def unmount(folder: Path) -> None:
    LIBC.umount2(str(folder).encode(), 2)


def fill(ballast: Path) -> None:
    """Take the last byte that is free."""
    with contextlib.suppress(OSError), ballast.open("ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))


class Spoken:
    """Standard error as it comes, so that a test can wait for a word."""

    def __init__(self, process: subprocess.Popen[bytes], word: bytes = PAUSED) -> None:
        self.was_said = threading.Event()
        self._word = word
        self.lines: list[bytes] = []
        self._process = process
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.lines.append(line)
            if self._word in line:
                self.was_said.set()

    def text(self) -> str:
        self._thread.join()
        return b"".join(self.lines).decode()


def capture_with_pause(archive: Archive, site: GeneratedSite, make_room) -> str:  # type: ignore[no-untyped-def]
    """Start a capture, make room when it says that it is paused, and let it come to its good end."""
    with archive.start("capture", "--json", *site.article_urls) as process:
        spoken = Spoken(process)
        try:
            assert spoken.was_said.wait(60), spoken.lines
            make_room(process.pid)
            assert process.stdout is not None
            out = process.stdout.read()
            assert process.wait(60) == 0, spoken.text()
        finally:
            process.kill()
            said = spoken.text()
    assert out.count(b'"status":200') == len(site.article_urls)
    return said


def test_a_capture_waits_for_room_on_a_full_disk_and_then_goes_on(
    small_disk: Path, site: GeneratedSite
) -> None:
    archive = Archive(small_disk / "home", SMALL_GROUPS)
    archive.here("init")
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(7_300_000))
    said = capture_with_pause(archive, site, lambda _pid: ballast.unlink())
    assert "no room" in said or "no space" in said
    assert "can be written again; going on" in said
    assert archive.here("verify", "--json").json()["faults"] == []
    before = archive.dump()
    archive.here("reindex")
    assert archive.dump() == before


def test_a_large_download_that_finds_no_room_is_made_again_when_there_is_some(small_disk: Path) -> None:
    archive = Archive(small_disk / "home")
    archive.here("init")
    with archive.index():
        pass  # the database takes its room first
    ballast = small_disk / "ballast"
    fill(ballast)
    os.truncate(ballast, ballast.stat().st_size - 1_500_000)
    film = random.Random(7).randbytes(2_000_000)
    with WireServer(Site({"/film.mp4": Script(answer(film, "video/mp4"))})) as server:
        url = server.url("/film.mp4")
        with archive.start("capture", "--json", url) as process:
            spoken = Spoken(process, b"no room for a large download")
            try:
                assert spoken.was_said.wait(60), spoken.lines
                ballast.unlink()
                assert process.wait(60) == 0, spoken.text()
            finally:
                process.kill()
                said = spoken.text()
        assert len(server.requests["/film.mp4"]) == 2
    assert "no room for a large download" in said
    assert "going on" in said
    [listed] = archive.here("list", url, "--json").lines()
    assert listed["truncated"] is None
    assert archive.here("get", url).out == film


def test_a_limit_on_the_size_of_files_is_treated_like_a_full_disk(
    tmp_path: Path, site: GeneratedSite
) -> None:
    """Stands for the full disk where no file system can be mounted."""
    if mounted(tmp_path):
        unmount(tmp_path)
        pytest.skip("a small file system can be mounted, which is the real thing")
    archive = Archive(tmp_path / "home", SMALL_GROUPS)
    archive.here("init")
    with archive.index():
        pass  # the database is made before the limit
    limit = 400_000

    def make_room(pid: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    start = archive.start

    def limited(*arguments: str) -> subprocess.Popen[bytes]:
        process = start(*arguments)
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
        return process

    archive.start = limited  # type: ignore[method-assign, assignment]
    capture_with_pause(archive, site, make_room)
    assert archive.here("verify", "--json").json()["faults"] == []


def test_a_capture_gives_up_after_its_patience_and_what_was_acknowledged_stays(
    small_disk: Path, site: GeneratedSite
) -> None:
    archive = Archive(small_disk / "home", {**SMALL_GROUPS, "ARCHIVER_STORAGE__PATIENCE": "0.3"})
    archive.here("init")
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(7_300_000))
    process = archive.start("capture", "--json", *site.article_urls)
    said = finish(process, 1)
    assert said.err.splitlines()[-1].startswith("archiver: no")
    assert "free some" in said.err.splitlines()[-1]
    fill(ballast)
    full = archive.run("capture", site.article_urls[0], code=1)
    assert "no space is left" in full.err or "no room" in full.err
    ballast.unlink()
    assert archive.here("verify", "--json").json()["faults"] == []
    with archive.index() as index:
        for line in said.lines():
            if line["snapshot"]:
                assert index.snapshot(line["snapshot"]) is not None


def test_a_capture_keeps_the_space_free_that_it_was_told_to_and_can_be_stopped_meanwhile(
    tmp_path: Path, site: GeneratedSite
) -> None:
    archive = Archive(
        tmp_path / "home",
        {"ARCHIVER_STORAGE__FREE_FLOOR": "900TB", "ARCHIVER_STORAGE__PATIENCE": "1000"},
    )
    with archive.start("capture", site.article_urls[0]) as process:
        spoken = Spoken(process)
        try:
            assert spoken.was_said.wait(60), spoken.lines
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 130
        finally:
            process.kill()
        assert "storage.free_floor" in spoken.text()
        assert "stopped" in spoken.text()
        assert "Traceback" not in spoken.text()
    assert archive.here("stats", "--json").json()["captures"] == 0

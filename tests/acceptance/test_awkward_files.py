"""What commands read and write need not be ordinary files: one line says what cannot be done."""

from __future__ import annotations

import os
import subprocess
import threading
from pathlib import Path

import pytest
from command_line import COMMAND, Archive
from raw_site import Site, answer, page
from wire_server import Script, WireServer


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Archive, str]:
    archive = Archive(tmp_path_factory.mktemp("awkward") / "home")
    with WireServer(Site({"/": Script(answer(page(text="x")))})) as server:
        archive.run("capture", server.url("/"))
        return archive, server.url("/")


@pytest.mark.parametrize(
    "command",
    ["stats", "stats --json", "get URL", "list URL", "status", "sources list", "--help", "--version"],
)
def test_an_output_that_cannot_be_written_is_said_in_one_line(
    captured: tuple[Archive, str], command: str
) -> None:
    archive, url = captured
    with Path(os.devnull).open("rb") as unwritable:
        done = subprocess.run(
            [COMMAND, *command.replace("URL", url).split()],
            stdout=unwritable,
            stderr=subprocess.PIPE,
            env=archive.environment(),
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "archiver: the output cannot be written: Bad file descriptor"
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr


def test_a_reader_that_is_gone_is_no_fault_to_talk_about(captured: tuple[Archive, str]) -> None:
    archive, _ = captured
    process = archive.start("sources", "list", "--json")
    assert process.stdout is not None
    process.stdout.close()
    process.stdout = None
    assert process.communicate(timeout=60) == (None, b"")


def test_no_name_of_a_file_to_write_to_is_a_wrong_call(captured: tuple[Archive, str]) -> None:
    archive, url = captured
    assert "which file to write to" in archive.here("get", url, "-o", "", code=2).err


def test_a_pipe_is_written_to_and_not_replaced_by_a_file(
    captured: tuple[Archive, str], tmp_path: Path
) -> None:
    archive, url = captured
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[bytes] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()), daemon=True)
    reader.start()
    archive.here("get", url, "-o", str(pipe))
    reader.join(10)
    assert read == [page(text="x")]
    assert pipe.is_fifo()


@pytest.mark.parametrize("command", ["import PATH", "sightings PATH", "extract PATH --url http://a.example/"])
def test_what_has_no_end_is_not_read(captured: tuple[Archive, str], tmp_path: Path, command: str) -> None:
    archive, _ = captured
    os.mkfifo(tmp_path / "pipe")
    for path in ("/dev/zero", str(tmp_path / "pipe")):
        said = archive.run(*command.replace("PATH", path).split(), code=2, timeout=20)
        assert said.err == f"archiver: {path} is no ordinary file; name a file\n"


@pytest.mark.parametrize(
    "date", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00+14:00", "9999-12-31T23:59:59.5-01:00"]
)
def test_a_date_outside_the_calendar_is_a_wrong_call(captured: tuple[Archive, str], date: str) -> None:
    archive, url = captured
    said = archive.here("get", url, "--at", date, code=2)
    assert "not a date" in said.err
    assert "1 to 9999" in said.err

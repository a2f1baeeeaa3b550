"""The running service and its source files: what is broken, strange or away does not disturb the rest."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

from archiver.config.source import Source
from archiver.config.sources import load_sources
from archiver.errors import ConfigurationError
from archiver.service.source_files import SourceFiles

TEXT = "title: Daily\ndomains: [daily.example]\ncountry: DE\nlanguages: [en]\nenabled: true\n"
FEED = 'feeds: ["https://daily.example/feed"]\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    (folder / "daily.yaml").write_text(TEXT + FEED)
    return folder


def test_a_link_that_leads_to_itself_is_one_source_left_out(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "x.yaml").symlink_to("x.yaml")
    files = SourceFiles(folder)
    assert files.reload()
    assert set(files.sources) == {"daily"}
    assert "source x: " in caplog.text
    assert "Too many levels of symbolic links; it is left out" in caplog.text
    assert not files.reload()


def test_a_file_that_turns_into_a_loop_leaves_its_source_as_it_was(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = SourceFiles(folder)
    files.reload()
    (folder / "daily.yaml").unlink()
    (folder / "daily.yaml").symlink_to("daily.yaml")
    assert not files.reload()
    assert set(files.sources) == {"daily"}
    assert "it stays as it was" in caplog.text


def test_a_file_that_may_be_read_again_is_read_again(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / "daily.yaml"
    path.chmod(0o600)
    files = SourceFiles(folder)
    files.reload()
    loads = []
    monkeypatch.setattr(files, "load", lambda folder: loads.append(folder) or load_sources(folder))
    path.chmod(0o644)
    files.reload()
    assert loads == [folder]


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


def as_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def as_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def as_folder(path: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize(
    ("make", "kind"),
    [(as_pipe, "a pipe"), (as_socket, "a socket"), (as_device, "a device"), (as_folder, "a folder")],
)
def test_what_is_no_file_is_told_and_never_waited_for(folder: Path, make, kind: str, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.chdir(folder)
    make(Path("x.yaml"))
    catalogue = load_sources(folder)
    [problem] = catalogue.problems["x"]
    assert str(problem) == f"{folder}/x.yaml:1: expected a file with text, found {kind}"
    assert "daily" in catalogue.sources


def test_a_link_to_a_file_is_as_good_as_the_file(folder: Path, tmp_path: Path) -> None:
    (folder / "daily.yaml").rename(tmp_path / "elsewhere")
    (folder / "daily.yaml").symlink_to(tmp_path / "elsewhere")
    assert load_sources(folder).get("daily").title == "Daily"


def test_a_file_of_more_than_a_mebibyte_is_refused_unread(folder: Path) -> None:
    with (folder / "x.yaml").open("wb") as stream:
        stream.truncate(5 << 30)
    [problem] = load_sources(folder).problems["x"]
    assert "expected at most 1,048,576 bytes, found 5,368,709,120" in str(problem)


def remove(folder: Path) -> None:
    shutil.rmtree(folder)


def replace_by_a_file(folder: Path) -> None:
    remove(folder)
    folder.write_text("no folder")


def replace_by_a_loop(folder: Path) -> None:
    remove(folder)
    folder.symlink_to(folder.name)


def replace_by_a_link_that_leads_nowhere(folder: Path) -> None:
    remove(folder)
    folder.symlink_to("unmounted")


LOSSES = [remove, replace_by_a_file, replace_by_a_loop, replace_by_a_link_that_leads_nowhere]


@pytest.mark.parametrize("lose", LOSSES)
def test_a_folder_that_is_lost_leaves_all_sources_as_they_were_and_is_told_once(
    folder: Path, lose, caplog: pytest.LogCaptureFixture
) -> None:  # type: ignore[no-untyped-def]
    files = SourceFiles(folder)
    files.reload()
    before = dict(files.sources)
    lose(folder)
    caplog.set_level("INFO")
    for _ in range(3):
        assert not files.reload()
        assert files.sources == before
    [told] = caplog.records
    assert told.levelname == "ERROR"
    assert "all sources stay as they were" in told.getMessage()
    assert str(folder) in told.getMessage()
    caplog.clear()
    folder.unlink(missing_ok=True)
    folder.mkdir()
    (folder / "weekly.yaml").write_text(TEXT + FEED)
    assert files.reload()
    assert set(files.sources) == {"weekly"}
    assert "the source files can be read again" in caplog.text


def test_a_folder_that_comes_back_as_it_was_is_told(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    files = SourceFiles(folder)
    files.reload()
    away = folder.rename(folder.with_name("away"))
    assert not files.reload()
    away.rename(folder)
    assert not files.reload()
    assert "the source files can be read again" in caplog.text
    assert set(files.sources) == {"daily"}


@pytest.mark.parametrize("lose", LOSSES[1:])
def test_a_folder_that_cannot_be_read_at_the_start_is_refused_with_what_to_do(folder: Path, lose) -> None:  # type: ignore[no-untyped-def]
    lose(folder)
    with pytest.raises(ConfigurationError, match=rf"{folder} .*; (move it away|mend it)"):
        SourceFiles(folder).reload()


def test_without_a_folder_at_the_start_only_what_comes_with_the_program_exists(folder: Path) -> None:
    remove(folder)
    files = SourceFiles(folder)
    assert not files.reload()
    assert files.sources == {}
    folder.mkdir()
    (folder / "daily.yaml").write_text(TEXT + FEED)
    assert files.reload()
    assert set(files.sources) == {"daily"}


def test_files_that_change_while_they_are_read_are_read_at_the_next_look(folder: Path) -> None:
    files = SourceFiles(folder)
    files.reload()
    (folder / "daily.yaml").write_text(TEXT + FEED + "\n")

    def removed_meanwhile(where: Path):  # type: ignore[no-untyped-def]
        (where / "daily.yaml").unlink()
        return load_sources(where)

    files.load = removed_meanwhile
    assert not files.reload()
    assert set(files.sources) == {"daily"}
    files.load = load_sources
    assert files.reload()
    assert files.sources == {}


def test_a_broken_file_that_is_well_again_as_it_was_is_told_once(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files = SourceFiles(folder)
    files.reload()
    caplog.set_level("INFO")
    for text in (TEXT + FEED + "shedule: 5 min\n", TEXT + FEED, TEXT + FEED + "\n"):
        (folder / "daily.yaml").write_text(text)
        assert not files.reload()
    assert caplog.text.count("source daily: its file is well again; it stays as it was") == 1
    (folder / "daily.yaml").write_text("title: [")
    files.reload()
    (folder / "daily.yaml").write_text(TEXT + FEED + "schedule: 5 min\n")
    assert files.reload()
    assert caplog.text.count("well again") == 1
    assert caplog.text.count("source daily was changed") == 1


def test_a_source_that_lacks_a_secret_is_left_out_at_the_start_too_and_no_other_with_it(
    folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    secret = "headers: {Authorization: '${SECRET}'}\n"
    (folder / "closed.yaml").write_text(TEXT + FEED + secret)
    environ: dict[str, str] = {}
    files = SourceFiles(folder, lacks=lambda source: source.lacks(environ))
    assert files.reload()
    assert set(files.sources) == {"daily"}
    why = "header Authorization needs the environment variable SECRET, which is not set"
    assert files.left_out == {"closed": why}
    assert f"source closed is left out: {why}" in caplog.text
    environ["SECRET"] = "Bearer x"
    (folder / "closed.yaml").write_text(TEXT + FEED + secret + "\n")
    assert files.reload()
    assert set(files.sources) == {"daily", "closed"}
    assert files.left_out == {}


def test_a_source_that_is_refused_is_left_out_beside_a_broken_one(folder: Path) -> None:
    def refuses(found: Source) -> str | None:
        return "no contact" if found.name == "bad" else None

    files = SourceFiles(folder, refuses=refuses)
    files.reload()
    (folder / "bad.yaml").write_text(TEXT + FEED)
    (folder / "loop.yaml").symlink_to("loop.yaml")
    assert not files.reload()
    assert set(files.sources) == {"daily"}

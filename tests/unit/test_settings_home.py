import os
import stat
from pathlib import Path

import pytest

from archiver.config.home import Home, create_home, find_home
from archiver.config.settings import Settings, load_settings
from archiver.errors import ConfigurationError


def test_the_option_goes_before_the_variable_and_that_before_the_default(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert find_home("x", {"ARCHIVER_HOME": "/y"}).root == tmp_path / "x"
    assert find_home(None, {"ARCHIVER_HOME": "/y"}).root == Path("/y")
    assert find_home(None, {"ARCHIVER_HOME": ""}).root == tmp_path / "archive"
    assert find_home(None, {}).root == tmp_path / "archive"


def test_the_process_environment_is_used_when_none_is_given(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("ARCHIVER_HOME", str(tmp_path))
    assert find_home().root == tmp_path


def test_a_tilde_is_the_users_folder(monkeypatch):
    monkeypatch.setenv("HOME", "/home/me")
    assert find_home("~/news", {}).root == Path("/home/me/news")


def test_a_new_home_has_its_folders_and_settings(tmp_path: Path):
    home = Home(tmp_path / "deep" / "archive")
    create_home(home)
    assert sorted(entry.name for entry in home.root.iterdir()) == [
        "archiver.toml",
        "keys",
        "log",
        "sources",
        "spool",
        "warc",
    ]
    assert load_settings(home, {}) == Settings()


def test_keys_are_for_the_owner_only(tmp_path: Path):
    home = Home(tmp_path)
    home.keys.mkdir(mode=0o755)
    create_home(home)
    assert stat.S_IMODE(home.keys.stat().st_mode) == 0o700


def test_making_a_home_again_keeps_what_is_there(tmp_path: Path):
    home = Home(tmp_path)
    assert create_home(home)
    home.config_file.write_text("[identity]\noperator = 'Me'")
    (home.sources / "mine.yaml").write_text("x")
    assert not create_home(home)
    assert home.config_file.read_text() == "[identity]\noperator = 'Me'"
    assert (home.sources / "mine.yaml").read_text() == "x"


def test_a_command_that_needs_an_archive_says_how_to_make_one(tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"no archive at .*/none; make one with archiver init"):
        find_home(tmp_path / "none", {}, must_exist=True)
    create_home(Home(tmp_path / "some"))
    assert find_home(tmp_path / "some", {}, must_exist=True).exists


def test_a_file_is_no_home(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match=r"file is not a folder; choose another folder with --home"):
        find_home(tmp_path / "file", {})


def test_a_home_below_a_file_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be used: Not a directory; choose another folder"):
        create_home(Home(tmp_path / "file" / "archive"))


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path):
    (tmp_path / "warc").write_text("")
    with pytest.raises(ConfigurationError, match="warc cannot be used: File exists"):
        create_home(Home(tmp_path))


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a folder that even root cannot write to")
def test_a_place_that_cannot_be_written_to_is_named():
    with pytest.raises(ConfigurationError, match=r"/proc/archive cannot be used: .*; choose another folder"):
        create_home(Home(Path("/proc/archive")))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_home_without_write_permission_is_named(tmp_path: Path):
    create_home(Home(tmp_path))
    tmp_path.chmod(0o500)
    with pytest.raises(ConfigurationError, match="cannot be written to; choose another folder"):
        create_home(Home(tmp_path))
    tmp_path.chmod(0o700)


def test_no_half_written_settings_are_left_when_writing_fails(tmp_path: Path, monkeypatch):
    def full(*args: object, **kwargs: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(ConfigurationError, match="No space left on device"):
        create_home(Home(tmp_path))
    assert not list(tmp_path.glob("*archiver.toml*"))

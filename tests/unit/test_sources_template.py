"""A new source is written so that it reads back, or not at all."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.config.source_template import render_source, write_source
from archiver.config.sources import SourceFileError
from archiver.errors import ConfigurationError


def rendered(title: str = "Mine", **kwargs: object) -> str:
    fields = {
        "domains": ["mine.example"],
        "country": "NO",
        "languages": ["nb"],
        "feeds": ["https://mine.example/rss"],
    }
    return render_source(title=title, **(fields | kwargs))  # type: ignore[arg-type]


def test_a_new_source_reads_back(tmp_path):
    source = write_source(
        tmp_path / "sources",
        "mine",
        rendered(enabled=True, listings=["https://mine.example/"], pages=["https://mine.example/about"]),
    )
    assert (source.name, source.title, source.country, source.enabled) == ("mine", "Mine", "NO", True)
    assert source.urls == (
        "https://mine.example/rss",
        "https://mine.example/",
        "https://mine.example/about",
    )


@given(st.text(st.characters(categories=("L", "N", "P", "S")), min_size=1, max_size=50))
def test_every_printable_title_reads_back(title):
    with tempfile.TemporaryDirectory() as folder:
        assert write_source(Path(folder), "mine", rendered(title)).title == title


def test_the_commented_keys_are_keys(tmp_path):
    lines = rendered().splitlines()
    commented = [line.removeprefix("# ") for line in lines if line.startswith("# ") and ":" in line]
    source = write_source(
        tmp_path, "mine", "\n".join(line for line in lines if line[:1] != "#") + "\n" + "\n".join(commented)
    )
    assert source.listing_pages == 1
    assert len(commented) == 9


def test_a_source_is_whole_when_it_appears(tmp_path, monkeypatch):
    seen = []

    def checked(path, **_):
        seen.append([each.name for each in tmp_path.iterdir() if each.name.endswith(".yaml")])

    monkeypatch.setattr("archiver.config.source_template.validate_source_file", checked)
    write_source(tmp_path, "mine", rendered())
    assert seen == [[]]
    assert [each.name for each in tmp_path.iterdir()] == ["mine.yaml"]


def test_a_link_in_the_place_of_a_file_is_not_overwritten(tmp_path):
    (tmp_path / "mine.yaml").symlink_to("nowhere")
    with pytest.raises(ConfigurationError, match="is there already"):
        write_source(tmp_path, "mine", rendered())


def test_what_is_no_source_leaves_no_file(tmp_path):
    with pytest.raises(SourceFileError, match="country: expected"):
        write_source(tmp_path, "mine", rendered(country="Norway"))
    assert list(tmp_path.iterdir()) == []


def test_no_file_is_overwritten(tmp_path):
    write_source(tmp_path, "mine", rendered())
    with pytest.raises(ConfigurationError, match="is there already"):
        write_source(tmp_path, "mine", rendered("Other"))
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match=r"cannot be written|is there already"):
        write_source(tmp_path / "file", "mine", rendered())

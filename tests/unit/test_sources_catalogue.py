"""The sources that come with the program, and how those of a home lie over them."""

from __future__ import annotations

import os
import re
from importlib import resources
from pathlib import Path

import pytest

from archiver.config.sources import SourceFileError, load_sources, validate_source_file
from archiver.errors import NotFoundError

CATALOGUE = load_sources()
FOLDER = resources.files("archiver.config") / "sources"
NAMES = sorted(entry.name.removesuffix(".yaml") for entry in FOLDER.iterdir() if entry.name.endswith(".yaml"))
REGIONS = {
    "Africa": {"ZA", "NG", "KE", "EG", "MA", "SN", "ET", "CD"},
    "Asia": {"JP", "KR", "CN", "IN", "ID", "PK", "VN", "PH"},
    "Europe": {"GB", "DE", "FR", "PL", "UA", "ES", "IT", "SE"},
    "Middle East": {"QA", "IL", "PS", "IR", "TR", "SA", "LB", "SY"},
    "North America": {"US", "CA", "MX"},
    "Oceania": {"AU", "NZ", "FJ", "PG"},
    "South America": {"BR", "AR", "CL", "CO", "PE"},
}


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_source_keeps_the_contract(name):
    source = CATALOGUE.get(name)
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", source.name)
    assert not source.enabled
    assert all(url.startswith("https://") and source.owns(url) for url in source.urls)
    assert source.feeds or source.sitemaps or source.listings
    assert not source.headers
    assert source.checked is not None or "were not checked when this file was shipped" in text
    assert f"archiver sources check {name}" in text


def test_all_files_are_read_and_no_two_sources_share_an_address():
    assert CATALOGUE.problems == {}
    assert sorted(CATALOGUE.sources) == NAMES
    urls = [url for source in CATALOGUE for url in source.urls]
    assert len(urls) == len(set(urls))


def test_the_catalogue_spans_the_world():
    countries = {source.country for source in CATALOGUE}
    languages = {language.partition("-")[0] for source in CATALOGUE for language in source.languages}
    assert len(CATALOGUE) >= 45
    assert len(languages) >= 30
    for region, members in REGIONS.items():
        assert members <= countries, region


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "sources"
    folder.mkdir()
    return folder


def test_a_line_in_the_home_switches_a_shipped_source_on(home):
    (home / "bbc-news.yaml").write_text("enabled: true\npoliteness: {delay: 9}\n")
    catalogue = load_sources(home)
    source = catalogue.get("bbc-news")
    assert [source.name for source in catalogue.enabled] == ["bbc-news"]
    assert source.feeds == CATALOGUE.get("bbc-news").feeds
    assert source.politeness.delay == 9
    assert catalogue.files["bbc-news"] == ("shipped:bbc-news.yaml", str(home / "bbc-news.yaml"))


def test_a_list_in_the_home_replaces_the_shipped_one(home):
    (home / "bbc-news.yaml").write_text("feeds: [https://www.bbc.com/mine]\n")
    assert load_sources(home).get("bbc-news").feeds == ("https://www.bbc.com/mine",)


def test_a_new_source_in_the_home_is_added(home):
    (home / "mine.yaml").write_text(
        "title: Mine\ndomains: [localhost]\ncountry: DE\nlanguages: [de]\nfeeds: [http://localhost:8000/rss]\n"
    )
    catalogue = load_sources(home)
    assert catalogue.get("mine").title == "Mine"
    assert len(catalogue) == len(CATALOGUE) + 1


def test_a_broken_file_is_told_and_hides_no_other(home):
    (home / "broken.yaml").write_text("title: [\n")
    (home / "bbc-news.yaml").write_text("enabled: perhaps\n")
    (home / "notes.txt").write_text("not a source")
    (home / ".hidden.yaml").write_text("{")
    catalogue = load_sources(home)
    assert set(catalogue.problems) == {"broken", "bbc-news"}
    assert len(catalogue) == len(CATALOGUE) - 1
    with pytest.raises(
        SourceFileError, match=r"bbc-news\.yaml:1: enabled: expected true or false, found 'perhaps'"
    ):
        catalogue.get("bbc-news")
    with pytest.raises(SourceFileError, match=r"broken\.yaml:2: is not YAML"):
        validate_source_file(home / "broken.yaml")


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(NotFoundError, match=r"no source 'bbc-newz' \(did you mean bbc-news\?\)"):
        CATALOGUE.get("bbc-newz")


def test_a_home_without_sources_is_no_problem(tmp_path):
    assert len(load_sources(tmp_path / "nowhere")) == len(CATALOGUE)


def test_a_file_whose_name_is_no_text_is_broken_and_named_as_text(tmp_path):
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.yaml"))
    odd.write_text("title: T\n")
    [(name, [problem])] = load_sources(tmp_path).problems.items()
    assert name == r"\xff\xfe"
    why = "its name is not UTF-8; give it one such as my-source.yaml"
    assert str(problem) == rf"{tmp_path}/\xff\xfe.yaml:1: {why}"
    with pytest.raises(SourceFileError, match="its name is not UTF-8"):
        validate_source_file(odd)

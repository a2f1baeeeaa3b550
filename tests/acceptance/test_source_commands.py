"""`archiver sources`: what is shown of a source is what is in force, and a new one is a file to work on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from command_line import Archive

from archiver.config.source_schema import READERS
from archiver.config.sources import load_sources

RICH = """\
title: The Paper
country: DE
languages: [de]
domains: [example.org]
feeds: ["https://example.org/feed"]
listings: ["https://example.org/"]
listing_pages: 3
max_age: null
revisit: [1 h, 36 h]
politeness: {delay: 7.5}
headers: {Authorization: "${PAPER_TOKEN}", Accept-Language: de-CH}
enabled: true
"""
ADD = ("--domain", "daily.example", "--country", "NO", "--language", "nb")


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive(tmp_path / "home", {"ARCHIVER_POLITENESS__CONCURRENCY": "5"})
    archive.here("init")
    (archive.home / "sources" / "paper.yaml").write_text(RICH)
    return archive


def test_everything_that_is_in_force_is_shown_and_no_value_of_a_header(archive: Archive) -> None:
    shown = archive.here("sources", "show", "paper", "--json")
    facts = shown.json()
    assert set(READERS) <= set(facts)
    assert facts["listing_pages"] == 3
    assert facts["max_age"] is None
    assert facts["revisit"] == ["1 h", "36 h"]
    assert facts["politeness"] == {"delay": 7.5, "concurrency": 5, "obey_robots": True}
    assert facts["headers"] == ["Authorization", "Accept-Language"]
    assert facts["schedule"] == "15 min"
    assert facts["files"] == [str(archive.home / "sources" / "paper.yaml")]
    told = archive.here("sources", "show", "paper").text
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "politeness delay 7.5, concurrency 5, obey_robots true" in lines
    assert "headers Authorization, Accept-Language" in lines
    assert "revisit 1 h, 36 h" in lines
    assert "max_age no limit" in lines
    for text in (told, shown.text):
        assert "de-CH" not in text
        assert "PAPER_TOKEN" not in text


def test_what_a_source_leaves_open_is_shown_as_the_settings_have_it(archive: Archive) -> None:
    settings = {"ARCHIVER_POLITENESS__OBEY_ROBOTS": "false", "ARCHIVER_PICTURES__POLICY": "none"}
    facts = archive.here("sources", "show", "bbc-news", "--json", **settings).json()
    assert facts["politeness"]["obey_robots"] is False
    assert facts["pictures"] == "none"
    assert facts["revisit"][0] == "1 h"
    [listed] = archive.here("sources", "list", "--enabled", "--json").lines()
    assert (listed["name"], listed["politeness"]["delay"]) == ("paper", 7.5)


def test_a_new_source_is_a_file_that_shows_what_it_could_have_besides(archive: Archive) -> None:
    page = ("--page", "https://daily.example/about")
    archive.here("sources", "add", "daily", *ADD, *page, "--feed", "https://daily.example/feed")
    text = (archive.home / "sources" / "daily.yaml").read_text()
    source = load_sources(archive.home / "sources").get("daily")
    assert source.enabled
    assert source.urls == ("https://daily.example/feed", "https://daily.example/about")
    assert "# revisit: sparse" in text
    assert "# politeness: {" in text
    assert sorted(path.name for path in (archive.home / "sources").iterdir()) == ["daily.yaml", "paper.yaml"]
    archive.here("sources", "add", "weekly", *ADD, *page, "--disabled", "--title", 'The "Weekly"')
    weekly = load_sources(archive.home / "sources").get("weekly")
    assert (weekly.enabled, weekly.title) == (False, 'The "Weekly"')


@pytest.mark.parametrize(
    ("name", "more", "message"),
    [
        ("paper", ("--feed", "https://daily.example/feed"), "paper.yaml is there already"),
        ("daily", ("--feed", "https://elsewhere.example/feed"), "expected an address on daily.example"),
        ("daily", (), "expected at least one of feeds"),
        ("Daily News", ("--feed", "https://daily.example/feed"), "cannot be a name"),
    ],
)
def test_what_would_be_no_source_is_refused_and_nothing_is_left(
    archive: Archive, name: str, more: tuple[str, ...], message: str
) -> None:
    assert message in archive.here("sources", "add", name, *ADD, *more, code=2).err
    assert [path.name for path in (archive.home / "sources").iterdir()] == ["paper.yaml"]
    assert (archive.home / "sources" / "paper.yaml").read_text() == RICH


def test_a_file_whose_name_is_no_text_is_named_as_broken_by_every_command(archive: Archive) -> None:
    archive.here("list", "http://127.0.0.1/", code=None)
    odd = os.fsencode(archive.home / "sources") + b"/\xff\xfe.yaml"
    Path(os.fsdecode(odd)).write_text(RICH)
    why = "its name is not UTF-8; give it one such as my-source.yaml"
    for command in (("sources", "list"), ("sources", "list", "--json")):
        said = archive.run(*command, code=None)
        assert rf"{archive.home}/sources/\xff\xfe.yaml:1: {why}" in said.err, command
    told = archive.run("status", "--json").json()["sources"]
    assert told["\\xff\\xfe"]["state"] == "broken file"
    assert why in told["\\xff\\xfe"]["state_reason"]
    assert "\\xff\\xfe" in archive.run("status").text


def test_a_home_whose_name_is_no_text_can_be_used(tmp_path: Path) -> None:
    home = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xffhome"))
    archive = Archive(home, {"PYTHONIOENCODING": "utf-8:strict"})
    assert "\\xffhome" in archive.run("init").text
    (archive.home / "sources" / "paper.yaml").write_text(RICH)
    assert "\\\\xffhome" in archive.run("sources", "show", "paper", "--json").out.decode()
    assert "\\xffhome" in archive.run("sources", "show", "paper").text

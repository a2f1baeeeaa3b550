"""How the work on the sources goes, as people and programs are told it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from web_archive import page, served

from archiver.config.sources import load_sources
from archiver.model.operations import PassCounts
from archiver.web.application import application

NOW = datetime.now(UTC)
HOUR = timedelta(hours=1)
NAMES = ("steady", "failing", "paused", "running", "off")
FILE = """
title: The {name} news
domains: [{name}.example]
country: DE
languages: [de]
feeds: [https://{name}.example/rss]
enabled: {enabled}
checked: null
"""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("sources")
    (folder / "sources").mkdir()
    for name in NAMES:
        written = FILE.format(name=name, enabled=str(name != "off").lower())
        (folder / "sources" / f"{name}.yaml").write_text(written)
    with served(folder, f"sqlite:///{folder}/index.sqlite", [page(b"x")]) as archive:
        states = archive.site.index.operations.sources
        for name in ("steady", "failing"):
            assert states.claim(name, "one", NOW - 2 * HOUR, NOW - HOUR)
            problem = "the feed answered <503>" if name == "failing" else None
            states.finished(name, "one", NOW - 2 * HOUR, PassCounts(new=3), problem, is_pass=True)
        states.plan("steady", NOW + 1.5 * HOUR, None)
        states.pause("paused", NOW, "they asked us to")
        assert states.claim("running", "one", NOW, NOW + HOUR)
        site = replace(archive.site, sources=lambda: load_sources(folder / "sources"))
        yield TestClient(application(site), "http://app.test")


def test_every_condition_has_its_word(client: TestClient) -> None:
    told = {one["name"]: one for one in client.get("/api/v1/sources").json()["sources"]}
    words = {name: told[name]["condition"] for name in NAMES}
    assert words == {
        "steady": "on", "failing": "failing", "paused": "paused", "running": "running", "off": "off",
    }  # fmt: skip
    assert told["failing"]["problem"] == "the feed answered <503>"
    assert told["steady"]["next_run_at"] > told["steady"]["finished_at"]


def test_the_page_tells_last_and_next_pass_problems_and_pauses(client: TestClient) -> None:
    text = client.get("/sources").text
    assert "2 hours ago" in text
    assert "in 1 hour" in text
    assert "the feed answered &lt;503&gt;" in text
    assert "they asked us to" in text


def test_an_archive_without_a_service_shows_no_empty_columns(tmp_path: Path) -> None:
    with served(tmp_path, f"sqlite:///{tmp_path}/index.sqlite", [page(b"x")]) as archive:
        assert "Last pass" not in archive.app.get("/sources").text

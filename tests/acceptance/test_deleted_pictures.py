"""A picture is deleted under an article that stays as it is: the installed command tells it by itself."""

from __future__ import annotations

import html
import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from command_line import Archive, finish
from starlette.testclient import TestClient

from archiver.config.folder import Home
from archiver.config.settings import Settings
from archiver.demo.newsroom import site_file
from archiver.demo.resource import Answer, Request, Resource, note
from archiver.demo.server import LocalSite
from archiver.web.application import application
from archiver.web.opening import open_site

HOST = "paper.localhost"
DAY = 24.0
SECOND_LOOK = (6 * 60 + 1) * 60 * 1_000_000
TEXT = "The bridge over the river was closed on Monday after three cracks were found in the second pier."
FIGURE = '<figure><img src="{}" alt="{}"><figcaption>{}, seen on Monday</figcaption></figure>'
PAGE = f"""<html lang="en"><head><title>The bridge is closed</title></head><body><article>
<h1>The bridge is closed</h1><p>{TEXT}</p>{FIGURE.format("/img/q3.jpg", "The bridge", "The bridge")}
<p>The mayor said that she would not resign, and that work on the bridge would take until autumn.</p>
{FIGURE.format("/img/q4.jpg", "The crack", "The crack")}<p>The council meets again on Thursday evening.</p>
</article></body></html>"""
FEED = """<rss version="2.0"><channel><title>Paper</title><item><title>The bridge is closed</title>
<link>{}</link></item></channel></rss>"""
LATER = """
import sys, time_machine
from datetime import UTC, datetime, timedelta
from archiver.cli import main
with time_machine.travel(datetime.now(UTC) + timedelta(hours=float(sys.argv[1])), tick=True):
    sys.exit(main(sys.argv[2:]))
"""


class Paper(LocalSite):
    """One article with two pictures; `deleted` is what the second answers with when it is not there."""

    deleted: int | None = None

    @property
    def article(self) -> str:
        return self.url(HOST, "/news/the-bridge-is-closed-12345")

    @property
    def picture(self) -> str:
        return self.url(HOST, "/img/q4.jpg")

    def respond(self, request: Request) -> Answer:
        pictures = {"/img/q3.jpg": "pictures/harbour.jpg", "/img/q4.jpg": "pictures/market.jpg"}
        if request.target == "/img/q4.jpg" and self.deleted:
            return note(self.deleted, "not to be had").answer(request)
        if request.target in pictures:
            return Resource(site_file(pictures[request.target]), "image/jpeg").answer(request)
        if request.target == "/feed.xml":
            return Resource(FEED.format(self.article).encode(), "application/rss+xml").answer(request)
        if request.target.startswith("/news/"):
            return Resource(PAGE.encode(), "text/html; charset=utf-8").answer(request)
        return note(404, "nothing here").answer(request)


class Reader:
    """Follows the paper, at hours of our choice, and asks the archive."""

    def __init__(self, home: Path, paper: Paper) -> None:
        self.archive, self.paper = Archive(home), paper
        self.archive.here("init")
        facts = {
            "title": "Paper", "country": "DE", "languages": ["en"], "enabled": True, "domains": [HOST],
            "feeds": [paper.url(HOST, "/feed.xml")], "max_age": None,
        }  # fmt: skip
        lines = [f"{key}: {json.dumps(value)}" for key, value in facts.items()]
        (home / "sources" / "paper.yaml").write_text("\n".join(lines) + "\n")

    def crawl(self, hours: float) -> dict[str, Any]:
        """One pass so many hours from now; what it brought, without what was nought."""
        command = [sys.executable, "-c", LATER, str(hours), "crawl", "--json"]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.archive.environment(),
        )
        [brought] = finish(process, 0, 100).lines()
        names = ("new", "changed", "unchanged", "gone", "walled", "failed")
        return {name: brought[name] for name in names if brought.get(name)}

    def history(self) -> list[dict[str, Any]]:
        return self.archive.here("history", self.paper.article, "--json").lines()

    def told(self) -> list[str]:
        """The history as a person reads it, without moments and identifiers."""
        lines = self.archive.here("history", self.paper.article).text.splitlines()
        plain = [line.partition("Z  ")[2] or line.strip() for line in lines]
        return [line for line in plain if not line.startswith("ark:")]

    def on_the_web(self) -> str:
        """The page that compares the last two snapshots."""
        sides = dict(
            zip(("after", "before"), [step["snapshot"] for step in self.history()[::-1]], strict=False)
        )
        with self.archive.index() as index:
            site = open_site(Home(self.archive.home), Settings(), index)
            client = TestClient(application(site), "http://app.test")
            told = client.get("/api/v1/comparison", params=sides).json()
            assert told["pictures"] == self.history()[-1]["pictures"]
            return html.unescape(client.get("/compare", params=sides).text)

    def wait(self) -> int:
        """From the last visit to the next, in microseconds."""
        with sqlite3.connect(self.archive.home / "index.sqlite") as database:
            [(wait,)] = database.execute("SELECT next_visit_at - last_visit FROM articles")
        return int(wait)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with Paper() as paper:
        yield Reader(tmp_path / "home", paper)


def test_a_deleted_picture_is_a_change_that_a_second_look_confirms_until_it_is_back_again(
    reader: Reader,
) -> None:
    url = reader.paper.picture
    assert reader.crawl(0) == {"new": 1}
    reader.paper.deleted = 404
    assert reader.crawl(20 * DAY) == {"changed": 1}
    assert reader.wait() == SECOND_LOOK
    once = f'picture gone: {url} answers 404, seen once; a second look is due: "The crack"'
    assert reader.told()[1:] == ["first-seen", "pictures-changed", once]
    assert reader.told()[0].endswith("2 versions in 2 snapshots")
    assert once in reader.archive.here("diff", reader.paper.article).text
    assert once in reader.on_the_web()
    assert reader.crawl(20 * DAY + 6.1) == {"unchanged": 1}
    assert reader.wait() > SECOND_LOOK
    twice = f'picture still gone: {url} answers 404, seen twice: "The crack"'
    assert reader.told()[3:] == [once, "identical", twice]
    assert twice in reader.on_the_web()
    assert reader.crawl(60 * DAY) == {"unchanged": 1}
    assert len(reader.history()) == 3
    reader.paper.deleted = None
    assert reader.crawl(300 * DAY) == {"changed": 1}
    back = f'picture back again: {url} "The crack"'
    assert reader.told()[6:] == ["pictures-changed", back]
    assert "2 versions in 4 snapshots" in reader.told()[0]
    assert back in reader.archive.here("diff", reader.paper.article).text
    assert "back-again" in reader.on_the_web()
    told, kept = reader.history(), reader.archive.dump()
    (reader.archive.home / "index.sqlite").unlink()
    reader.archive.here("reindex")
    assert (reader.history(), reader.archive.dump()) == (told, kept)
    reader.archive.here("verify")


@pytest.mark.parametrize("status", [403, 500])
def test_a_picture_that_could_not_be_had_is_no_change(reader: Reader, status: int) -> None:
    assert reader.crawl(0) == {"new": 1}
    assert reader.told() == ["1 version in 1 snapshot", "first-seen"]
    reader.paper.deleted = status
    assert reader.crawl(20 * DAY) == {"unchanged": 1}
    assert "1 version in 2 snapshots" in reader.told()[0]
    assert reader.told()[1:] == ["first-seen", "furniture-only"]
    [change] = reader.history()[-1]["pictures"]
    assert (change["kind"], change["noise"]) == ("not-had", "not-had")

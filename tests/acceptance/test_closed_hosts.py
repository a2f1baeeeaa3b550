"""A site that asks to be left alone is left alone; what was due is due again when it may be asked."""

from __future__ import annotations

import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path

from command_line import Archive
from raw_site import Site, answer, page
from wire_server import Script, WireServer

ARTICLES = ("/a", "/b", "/c")


def feed_of(urls: list[str]) -> Script:
    entries = "".join(f"<item><title>News</title><link>{url}</link></item>" for url in urls)
    text = f'<rss version="2.0"><channel><title>Paper</title>{entries}</channel></rss>'
    return Script(answer(text.encode(), "application/rss+xml"))


def test_articles_of_a_closed_host_are_due_again_when_it_opens(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home", {"ARCHIVER_POLITENESS__CONCURRENCY": "1"})
    archive.here("init")
    scripts = Site({path: Script(answer(page())) for path in ARTICLES})
    with WireServer(scripts) as paper, WireServer(Site()) as front:
        urls = [paper.url(path) for path in ARTICLES]
        front.scripts["/feed"] = feed_of(urls)
        told = {"title": "Paper", "country": "DE", "languages": ["en"], "domains": ["127.0.0.1"]}
        source = {**told, "enabled": True, "feeds": [front.url("/feed")]}
        (archive.home / "sources" / "paper.yaml").write_text(json.dumps(source))
        archive.run("crawl", "paper")
        with archive.index() as index:
            followed = list(index.due(datetime.now(UTC) + timedelta(days=9), "paper", 9))
            assert {article.url for article in followed} == set(urls)
        make_due(archive)
        for path in ARTICLES:
            busy = answer(b"too much", "text/plain", "Retry-After: 600", status="503 Service Unavailable")
            scripts[path] = Script(busy)
            paper.requests[path].clear()
        began = datetime.now(UTC)
        archive.run("crawl", "paper", "--json", code=None)
        assert sum(len(paper.requests[path]) for path in ARTICLES) == 1
    with archive.index() as index:
        followed = list(index.due(began + timedelta(days=9), "paper", 9))
    waits = sorted(
        (article.next_visit_at - began).total_seconds() for article in followed if article.next_visit_at
    )
    assert [600 <= wait < 700 for wait in waits] == [True, True, False], waits
    assert archive.here("verify", "--json").json()["faults"] == []


def make_due(archive: Archive) -> None:
    with sqlite3.connect(archive.home / "index.sqlite") as database:
        database.execute("UPDATE articles SET next_visit_at = last_visit + 1")

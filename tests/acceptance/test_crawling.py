"""Sources are crawled as an operator would: with the installed command, against local sites."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from command_line import Archive

from archiver.demo.generated import Change, GeneratedSite
from archiver.demo.newsroom import site_file
from archiver.demo.resource import Answer, Request, Resource, note
from archiver.demo.server import LocalSite
from archiver.demo.site import COURIER, MINISTRY, DemoSite, Stage

DAY = 24 * 3600 * 1_000_000


class Operator:
    """Switches sources on and crawls them, on one home."""

    def __init__(self, home: Path) -> None:
        self.archive = Archive(home)
        self.archive.here("init")

    def crawl(self, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
        """One pass; what it brought, source by source."""
        return self.archive.run("crawl", *arguments, "--json", code=code, timeout=100).lines()

    def capture(self, *urls: str, code: int = 0) -> None:
        self.archive.run("capture", *urls, code=code, timeout=100)

    def ask(self, *arguments: str, code: int = 0) -> list[dict[str, Any]]:
        """A command that only reads."""
        return self.archive.here(*arguments, "--json", code=code).lines()

    def source(self, name: str, **facts: object) -> None:
        known = {"title": name, "country": "DE", "languages": ["en"], "enabled": True, **facts}
        lines = [f"{key}: {json.dumps(value)}" for key, value in known.items()]
        (self.archive.home / "sources" / f"{name}.yaml").write_text("\n".join(lines) + "\n")

    def make_everything_due(self) -> None:
        """As if the next visit of every article had come; articles look a day old."""
        with sqlite3.connect(self.archive.home / "index.sqlite") as database:
            database.execute(
                "UPDATE articles SET next_visit_at = last_visit + 1, first_seen = first_seen - ?", (DAY,)
            )


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    return Operator(tmp_path / "home")


@pytest.fixture
def generated() -> Iterator[GeneratedSite]:
    with GeneratedSite(hosts=3, articles=18, pictures_per_article=3) as site:
        yield site


def follow(operator: Operator, site: GeneratedSite) -> None:
    for number, host in enumerate(sorted({urlsplit(url).netloc for url in site.article_urls})):
        operator.source(
            f"outlet-{number}",
            domains=[host.partition(":")[0]],
            feeds=[f"http://{host}/feed.xml"],
            sitemaps=[f"http://{host}/sitemap.xml"],
            max_age=None,
        )


def fetched(site: GeneratedSite) -> Counter[str]:
    return Counter(
        f"http://{request.host}{request.path}" for request in site.requests if request.method == "GET"
    )


def total(results: list[dict[str, Any]], name: str) -> int:
    return sum(int(str(result[name])) for result in results)


def test_every_article_and_picture_is_fetched_exactly_once(
    operator: Operator, generated: GeneratedSite
) -> None:
    follow(operator, generated)
    results = operator.crawl()
    assert total(results, "new") == 18
    times = fetched(generated)
    pictures = [picture for number in range(18) for picture in generated.picture_urls(number)]
    assert {times[_as_logged(url, times)] for url in (*generated.article_urls, *pictures)} == {1}
    operator.archive.here("verify")


def test_a_second_crawl_fetches_no_article_that_its_source_does_not_call_newer(
    operator: Operator, generated: GeneratedSite
) -> None:
    follow(operator, generated)
    operator.crawl()
    generated.forget_requests()
    results = operator.crawl()
    assert total(results, "known") == 18
    assert not [request for request in generated.requests if "/news/" in request.path]


def test_a_page_that_a_crash_left_without_a_snapshot_is_completed_by_the_next_crawl(
    operator: Operator, generated: GeneratedSite
) -> None:
    follow(operator, generated)
    operator.crawl("--limit", "2")
    with sqlite3.connect(operator.archive.home / "index.sqlite") as database:
        [(lost, url)] = database.execute(
            "SELECT snapshots.id, urls.url FROM snapshots JOIN urls ON urls.id = seed_url_id"
            " ORDER BY snapshots.id DESC LIMIT 1"  # the last one, whose number is given out again
        )
        database.execute("DELETE FROM snapshot_pictures WHERE snapshot_id = ?", (lost,))
        database.execute("DELETE FROM snapshots WHERE id = ?", (lost,))
    assert total(operator.crawl("--limit", "2"), "new") == 1
    assert len(operator.ask("history", url)) == 1


def test_an_index_that_refuses_ends_the_crawl_and_a_new_one_has_everything(
    operator: Operator, generated: GeneratedSite
) -> None:
    follow(operator, generated)
    operator.crawl("--limit", "1")
    with sqlite3.connect(operator.archive.home / "index.sqlite") as database:
        database.execute(
            "CREATE TRIGGER broken BEFORE INSERT ON snapshots WHEN (SELECT count(*) FROM snapshots) = 5"
            " BEGIN SELECT RAISE(ABORT, 'no'); END"
        )
    told = operator.archive.run("crawl", code=1, timeout=60).err
    assert "archiver reindex" in told
    assert "Traceback" not in told
    for path in operator.archive.home.glob("index.sqlite*"):
        path.unlink()
    operator.archive.here("reindex")
    operator.archive.here("verify")
    assert total(operator.crawl(), "failed") == 0
    with operator.archive.index() as index:
        assert sorted(each.seed for each in index.snapshots()) == sorted(generated.article_urls)


class LowercaseSite(GeneratedSite):
    """Writes the names of its header fields in small letters, as many servers do."""

    def respond(self, request: Request) -> Answer:
        answer = super().respond(request)
        start, *fields = answer.head.split(b"\r\n")
        small = [
            name.lower() + colon + rest for name, colon, rest in (line.partition(b":") for line in fields)
        ]
        return answer._replace(head=b"\r\n".join([start, *small]))


def test_a_picture_is_looked_at_again_under_an_unchanged_page_however_its_header_is_written(
    operator: Operator,
) -> None:
    with LowercaseSite(hosts=1, articles=6, pictures_per_article=2) as site:
        follow(operator, site)
        operator.crawl()
        mutations = [each for each in site.mutate(1.0) if each.change is Change.PICTURE]
        operator.make_everything_due()
        operator.crawl()
        assert mutations
        for mutation in mutations:
            told = operator.ask("history", mutation.url)[-1]
            assert [each["kind"] for each in told["pictures"]] == ["replaced"], told


class PaintedSite(LocalSite):
    """One article whose stylesheet paints a picture; its text is another each time."""

    asked = 0

    def respond(self, request: Request) -> Answer:
        feed, page = self.url("painted", "/feed.xml"), self.url("painted", "/news/1.html")
        self.asked += request.target == "/news/1.html"
        known = {
            "/feed.xml": Resource(
                f'<rss version="2.0"><channel><item><link>{page}</link></item></channel></rss>'.encode(),
                "application/rss+xml",
            ),
            "/news/1.html": Resource(
                f'<title>Rain in {feed}</title><link rel=stylesheet href="/a.css"><article><h1>Rain</h1>'
                f"<p>It rained on day {self.asked} all over the town, the river rose.</p></article>".encode(),
                "text/html",
            ),
            "/a.css": Resource(b"h1 { background: url(/painted.png) }", "text/css"),
            "/painted.png": Resource(site_file("pictures/harbour.jpg"), "image/jpeg"),
        }
        return known.get(request.target, note(404, "none")).answer(request)


def test_an_unchanged_stylesheet_still_paints_its_pictures(operator: Operator) -> None:
    with PaintedSite() as site:
        operator.source("painted", domains=["painted.localhost"], feeds=[site.url("painted", "/feed.xml")])
        operator.crawl()
        operator.make_everything_due()
        operator.crawl()
        assert [each.status for each in site.requests if each.path == "/a.css"] == [200, 304]
        with operator.archive.index() as index:
            painted = [[picture.url for picture in snapshot.pictures] for snapshot in index.snapshots()]
        assert painted == [[site.url("painted", "/painted.png")]] * 2


def test_a_page_whose_stored_bytes_are_damaged_is_fetched_in_full_and_loses_no_picture(
    operator: Operator,
) -> None:
    with GeneratedSite(hosts=1, articles=1, pictures_per_article=2) as site:
        follow(operator, site)
        operator.crawl()
        [url] = site.article_urls
        with operator.archive.index() as index:
            page = index.unchanged_since(url)
            assert page
        path = operator.archive.home / "warc" / page.location.segment
        path.chmod(0o644)
        content = bytearray(path.read_bytes())
        middle = page.location.offset + page.location.length - 200
        content[middle : middle + 21] = b"damaged" * 3
        path.write_bytes(content)
        operator.make_everything_due()
        site.forget_requests()
        operator.crawl()
        assert [each.status for each in site.requests if "/news/" in each.path] == [200]
        with operator.archive.index() as index:
            for snapshot in index.snapshots(url):
                assert len(snapshot.captured) >= 2


def test_a_due_revisit_costs_a_304_unless_the_article_or_a_picture_changed(
    operator: Operator, generated: GeneratedSite
) -> None:
    follow(operator, generated)
    operator.crawl()
    mutations = generated.mutate(0.34)
    generated.forget_requests()
    operator.make_everything_due()
    results = operator.crawl()
    assert total(results, "changed") == len(mutations)
    assert total(results, "unchanged") == 18 - len(mutations)
    full = [r for r in generated.requests if "/news/" in r.path and r.status == 200]
    assert len(full) == sum(mutation.change != "picture" for mutation in mutations)
    for mutation in mutations:
        changes = operator.ask("history", mutation.url)[-1]["changes"]
        expected = {"text": "text-edited", "title": "title-edited", "picture": "pictures-changed"}
        assert expected[str(mutation.change)] in changes
    operator.archive.here("verify")


def test_a_reindexed_archive_knows_the_same_articles_pictures_versions_and_events(operator: Operator) -> None:
    with DemoSite() as site:
        pages = [site.article_url, site.statement_url]
        site.stage = Stage.PUBLISHED
        operator.capture(*pages)
        site.stage = Stage.EDITED
        operator.capture(*pages)
        site.stage = Stage.GONE
        operator.capture(*pages, code=1)
    histories = [operator.ask("history", url) for url in pages]
    before = operator.archive.dump()
    (operator.archive.home / "index.sqlite").unlink()
    operator.archive.here("reindex")
    assert operator.archive.dump() == before
    assert [operator.ask("history", url) for url in pages] == histories


def test_a_new_index_lets_nobody_visit_everything_again(operator: Operator, generated: GeneratedSite) -> None:
    follow(operator, generated)
    operator.crawl()
    (operator.archive.home / "index.sqlite").unlink()
    operator.archive.here("reindex")
    generated.forget_requests()
    assert total(operator.crawl(), "known") == 18
    assert not [request for request in generated.requests if "/news/" in request.path]
    with operator.archive.index() as index:
        assert not index.due(datetime.now(UTC))
        assert len(index.due(datetime.now(UTC) + timedelta(days=2))) == 18


def test_what_a_source_wants_no_more_is_not_visited_again(
    operator: Operator, generated: GeneratedSite
) -> None:
    follow(operator, generated)
    operator.crawl()
    for path in (operator.archive.home / "sources").glob("outlet-*.yaml"):
        path.write_text(path.read_text() + "exclude: ['/news/']\n")
    operator.make_everything_due()
    generated.forget_requests()
    operator.crawl()
    assert not [request for request in generated.requests if "/news/" in request.path]
    with operator.archive.index() as index:
        assert not index.due(datetime.now(UTC) + timedelta(days=999))


def test_pictures_that_the_budget_did_not_allow_are_come_for_when_it_does(operator: Operator) -> None:
    operator.archive.settings["ARCHIVER_POLITENESS__BYTES_PER_DAY"] = "2000"
    with GeneratedSite(hosts=1, articles=1, pictures_per_article=3, page_bytes=12_000) as site:
        [page] = site.article_urls
        operator.source("paper", domains=["outlet0.localhost"], pages=[page], revisit="none")
        operator.crawl()
    with operator.archive.index() as index:
        [snapshot] = index.snapshots(page)
        assert "bytes_per_day" in str(snapshot.missing[0].reason)
        [article] = index.due(datetime.now(UTC) + timedelta(days=1))
        assert article.next_visit_at
        assert article.next_visit_at.hour == article.next_visit_at.minute == 0


def test_an_article_of_two_sources_is_followed_as_closely_as_either_wants(operator: Operator) -> None:
    with GeneratedSite(hosts=1, articles=2, pictures_per_article=0) as site:
        paper = {"domains": ["outlet0.localhost"], "max_age": None}
        operator.source("close", feeds=list(site.feed_urls), revisit="dense", **paper)
        operator.source("once", pages=list(site.article_urls), revisit="none", **paper)
        operator.crawl("close")
        site.mutate(1.0)
        assert total(operator.crawl("once"), "changed") == 2
    with operator.archive.index() as index:
        due = index.due(datetime.now(UTC) + timedelta(hours=1))
        assert [article.source for article in due] == ["close", "close"]


def test_the_deletion_of_an_article_is_an_event_with_its_own_capture_as_evidence(operator: Operator) -> None:
    with DemoSite() as site:
        operator.source(
            "daily-courier",
            domains=["dailycourier.localhost"],
            feeds=[site.url(COURIER, "/feeds/rss.xml")],
            max_age=None,
        )
        site.stage = Stage.PUBLISHED
        operator.crawl()
        site.stage = Stage.GONE
        operator.make_everything_due()
        results = operator.crawl()
        gone = operator.ask("history", site.article_url)[-1]
        listed = operator.ask("list", site.article_url)
    assert total(results, "gone") == 1
    assert (gone["event"], gone["status"], gone["confirmed"]) == ("gone", 410, False)
    assert gone["record_id"] in {capture["record_id"] for capture in listed}


def test_a_difference_shows_the_words_that_were_exchanged(operator: Operator) -> None:
    with DemoSite() as site:
        for stage in (Stage.PUBLISHED, Stage.EDITED):
            site.stage = stage
            operator.capture(site.article_url)
        shown = operator.archive.here("diff", site.article_url).text
    assert "[-eleven-]{+seven+}" in shown
    assert shown.count("picture replaced") == 2


def test_a_broken_feed_is_named_and_stops_nothing_else(operator: Operator) -> None:
    with DemoSite() as site:
        site.stage = Stage.PUBLISHED
        operator.source("broken", domains=["ministry.localhost"], feeds=[site.url(MINISTRY)], max_age=None)
        operator.source(
            "working",
            domains=["dailycourier.localhost"],
            feeds=[site.url(COURIER, "/feeds/rss.xml")],
            max_age=None,
        )
        results = {str(result["source"]): result for result in operator.crawl(code=1)}
    assert "HTML" in str(results["broken"]["problems"])
    assert int(str(results["working"]["new"])) >= 5


def test_a_source_that_lacks_a_secret_is_left_out_unless_it_is_named(operator: Operator) -> None:
    with DemoSite() as site:
        site.stage = Stage.PUBLISHED
        page = site.url(MINISTRY)
        operator.source("open", domains=["ministry.localhost"], pages=[page])
        secret = {"Authorization": "${NO_SUCH_SECRET}"}
        operator.source("closed", domains=["ministry.localhost"], pages=[page], headers=secret)
        answer = operator.archive.run("crawl", "--json", code=0)
        assert [each["source"] for each in answer.lines()] == ["open"]
        why = "header Authorization needs the environment variable NO_SUCH_SECRET, which is not set"
        assert f"left out: source closed: {why}" in answer.err.splitlines()
        assert why in operator.archive.run("crawl", "closed", code=2).err
        operator.source("open", domains=["ministry.localhost"], pages=[page], enabled=False)
        assert "no source that is enabled can be crawled" in operator.archive.run("crawl", code=2).err


def test_a_crawl_of_other_peoples_sites_wants_a_contact_first(operator: Operator) -> None:
    operator.source("far", domains=["example.org"], feeds=["https://example.org/feed.xml"])
    assert "identity.contact" in operator.archive.run("crawl", code=2).err


def test_a_list_of_urls_is_archived_page_by_page(operator: Operator, tmp_path: Path) -> None:
    with DemoSite() as site:
        site.stage = Stage.PUBLISHED
        urls = tmp_path / "urls.txt"
        urls.write_text(f"# the story\n{site.article_url}\n\n{site.statement_url}\n")
        assert total(operator.crawl("--url-list", str(urls)), "new") == 2


def _as_logged(url: str, times: Counter[str]) -> str:
    """The request log names hosts without their port."""
    parts = urlsplit(url)
    return url if url in times else f"http://{parts.hostname}{parts.path}"

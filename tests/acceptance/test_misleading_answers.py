"""Answers that do not mean what they seem to mean make no version, no deletion and no repeated picture."""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from command_line import Archive

from archiver.demo.newsroom import site_file
from archiver.demo.resource import Answer, Request, Resource, note
from archiver.demo.server import LocalSite
from archiver.model.picture import PictureStatus

STORY = "/politics/202-minister-resigns-over-affair"
TEASER = "/x/909-innocent-looking-story-here"
FEED = '<rss version="2.0"><channel><title>t</title>{}</channel></rss>'
ITEM = "<item><title>i</title><link>http://{}{}</link></item>"
PAGE = """<html lang="en"><head><title>Minister resigns</title></head><body><article><h1>Minister resigns</h1>
<p>The minister resigned on Monday after a week of questions about the affair{}, her office said.</p>
<p>Her successor will be named on Thursday, when the council meets for the first time this autumn.</p>
{}</article></body></html>"""
OTHER = """<html lang="en"><head><title>Cup final tonight</title></head><body><article>
<h1>Cup final tonight</h1>
<p>The final of the cup is played tonight, and the stadium was sold out within an hour of Monday.</p>
<p>Trains to the stadium leave every five minutes from the central station, and back until midnight.</p>
</article></body></html>"""
HTML = "text/html; charset=utf-8"
PICTURE = Resource(site_file("pictures/harbour.jpg"), "image/jpeg")


def story(update: str = "", more: str = "", *headers: tuple[str, str]) -> Resource:
    return Resource(PAGE.format(update, more).encode(), HTML, headers=headers)


class Outlets(LocalSite):
    """Two outlets, each with a feed of one story; `answers` by path."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: dict[str, Resource | Callable[[Request], Answer]] = {}
        self.asked: list[Request] = []
        self.stories = [STORY]

    def respond(self, request: Request) -> Answer:
        self.asked.append(request)
        if request.target == "/feed.xml":
            listed = self.stories if request.host.startswith("paper.") else [TEASER]
            items = "".join(ITEM.format(request.host, path) for path in listed)
            return Resource(FEED.format(items).encode(), "application/rss+xml").answer(request)
        answer = self.answers.get(request.target, note(404, "nothing here"))
        return answer.answer(request) if isinstance(answer, Resource) else answer(request)


class Reader:
    """Follows both outlets and asks the archive."""

    def __init__(self, home: Path, site: Outlets) -> None:
        self.archive, self.site = Archive(home), site
        self.story = site.url("paper.localhost", STORY)
        self.archive.here("init")
        for name in ("paper", "other"):
            facts = {
                "title": name, "country": "DE", "languages": ["en"], "enabled": True,
                "domains": [f"{name}.localhost"], "feeds": [site.url(f"{name}.localhost", "/feed.xml")],
                "max_age": None, "revisit": "dense",
            }  # fmt: skip
            lines = [f"{key}: {json.dumps(value)}" for key, value in facts.items()]
            (home / "sources" / f"{name}.yaml").write_text("\n".join(lines) + "\n")

    def crawl(self, name: str = "paper") -> dict[str, int]:
        """One pass with everything due; what became of the pages."""
        with sqlite3.connect(self.archive.home / "index.sqlite") as database:
            is_there = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'articles'").fetchone()
            if is_there:
                database.execute(
                    "UPDATE articles SET next_visit_at = last_visit + 1 WHERE next_visit_at IS NOT NULL"
                )
        self.site.asked.clear()
        [brought] = self.archive.run("crawl", name, "--json", code=None, timeout=100).lines()
        names = ("new", "changed", "unchanged", "gone", "walled", "failed")
        return {name: brought[name] for name in names if brought[name]}

    def asked(self) -> set[str]:
        """The pages that the last pass asked for."""
        return {request.target for request in self.site.asked} - {"/feed.xml", "/robots.txt"}

    def told(self, url: str) -> list[str]:
        """What the history tells, step by step."""
        lines = self.archive.here("history", url).text.splitlines()
        return [line.partition("Z  ")[2] for line in lines if line.startswith("20")]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    with Outlets() as site:
        yield Reader(tmp_path / "home", site)


def test_an_article_is_followed_where_it_is_and_not_where_another_outlet_leads_to_it(reader: Reader) -> None:
    answers = reader.site.answers
    answers[STORY] = story()
    answers[TEASER] = note(302, "this way", ("Location", reader.story))
    assert reader.crawl("paper") == {"new": 1}
    reader.crawl("other")
    answers[TEASER] = note(410, "gone")
    answers[STORY] = story(", and about a second one")
    reader.crawl("other")
    assert reader.crawl("paper") == {"changed": 1}
    assert STORY in reader.asked()
    reader.crawl("other")
    assert reader.told(reader.story) == ["first-seen", "identical", "text-edited"]


def test_stories_that_all_call_themselves_one_and_the_same_address_are_told_apart(reader: Reader) -> None:
    site = reader.site
    site.stories = [f"/news/{number}-a-story-about-the-council" for number in range(1001, 1005)]

    def claiming(path: str, update: str) -> Resource:
        number = int(path[6:10])
        page = f"""<html lang="en"><head><title>Story {number}</title><meta property="og:url" content="{{0}}">
<link rel="canonical" href="{{0}}"></head><body><article><h1>Story {number}</h1>
<p>What story number {number} says of the council is said by no other one of them{update}.</p>
<p>Its second paragraph, the last one of {number}, was written for the readers of story {number}.</p>
</article></body></html>"""
        return Resource(page.format(site.url("paper.localhost", first)).encode(), HTML)

    first, *others = site.stories
    for listed, update, brought in (
        (others, "", {"new": 3}),
        ([first], "", {"new": 1, "unchanged": 3}),
        ([], ", it was said later", {"changed": 4}),
    ):
        site.stories = listed
        site.answers = {path: claiming(path, update) for path in (first, *others)}
        assert reader.crawl() == brought
    assert reader.crawl() == {"unchanged": 4}
    assert reader.crawl() == {"unchanged": 4}, "each is still followed where it is"
    for path in (first, *others):
        assert reader.told(site.url("paper.localhost", path)) == ["first-seen", "text-edited"]


def test_what_an_article_was_before_another_address_led_to_it_is_no_history_of_that_address(
    reader: Reader,
) -> None:
    site, elsewhere = reader.site, "/news/303-another-story-of-the-day"
    site.stories = [elsewhere, STORY]
    site.answers = {STORY: story(), elsewhere: Resource(OTHER.encode(), HTML)}
    reader.crawl()
    site.answers[STORY] = note(301, "this way", ("Location", site.url("paper.localhost", elsewhere)))
    reader.crawl()
    told = reader.told(reader.story)
    assert told[0] == "first-seen"
    assert len(told) == 3, "then an event, and the page that it leads to"
    assert reader.told(site.url("paper.localhost", elsewhere)) == ["first-seen", "identical"]


def test_an_article_behind_a_page_that_all_are_led_to_is_asked_for_again_where_it_is(reader: Reader) -> None:
    site = reader.site
    new = "/news/404-written-during-the-works"
    site.stories = [STORY, new]
    site.answers = {STORY: story()}
    notice = site.url("paper.localhost", "/notice/we-are-working-on-the-site")
    site.answers["/notice/we-are-working-on-the-site"] = Resource(OTHER.encode(), HTML)
    site.stories = [STORY]
    reader.crawl()
    site.stories = [STORY, new]
    site.answers |= dict.fromkeys((STORY, new), note(302, "this way", ("Location", notice)))
    reader.crawl()
    site.answers |= {STORY: story(" of old"), new: Resource(OTHER.replace("Cup", "New").encode(), HTML)}
    site.stories = []
    reader.crawl()
    assert {STORY, new} <= reader.asked()
    reader.crawl()
    assert reader.asked() == {STORY, new}


def test_an_article_that_moved_is_asked_for_once_a_visit_and_keeps_its_history(reader: Reader) -> None:
    site, moved = reader.site, "/politics/2026-minister-resigns-over-affair-202"
    there = site.url("paper.localhost", moved)
    site.answers = {STORY: story()}
    reader.crawl()
    site.answers = {STORY: note(301, "this way", ("Location", there)), moved: story()}
    for _ in range(2):
        assert reader.crawl() == {"unchanged": 1}
        assert [request.target for request in site.asked].count(moved) <= 2, "with and without conditions"
    site.answers[moved] = story(" of old")
    assert reader.crawl() == {"changed": 1}
    assert reader.told(reader.story)[0] == "first-seen"
    assert len(reader.told(reader.story)) >= 2


UNREADABLE = {
    "no content": note(204, ""),
    "reset content": note(205, ""),
    "a part": Resource(PAGE.format("", "").encode()[:400], HTML, 206),
    "nothing": Resource(b"", HTML),
    "json": Resource(b"{}", "application/json"),
    "half a gzip": Resource(gzip.compress(PAGE.encode())[:60], HTML, headers=(("Content-Encoding", "gzip"),)),
    "more than half a gzip": Resource(
        gzip.compress(PAGE.encode())[:-60], HTML, headers=(("Content-Encoding", "gzip"),)
    ),
    "no gzip": Resource(b"\x1f\x8b\x08garbage", HTML, headers=(("Content-Encoding", "gzip"),)),
    "an unknown coding": Resource(b"\x01\x02\x03" * 99, HTML, headers=(("Content-Encoding", "x-own"),)),
    "a page without a word": Resource(b"<html><body><div id=app></div></body></html>", HTML),
}


def test_an_answer_in_which_nothing_can_be_read_is_no_version_of_the_article(reader: Reader) -> None:
    site = reader.site
    site.stories = [
        f"/news/{1000 + number}-{name.replace(' ', '-')}" for number, name in enumerate(UNREADABLE)
    ]
    site.answers = dict.fromkeys(site.stories, story())
    assert reader.crawl() == {"new": len(UNREADABLE)}
    site.answers = dict(zip(site.stories, UNREADABLE.values(), strict=True))
    assert reader.crawl() == {"failed": len(UNREADABLE)}
    assert reader.crawl() == {"failed": len(UNREADABLE)}, "a 304 for such an answer says no more"
    site.answers = dict.fromkeys(site.stories, story(", and about a second one"))
    assert reader.crawl() == {"changed": len(UNREADABLE)}
    for path in site.stories:
        assert reader.told(site.url("paper.localhost", path)) == ["first-seen", "text-edited"]


def test_a_picture_that_was_never_had_is_missing_whatever_the_server_calls_unchanged(reader: Reader) -> None:
    figures = "".join(f'<figure><img src="/img/{name}.jpg" alt="{name}"></figure>' for name in ("no", "part"))
    reader.site.answers = {
        STORY: story(more=figures),
        "/img/no.jpg": note(304, ""),
        "/img/part.jpg": replace(PICTURE, body=PICTURE.body[:300], status=206),
    }
    reader.crawl()
    with reader.archive.index() as index:
        [snapshot] = index.snapshots(reader.story)
    assert [picture.status for picture in snapshot.pictures] == [PictureStatus.MISSING] * 2
    assert "304" in str(snapshot.missing[0].reason)
    assert "206" in str(snapshot.missing[1].reason)


def test_a_304_that_names_another_version_is_asked_for_again_and_stands_for_nothing(reader: Reader) -> None:
    reader.site.answers[STORY] = story("", "", ("ETag", '"one"'))
    reader.crawl()

    def confused(request: Request) -> Answer:
        if "if-none-match" in request.headers:
            return Resource(b"", HTML, 304, headers=(("ETag", '"two"'),)).answer(request)
        return story(", and about a second one", "", ("ETag", '"two"')).answer(request)

    reader.site.answers[STORY] = confused
    assert reader.crawl() == {"changed": 1}
    with reader.archive.index() as index:
        statuses = {each.status: each.original for each in index.captures("exact", reader.story)}
    assert statuses[304] is None


def test_a_condition_that_went_through_a_redirect_makes_no_record_of_the_other_page(reader: Reader) -> None:
    moved = "/politics/303-the-same-story-elsewhere"
    old = ("Last-Modified", "Mon, 02 Nov 2026 10:00:00 GMT")
    reader.site.answers = {STORY: story("", "", old), moved: story(" of old", "", old)}
    reader.site.stories = [STORY, moved]
    reader.crawl()

    def conditional(request: Request) -> Answer:
        if "if-modified-since" in request.headers:
            return note(304, "").answer(request)
        return story(" of new", "", old).answer(request)

    reader.site.answers = {
        STORY: note(302, "this way", ("Location", reader.site.url("paper.localhost", moved))),
        moved: conditional,
    }
    reader.crawl()
    with reader.archive.index() as index:
        for each in index.captures("exact", reader.site.url("paper.localhost", moved)):
            led = each.status == 304 and each.original
            assert not led or index.capture(led.record_id).target_uri == each.target_uri  # type: ignore[union-attr]


def test_an_article_whose_bytes_were_archived_before_is_asked_for_conditionally(reader: Reader) -> None:
    first, second = replace(story(), etag='"a"'), replace(story(" again"), etag='"b"')
    for answer in (first, second, first):
        reader.site.answers[STORY] = answer
        reader.crawl()
    reader.site.asked.clear()
    assert reader.crawl() == {"unchanged": 1}
    [asked] = [request for request in reader.site.asked if request.target == STORY]
    assert asked.headers["if-none-match"].startswith('"a')
    with reader.archive.index() as index:
        last = index.closest(reader.story, failures=True)
        assert last
        assert last.status == 304
        assert last.original

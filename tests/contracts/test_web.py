"""What is answered over HTTP is the same on either database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from urllib.parse import quote

import pytest
from index_examples import fetched, id_of, picture, snapshot
from web_archive import DAY, URL, Served, hours, page, served, zipped

from archiver.model.article import ExtractedArticle, Paragraph
from archiver.model.capture import Capture, RecordLocation
from archiver.model.identifier import mint
from archiver.storage.index import Index

MOVED = "http://news.example/old"
PICTURE = "http://news.example/p.png"
PNG = b"\x89PNG\r\n\x1a\n\x00\xff"
STAMPS = ["20171114100000", "20171114110000", "20171115160000", "20171116220000"]
TITLE = "Rain & snow"
NAME = mint()


@pytest.fixture(scope="module")
def archive(shared_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Four captures of a page, one of them a revisit and one a 404; a redirect, a picture, a snapshot."""
    exchanges = [
        page(b'<p>It rained.</p><img src="/p.png">'),
        page(b'<p>It rained.</p><img src="/p.png">', at=DAY + hours(1)),
        zipped(b"<p>It snowed.</p>", at=DAY + hours(30)),
        page(b"Gone.", at=DAY + hours(60), status=404),
        page(b"", url=MOVED, status=301, headers=(("Location", "/story"),)),
        page(PNG, url=PICTURE, headers=(("Content-Type", "image/png"),)),
        page(b"<p>Sub.</p>", url="http://sub.news.example/x"),
    ]
    with served(tmp_path_factory.mktemp("web"), shared_url, exchanges) as one:
        take(one.site.index)
        yield one


def take(index: Index) -> None:
    """Record a snapshot of the first capture, with its picture."""
    seen, shown = index.closest(URL, DAY), index.closest(PICTURE, DAY)
    assert isinstance(seen, Capture)
    assert isinstance(shown, Capture)
    article = ExtractedArticle(
        URL, "1", title=TITLE, authors=("Jo M\u00e4rz",), paragraphs=(Paragraph("It rained on the harbour."),)
    )
    taken = replace(snapshot(NAME, seen, picture(0, fetched(shown))), article=article)
    index.record([], {}, [(taken, RecordLocation(seen.location.segment, seen.location.offset, 1))])


def rows(archive: Served, query: str) -> list[list[str]]:
    """The lines of a CDX answer, in words."""
    answer = archive.app.get(f"/cdx?{query}")
    assert answer.status_code == 200, answer.text
    return [line.split(" ") for line in answer.text.splitlines()]


def test_the_timegate_leads_to_the_nearest_capture(archive: Served) -> None:
    asked = {"Accept-Datetime": "Tue, 14 Nov 2017 11:10:00 GMT"}
    answer = archive.app.get(f"/web/{URL}", headers=asked)
    assert answer.status_code == 302
    assert answer.headers["location"] == f"http://app.test/web/{STAMPS[1]}/{URL}"
    links = answer.headers["link"]
    assert [links.count(relation) for relation in ("first", "prev", "next", "last")] == [1, 1, 1, 1]


def test_a_memento_is_given_out_of_its_record_or_the_original_of_a_revisit(archive: Served) -> None:
    bodies = [archive.app.get(f"/web/{stamp}id_/{URL}").content for stamp in STAMPS]
    assert bodies[0] == bodies[1] == b'<p>It rained.</p><img src="/p.png">'
    assert bodies[2:] == [b"<p>It snowed.</p>", b"Gone."]
    readable = archive.app.get(f"/web/{STAMPS[0]}/{URL}")
    assert readable.headers["memento-datetime"] == "Tue, 14 Nov 2017 10:00:00 GMT"
    assert f"/web/{STAMPS[0]}im_/{PICTURE}" in readable.text
    assert archive.app.get(f"/web/{STAMPS[3]}/{URL}").status_code == 404
    assert archive.app.get(f"/web/{STAMPS[0]}/{MOVED}").headers["location"] == f"/web/{STAMPS[0]}/{URL}"


def test_the_timemap_lists_every_memento(archive: Served) -> None:
    told = archive.app.get(f"/web/timemap/json/{URL}").json()["mementos"]
    assert [one["uri"].split("/")[4] for one in told["list"]] == STAMPS
    assert (told["first"], told["last"]) == (told["list"][0], told["list"][-1])


@pytest.mark.parametrize(("query", "stamps"), [
    ("", STAMPS), ("&sort=reverse", STAMPS[::-1]), ("&limit=-2", STAMPS[2:]), ("&from=20171115", STAMPS[2:]),
    ("&collapse=digest", [STAMPS[0], STAMPS[2], STAMPS[3]]), ("&filter=!statuscode:200", STAMPS[3:]),
    ("&filter=mimetype:warc/revisit", STAMPS[1:2]),
    ("&closest=2017111417&sort=closest", [STAMPS[1], STAMPS[0], STAMPS[2], STAMPS[3]]),
    ("&page=0&pageSize=1", STAMPS), ("&offset=1&limit=2", STAMPS[1:3]),
])  # fmt: skip
def test_the_cdx_server_orders_narrows_and_cuts(archive: Served, query: str, stamps: list[str]) -> None:
    assert [row[1] for row in rows(archive, f"url={URL}{query}")] == stamps


@pytest.mark.parametrize(("query", "count"), [
    ("url=news.example/*", 6), ("url=*.news.example", 7), ("url=news.example&matchType=host", 6),
    ("url=news.example/p*", 1),
])  # fmt: skip
def test_the_cdx_server_lists_what_lies_below(archive: Served, query: str, count: int) -> None:
    found = rows(archive, query)
    assert len(found) == count
    assert found == sorted(found, key=lambda row: (row[0].encode(), row[1]))


def test_the_cdx_server_goes_on_where_it_stopped(archive: Served) -> None:
    whole, seen, key = rows(archive, "url=*.news.example"), [], ""
    while True:
        found = rows(archive, f"url=*.news.example&limit=3&showResumeKey=true{key}")
        if [""] not in found:
            seen += found
            break
        seen += found[: found.index([""])]
        key = f"&resumeKey={found[-1][0]}"
    assert seen == whole


def test_words_authors_and_dates_find_the_snapshot(archive: Served) -> None:
    for query, count in (("q=harbour", 1), ("author=marz", 1), ("q=harbour&from=2018", 0), ("q=zeppelin", 0)):
        found = archive.app.get(f"/api/v1/snapshots?{query}").json()["snapshots"]
        assert len(found) == count, query
        assert ("Rain &amp; snow" in archive.app.get(f"/search?{query}").text) == bool(count)


def test_the_record_page_shows_the_snapshot_its_picture_and_its_citations(archive: Served) -> None:
    shown = archive.app.get(f"/snapshot/{NAME}")
    assert shown.status_code == 200
    assert "Rain &amp; snow" in shown.text
    assert f"im_/{PICTURE}" in shown.text
    assert "@" in archive.app.get(f"/snapshot/{NAME}.bib").text
    record = archive.app.get(f"/api/v1/records/{NAME}").json()
    assert (record["title"], record["pictures_captured"]) == (TITLE, 1)


def test_the_json_interface_lists_captures_addresses_and_totals(archive: Served) -> None:
    first = archive.app.get(f"/api/v1/captures?url={URL}&limit=3").json()
    rest = archive.app.get(f"/api/v1/captures?url={URL}&behind={quote(first['behind'])}").json()
    moments = [one["captured_at"] for one in (*first["captures"], *rest["captures"])]
    assert [moment[:10] for moment in moments] == ["2017-11-14", "2017-11-14", "2017-11-15", "2017-11-16"]
    assert rest["behind"] is None
    below = archive.app.get("/api/v1/urls?url=news.example&match=host").json()["urls"]
    assert {one["url"]: one["captures"] for one in below} == {URL: 4, MOVED: 1, PICTURE: 1}
    assert archive.app.get("/api/v1/stats").json()["total"]["snapshots"] == 1
    assert archive.app.get(f"/web/*/{URL}").text.count(f"/view/{STAMPS[0][:8]}") >= 1


def test_readiness_is_told(archive: Served) -> None:
    assert archive.app.get("/readyz").json()["checks"]["index"] == "ok"


def test_many_readers_beside_a_writer_get_whole_answers(archive: Served) -> None:
    """Captures of other URLs come in meanwhile; nothing of what is read changes or fails."""
    index = archive.site.index
    seen = index.closest(URL, DAY)
    assert seen is not None

    def write(number: int) -> int:
        other = replace(
            seen,
            record_id=id_of(number),
            target_uri=f"{URL}/{number}",
            urlkey=f"example,news)/story/{number}",
        )
        index.record([other])
        return 200

    def read(number: int) -> int:
        paths = (f"/web/{STAMPS[0]}id_/{URL}", f"/cdx?url={URL}", f"/api/v1/captures?url={URL}")
        return archive.app.get(paths[number % 3]).status_code

    with ThreadPoolExecutor(4) as pool:
        done = [pool.submit(write if number % 4 == 0 else read, number) for number in range(80)]
        assert {one.result() for one in done} == {200}
    assert [row[1] for row in rows(archive, f"url={URL}")] == STAMPS

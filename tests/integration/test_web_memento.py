"""Mementos, TimeGate and TimeMaps (RFC 7089), as the contract of the interfaces states them."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Iterator
from datetime import timedelta
from itertools import product
from pathlib import Path

import pytest
from web_archive import DAY, URL, Served, hours, page, served, zipped

from archiver.model.exchange import Truncation
from archiver.retrieval import Retrieval

BODY = b"<title>One</title><p>It rained.</p>"
HTML = "text/html; charset=utf-8"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("web")
    exchanges = [
        page(BODY, headers=(("Content-Type", HTML), ("Set-Cookie", "spy=1"), ("Link", "</x>; rel=preload"),
                            ("Refresh", "0; url=http://live.example/"), ("Clear-Site-Data", '"*"'),
                            ("Strict-Transport-Security", "max-age=1"), ("Content-Security-Policy", "x"))),
        page(BODY, at=DAY + hours(1)),
        zipped(b"<p>Zipped.</p>", at=DAY + hours(2)),
        page(b"Gone.", at=DAY + hours(3), status=410),
        page(b"Broken.", at=DAY + hours(4), status=503),
        page(b"", url="http://news.example/old", status=301, headers=(("Location", "/story"),)),
        page(b"half", url="http://news.example/cut", truncated=Truncation.LENGTH),
        page(b"odd", url="http://news.example/odd", status=999),
    ]  # fmt: skip
    with served(folder, f"sqlite:///{folder}/index.sqlite", exchanges) as one:
        yield one


def test_an_exact_timestamp_gives_the_memento_with_its_datetime(archive: Served) -> None:
    answer = archive.app.get(f"/web/20171114100000/{URL}")
    assert answer.status_code == 200
    assert answer.headers["memento-datetime"] == "Tue, 14 Nov 2017 10:00:00 GMT"
    assert f'<{URL}>; rel="original"' in answer.headers["link"]
    assert 'rel="timegate"' in answer.headers["link"]
    assert 'rel="timemap"' in answer.headers["link"]
    assert "It rained." in answer.text


@pytest.mark.parametrize("written", ["20171114100001", "20171114", "2017", "20200101000000"])
def test_an_inexact_timestamp_is_led_to_the_exact_one_without_a_memento_datetime(
    archive: Served, written: str
) -> None:
    answer = archive.app.get(f"/web/{written}id_/{URL}")
    assert answer.status_code == 302
    assert "memento-datetime" not in answer.headers
    exact = "20171114140000" if written == "20200101000000" else "20171114100000"
    assert answer.headers["location"] == f"http://app.test/web/{exact}id_/{URL}"


def test_the_timegate_negotiates_in_time(archive: Served) -> None:
    asked = {"Accept-Datetime": "Tue, 14 Nov 2017 11:10:00 GMT"}
    answer = archive.app.get(f"/web/{URL}", headers=asked)
    assert answer.status_code == 302
    assert answer.headers["location"] == f"http://app.test/web/20171114110000/{URL}"
    assert answer.headers["vary"] == "accept-datetime"
    assert "memento-datetime" not in answer.headers
    for relation in ("original", "timemap", "first memento", "prev memento", "next memento", "last memento"):
        assert relation in answer.headers["link"].replace("first prev", "first memento prev")


def test_the_timegate_without_a_date_means_the_latest(archive: Served) -> None:
    location = archive.app.get(f"/web/{URL}").headers["location"]
    assert location == f"http://app.test/web/20171114140000/{URL}"


def test_a_bad_accept_datetime_is_a_bad_request(archive: Served) -> None:
    for said in ("yesterday", "Fri, 31 Dec 9999 23:59:59 -2300"):
        answer = archive.app.get(f"/web/{URL}", headers={"Accept-Datetime": said})
        assert answer.status_code == 400
        assert answer.headers["content-type"] == "application/problem+json"


def test_head_answers_like_get_without_the_body(archive: Served) -> None:
    path = f"/web/20171114100000id_/{URL}"
    got, head = archive.app.get(path), archive.app.head(path)
    assert head.status_code == 200
    assert head.content == b""
    assert dict(head.headers) == dict(got.headers)
    assert archive.app.head(f"/web/{URL}").status_code == 302


def test_id_gives_the_exact_payload_bytes(archive: Served) -> None:
    assert archive.app.get(f"/web/20171114100000id_/{URL}").content == BODY


def test_id_of_a_coded_payload_is_what_its_digest_is_of_where_the_asker_takes_the_coding(
    archive: Served,
) -> None:
    path = f"/web/20171114120000id_/{URL}"
    with archive.app.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as answer:
        coded = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == "gzip"
    digest = archive.app.get(f"/cdx?url={URL}&from=20171114120000&to=20171114120000&fl=digest").text.strip()
    assert digest == f"sha256:{hashlib.sha256(coded).hexdigest()}"
    assert gzip.decompress(coded) == b"<p>Zipped.</p>"
    plain = archive.app.get(path, headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.content == b"<p>Zipped.</p>"


def test_a_revisit_gives_the_payload_of_its_original(archive: Served) -> None:
    assert "warc/revisit" in archive.app.get(f"/cdx?url={URL}&from=2017111411&to=2017111411").text
    answer = archive.app.get(f"/web/20171114110000id_/{URL}")
    assert answer.content == BODY
    assert answer.headers["memento-datetime"] == "Tue, 14 Nov 2017 11:00:00 GMT"


@pytest.mark.parametrize(("stamp", "status"), [("20171114130000", 410), ("20171114140000", 503)])
def test_archived_errors_keep_their_status(archive: Served, stamp: str, status: int) -> None:
    answer = archive.app.get(f"/web/{stamp}/{URL}")
    assert answer.status_code == status
    assert "memento-datetime" in answer.headers


def test_a_status_that_http_does_not_have_is_told_as_a_bad_gateway(archive: Served) -> None:
    answer = archive.app.get("/web/20171114100000id_/http://news.example/odd")
    assert (answer.status_code, answer.content) == (502, b"odd")


def test_an_archived_redirect_leads_within_the_archive(archive: Served) -> None:
    answer = archive.app.get("/web/20171114100000/http://news.example/old")
    assert answer.status_code == 301
    assert answer.headers["location"] == f"/web/20171114100000/{URL}"
    assert "memento-datetime" in answer.headers


def test_archived_headers_are_never_live(archive: Served) -> None:
    for client in (archive.app, archive.replay):
        answer = client.get(f"/web/20171114100000/{URL}")
        for name in ("set-cookie", "refresh", "clear-site-data", "strict-transport-security"):
            assert name not in answer.headers
            assert f"x-archive-orig-{name}" in answer.headers
        assert "preload" not in answer.headers["link"]
        assert answer.headers["content-security-policy"].startswith("sandbox")
        assert "allow-scripts" not in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_capture_that_was_cut_off_says_so(archive: Served) -> None:
    answer = archive.app.get("/web/20171114100000id_/http://news.example/cut")
    assert answer.headers["x-archive-truncated"] == "length"


def test_a_browser_is_led_to_the_replay_origin(archive: Served) -> None:
    asked = {"Sec-Fetch-Mode": "navigate"}
    answer = archive.app.get(f"/web/20171114100000/{URL}", headers=asked)
    assert answer.headers["location"] == f"http://replay.test/web/20171114100000/{URL}"
    assert archive.replay.get(f"/web/20171114100000/{URL}", headers=asked).status_code == 200


def test_mementos_are_immutable_and_revalidate(archive: Served) -> None:
    path = f"/web/20171114100000id_/{URL}"
    answer = archive.app.get(path)
    assert "immutable" in answer.headers["cache-control"]
    again = archive.app.get(path, headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304


@pytest.mark.parametrize("path", [
    "/web/20171399000000/http://news.example/", "/web/20171114100000xx_/http://news.example/",
    "/web/20171114100000/javascript:alert(1)", "/web/20171114100000/", "/web/http://[::1/",
    f"/web/2017/http://news.example/{'a' * 20_000}", "/web/timemap/html/http://news.example/",
    "/web/2017/http://user:pass@news.example/",
])  # fmt: skip
def test_what_cannot_be_read_is_a_bad_request(archive: Served, path: str) -> None:
    answer = archive.app.get(path)
    assert answer.status_code == 400
    assert answer.json()["status"] == 400


@pytest.mark.parametrize("path", ["/web/2017id_/http://none.example/", "/web/http://none.example/",
                                  "/web/timemap/link/http://none.example/"])  # fmt: skip
def test_what_is_not_archived_is_not_found(archive: Served, path: str) -> None:
    assert archive.app.get(path).status_code == 404


@pytest.mark.parametrize("written", [
    "news.example/story", "http:/news.example/story", "http%3A%2F%2Fnews.example%2Fstory",
])  # fmt: skip
def test_urls_are_understood_in_the_spellings_of_clients(archive: Served, written: str) -> None:
    location = archive.app.get(f"/web/{written}").headers["location"]
    assert location == f"http://app.test/web/20171114140000/{URL}"


def test_the_link_timemap_lists_every_memento(archive: Served) -> None:
    answer = archive.app.get(f"/web/timemap/link/{URL}")
    assert answer.headers["content-type"].startswith("application/link-format")
    lines = answer.text.rstrip("\n").split(",\n")
    assert sum("memento" in line for line in lines) == 5
    assert any('rel="self"' in line and "from=" in line for line in lines)
    assert any('rel="first memento"' in line for line in lines)
    assert any('rel="last memento"' in line for line in lines)


def test_the_json_and_cdxj_timemaps_say_the_same(archive: Served) -> None:
    told = archive.app.get(f"/web/timemap/json/{URL}").json()
    assert told["original_uri"] == URL
    assert len(told["mementos"]["list"]) == 5
    lines = archive.app.get(f"/web/timemap/cdxj/{URL}").text.splitlines()
    assert [line[:14] for line in lines if line[0] != "!"] == [
        one["uri"].split("/")[4] for one in told["mementos"]["list"]
    ]


def test_a_long_timemap_is_paged_both_ways(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.web.timemaps.PAGE", 2)
    pages = [page(b"%d" % n, at=DAY + timedelta(minutes=n)) for n in range(5)]
    with served(tmp_path, f"sqlite:///{tmp_path}/index.sqlite", pages) as archive:
        path, seen, told = f"/web/timemap/json/{URL}", [], {}
        while path:
            told = archive.app.get(path).json()
            seen += [one["uri"] for one in told["mementos"]["list"]]
            path = told["pages"].get("next", "").removeprefix("http://app.test")
        assert len(seen) == len(set(seen)) == 5
        back = archive.app.get(told["pages"]["prev"].removeprefix("http://app.test")).json()
        assert [one["uri"] for one in back["mementos"]["list"]] == seen[2:4]
        assert told["pages"]["first"].endswith(f"/json/{URL}")


@pytest.mark.parametrize("modifier", ["id_", "im_", "", "mp_", "cs_"])
def test_what_is_answered_at_once_is_what_a_thread_would_answer(
    archive: Served, monkeypatch: pytest.MonkeyPatch, modifier: str
) -> None:
    answers = []
    for is_in_memory in (False, True, True):
        monkeypatch.setattr(Retrieval, "is_in_memory", lambda *_, told=is_in_memory: told)
        answer = archive.app.get(f"/web/20171114110000{modifier}/{URL}")
        answers.append((answer.status_code, answer.headers, answer.content))
    assert answers[0] == answers[1] == answers[2]


def test_a_page_asked_for_again_is_not_made_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path, f"sqlite:///{tmp_path}/index.sqlite", [page(BODY)]) as archive:
        first = archive.app.get(f"/web/20171114100000/{URL}")
        monkeypatch.setattr("archiver.web.replaying.rewritten_page", None)
        assert archive.app.get(f"/web/20171114100000/{URL}").content == first.content


def test_captures_of_one_second_are_told_apart_by_twenty_digits(tmp_path: Path) -> None:
    pages = [page(b"first", at=DAY), page(b"second", at=DAY + timedelta(milliseconds=100))]
    with served(tmp_path, f"sqlite:///{tmp_path}/index.sqlite", pages) as archive:
        bodies = [
            archive.app.get(f"/web/20171114100000{fine}id_/{URL}").content for fine in ("000000", "100000")
        ]
    assert bodies == [b"first", b"second"]


@pytest.mark.parametrize("damage", ["flipped", "cut", "another file"])
def test_a_damaged_warc_file_is_told_without_a_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    body = b"<p>" + bytes(range(32, 127)) * 900
    with served(tmp_path, f"sqlite:///{tmp_path}/index.sqlite", [page(body)]) as archive:
        (file,) = archive.folder.iterdir()
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 255
        file.chmod(0o644)
        file.write_bytes({"flipped": content, "cut": content[:-1_000], "another file": b"x" * 5_000}[damage])
        for modifier, is_in_memory in product(("id_", "", "cs_"), (False, True)):
            monkeypatch.setattr(Retrieval, "is_in_memory", lambda *_, told=is_in_memory: told)
            answer = archive.app.get(f"/web/20171114100000{modifier}/{URL}")
            assert answer.status_code == 500
            assert "has to restore it" in answer.json()["detail"]
            assert str(tmp_path) not in answer.text
            assert "Traceback" not in answer.text


def test_a_missing_warc_file_is_told_without_a_path(tmp_path: Path) -> None:
    with served(tmp_path, f"sqlite:///{tmp_path}/index.sqlite", [page(BODY)]) as archive:
        for file in archive.folder.iterdir():
            file.unlink()
        archive.app._transport.raise_server_exceptions = False  # type: ignore[attr-defined]
        answer = archive.app.get(f"/web/20171114100000id_/{URL}")
    assert answer.status_code == 500
    assert str(tmp_path) not in answer.text
    assert "Traceback" not in answer.text

"""The CDX server in both dialects, WARC bytes, and availability, as clients rely on them."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from warcio.archiveiterator import ArchiveIterator
from web_archive import DAY, URL, Served, hours, page, served

OTHER = "http://news.example/other"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("web")
    exchanges = [
        page(b"one"),
        page(b"one", at=DAY + hours(1)),
        page(b"two", at=DAY + hours(30)),
        page(b"gone", at=DAY + hours(60), status=404),
        page(b"other", url=OTHER),
        page(b"sub", url="http://sub.news.example/x"),
        page(b"png", url="http://news.example/p.png", headers=(("Content-Type", "image/png"),)),
    ]
    with served(folder, f"sqlite:///{folder}/index.sqlite", exchanges) as one:
        yield one


@pytest.fixture
def lines(archive: Served) -> Callable[[str], list[str]]:
    def ask(query: str) -> list[str]:
        answer = archive.app.get(f"/cdx?{query}")
        assert answer.status_code == 200, answer.text
        return answer.text.splitlines()

    return ask


Ask = Callable[[str], list[str]]


def test_a_line_has_the_seven_fields(lines: Ask) -> None:
    fields = lines(f"url={URL}&limit=1")[0].split(" ")
    assert fields[:5] == ["example,news)/story", "20171114100000", URL, "text/html", "200"]
    assert fields[5].startswith("sha256:")
    assert fields[6].isdigit()
    assert len(fields) == 7


def test_both_paths_answer_alike(archive: Served) -> None:
    query = f"?url={URL}"
    assert archive.app.get("/cdx" + query).text == archive.app.get("/cdx/search/cdx" + query).text


@pytest.mark.parametrize(("query", "count"), [
    ("url=news.example/*", 6), ("url=news.example&matchType=host", 6), ("url=*.news.example", 7),
    ("url=news.example&matchType=domain", 7), ("url=news.example/s*", 4),
    (f"url={URL}&from=2017111411&to=201711", 3), (f"url={URL}&to=20171114", 2), (f"url={URL}&limit=-1", 1),
    (f"url={URL}&offset=1&limit=2", 2), (f"url={URL}&filter=statuscode:404", 1),
    (f"url={URL}&filter=!statuscode:404", 3), (f"url={URL}&filter=statuscode:4..", 1),
    ("url=news.example/*&filter=mimetype:image/.*", 1), (f"url={URL}&filter=mimetype:image", 0),
    (f"url={URL}&collapse=digest", 3), (f"url={URL}&collapse=timestamp:8", 3), (f"url={URL}&limit=0", 0),
    ("url=unknown.example", 0), (f"url={URL}&collapse=timestamp:10&filter=statuscode:200", 3),
])  # fmt: skip
def test_questions_are_answered_with_so_many_lines(lines: Ask, query: str, count: int) -> None:
    assert len(lines(query)) == count


def test_a_negative_limit_gives_the_last_ones_in_their_order(lines: Ask) -> None:
    assert lines(f"url={URL}&limit=-2") == lines(f"url={URL}")[-2:]


def test_closest_orders_by_distance(lines: Ask) -> None:
    stamps = [line.split(" ")[1] for line in lines(f"url={URL}&closest=2017111417&sort=closest")]
    assert stamps == ["20171114110000", "20171114100000", "20171115160000", "20171116220000"]


@pytest.mark.parametrize("sent", [str, quote], ids=["as it came", "quoted once more"])
def test_the_resume_key_stands_behind_an_empty_line_only_when_there_is_more(
    lines: Ask, sent: Callable[[str], str]
) -> None:
    seen: list[str] = []
    key = ""
    for _ in range(4):
        answer = lines(f"url={URL}&limit=2&showResumeKey=true{key}")
        if "" not in answer:
            seen += answer
            break
        seen += answer[: answer.index("")]
        key = f"&resumeKey={sent(answer[-1])}"
    assert seen == lines(f"url={URL}")


def test_json_is_an_array_of_arrays_and_empty_when_nothing_is_found(archive: Served) -> None:
    rows = archive.app.get(f"/cdx?url={URL}&output=json&fl=timestamp,statuscode&limit=1").json()
    assert rows == [["timestamp", "statuscode"], ["20171114100000", "200"]]
    assert archive.app.get("/cdx?url=unknown.example&output=json").json() == []
    more = archive.app.get(f"/cdx?url={URL}&output=json&limit=1&showResumeKey=true").json()
    assert more[2] == []
    assert len(more[3]) == 1


def test_pages_are_counted_and_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archiver.web.cdx.query.BLOCK", 2)
    pages = [page(b"%d" % n, at=DAY + timedelta(minutes=n)) for n in range(5)]
    with served(tmp_path, f"sqlite:///{tmp_path}/index.sqlite", pages) as archive:
        query = f"/cdx?url={URL}&pageSize=1"
        assert archive.app.get(f"{query}&showNumPages=true").text == "3\n"
        parts = [archive.app.get(f"{query}&page={number}").text for number in (2, 0, 1)]
        assert [part.count("\n") for part in parts] == [1, 2, 2]
        assert parts[1] + parts[2] + parts[0] == archive.app.get(f"/cdx?url={URL}").text
        past = archive.app.get(f"{query}&page=3&output=json")
        assert (past.status_code, past.text) == (200, "")


def test_a_number_of_pages_is_never_nothing(archive: Served) -> None:
    assert archive.app.get("/cdx?url=unknown.example&showNumPages=true").text == "1\n"
    assert archive.app.get("/cdx?url=unknown.example&page=0&output=json").text == ""


def test_duplicates_are_counted_and_revisits_resolved(lines: Ask) -> None:
    counts = [line.split(" ")[-1] for line in lines(f"url={URL}&showDupeCount=true")]
    assert counts == ["0", "1", "0", "0"]
    revisit = lines(f"url={URL}&from=2017111411&to=2017111411")[0]
    assert revisit.split(" ")[3] == "warc/revisit"
    resolved = lines(f"url={URL}&from=2017111411&to=2017111411&resolveRevisits=true")[0].split(" ")
    assert resolved[3] == "text/html"
    assert resolved[-1].endswith(".warc.gz")


@pytest.mark.parametrize("query", [
    "", "url=", "url=*", f"url={URL}&matchType=all", f"url={URL}&limit=x", f"url={URL}&filter=statuscode:(",
    f"url={URL}&filter=nothing", f"url={URL}&filter=nofield:x", f"url={URL}&fl=password",
    f"url={URL}&from=yesterday", f"url={URL}&resumeKey=x", f"url={URL}&output=xml", f"url={URL}&page=-1",
    "url=news.example/*&closest=2017&sort=closest", f"url={URL}&collapse=digest:x", "url=a%00b",
    f"url=http://news.example/{'a' * 20_000}", f"url={URL}&limit=-999999999",
    f"url={URL}&sort=1;DROP TABLE captures",
])  # fmt: skip
def test_a_question_that_makes_no_sense_is_refused_with_a_reason(archive: Served, query: str) -> None:
    answer = archive.app.get(f"/cdx?{query}")
    assert answer.status_code == 400
    assert len(answer.json()["detail"]) > 10


def test_a_pattern_that_would_hold_up_others_does_not(lines: Ask) -> None:
    assert lines(f"url={URL}&filter=original:(.*.*.*.*.*.*)*x") == []


def test_answers_are_compressed_for_those_who_take_it(archive: Served) -> None:
    answer = archive.app.get(f"/cdx?url={URL}", headers={"Accept-Encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.text.count("\n") == 4
    plain = archive.app.get(f"/cdx?url={URL}&gzip=false", headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers


def test_pywb_gets_cdxj_with_the_place_of_each_record(archive: Served) -> None:
    key, stamp, fields = archive.app.get(f"/index?url={URL}&limit=1").text.split(" ", 2)
    told = json.loads(fields)
    assert (key, stamp) == ("example,news)/story", "20171114100000")
    assert {"url", "mime", "status", "digest", "length", "offset", "filename"} <= set(told)
    one = json.loads(archive.app.get(f"/index?url={URL}&limit=1&output=json").text)
    assert one["timestamp"] == stamp


@pytest.mark.parametrize(("condition", "count"), [
    ("=status:404", 1), ("status:40", 1), ("!=status:404", 3), ("~status:4..", 1), ("!~status:4..", 3),
    ("mime:revisit", 1),
])  # fmt: skip
def test_pywb_filters_are_understood(archive: Served, condition: str, count: int) -> None:
    answer = archive.app.get("/index", params={"url": URL, "filter": condition})
    assert len(answer.text.splitlines()) == count


def test_a_record_is_read_out_of_a_range_of_its_file(archive: Served) -> None:
    told = json.loads(archive.app.get(f"/index?url={URL}&limit=1&output=json").text)
    start, length = int(told["offset"]), int(told["length"])
    asked = {"Range": f"bytes={start}-{start + length - 1}"}
    answer = archive.app.get(f"/warc/{told['filename']}", headers=asked)
    assert answer.status_code == 206
    assert answer.headers["content-range"].startswith(f"bytes {start}-{start + length - 1}/")
    record = next(iter(ArchiveIterator(io.BytesIO(answer.content))))
    assert record.rec_headers.get_header("WARC-Target-URI") == URL
    assert record.content_stream().read() == b"one"


def test_the_whole_file_and_its_end_can_be_had(archive: Served) -> None:
    name = json.loads(archive.app.get(f"/index?url={URL}&limit=1&output=json").text)["filename"]
    whole = archive.app.get(f"/warc/{name}")
    assert whole.status_code == 200
    assert whole.content == (archive.folder / name).read_bytes()
    end = archive.app.get(f"/warc/{name}", headers={"Range": "bytes=-10"})
    assert (end.status_code, end.content) == (206, whole.content[-10:])
    beyond = archive.app.get(f"/warc/{name}", headers={"Range": f"bytes={len(whole.content)}-"})
    assert beyond.status_code == 416
    assert archive.app.head(f"/warc/{name}").headers["content-length"] == str(len(whole.content))


@pytest.mark.parametrize("name", ["unknown.warc.gz", "..%2Findex.sqlite", "%2e%2e", "index.sqlite"])
def test_only_files_that_the_index_knows_are_served(archive: Served, name: str) -> None:
    (archive.folder / "unknown.warc.gz").write_bytes(b"secret")
    assert archive.app.get(f"/warc/{name}").status_code == 404


def test_availability_names_the_closest_capture(archive: Served) -> None:
    told = archive.app.get(f"/wayback/available?url={URL}&timestamp=20171115").json()
    assert told["archived_snapshots"]["closest"] == {
        "status": "200", "available": True, "timestamp": "20171114110000",
        "url": f"http://app.test/web/20171114110000/{URL}",
    }  # fmt: skip
    assert archive.app.get("/wayback/available?url=none.example").json()["archived_snapshots"] == {}

"""Whatever is asked over HTTP, the answer says what is wrong with it; nothing fails, leaks or changes."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import pytest
from web_archive import DAY, URL, Served, hours, page, served

HOSTILE = [
    "\0", "\\'\"", "'; DROP TABLE captures; --", "%", "*", "a\r\nSet-Cookie: x=1",
    "99999999999999999999", "\uff12\uff10\uff11\uff17", "x" * 20_000,
]  # fmt: skip
PLACES = [
    "", "..", "../../etc/passwd", "\0", "'; DROP TABLE captures; --", "<script>alert(1)</script>",
    "a\r\nSet-Cookie: x=1", "99999999999999", "00000000000000", "javascript:alert(1)", "http://[::1/",
    "http://a:99999/", "http://\u00e4\u00df.example/", "\U0001f4a5\u202e",
    f"http://news.example/{'a' * 8_192}",
]  # fmt: skip
NOT_UTF8 = ["%ED%A0%80", "%zz"]
ASKED = {
    "/cdx": (
        "url", "matchType", "from", "to", "limit", "offset", "sort", "closest", "filter", "collapse", "fl",
        "output", "page", "pageSize", "resumeKey", "showNumPages", "showDupeCount", "resolveRevisits",
    ),
    "/index": ("url", "filter", "fields"),
    "/wayback/available": ("url", "timestamp"),
    "/search": ("q", "author", "source", "from", "to", "behind", "match"),
    "/compare": ("before", "after"),
    "/api/v1/snapshots": ("q", "author", "source", "from", "to", "limit", "behind"),
    "/api/v1/captures": ("url", "match", "from", "to", "limit", "behind"),
    "/api/v1/urls": ("url", "match", "behind"),
    "/api/v1/history": ("url",),
    "/api/v1/comparison": ("before", "after"),
}  # fmt: skip
PATHS = [
    "/web/{}", "/web/2017/{}", "/web/{}/http://news.example/story", "/web/20171114100000{}/http://news.example/",
    "/web/timemap/link/{}", "/web/timemap/{}/http://news.example/story", "/web/*/{}", "/view/{}",
    "/view/20171114100000/{}", "/snapshot/{}", "/snapshot/{}.bib", "/ark:{}", "/warc/{}", "/submissions/{}",
    "/api/v1/snapshots/{}", "/api/v1/records/{}", "/api/v1/submissions/{}", "/static/{}",
]  # fmt: skip
LEAKS = ("Traceback", "site-packages", "sqlalchemy", "sqlite3", "psycopg", '.py"')


@pytest.fixture(scope="module")
def archive(shared_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    exchanges = [page(b"<p>One</p>"), page(b"<p>Two</p>", at=DAY + hours(1))]
    with served(tmp_path_factory.mktemp("web"), shared_url, exchanges) as one:
        yield one


def check(archive: Served, path: str) -> None:
    """Ask once as a program; the answer is one of reason, and tells nothing of the inside."""
    answer = archive.app.get(path)
    assert answer.status_code in (200, 204, 302, 307, 400, 404), f"{path[:200]}: {answer.text[:300]}"
    assert "set-cookie" not in answer.headers
    for leak in (*LEAKS, str(archive.folder.parent)):
        assert leak not in answer.text, path[:200]
    if answer.status_code == 400:
        assert len(answer.json()["detail"]) < 700


@pytest.mark.parametrize(("path", "name"), [(path, name) for path, names in ASKED.items() for name in names])
def test_a_parameter_can_hold_anything(archive: Served, path: str, name: str) -> None:
    others = "" if name == "url" else f"&url={quote(URL, safe='')}"
    for value in [*(quote(value, safe="") for value in HOSTILE), *NOT_UTF8]:
        check(archive, f"{path}?{name}={value}{others}")


@pytest.mark.parametrize("path", PATHS)
def test_a_path_can_hold_anything(archive: Served, path: str) -> None:
    for value in PLACES:
        check(archive, path.format(quote(value, safe="/:'()[]")))


@pytest.mark.parametrize(("path", "headers"), [
    (f"/web/{URL}", {"Accept-Datetime": "x" * 9_000}),
    (f"/web/{URL}", {"Accept-Datetime": "Mon, 31 Feb 0000 99:99:99 GMT"}),
    (f"/web/{URL}", {"Accept-Datetime": "Fri, 31 Dec 9999 23:59:59 -2300"}),
    (f"/web/{URL}", {"Accept-Datetime": "Mon, 01 Jan 0001 00:00:00 +2300"}),
    (f"/web/20171114100000id_/{URL}", {"Accept-Encoding": "gzip;q=x, *;q=-1, \xff"}),
    (f"/web/20171114100000id_/{URL}", {"If-None-Match": '"' * 5_000}),
    (f"/web/20171114100000id_/{URL}", {"Host": "evil.example/<script>"}),
    (f"/cdx?url={URL}", {"Accept-Encoding": "gzip;;;,"}),
])  # fmt: skip
def test_a_header_can_hold_anything(archive: Served, path: str, headers: dict[str, str]) -> None:
    answer = archive.app.get(path, headers={name: value.encode("latin-1") for name, value in headers.items()})
    assert answer.status_code in (200, 302, 400)
    assert "evil.example" not in answer.headers.get("location", "") + answer.headers.get("link", "")


def test_after_all_that_everything_is_as_it_was(archive: Served) -> None:
    assert archive.app.get(f"/cdx?url={URL}").text.count("\n") == 2
    assert archive.app.get(f"/web/20171114110000id_/{URL}").content == b"<p>Two</p>"

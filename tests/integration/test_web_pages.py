"""The pages for people, the JSON beside them, and the server as a process, over the demo's archive."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2 as httpx
import pytest
from lxml.html import document_fromstring
from warc_exchanges import exchange, not_modified
from web_archive import DAY, URL, hours, page, served
from web_server import COMMAND, Running, make_demo, serving

from archiver.errors import IndexUnavailableError
from archiver.model.exchange import Condition

TITLE = "Ministry shows pictures of arms convoy at Orvel Pass"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "home"
    make_demo(folder)
    return folder


@pytest.fixture(scope="module")
def running(home: Path) -> Iterator[Running]:
    with serving(home) as server:
        yield server


@pytest.fixture(scope="module")
def client(running: Running) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=running.application) as one:
        yield one


@pytest.fixture(scope="module")
def versions(client: httpx.Client) -> list[dict[str, object]]:
    found = client.get("/api/v1/snapshots", params={"q": "convoy Ellingvale"}).json()["snapshots"]
    return sorted(found, key=lambda one: one["captured_at"])


Versions = list[dict[str, object]]


def test_home_shows_what_is_new(client: httpx.Client) -> None:
    answer = client.get("/")
    assert answer.status_code == 200
    assert TITLE in answer.text
    assert "script-src" not in answer.headers["content-security-policy"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(("query", "found"), [
    ("lorries", True), ('"arms convoy"', True), ('"convoy arms"', False), ("zeppelin", False),
    ("<script>", False),
])  # fmt: skip
def test_words_are_searched(client: httpx.Client, query: str, found: bool) -> None:
    answer = client.get("/search", params={"q": query})
    assert (TITLE in answer.text) == found
    assert "<script>" not in answer.text


def test_an_address_leads_to_its_captures(client: httpx.Client, versions: Versions) -> None:
    url = str(versions[0]["url"])
    answer = client.get("/search", params={"q": url}, follow_redirects=True)
    assert str(answer.url).endswith(f"/web/*/{url}")
    assert answer.text.count("content changed") >= 2
    host = url.split("/")[2]
    below = client.get("/search", params={"q": f"{host}/*"})
    assert f"/web/*/{url}" in below.text


def test_the_record_page_shows_pictures_and_the_missing_one(client: httpx.Client, versions: Versions) -> None:
    text = client.get(f"/snapshot/{versions[0]['snapshot']}").text
    root = document_fromstring(text)
    images = [image.get("src") for image in root.iter("img")]
    assert len(images) == versions[0]["pictures_captured"]
    assert all(httpx.get(image).status_code == 200 for image in images)
    assert "the server answered 404" in text
    for word in ("BibTeX", "Chicago", "sha256:", "text-edited", "gone", "compare with the one before"):
        assert word in text


@pytest.mark.parametrize(("suffix", "media", "begin"), [
    (".json", "application/json", "{"), (".bib", "application/x-bibtex", "@"),
    (".ris", "application/x-research-info-systems", "TY"),
    (".csl.json", "application/vnd.citationstyles.csl+json", ""),
])  # fmt: skip
def test_a_record_is_had_as_files(
    client: httpx.Client, versions: Versions, suffix: str, media: str, begin: str
) -> None:
    answer = client.get(f"/snapshot/{versions[0]['snapshot']}{suffix}")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith(media)
    assert answer.text.startswith(begin)


def test_two_versions_are_compared(client: httpx.Client, versions: Versions) -> None:
    sides = {"before": str(versions[0]["snapshot"]), "after": str(versions[-1]["snapshot"])}
    text = client.get("/compare", params=sides).text
    assert "<del>" in text
    assert "<ins>" in text
    assert text.count("<figure>") >= 4


def test_the_framed_view_says_when_and_frames_the_other_origin(
    client: httpx.Client, running: Running, versions: Versions
) -> None:
    moment = re.sub(r"\D", "", str(versions[0]["captured_at"]))[:20]
    answer = client.get(f"/view/{moment}/{versions[0]['url']}")
    assert answer.status_code == 200
    frame = next(document_fromstring(answer.text).iter("iframe"))
    assert frame.get("src").startswith(running.replay)
    assert "allow-scripts" not in frame.get("sandbox")
    assert "allow-same-origin" not in frame.get("sandbox")
    inside = httpx.get(frame.get("src"))
    assert inside.status_code == 200
    assert TITLE in inside.text


@pytest.mark.parametrize("path", [
    "/snapshot/ark:99999/000000000000", "/snapshot/../../etc/passwd",
    "/snapshot/x", "/nothing",
    "/compare",
    "/compare?before=x&after=y", "/view/2017/", "/view/http://x/", "/search?from=yesterday",
    "/search?behind=x",
    "/search?q=*", "/search?q=x.example&match=all", "/web/*/", "/api/v1/captures",
    "/api/v1/snapshots/x",
    "/api/v1/snapshots?limit=0", "/api/v1/snapshots?limit=99999", "/api/v1/history?url=http://none.example/",
    "/static/../pages.py", "/static/%2e%2e/pages.py", "/search?q=x.example*&behind=1", "/ark:99999/none",
])  # fmt: skip
def test_nonsense_is_answered_with_a_reason_and_no_stack(client: httpx.Client, path: str) -> None:
    for accept in ("text/html", "application/json"):
        answer = client.get(path, headers={"Accept": accept})
        assert answer.status_code in (400, 404) or path == "/search?q=*"
        assert "Traceback" not in answer.text
        assert "/archiver/" not in answer.text


def test_every_described_path_answers(client: httpx.Client, versions: Versions) -> None:
    document = client.get("/api/openapi.json").json()
    before, after = str(versions[0]["snapshot"]), str(versions[-1]["snapshot"])
    url = quote(str(versions[0]["url"]), safe="")
    values = {"url": url, "identifier": before, "before": before, "after": after}
    for path, operations in document["paths"].items():
        if "submissions" in path:
            continue  # wants a token, or a submission
        needed = [one["name"] for one in operations["get"]["parameters"] if one["required"]]
        query = "&".join(f"{name}={values[name]}" for name in needed if f"{{{name}}}" not in path)
        answer = client.get(f"{path.format(**values)}?{query}")
        assert answer.status_code == 200, answer.text
        described = operations["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        assert list(absent(answer.json(), described, document["components"]["schemas"])) == [], path


def absent(told: Any, schema: dict[str, Any], components: dict[str, Any]) -> Iterator[str]:
    """The members that the description requires and the answer has not."""
    schema = components[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    for part in schema.get("allOf", ()):
        yield from absent(told, part, components)
    if schema.get("type") == "array":
        for one in told:
            yield from absent(one, schema["items"], components)
    if schema.get("type") == "object":
        yield from (name for name in schema.get("required", ()) if name not in told)
        for name, inner in schema.get("properties", {}).items():
            yield from absent(told[name], inner, components) if name in told else ()


def test_what_the_pages_show_is_json_too(client: httpx.Client, versions: Versions) -> None:
    record = client.get(f"/api/v1/records/{versions[0]['snapshot']}").json()
    assert "captured" in record["evidence"]["states"]
    assert {one["status"] for one in record["gallery"]} >= {"captured", "missing"}
    assert any("text-edited" in step["kinds"] for step in record["history"])
    assert set(record["citations"]) >= {"bibtex", "chicago"}
    sides = {"before": versions[0]["snapshot"], "after": versions[-1]["snapshot"]}
    assert client.get("/api/v1/comparison", params=sides).json()["paragraphs"]
    host = str(versions[0]["url"]).split("/")[2]
    below = client.get("/api/v1/urls", params={"url": f"{host}/*"}).json()["urls"]
    assert versions[0]["url"] in {one["url"] for one in below}
    assert {"name", "condition", "next_run_at", "totals"} <= set(
        client.get("/api/v1/sources").json()["sources"][0]
    )


def test_a_picture_that_was_known_is_called_so(client: httpx.Client, versions: Versions) -> None:
    record = client.get(f"/api/v1/records/{versions[-1]['snapshot']}").json()
    assert "known" in {one["status"] for one in record["gallery"]}
    assert '<span class="tag">known</span>' in client.get(f"/snapshot/{versions[-1]['snapshot']}").text


def test_an_answer_that_the_asker_has_is_not_sent_again(client: httpx.Client, versions: Versions) -> None:
    name, url = versions[0]["snapshot"], versions[0]["url"]
    for path in (
        f"/snapshot/{name}", f"/snapshot/{name}.json", f"/snapshot/{name}.bib", f"/web/*/{url}",
        f"/api/v1/captures?url={url}", f"/api/v1/records/{name}", "/api/openapi.json",
    ):  # fmt: skip
        first = client.get(path)
        assert first.headers["cache-control"]
        known = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
        again = client.get(path, headers=known)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
        assert client.get(path, headers={"If-None-Match": '"other"'}).content == first.content


def test_sources_are_listed(client: httpx.Client) -> None:
    assert client.get("/sources").status_code == 200


def test_titles_and_addresses_are_escaped(tmp_path: Path) -> None:
    hostile = f"{URL}?<script>alert(1)</script>"
    with served(tmp_path, f"sqlite:///{tmp_path}/index.sqlite", [page(b"x", url=hostile)]) as archive:
        for path in ("/web/*/", "/view/20171114100000/", "/search?match=host&q="):
            assert "<script>" not in archive.app.get(path + hostile, follow_redirects=True).text


def test_readiness_tells_the_truth(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with served(tmp_path, f"sqlite:///{tmp_path}/index.sqlite", [page(b"x")]) as archive:
        assert archive.app.get("/readyz").json()["checks"] == {"index": "ok", "warc": "ok"}

        def gone(*_: object) -> None:
            raise IndexUnavailableError(f"{tmp_path} is no database")

        monkeypatch.setattr(type(archive.site.index), "stats", gone)
        answer = archive.app.get("/readyz")
        assert answer.status_code == 503
        assert str(tmp_path) not in answer.text
        assert archive.app.get("/healthz").status_code == 200
        assert archive.app.get("/").status_code == 503


def test_the_replay_origin_has_nothing_but_mementos(running: Running) -> None:
    for path in ("/", "/search?q=x", "/cdx?url=x", "/api/v1/stats", "/sources"):
        assert httpx.get(running.replay + path).status_code == 404


def test_a_taken_port_is_told_in_one_line(home: Path, running: Running) -> None:
    port = running.application.rpartition(":")[2]
    told = subprocess.run(
        [*COMMAND, "--home", str(home), "serve", "--port", port], capture_output=True, text=True, timeout=30
    )
    assert told.returncode == 2
    [line] = told.stderr.splitlines()
    assert "it is taken" in line
    assert "web.port" in line
    assert "web.replay_port" in line


def test_one_port_for_two_origins_is_refused(home: Path) -> None:
    ports = ["--port", "9", "--replay-port", "9"]
    told = subprocess.run(
        [*COMMAND, "--home", str(home), "serve", *ports], capture_output=True, text=True, timeout=30
    )
    assert told.returncode == 2
    assert "--port and --replay-port are both 9" in told.stderr


def test_sigterm_ends_it_cleanly(home: Path) -> None:
    with serving(home) as server:
        assert httpx.get(f"{server.application}/healthz").status_code == 200
        assert server.stop() == 0


def test_the_calendar_marks_other_content_and_takes_a_304_for_what_it_stands_for(tmp_path: Path) -> None:
    first, unchanged = page(b"first"), exchange(not_modified(), uri=URL, started_at=DAY + hours(1))
    unchanged = replace(unchanged, condition=Condition(first.id, URL, '"7"'))
    exchanges = [
        first, unchanged, page(b"second", at=DAY + hours(2)), page(b"first", at=DAY + hours(3)),
    ]  # fmt: skip
    with served(tmp_path, f"sqlite:///{tmp_path}/index.sqlite", exchanges) as archive:
        shown = archive.app.get(f"/web/*/{URL}").text
    entries = re.findall(r'<li class="s\d">.*?</li>', shown)
    assert ["content changed" in entry for entry in entries] == [False, False, True, True]

"""Pages that are asked for over HTTP: who may, what is taken, how it fares, and what a person sees of it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml.html import document_fromstring
from starlette.testclient import TestClient
from web_archive import Served, page, served

from archiver.model.access import UrlPolicy
from archiver.model.operations import Beat, Submission
from archiver.model.secret import new_secret, secret_digest
from archiver.storage.home_lock import sole_service
from archiver.web.application import application
from archiver.web.desk import Desk

STORY = "https://news.example/story"
SUBMIT = "/api/v1/captures"
NOW = datetime.now(UTC)


class Archive:
    """A served archive with tokens; limits as given."""

    def __init__(self, of: Served, per_minute: int = 10, waiting: int = 20) -> None:
        self.index = of.site.index
        desk = Desk(self.index, UrlPolicy(), per_minute, waiting)
        self.client = TestClient(
            application(replace(of.site, desk=desk)), "http://app.test", follow_redirects=False
        )
        self.queue = self.index.operations.submissions

    def token(self, name: str = "", *scopes: str) -> str:
        secret = new_secret()
        name = name or secret[-8:]
        digest = secret_digest(secret)
        assert digest
        self.index.operations.tokens.add(name, scopes or ("capture",), digest, NOW)
        return secret

    def submit(self, secret: str | None, content: object, **more: Any) -> Any:
        headers = {"Authorization": f"Bearer {secret}"} if secret else {}
        return self.client.post(SUBMIT, json=content, headers=headers, **more)

    def beat(self, age: timedelta, role: str = "leader") -> None:
        at = datetime.now(UTC) - age
        self.index.operations.beats.put(Beat("one", "host", 1, role, at, at))


@pytest.fixture
def base(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, f"sqlite:///{tmp_path}/index.sqlite", [page(b"x")]) as archive:
        yield archive


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """One archive for all tests after which its queue is as empty as before."""
    folder = tmp_path_factory.mktemp("untouched")
    with served(folder, f"sqlite:///{folder}/index.sqlite", [page(b"x")]) as archive:
        yield Archive(archive)


@pytest.fixture
def archive(base: Served) -> Archive:
    return Archive(base)


def test_a_page_is_queued_and_told_where_to_ask_after_it(archive: Archive) -> None:
    answer = archive.submit(archive.token(), {"url": STORY, "images": False})
    assert answer.status_code == 202
    queued = answer.json()
    assert answer.headers["location"] == f"/api/v1/submissions/{queued['id']}"
    assert len(queued["id"]) == 32
    asked = archive.client.get(answer.headers["location"])
    assert asked.headers["cache-control"] == "no-store"
    assert (asked.json()["state"], asked.json()["url"], asked.json()["images"]) == ("queued", STORY, False)
    [taken] = archive.queue.claim("worker", NOW + timedelta(days=1), NOW + timedelta(days=2), 10)
    assert (taken.url, taken.images) == (STORY, False)


def test_several_pages_are_queued_at_once_and_in_their_one_form(archive: Archive) -> None:
    urls = [STORY, "HTTPS://News.Example:443/other#part", STORY]
    told = archive.submit(archive.token(), {"urls": urls}).json()["submissions"]
    assert [one["url"] for one in told] == [STORY, "https://news.example/other"]


@pytest.mark.parametrize(("header", "status", "challenge"), [
    (None, 401, 'Bearer realm="archive"'),
    ("Basic abc", 401, 'Bearer realm="archive"'),
    ("Bearer", 401, 'error="invalid_token"'),
    ("Bearer nat_x", 401, 'error="invalid_token"'),
    (f"Bearer nat_{'a' * 52}", 401, 'error="invalid_token"'),
    ("revoked", 401, 'error="invalid_token"'),
    ("reader", 403, 'error="insufficient_scope", scope="capture"'),
])  # fmt: skip
def test_who_may_not_is_told_why(untouched: Archive, header: str | None, status: int, challenge: str) -> None:
    if header == "revoked":
        header = f"Bearer {untouched.token('old')}"
        assert untouched.index.operations.tokens.revoke("old", NOW)
    if header == "reader":
        header = f"Bearer {untouched.token('reader', 'read')}"
    answer = untouched.client.post(
        SUBMIT, json={"url": STORY}, headers={"Authorization": header} if header else {}
    )
    assert answer.status_code == status
    assert challenge in answer.headers["www-authenticate"]
    assert untouched.queue.recent(10) == []


@pytest.mark.parametrize(("url", "reason"), [
    ("http://127.0.0.1/", "not on the public internet"), ("http://169.254.169.254/latest/", "link-local"),
    ("http://[::1]/", "not on the public internet"), ("http://2130706433/", "not on the public internet"),
    ("ftp://news.example/", "only http and https"), ("file:///etc/passwd", "only http and https"),
    ("http://user:secret@news.example/", "user name or password"), ("http://news.example:22/", "port 22"),
    ("news.example/story", "write http://"), ("news.example:80/story", "write http://"),
    ("http://news.example/\r\nX: 1", "control character"),
    ("", "no web address"), ("javascript:alert(1)", "only http and https"),
])  # fmt: skip
def test_what_may_not_be_fetched_is_refused_before_it_is_queued(
    untouched: Archive, url: str, reason: str
) -> None:
    answer = untouched.submit(untouched.token(), {"urls": [STORY, url]})
    assert answer.status_code == 422
    assert reason in answer.json()["detail"]
    assert untouched.queue.recent(10) == []


@pytest.mark.parametrize(("body", "status"), [
    (b"{", 400), (b"\xff", 400), (b"[" * 30_000, 400), (b"[]", 422), (b"{}", 422), (b'{"url": 7}', 422),
    (b'{"url": "https://a.example/", "urls": []}', 422), (b'{"urls": []}', 422), (b'{"urls": "x"}', 422),
    (b'{"url": "https://a.example/", "images": 1}', 422), (b'{"url": "https://a.example/", "depth": 3}', 422),
    (b'{"urls": [' + b",".join(b'"https://a.example/%d"' % n for n in range(51)) + b"]}", 422),
    (b" " * (64 << 10) + b"{}", 413),
])  # fmt: skip
def test_what_is_no_request_is_refused_with_a_reason(untouched: Archive, body: bytes, status: int) -> None:
    headers = {"Authorization": f"Bearer {untouched.token()}", "Content-Type": "application/json"}
    answer = untouched.client.post(SUBMIT, content=body, headers=headers)
    assert answer.status_code == status
    assert answer.json()["detail"]
    undeclared = untouched.client.post(SUBMIT, content=iter([body]), headers=headers)
    assert undeclared.status_code == status


def test_only_json_is_taken(untouched: Archive) -> None:
    headers = {"Authorization": f"Bearer {untouched.token()}", "Content-Type": "text/plain"}
    assert untouched.client.post(SUBMIT, content=b"{}", headers=headers).status_code == 415


def test_the_same_page_twice_within_a_minute_is_one_submission(archive: Archive) -> None:
    secret = archive.token()
    first = archive.submit(secret, {"url": STORY}).json()
    assert archive.submit(secret, {"url": STORY}).json()["id"] == first["id"]
    assert archive.submit(secret, {"url": STORY, "images": False}).json()["id"] != first["id"]
    assert archive.submit(archive.token("other"), {"url": STORY}).json()["id"] != first["id"]
    assert len(archive.queue.recent(10)) == 3


def test_a_token_may_submit_so_many_in_a_minute(base: Served) -> None:
    archive = Archive(base, per_minute=3)
    secret, other = archive.token(), archive.token("other")
    assert archive.submit(secret, {"urls": [f"{STORY}/{n}" for n in range(2)]}).status_code == 202
    refused = archive.submit(secret, {"urls": [f"{STORY}/{n}" for n in range(1, 4)]})
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["retry-after"]) <= 60
    assert len(archive.queue.recent(10)) == 2
    assert archive.submit(secret, {"url": f"{STORY}/1"}).status_code == 202
    assert archive.submit(secret, {"url": f"{STORY}/9"}).status_code == 202
    assert archive.submit(secret, {"url": f"{STORY}/10"}).status_code == 429
    assert archive.submit(other, {"url": STORY}).status_code == 202
    assert archive.submit(other, {"urls": [f"{STORY}/{n}" for n in range(4)]}).status_code == 422


def test_a_token_may_have_so_many_waiting_and_others_are_not_held_up(base: Served) -> None:
    archive = Archive(base, waiting=2)
    secret = archive.token()
    assert archive.submit(secret, {"urls": [f"{STORY}/{n}" for n in range(2)]}).status_code == 202
    refused = archive.submit(secret, {"url": f"{STORY}/2"})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    assert archive.submit(archive.token("other"), {"url": STORY}).status_code == 202


def test_an_archive_can_be_closed_to_submissions(base: Served) -> None:
    archive = Archive(base, per_minute=0)
    assert archive.submit(archive.token(), {"url": STORY}).status_code == 403
    assert "takes no submissions" in archive.client.get("/submit").text
    assert 'href="/submit"' not in archive.client.get("/").text


def test_one_sees_ones_own_submissions_and_a_reader_all(archive: Archive) -> None:
    one, two, reader = archive.token("one"), archive.token("two"), archive.token("reader", "read")
    archive.submit(one, {"url": f"{STORY}/1"})
    archive.submit(two, {"url": f"{STORY}/2"})

    def seen(secret: str) -> set[str]:
        answer = archive.client.get("/api/v1/submissions", headers={"Authorization": f"Bearer {secret}"})
        return {submission["url"] for submission in answer.json()["submissions"]}

    assert seen(one) == {f"{STORY}/1"}
    assert seen(two) == {f"{STORY}/2"}
    assert seen(reader) == {f"{STORY}/1", f"{STORY}/2"}
    assert archive.client.get("/api/v1/submissions").status_code == 401
    assert archive.client.get("/api/v1/submissions/" + "0" * 32).status_code == 404


def test_it_is_said_when_no_service_is_there_to_do_it(archive: Archive) -> None:
    secret = archive.token()
    told = archive.submit(secret, {"url": STORY}).json()
    assert told["note"] == (
        "it will be archived when the service runs: the service (archiver run) does not run"
    )
    archive.beat(timedelta(seconds=5))
    assert archive.client.get(f"/api/v1/submissions/{told['id']}").json()["note"] is None
    archive.beat(timedelta(seconds=90))
    assert "not been heard of since" in archive.client.get(f"/api/v1/submissions/{told['id']}").json()["note"]


def test_readiness_tells_of_a_silent_service_but_the_web_stays_ready(archive: Archive) -> None:
    assert "service" not in archive.client.get("/readyz").json()["checks"]
    archive.beat(timedelta(seconds=5))
    assert archive.client.get("/readyz").json()["checks"]["service"] == "ok"
    archive.beat(timedelta(seconds=90))
    answer = archive.client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    assert "not been heard of since 20" in answer.json()["checks"]["service"]
    archive.beat(timedelta(seconds=90), role="stopping")
    assert "service" not in archive.client.get("/readyz").json()["checks"]


def test_a_service_that_was_killed_is_known_to_be_gone_at_once(archive: Archive, tmp_path: Path) -> None:
    with sole_service(tmp_path):
        archive.beat(timedelta(seconds=1))
        assert archive.client.get("/readyz").json()["checks"]["service"] == "ok"
    assert "not been heard of since 20" in archive.client.get("/readyz").json()["checks"]["service"]


def form(archive: Archive, secret: str, url: str = STORY, **headers: str) -> Any:
    content = {"url": url, "token": secret, "images": "yes"}
    return archive.client.post("/submit", data=content, headers=headers)


def test_a_person_submits_with_a_form_and_watches(archive: Archive) -> None:
    root = document_fromstring(archive.client.get("/submit").text)
    [token] = root.xpath("//input[@name='token']")
    assert (token.get("type"), token.get("autocomplete"), token.get("value")) == ("password", "off", None)
    answer = form(archive, archive.token(), **{"Sec-Fetch-Site": "same-origin"})
    assert answer.status_code == 303
    assert "set-cookie" not in answer.headers
    watched = archive.client.get(answer.headers["location"])
    assert watched.headers["cache-control"] == "no-store"
    assert re.search(r'http-equiv="refresh" content="\d+"', watched.text)
    assert "<script" not in watched.text
    assert "when the service runs" in watched.text


@pytest.mark.parametrize(("state", "told"), [
    ("running", "Being archived"), ("done", "/snapshot/ark:99999/x"), ("failed", "it &lt;said&gt; 503"),
])  # fmt: skip
def test_the_page_of_a_submission_tells_its_state_and_stops_asking_in_the_end(
    archive: Archive, state: str, told: str
) -> None:
    location = form(archive, archive.token(), Origin="http://app.test").headers["location"]
    [taken] = archive.queue.claim("worker", NOW + timedelta(days=1), NOW + timedelta(days=2), 1)
    if state == "done":
        archive.queue.finished(taken.id, "worker", NOW, "ark:99999/x", None)
    if state == "failed":
        archive.queue.finished(taken.id, "worker", NOW, None, "it <said> 503")
    text = archive.client.get(location).text
    assert told in text
    assert ("http-equiv" in text) == (state == "running")


@pytest.mark.parametrize("headers", [
    {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site", "Origin": "http://app.test"},
    {"Sec-Fetch-Site": "none"}, {"Origin": "http://evil.test"}, {"Origin": "null"}, {},
])  # fmt: skip
def test_a_form_of_another_site_is_refused(untouched: Archive, headers: dict[str, str]) -> None:
    assert form(untouched, untouched.token(), **headers).status_code == 403
    assert untouched.queue.recent(10) == []


@pytest.mark.parametrize(("url", "secret", "status"), [
    (STORY, "wrong", 401), ("http://127.0.0.1/<b>", "", 422), ("x" * (70 << 10), "", 413),
])  # fmt: skip
def test_a_form_that_cannot_be_served_comes_back_with_the_reason_and_without_the_token(
    untouched: Archive, url: str, secret: str, status: int
) -> None:
    secret = secret or untouched.token()
    answer = form(untouched, secret, url, Origin="http://app.test")
    assert answer.status_code == status
    assert secret not in answer.text
    assert "<b>" not in answer.text


def test_the_queue_is_no_secret_to_be_guessed(archive: Archive) -> None:
    secret = archive.token()
    ids = {archive.submit(secret, {"url": f"{STORY}/{n}"}).json()["id"] for n in range(5)}
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in ids)
    found: list[Submission] = archive.queue.recent(10)
    assert {one.id for one in found} == ids

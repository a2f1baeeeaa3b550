"""What was withdrawn: its bytes are refused everywhere with the reason, its record stays."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from starlette.testclient import TestClient
from trust_archive import CONVOY, DEPOT, PAGE, TrustHome, make_home

from archiver.cli import main
from archiver.config.folder import Home
from archiver.config.settings import Settings
from archiver.model.snapshot import Snapshot
from archiver.web.application import application, replay
from archiver.web.opening import open_site
from archiver.web.site import Site

REASON = "Order 7 of the court"


@dataclass(frozen=True)
class Withdrawn:
    """A served home whose first snapshot is withdrawn; the second shows one of its pictures too."""

    home: TrustHome
    site: Site
    app: TestClient
    replay: TestClient


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Withdrawn]:
    home = make_home(tmp_path_factory.mktemp("withdrawn") / "home")
    ordered = ["withdraw", home.first.id, "--reason", REASON, "--by", "The court"]
    assert main(["--home", str(home.root), *ordered]) == 0
    with home.index() as index:
        site = open_site(Home(home.root), Settings(), index)
        yield Withdrawn(
            home, site,
            TestClient(application(site), "http://app.test", follow_redirects=False),
            TestClient(replay(site), "http://replay.test", follow_redirects=False),
        )  # fmt: skip


def moment(snapshot: Snapshot) -> str:
    return f"{snapshot.page.captured_at:%Y%m%d%H%M%S%f}"


@pytest.mark.parametrize("modifier", ["", "id_", "mp_", "if_"])
def test_a_withdrawn_page_is_answered_with_451_and_the_way_to_its_record(
    archive: Withdrawn, modifier: str
) -> None:
    for client in (archive.app, archive.replay):
        answer = client.get(f"/web/{moment(archive.home.first)}{modifier}/{PAGE}")
        assert answer.status_code == 451
        assert answer.headers["content-type"] == "application/problem+json"
        problem = answer.json()
        assert problem["reason"] == REASON
        assert problem["withdrawn_by"] == "The court"
        assert problem["snapshot"] == archive.home.first.id
        assert f'<{problem["record"]}>; rel="describedby"' in answer.headers["link"]
        assert 'rel="blocked-by"' in answer.headers["link"]
        assert "no-store" in answer.headers["cache-control"]
        assert b"first" not in answer.content


def test_a_browser_gets_a_page_with_the_reason_and_the_link(archive: Withdrawn) -> None:
    path = f"/web/{moment(archive.home.first)}/{PAGE}"
    text = archive.replay.get(path, headers={"Accept": "text/html"}).text
    assert REASON in text
    assert f"/snapshot/{archive.home.first.id}" in text


def test_the_snapshot_that_stands_is_given_and_so_is_the_picture_that_both_show(archive: Withdrawn) -> None:
    second = archive.replay.get(f"/web/{moment(archive.home.second)}id_/{PAGE}")
    assert (second.status_code, b"second" in second.content) == (200, True)
    record_ids = {picture.url: picture.fetched[0].record_id for picture in archive.home.first.pictures}
    for url, status in ((CONVOY, 451), (DEPOT, 200)):
        capture = archive.site.index.capture(record_ids[url])  # type: ignore[arg-type]
        assert capture
        path = f"{capture.captured_at:%Y%m%d%H%M%S%f}"
        assert archive.replay.get(f"/web/{path}id_/{url}").status_code == status
        hole = archive.replay.get(f"/web/{path}im_/{url}")
        assert hole.status_code == status
        assert ("Picture withdrawn" in hole.text) == (status == 451)


def test_the_lines_of_the_listings_stay(archive: Withdrawn) -> None:
    assert archive.app.get("/cdx", params={"url": PAGE}).text.count("\n") == 2
    assert archive.app.get(f"/web/timemap/link/{PAGE}").text.count('memento"') == 2


def test_warc_bytes_are_given_but_for_the_withdrawn_records(archive: Withdrawn) -> None:
    for snapshot, status in ((archive.home.first, 451), (archive.home.second, 206)):
        capture = archive.site.index.capture(snapshot.page.record_id)
        assert capture
        place = capture.location
        span = {"Range": f"bytes={place.offset}-{place.offset + place.length - 1}"}
        answer = archive.app.get(f"/warc/{place.segment}", headers=span)
        assert answer.status_code == status
        whole = archive.app.get(f"/warc/{place.segment}")
        assert whole.status_code == 451
    document = archive.site.index.snapshot_location(archive.home.first.id)
    assert document
    span = {"Range": f"bytes={document.offset}-{document.offset + 9}"}
    assert archive.app.get(f"/warc/{document.segment}", headers=span).status_code == 451


def test_there_is_no_bundle_of_it(archive: Withdrawn) -> None:
    answer = archive.app.get(f"/snapshot/{archive.home.first.id}.wacz")
    assert answer.status_code == 451
    assert answer.json()["reason"] == REASON
    assert archive.app.get(f"/snapshot/{archive.home.second.id}.wacz").status_code == 200


def test_the_command_line_gives_the_reason_and_no_byte(
    archive: Withdrawn, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    at = archive.home.first.captured_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    for form in ("--raw", "--headers", "--record"):
        assert main(["--home", str(archive.home.root), "get", PAGE, "--at", at, form]) == 1
        told = capfdbinary.readouterr()
        assert told.out == b""
        assert REASON.encode() in told.err
    assert main(["--home", str(archive.home.root), "get", PAGE, "--at", at, "--json"]) == 0
    assert json.loads(capfdbinary.readouterr().out)["url"] == PAGE


def test_the_record_stays_with_reason_date_and_digests_but_without_content(archive: Withdrawn) -> None:
    first = archive.home.first
    text = archive.app.get(f"/snapshot/{first.id}").text
    assert REASON in text
    assert "The court" in text
    assert str(first.page.payload_digest) in text
    assert str(first.pictures[0].fetched[0].payload_digest) in text
    assert "See the page" not in text
    assert "<img" not in text
    assert "Alt text" not in text
    for path in (f"/snapshot/{first.id}.json", f"/api/v1/snapshots/{first.id}"):
        document = archive.app.get(path).json()
        assert document["withdrawn"]["reason"] == REASON
        assert document["article"]["paragraphs"] == []
        assert document["pictures"][0]["found"]["alt"] is None
    record = archive.app.get(f"/api/v1/records/{first.id}").json()
    assert record["withdrawal"]["by"] == "The court"
    assert {one["memento"] for one in record["gallery"]} == {None}


def test_pages_around_it_say_so(archive: Withdrawn) -> None:
    first, second = archive.home.first, archive.home.second
    view = archive.app.get(f"/view/{moment(first)}/{PAGE}")
    assert view.status_code == 451
    assert "<iframe" not in view.text
    assert archive.app.get(f"/web/*/{PAGE}").text.count(">withdrawn<") == 1
    assert archive.app.get("/search", params={"q": '"proof at"'}).text.count(">withdrawn<") == 1
    sides = {"before": first.id, "after": second.id}
    assert archive.app.get("/compare", params=sides).status_code == 451
    assert archive.app.get("/api/v1/comparison", params=sides).status_code == 451
    assert "/compare?" not in archive.app.get(f"/snapshot/{second.id}").text
    captures = archive.app.get("/api/v1/captures", params={"url": PAGE}).json()["captures"]
    assert [one["withdrawn"] for one in captures] == [True, False]


def test_what_is_withheld_cannot_be_guessed_by_searching(archive: Withdrawn) -> None:
    def found(words: str) -> list[str]:
        snapshots = archive.app.get("/api/v1/snapshots", params={"q": words}).json()["snapshots"]
        names = [one["snapshot"] for one in snapshots]
        page = archive.app.get("/search", params={"q": words}).text
        assert [name for name in (second, first) if f"/snapshot/{name}" in page] == names
        return names

    first, second = archive.home.first.id, archive.home.second.id
    assert found("seen second") == [second]
    assert found("seen") == [second]
    assert found("seen first") == []
    assert found("PROOF bell") == [second, first]

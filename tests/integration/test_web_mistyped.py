"""Answers to addresses that lead nowhere: what was meant, and the way home."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from lxml.html import document_fromstring
from starlette.testclient import TestClient
from trust_archive import TrustHome, make_home

from archiver.config.folder import Home
from archiver.config.sections import Web
from archiver.config.settings import Settings
from archiver.model import identifier
from archiver.web.application import application, replay
from archiver.web.opening import open_site


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> TrustHome:
    return make_home(tmp_path_factory.mktemp("mistyped") / "home")


@pytest.fixture(scope="module")
def clients(home: TrustHome) -> Iterator[tuple[TestClient, TestClient]]:
    settings = Settings(web=Web(application_url="http://app.test", replay_url="http://replay.test"))
    with home.index() as index:
        site = open_site(Home(home.root), settings, index)
        yield (
            TestClient(application(site), "http://app.test", follow_redirects=False),
            TestClient(replay(site), "http://replay.test", follow_redirects=False),
        )


def mistyped(name: str) -> str:
    return name[:-2] + ("b" if name[-2] != "b" else "c") + name[-1]


@pytest.mark.parametrize("path", [
    "/snapshot/{}", "/snapshot/{}.json", "/snapshot/{}.bib", "/snapshot/{}.wacz", "/api/v1/snapshots/{}",
    "/api/v1/records/{}", "/compare?before={}&after={}", "/{}",
])  # fmt: skip
def test_the_identifier_that_was_meant_is_named(
    home: TrustHome, clients: tuple[TestClient, TestClient], path: str
) -> None:
    wrong = mistyped(home.first.id)
    answer = clients[0].get(path.format(wrong, wrong))
    assert answer.status_code == 400
    assert f"did you mean {home.first.id}?" in answer.json()["detail"]


def test_only_what_is_in_the_archive_is_named(clients: tuple[TestClient, TestClient]) -> None:
    detail = clients[0].get(f"/snapshot/{mistyped(identifier.mint())}").json()["detail"]
    assert "did you mean" not in detail
    assert "was it copied whole?" in detail


@pytest.mark.parametrize(
    "path", ["/snapshot/x", "/nothing", "/compare", "/web/20171114100000/http://no.example/"]
)
def test_a_page_that_says_what_went_wrong_leads_home(
    clients: tuple[TestClient, TestClient], path: str
) -> None:
    for client in clients:
        answer = client.get(path, headers={"Accept": "text/html"})
        if answer.is_redirect:
            continue  # the application leads browsers to where archived pages are shown
        assert answer.status_code in (400, 404)
        links = [link.get("href") for link in document_fromstring(answer.text).iter("a")]
        assert "http://app.test/" in links

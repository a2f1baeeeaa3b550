"""The interactive view is there only with a wabac of the operator's, and nothing else becomes a worker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from web_archive import URL, page, served

from archiver.config.folder import Home
from archiver.config.sections import Web
from archiver.config.settings import Settings
from archiver.errors import ConfigurationError
from archiver.web.application import replay
from archiver.web.opening import open_site
from archiver.web.site import Site

VIEW = f"/interactive/20171114100000/{URL}"


@dataclass(frozen=True)
class Replays:
    """The same replay origin with and without a wabac."""

    site: Site
    with_one: TestClient
    without: TestClient


@pytest.fixture(scope="module")
def origin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replays]:
    folder = tmp_path_factory.mktemp("interactive")
    (folder / "sw.js").write_text("// a worker")
    with served(folder, f"sqlite:///{folder}/index.sqlite", [page(b"x")]) as archive:
        site = replace(archive.site, wabac=folder)
        client = TestClient(replay(site), "http://replay.test", follow_redirects=False)
        yield Replays(site, client, archive.replay)


def test_the_loader_runs_our_script_and_frames_its_own_origin_alone(origin: Replays) -> None:
    answer = origin.with_one.get(VIEW)
    assert answer.status_code == 200
    assert f'data-url="{URL}"' in answer.text
    policy = answer.headers["content-security-policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert origin.with_one.get("/interactive/loader.js").status_code == 200
    assert origin.with_one.get("/interactive/loader.css").status_code == 200


def test_an_inexact_moment_leads_to_the_capture(origin: Replays) -> None:
    answer = origin.with_one.get(f"/interactive/2018/{URL}")
    assert (answer.status_code, answer.headers["location"]) == (302, VIEW)


@pytest.mark.parametrize(("path", "status"), [
    ("/interactive/20171114100000/http://none.example/", 404), ("/interactive/", 400),
    ("/interactive/w/archive/20171114100000mp_/http://none.example/", 404), ("/interactive/../sw.js", 404),
])  # fmt: skip
def test_what_is_not_there_is_told(origin: Replays, path: str, status: int) -> None:
    assert origin.with_one.get(path).status_code == status


def test_the_worker_may_ask_its_own_origin_alone(origin: Replays) -> None:
    answer = origin.with_one.get("/interactive/sw.js", headers={"Service-Worker": "script"})
    assert (answer.status_code, answer.text) == (200, "// a worker")
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")


@pytest.mark.parametrize("header", [{"Service-Worker": "script"}, {"Sec-Fetch-Dest": "serviceworker"}])
@pytest.mark.parametrize("path", [f"/web/20171114100000js_/{URL}", f"/web/20171114100000id_/{URL}",
                                  "/interactive/loader.js"])  # fmt: skip
def test_nothing_archived_becomes_a_service_worker(
    origin: Replays, path: str, header: dict[str, str]
) -> None:
    assert origin.with_one.get(path).status_code == 200
    assert origin.with_one.get(path, headers=header).status_code == 403


def test_without_a_wabac_there_is_no_such_view(origin: Replays) -> None:
    for path in (VIEW, "/interactive/sw.js", "/interactive/loader.js"):
        assert origin.without.get(path).status_code == 404


def test_a_folder_without_a_worker_is_refused_at_the_start(origin: Replays, tmp_path: Path) -> None:
    settings = Settings(web=Web(wabac=tmp_path))
    with pytest.raises(ConfigurationError, match=r"no sw\.js; it is in the folder dist"):
        open_site(Home(tmp_path), settings, origin.site.index)

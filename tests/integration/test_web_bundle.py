"""The bundle of a snapshot over HTTP: the one that `archiver export` writes, bounded, with a validator."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient
from trust_archive import TrustHome, make_home, write_policy

from archiver.citation.bundle_check import verify_bundle
from archiver.citation.exporting import export_bundle
from archiver.citation.policy import load_policy
from archiver.citation.published import PublishedLog
from archiver.config.folder import Home
from archiver.config.settings import Settings
from archiver.storage.index import Index
from archiver.web.application import application
from archiver.web.bundles import AT_ONCE, KEPT, Bundles
from archiver.web.opening import open_site
from archiver.web.site import Site


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> TrustHome:
    return make_home(tmp_path_factory.mktemp("bundle") / "home")


@pytest.fixture
def index(home: TrustHome) -> Iterator[Index]:
    with home.index() as index:
        yield index


@pytest.fixture
def site(home: TrustHome, index: Index) -> Site:
    return open_site(Home(home.root), Settings(), index)


def client_of(site: Site) -> TestClient:
    return TestClient(application(site), "http://app.test")


def with_limit(site: Site, home: TrustHome, longest: int) -> Site:
    return replace(site, bundles=Bundles(PublishedLog(site.index, home.warc, home.place), longest))


def test_it_is_the_bundle_that_export_writes_and_it_verifies(
    home: TrustHome, site: Site, tmp_path: Path
) -> None:
    answer = client_of(site).get(f"/snapshot/{home.first.id}.wacz")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/wacz"
    assert int(answer.headers["content-length"]) == len(answer.content)
    with home.ledger() as ledger:
        export_bundle(ledger, [home.first], tmp_path / "exported.wacz")
    assert answer.content == (tmp_path / "exported.wacz").read_bytes()
    (tmp_path / "served.wacz").write_bytes(answer.content)
    policy = load_policy(write_policy(tmp_path / "policy.toml", home.place.key().public))
    assert verify_bundle(tmp_path / "served.wacz", policy).problems == []
    assert f"/snapshot/{home.first.id}.wacz" in client_of(site).get(f"/snapshot/{home.first.id}").text


def test_parts_are_given_and_what_is_known_is_not_sent_again(home: TrustHome, site: Site) -> None:
    client, path = client_of(site), f"/snapshot/{home.first.id}.wacz"
    whole = client.get(path)
    part = client.get(path, headers={"Range": "bytes=10-19"})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert client.get(path, headers={"Range": "bytes=-5"}).content == whole.content[-5:]
    assert client.get(path, headers={"Range": f"bytes={len(whole.content)}-"}).status_code == 416
    assert client.head(path).headers["content-length"] == str(len(whole.content))
    known = client.get(path, headers={"If-None-Match": whole.headers["etag"]})
    assert (known.status_code, known.content) == (304, b"")


def test_nothing_is_written_to_the_archive(home: TrustHome, site: Site) -> None:
    before = {path: path.stat().st_mtime_ns for folder in ("warc", "log", "keys")
              for path in (home.root / folder).rglob("*")}  # fmt: skip
    assert client_of(site).get(f"/snapshot/{home.second.id}.wacz").status_code == 200
    for path, moment in before.items():
        assert path.stat().st_mtime_ns == moment


def test_a_snapshot_that_is_too_large_is_refused_with_the_way_to_get_it(home: TrustHome, site: Site) -> None:
    answer = client_of(with_limit(site, home, 100)).get(f"/snapshot/{home.first.id}.wacz")
    assert answer.status_code == 413
    assert "archiver export" in answer.json()["detail"]


def test_no_more_are_made_at_once_than_the_machine_can_bear(
    home: TrustHome, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    statuses: list[int] = []
    inner = client_of(site)
    depth = 0

    def nested(*arguments: object, **options: object) -> object:
        nonlocal depth
        depth += 1
        if depth <= AT_ONCE:
            statuses.append(inner.get(f"/snapshot/{home.second.id}.wacz").status_code)
        return export_bundle(*arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr("archiver.web.bundles.export_bundle", nested)
    answer = client_of(site).get(f"/snapshot/{home.first.id}.wacz")
    assert answer.status_code == 200
    assert statuses == [503, 200]


def test_only_a_few_stay_open(home: TrustHome, site: Site) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for number in range(KEPT + 3):
        os.close(site.bundles.open(home.first, f"state {number}").descriptor)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + KEPT


def test_what_is_not_in_the_log_yet_is_asked_for_again_later(
    home: TrustHome, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(site.index.ledger), "about", lambda *_: [])
    answer = client_of(site).get(f"/snapshot/{home.first.id}.wacz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "60"

"""The address of the copy in citations: one that the operator states, or none; the same everywhere."""

from __future__ import annotations

import json

import pytest
from starlette.testclient import TestClient
from trust_archive import TrustHome, make_home

from archiver.citation.styles import STYLES
from archiver.cli import main
from archiver.config.folder import Home
from archiver.config.settings import Settings, load_settings
from archiver.web.application import application
from archiver.web.opening import open_site

STATED = "https://archive.example.org"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> TrustHome:
    return make_home(tmp_path_factory.mktemp("cited") / "home")


def told_by_the_web(home: TrustHome, settings: Settings) -> dict[str, str]:
    """Every style, as the record page and its files have it."""
    with home.index() as index:
        site = open_site(Home(home.root), settings, index)
        client = TestClient(application(site), "http://127.0.0.1:18941")
        styles = client.get(f"/api/v1/records/{home.first.id}").json()["citations"]
        for suffix, style in ((".bib", "bibtex"), (".ris", "ris"), (".csl.json", "csl-json")):
            assert client.get(f"/snapshot/{home.first.id}{suffix}").text.strip() == styles[style].strip()
        assert home.first.id in client.get(f"/snapshot/{home.first.id}").text
    return styles


def told_by_the_command_line(home: TrustHome, capfd: pytest.CaptureFixture[str]) -> dict[str, str]:
    capfd.readouterr()
    assert main(["--home", str(home.root), "cite", home.first.id, "--json"]) == 0
    return json.loads(capfd.readouterr().out)["styles"]


@pytest.mark.parametrize("address", ["", "http://localhost:8080", "http://127.0.0.1:80", "http://[::1]:80"])
def test_without_an_address_that_others_reach_the_identifier_stands_alone(
    home: TrustHome, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("ARCHIVER_WEB__APPLICATION_URL", address)
    web = told_by_the_web(home, load_settings(Home(home.root)))
    command = told_by_the_command_line(home, capfd)
    assert web.keys() == command.keys() == STYLES.keys()
    for styles in (web, command):
        for style, words in styles.items():
            assert "/web/" not in words, style
            assert "127.0.0.1" not in words, style
        assert home.first.id in styles["text"]


@pytest.mark.parametrize(
    ("base_url", "application_url", "cited"),
    [
        (STATED, "", STATED),
        ("", STATED, STATED),
        (STATED, "https://desk.example.org", STATED),
        ("", "http://192.168.0.7:8080", "http://192.168.0.7:8080"),
    ],
)
def test_the_address_that_the_operator_states_is_cited(
    home: TrustHome, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
    base_url: str, application_url: str, cited: str,
) -> None:  # fmt: skip
    monkeypatch.setenv("ARCHIVER_IDENTITY__BASE_URL", base_url)
    monkeypatch.setenv("ARCHIVER_WEB__APPLICATION_URL", application_url)
    for styles in (
        told_by_the_web(home, load_settings(Home(home.root))),
        told_by_the_command_line(home, capfd),
    ):
        assert f"{cited}/web/" in styles["bibtex"].replace("\\", "")
        assert f"{cited}/web/" in styles["chicago"]

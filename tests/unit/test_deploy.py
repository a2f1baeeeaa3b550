"""What stands in deploy/ names commands, settings, paths and ports that the product has."""

from __future__ import annotations

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from sqlalchemy import make_url

from archiver.cli import cli
from archiver.config.folder import Home
from archiver.config.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
FILES = sorted(path for path in DEPLOY.iterdir() if path.is_file())
WEB = Settings().web


def unit() -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False, comment_prefixes=("#",), delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string((DEPLOY / "news-archiver.service").read_text("utf-8"))
    return parser


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text("utf-8"))
    return found


def dockerfile() -> list[str]:
    """The instructions, lines that go on joined."""
    text = (DEPLOY / "Dockerfile").read_text("utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_setting_that_is_named_exists(path: Path) -> None:
    text = path.read_text("utf-8")
    variables = re.findall(r"ARCHIVER_([A-Z]+)__([A-Z_]+)", text)
    settings = re.findall(r"\b([a-z]+)\.([a-z_]+) = ", text)
    for section, name in [(s.lower(), n.lower()) for s, n in variables] + settings:
        assert name in type(getattr(Settings(), section)).model_fields, f"{section}.{name}"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_command_that_is_named_exists(path: Path) -> None:
    for arguments in re.findall(
        r"\barchiver(?: --home \S+)? (init|run|serve|[a-z]+)\b", path.read_text("utf-8")
    ):
        if arguments in ("init", "run", "serve"):
            assert CliRunner().invoke(cli, [arguments, "--help"]).exit_code == 0


def test_the_unit_waits_longer_than_the_service_needs_to_stop() -> None:
    service = unit()["Service"]
    assert int(service["TimeoutStopSec"]) > Settings().service.grace
    assert service["KillSignal"] == "SIGTERM"
    assert service["ExecStart"].endswith("/bin/archiver --home /var/lib/news-archiver run")


def test_the_unit_gives_the_service_no_rights_but_its_own_folder() -> None:
    service = unit()["Service"]
    assert service["User"] != "root"
    assert (service["ProtectSystem"], service["NoNewPrivileges"]) == ("strict", "yes")
    assert service["StateDirectory"] == "news-archiver"


def test_the_image_copies_what_the_package_is_made_of() -> None:
    copies = [line.split()[1:-1] for line in dockerfile() if line.startswith("COPY") and "--from" not in line]
    copied = {name for names in copies for name in names}
    assert {"archiver", "spiders", "storage", "config", "requirements.lock", "pyproject.toml"} <= copied
    assert all((ROOT / name).exists() for name in copied)


def test_what_is_sent_to_the_builder_is_what_the_image_copies_and_no_password() -> None:
    lines = (ROOT / ".dockerignore").read_text("utf-8").splitlines()
    copies = [line.split()[1:-1] for line in dockerfile() if line.startswith("COPY") and "--from" not in line]
    assert lines[1] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == {
        name for names in copies for name in names
    }


def test_the_compose_file_says_what_it_needs_and_for_whom() -> None:
    text = (DEPLOY / "compose.yaml").read_text("utf-8")
    head = text.partition("services:")[0]
    needed = [f"deploy/{secret['file']}" for secret in compose()["secrets"].values()]
    ignored = (ROOT / ".gitignore").read_text("utf-8").splitlines()
    for path in needed:
        assert f"> {path}" in head
        assert f"/{path}" in ignored
    assert {f"{name}=" for name in re.findall(r"\$\{(\w+)", text)} == set(
        re.findall(r"ARCHIVER_CONTACT=", head)
    )
    [user] = [found[1] for line in dockerfile() if (found := re.search(r"useradd .*--uid (\d+)", line))]
    assert f"chown {user} deploy/pgpass" in head
    url = make_url(compose()["services"]["archiver"]["environment"]["ARCHIVER_DATABASE__URL"])
    assert f'"{url.host}:5432:{url.database}:{url.username}:$(cat deploy/postgres-password)"' in head


def test_the_image_runs_as_nobody_special_and_listens_where_the_settings_say() -> None:
    lines = dockerfile()
    assert lines.index("USER archiver") < next(n for n, line in enumerate(lines) if line.startswith("CMD"))
    assert f"EXPOSE {WEB.port} {WEB.replay_port}" in lines
    assert any(line.startswith("HEALTHCHECK") and "/readyz" in line for line in lines)


def test_the_containers_wait_for_the_database_and_stop_in_time() -> None:
    services = compose()["services"]
    archiver = services["archiver"]
    assert archiver["depends_on"]["database"]["condition"] == "service_healthy"
    assert int(archiver["stop_grace_period"].removesuffix("s")) > Settings().service.grace
    assert (DEPLOY / archiver["build"]["context"] / archiver["build"]["dockerfile"]).is_file()
    assert {f"127.0.0.1:{port}:{port}" for port in (WEB.port, WEB.replay_port)} == set(archiver["ports"])
    assert set(archiver["secrets"]) | set(services["database"]["secrets"]) == set(compose()["secrets"])


def test_the_settings_in_the_environment_are_taken(tmp_path: Path) -> None:
    environment = {
        name: str(value).partition(":?")[0].replace("${ARCHIVER_CONTACT", "https://example.org/about")
        for name, value in compose()["services"]["archiver"]["environment"].items()
    }
    settings = load_settings(Home(tmp_path), environment)
    assert settings.database.url == "postgresql+psycopg://archiver@database/archiver"
    assert settings.identity.contact == "https://example.org/about"

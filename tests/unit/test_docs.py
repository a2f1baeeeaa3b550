"""The documents name what exists, and what exists is in the documents."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from archiver.cli import COMMANDS
from archiver.config.sections import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")), ROOT / "bench" / "README.md"]
TEXT = "\n".join(path.read_text() for path in DOCUMENTS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_is_described(command: str) -> None:
    assert re.search(rf"\barchiver {command}\b", TEXT)


def test_every_command_that_is_described_exists() -> None:
    named = set(re.findall(r"`archiver (?:--home \S+ )?([a-z]+)", TEXT))
    assert named <= set(COMMANDS)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_lead_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text()):
        assert target.startswith("http") or (document.parent / target).exists(), target


def test_settings_that_are_named_exist() -> None:
    sections = {name: set(type(value).model_fields) for name, value in Settings()}
    for section, key in re.findall(r"`([a-z]+)\.([a-z_]+)(?: = [^`]*)?`", TEXT):
        if section in sections and key != "py":
            assert key in sections[section], f"{section}.{key}"


def test_every_dependency_is_justified_in_a_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    listed = (ROOT / "docs" / "dependencies.md").read_text().lower()
    for requirement in wanted:
        name = re.match(r"[A-Za-z0-9-]+", requirement)
        assert name
        assert name[0].lower().removeprefix("types-").removesuffix("-stubs") in listed, name[0]


def test_every_benchmark_is_described() -> None:
    described = (ROOT / "bench" / "README.md").read_text()
    for program in (ROOT / "bench").glob("*.py"):
        assert f"`{program.name}`" in described, program.name


def test_the_project_speaks_of_no_machine() -> None:
    for path in ROOT.rglob("*"):
        if {".venv", ".git", "__pycache__"} & set(path.parts) or path.suffix not in (".py", ".md", ".toml"):
            continue
        assert not re.search(r"/" + r"(work|root|farm)/", path.read_text(errors="replace")), path

"""The documents name what exists, and what exists is in the documents."""

from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from archiver.cli import COMMANDS
from archiver.config.patterns import LONGEST_PATTERN
from archiver.config.schedule import DENSE, LONGEST, SHORTEST, SPARSE, Schedule, duration_text
from archiver.config.sections import Settings
from archiver.config.source import Source
from archiver.config.source_folder import LARGEST
from archiver.config.source_schema import READERS, REQUIRED, WrongValueError
from archiver.config.sources import validate_source_file
from archiver.config.strict_yaml import LONGEST_TEXT, Mark, Scalar, Sequence
from archiver.service.pace import FASTEST_SHARE, SLOWEST_SHARE
from archiver.service.timetable import _jitter

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


def rows(text: str) -> dict[str, list[str]]:
    """The rows of the tables whose first cell is a word of the program, by that word."""
    found = {}
    for line in text.splitlines():
        if line.startswith("| `"):
            first, *cells = [cell.strip() for cell in line.strip("|").split(" | ")]
            found[first.strip(" `")] = cells
    return found


SOURCES = (ROOT / "docs" / "sources.md").read_text()
KEYS = {word: cells for word, cells in rows(SOURCES).items() if len(cells) == 3}


def test_every_key_of_a_source_file_is_described_and_no_other() -> None:
    assert list(KEYS) == list(READERS)


def test_the_defaults_that_are_described_are_those_of_a_source() -> None:
    least = {"title": "T", "domains": ("a.example",), "country": "NO", "languages": ("nb",)}
    source = Source("t", **least, revisit=SPARSE)  # type: ignore[arg-type]
    shown = {
        "schedule": str(source.schedule),
        "max_age": duration_text(source.max_age or timedelta()),
        "listing_pages": str(source.listing_pages),
        "pictures": str(source.pictures),
        "revisit": "sparse",
        "rendering": source.rendering,
        "enabled": str(source.enabled).lower(),
    }
    for key, default in shown.items():
        assert KEYS[key][1] == f"`{default}`", key
    for key in REQUIRED:
        assert KEYS[key][1] == "none: must be given", key


def test_the_bounds_that_are_described_are_those_that_hold() -> None:
    interval = f"{duration_text(SHORTEST)} to {duration_text(LONGEST)}"
    assert interval in KEYS["schedule"][2]
    assert "up to a minute later than its cron line says, never earlier" in " ".join(SOURCES.split())
    moment = datetime(2030, 1, 1, tzinfo=UTC)
    trigger = Schedule(cron="0 6 * * *").trigger(_jitter(None))
    late = [trigger.get_next_fire_time(None, moment) - moment - timedelta(hours=6) for _ in range(50)]
    assert timedelta() <= min(late) < timedelta(seconds=30) < max(late) <= timedelta(minutes=1)
    assert f"{LONGEST_PATTERN} characters" in KEYS["include"][2]
    assert f"{LARGEST:,} bytes and {LONGEST_TEXT:,} characters" in SOURCES
    assert f"never shorter than {duration_text(SHORTEST)}" in " ".join(SOURCES.split())
    assert (FASTEST_SHARE, SLOWEST_SHARE) == (0.5, 4)
    assert "between half of the interval and four times the interval" in " ".join(SOURCES.split())
    assert "the first at least 5 min" in KEYS["revisit"][2]
    assert READERS["revisit"](ages("5 min")) == (timedelta(minutes=5),)
    with pytest.raises(WrongValueError):
        READERS["revisit"](ages("4 min"))


def ages(text: str) -> Sequence:
    mark = Mark("f", 1)
    return Sequence((Scalar(text, False, mark),), mark)


@pytest.mark.parametrize(("word", "ages"), [("sparse", SPARSE), ("dense", DENSE)])
def test_the_ages_that_are_described_are_those_that_hold(word: str, ages: tuple[timedelta, ...]) -> None:
    assert rows(SOURCES)[word] == [", ".join(map(duration_text, ages))]


def test_the_source_file_that_is_shown_is_one(tmp_path: Path) -> None:
    shown = re.search(r"```yaml\n(.*?)```", SOURCES, re.DOTALL)
    assert shown
    (tmp_path / "daily.yaml").write_text(shown[1])
    assert validate_source_file(tmp_path / "daily.yaml").enabled


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

"""The commands over a running archive: pausing sources, tokens, and the status."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from command_line import Archive

from archiver.config.source import Source
from archiver.config.sources import load_sources
from archiver.model.operations import Beat, HostState, PassCounts
from archiver.service.timetable import Timetable
from archiver.storage.home_lock import sole_service
from archiver.storage.index import FollowedArticle

OWN = """\
title: The Paper
country: DE
languages: [de]
domains: [example.org]
pages: ["https://example.org/"]
enabled: true
"""


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    archive = Archive(tmp_path / "home")
    archive.here("init")
    (archive.home / "sources" / "paper.yaml").write_text(OWN)
    return archive


UNKNOWN = "archiver: there is no source 'papre' (did you mean paper?); `archiver sources list` shows all\n"


def now() -> datetime:
    return datetime.now(UTC)


def test_a_source_is_paused_with_a_reason_and_resumed(archive: Archive) -> None:
    paused = archive.here(
        "sources", "pause", "paper", "bbc-news", "--reason", "they\nasked", "--json"
    ).lines()
    assert [(each["source"], each["paused_reason"]) for each in paused] == [
        ("paper", "they asked"), ("bbc-news", "they asked"),
    ]  # fmt: skip
    again = archive.here("sources", "pause", "paper", "--json").json()
    assert again == paused[0]
    assert "they asked" in archive.here("sources", "pause", "paper").err
    other = archive.here("sources", "pause", "paper", "--reason", "broken feed").err
    assert "paper is paused since" in other
    assert ': broken feed (it was paused already; the reason was "they asked")' in other
    same = archive.here("sources", "pause", "paper", "--reason", "broken feed").err
    assert "the reason was" not in same
    assert "it was paused already" in same
    assert archive.here("sources", "resume", "paper").err == "paper goes on\n"
    assert archive.here("sources", "resume", "paper").err == "paper was not paused\n"
    assert archive.here("sources", "resume", "paper", "--json").json()["paused_at"] is None
    with archive.index() as index:
        states = {state.name: state.paused_at for state in index.operations.sources.all()}
    assert states["paper"] is None
    assert states["bbc-news"]


@pytest.mark.parametrize("reason", ["", " \n"])
def test_an_empty_reason_is_refused_and_nothing_is_paused(archive: Archive, reason: str) -> None:
    assert "--reason is empty" in archive.here("sources", "pause", "paper", "--reason", reason, code=2).err
    with archive.index() as index:
        assert index.operations.sources.all() == []


@pytest.mark.parametrize(
    "words",
    [("sources", "show"), ("sources", "check"), ("sources", "pause"), ("sources", "resume"), ("crawl",)],
)
def test_a_mistyped_source_is_wrong_usage_for_every_command(archive: Archive, words: tuple[str, ...]) -> None:
    said = archive.here(*words, "papre", code=2)
    assert (said.out, said.err) == (b"", UNKNOWN)


@pytest.mark.parametrize("verb", ["pause", "resume"])
def test_an_unknown_source_is_refused_with_a_likely_one_and_nothing_changes(
    archive: Archive, verb: str
) -> None:
    said = archive.here("sources", verb, "paper", "papre", code=2).err
    assert "did you mean paper?" in said
    with archive.index() as index:
        assert index.operations.sources.all() == []


def test_a_paused_source_whose_file_is_gone_can_be_resumed(archive: Archive) -> None:
    archive.here("sources", "pause", "paper")
    (archive.home / "sources" / "paper.yaml").unlink()
    archive.here("sources", "resume", "paper")
    archive.here("sources", "pause", "paper", code=2)


def test_the_secret_of_a_token_is_shown_once_and_never_stored(archive: Archive) -> None:
    answer = archive.here("token", "add", "press desk", "--scope", "read", "--scope", "capture")
    secret = answer.text.strip()
    assert secret.startswith("nat_")
    assert secret not in answer.err
    for path in archive.home.rglob("*"):
        assert path.is_dir() or secret.encode() not in path.read_bytes()
    [token] = archive.here("token", "list", "--json").lines()
    assert (token["name"], token["scopes"]) == ("press desk", ["capture", "read"])
    with archive.index() as index:
        found = index.operations.tokens.find(hashlib.sha256(secret.encode()).digest())
    assert found
    assert found.id == token["id"]
    assert secret not in archive.here("token", "list").text


def test_a_token_is_revoked_by_name_or_id(archive: Archive) -> None:
    made = archive.here("token", "add", "desk", "--json").json()
    assert made["scopes"] == ["capture"]
    archive.here("token", "add", "desk", code=2)
    archive.here("token", "revoke", made["id"])
    archive.here("token", "revoke", made["id"], code=1)
    archive.here("token", "add", "desk")
    archive.here("token", "revoke", "desk")
    assert [bool(each["revoked_at"]) for each in archive.here("token", "list", "--json").lines()] == [
        True
    ] * 2


@pytest.mark.parametrize(
    "arguments", [("desk", "--scope", "everything"), ("",), ("two\nlines",), ("x" * 81,), ("\x1b[2J",)]
)
def test_a_token_that_cannot_be_is_refused(archive: Archive, arguments: tuple[str, ...]) -> None:
    archive.here("token", "add", *arguments, code=2)
    assert archive.here("token", "list", "--json").lines() == []


def test_an_archive_that_never_ran_has_a_status(archive: Archive) -> None:
    (archive.home / "sources" / "broken.yaml").write_text("title: [")
    told = archive.here("status")
    assert "no service is running" in told.text
    assert "none is due" in told.text
    assert "broken.yaml" in row(told.text, "broken")
    assert told.err == ""
    status = archive.here("status", "--json").json()
    assert status["service"] == {"running": False, "leader": None, "processes": []}
    assert status["submissions"] == {"queued": 0, "running": 0, "oldest": None}
    assert status["disk"]["enough"] is True
    assert status["sources"]["paper"]["last"]["new"] == 0
    assert status["sources"]["paper"]["enabled"] is True


def put_to_work(archive: Archive) -> None:
    """As a service would leave it that runs since an hour."""
    moment = now()
    beat = Beat("a", "machine", 17, "leader", moment - timedelta(hours=5), moment, {"queue": 4})
    with archive.index() as index:
        operations = index.operations
        operations.beats.put(beat)
        operations.beats.put(Beat("b", "other", 18, "standby", moment, moment))
        operations.sources.claim("paper", "a", moment - timedelta(minutes=9), moment)
        counts = PassCounts(new=41, changed=3, gone=2, failed=7)
        operations.sources.finished(
            "paper", "a", moment - timedelta(minutes=8), counts, "a 404", is_pass=True
        )
        operations.sources.plan("paper", moment + timedelta(minutes=7), timedelta(minutes=15))
        operations.sources.plan("former", moment + timedelta(minutes=7), None)
        operations.sources.pause("former", moment, "closed\x1b[2J down")
        operations.hosts.put(
            [HostState("slow.example", moment + timedelta(hours=4), "answered 503", 3, 9.0, moment)]
        )
        operations.submissions.add("https://example.org/1", None, moment - timedelta(minutes=30))
        late = FollowedArticle(
            "k", "https://example.org/k", "paper", moment, moment, moment, 0, moment - timedelta(hours=3)
        )
        index.follow([late])


def test_the_status_names_the_service_the_lag_the_queue_closed_hosts_and_each_source(
    archive: Archive,
) -> None:
    put_to_work(archive)
    (archive.home / "archiver.toml").write_text('[identity]\ncontact = "https://example.org/us"\n')
    told = archive.here("status").text
    lines = [" ".join(line.split()) for line in told.splitlines()]
    assert "\x1b[2J" not in told
    assert any("machine (pid 17) is running, started 5 h ago" in line for line in lines)
    assert any("1 standing by" in line for line in lines)
    assert "revisits 1 due, the oldest since 3 h ago" in lines
    assert "queue 1 submissions wait, 0 under way, the oldest came 30 min ago" in lines
    assert any(line == "closed slow.example for another 3 h: answered 503" for line in lines)
    row = next(line for line in lines if line.startswith("paper "))
    assert row.startswith("paper on 8 min ago in ")
    assert row.endswith("41 3 0 2 7 1 3 h ago a 404")
    assert any(line.startswith("former paused never - 0") for line in lines)
    status = archive.here("status", "--json").json()
    assert status["service"]["running"] is True
    assert status["service"]["processes"][0]["document"] == {"queue": 4}
    assert 10_800 <= status["revisits"]["lag_seconds"] < 10_900
    paper = status["sources"]["paper"]
    assert (paper["total"]["new"], paper["failures"], paper["interval_seconds"]) == (41, 1, 900)
    assert (paper["due"], paper["problem"], paper["running"]) == (1, "a 404", False)
    assert datetime.fromisoformat(paper["next_run_at"]) > now()
    assert status["sources"]["former"]["enabled"] is None


def row(told: str, name: str) -> str:
    [found] = [line for line in told.splitlines() if line.startswith(f"{name} ")]
    return " ".join(found.split())


def test_a_broken_source_file_is_told_with_what_becomes_of_its_source(archive: Archive) -> None:
    source = archive.home / "sources" / "paper.yaml"
    with archive.index() as index:
        timetable = Timetable(index.job_store(), never)
        asyncio.run(planned(timetable, load_sources(archive.home / "sources").get("paper")))
        index.operations.beats.put(Beat("a", "machine", 17, "leader", now(), now()))
    source.write_text(OWN + "shedule: 5 min\n")
    (archive.home / "sources" / "never-whole.yaml").write_text("title: [")
    answer = archive.here("status")
    assert row(answer.text, "paper").startswith("paper broken file never ")
    assert row(answer.text, "paper").endswith(
        "paper.yaml:7: shedule: is no key of a source (did you mean schedule?); it stays as it was"
    )
    assert row(answer.text, "never-whole").startswith("never-whole broken file never - ")
    assert row(answer.text, "never-whole").endswith("; it is left out")
    assert answer.err == "", "it stands in the table, or in `state_reason`, and is told once"
    answer = archive.here("status", "--json")
    assert answer.err == ""
    told = answer.json()["sources"]
    assert "paper.yaml:7: shedule" in told["paper"]["state_reason"]
    assert (told["paper"]["state"], told["paper"]["enabled"]) == ("broken file", None)
    assert told["paper"]["state_reason"].endswith("; it stays as it was")
    assert told["never-whole"]["state_reason"].endswith("; it is left out")
    with archive.index() as index:
        index.operations.beats.forget("a")
    assert row(archive.here("status").text, "paper").endswith("; it is left out")
    archive.here("sources", "pause", "paper", "--reason", "they asked")
    paused = row(archive.here("status").text, "paper")
    assert paused.startswith("paper paused never - ")
    assert "they asked; " in paused
    assert "shedule" in paused


def lead(archive: Archive, *names: str) -> None:
    """As a service leaves it that follows these sources; `paper` was looked at."""
    catalogue, moment = load_sources(archive.home / "sources"), now()
    with archive.index() as index:
        asyncio.run(planned(Timetable(index.job_store(), never), *(catalogue.get(name) for name in names)))
        index.operations.beats.put(Beat("a", "machine", 17, "leader", moment, moment))
        index.operations.sources.claim("paper", "a", moment, moment)
        index.operations.sources.finished("paper", "a", moment, PassCounts(), None, is_pass=True)
        for name in ("paper", *names):
            index.operations.sources.plan(name, moment + timedelta(hours=1), timedelta(hours=1))


def test_sources_whose_folder_or_file_is_gone_are_told_as_the_service_follows_them(archive: Archive) -> None:
    (archive.home / "sources" / "bbc-news.yaml").write_text("enabled: true\n")
    (archive.home / "sources" / "other.yaml").write_text(OWN)
    lead(archive, "paper", "other", "bbc-news")
    shutil.rmtree(archive.home / "sources")
    until = "the folder sources/ is gone; the service follows it as it was until the folder is back"
    told = archive.here("status").text
    for name, word in (("paper", "no file"), ("other", "no file"), ("bbc-news", "off")):
        assert row(told, name).startswith(f"{name} {word} ")
        assert row(told, name).endswith(f" {until}")
    assert archive.here("status", "--json").json()["sources"]["paper"]["state_reason"] == until
    (archive.home / "sources").mkdir()
    within = "its file is gone; the service follows it until it reads the files again, within seconds"
    assert row(archive.here("status").text, "paper").endswith(within)
    with archive.index() as index:
        index.operations.beats.forget("a")
    assert row(archive.here("status").text, "paper").endswith(" - 0 0 0 0 0"), "no next run, and no reason"
    paper = archive.here("status", "--json").json()["sources"]["paper"]
    assert (paper["state"], paper["state_reason"], paper["next_run_at"]) == ("no file", None, None)


def test_a_source_that_lacks_a_secret_is_left_out_unless_the_service_that_runs_follows_it(
    archive: Archive,
) -> None:
    closed = OWN.replace("example.org", "paper.localhost") + "headers: {Authorization: '${SECRET}'}\n"
    (archive.home / "sources" / "paper.yaml").write_text(closed)
    why = "header Authorization needs the environment variable SECRET, which is not set"
    assert row(archive.here("status").text, "paper") == f"paper left out never - 0 0 0 0 0 {why}"
    assert archive.here("status", "--json").json()["sources"]["paper"]["state_reason"] == why
    assert row(archive.here("status", SECRET="Bearer x").text, "paper").startswith("paper on ")
    lead(archive, "paper")
    assert row(archive.here("status").text, "paper").startswith("paper on ")
    lead(archive)
    assert row(archive.here("status").text, "paper").endswith(why)
    asked = "the service that runs does not follow it: has it the environment variable SECRET?"
    assert row(archive.here("status", SECRET="Bearer x").text, "paper").endswith(asked)


async def never(kind: str, name: str) -> None:
    raise AssertionError((kind, name))


async def planned(timetable: Timetable, *sources: Source) -> None:
    """As the timetable of a service is that follows the sources."""
    timetable.start(sources, [], lambda _name: timedelta(hours=1))
    timetable.stop()


def test_a_source_that_the_service_leaves_out_for_want_of_a_contact_is_not_on(archive: Archive) -> None:
    (archive.home / "sources" / "near.yaml").write_text(OWN.replace("example.org", "paper.localhost"))
    told = archive.here("status").text
    assert row(told, "paper").startswith("paper left out never - ")
    assert "set identity.contact in archiver.toml" in row(told, "paper")
    assert row(told, "near").startswith("near on ")
    described = archive.here("status", "--json").json()["sources"]
    assert described["paper"]["state"] == "left out"
    assert "identity.contact" in described["paper"]["state_reason"]
    assert (described["near"]["state"], described["near"]["state_reason"]) == ("on", None)
    contact = {"ARCHIVER_IDENTITY__CONTACT": "https://example.org/us"}
    assert row(archive.here("status", **contact).text, "paper").startswith("paper on ")


def test_a_service_that_is_silent_is_not_taken_for_running(archive: Archive) -> None:
    silent = now() - timedelta(minutes=5)
    with archive.index() as index:
        index.operations.beats.put(Beat("a", "machine", 17, "leader", silent, silent))
    assert (
        "no service is running: machine (pid 17) was last heard of 5 min ago" in archive.here("status").text
    )
    service = archive.here("status", "--json").json()["service"]
    assert (service["running"], service["processes"][0]["stale"]) == (False, True)


def test_a_service_that_was_killed_is_not_taken_for_running_from_then_on(archive: Archive) -> None:
    moment = now()
    with sole_service(archive.home):
        with archive.index() as index:
            index.operations.beats.put(Beat("a", "machine", 17, "leader", moment, moment))
            index.operations.sources.claim("paper", "a", moment, moment + timedelta(seconds=20))
        assert "machine (pid 17) is running" in archive.here("status").text
        assert archive.here("status", "--json").json()["sources"]["paper"]["running"] is True
    told = archive.here("status").text.splitlines()[0]
    assert "no service is running: machine (pid 17), last heard of " in told
    assert told.endswith(", ended without a word")
    status = archive.here("status", "--json").json()
    assert (status["service"]["running"], status["service"]["processes"][0]["stale"]) == (False, True)
    assert status["sources"]["paper"]["running"] is False


def test_a_disk_below_the_floor_is_told(archive: Archive) -> None:
    floor = {"ARCHIVER_STORAGE__FREE_FLOOR": "1EB"}
    assert "less than storage.free_floor" in archive.here("status", **floor).text
    assert archive.here("status", "--json", **floor).json()["disk"]["enough"] is False


def test_the_status_waits_for_no_writer(archive: Archive) -> None:
    archive.here("status")
    with closing(sqlite3.connect(archive.home / "index.sqlite", isolation_level=None)) as writer:
        writer.execute("BEGIN EXCLUSIVE")
        assert archive.here("status", "--json").json()["sources"]
        writer.execute("ROLLBACK")


def test_the_status_of_an_older_schema_is_refused_and_nothing_is_upgraded(archive: Archive) -> None:
    archive.here("status")
    with closing(sqlite3.connect(archive.home / "index.sqlite", isolation_level=None)) as database:
        database.execute("UPDATE alembic_version SET version_num = 'v0004'")
        assert "has not the schema" in archive.here("status", code=1).err
        assert database.execute("SELECT version_num FROM alembic_version").fetchone() == ("v0004",)

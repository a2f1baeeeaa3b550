"""Whatever is wrong with what comes in, one clear line says so, and what was archived before is intact."""

from __future__ import annotations

import json
import os
import shutil
import socket
import sqlite3
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from command_line import Archive
from raw_site import NO_ROBOTS, NOT_HTTP, OTHER_PICTURE, PICTURE, answer, page, redirect
from wire_server import After, Script, WireServer

from archiver.storage.warc import iterate_records

HTML = b"<html><body>not a picture</body></html>"


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


ODD = ("javascript:alert(1)", "http://me:secret@paper.example/b.jpg", "http://paper.example:99999/c.jpg")


@dataclass(frozen=True)
class Visited:
    """What one capture of many bad pages said of each."""

    archive: Archive
    said: dict[str, dict[str, Any]]
    pages: dict[str, str]

    def of(self, name: str) -> dict[str, Any]:
        return self.said[self.pages[name]]


@pytest.fixture(scope="module")
def visited(tmp_path_factory: pytest.TempPathFactory) -> Visited:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(tls)
    scripts = {
        "/robots.txt": NO_ROBOTS,
        "/good": Script(answer(page("/a.jpg", "/empty.jpg", "/html.jpg", "/called.jpg", "/none.jpg"))),
        "/a.jpg": Script(answer(PICTURE, "image/jpeg")),
        "/empty.jpg": Script(answer(b"", "image/jpeg")),
        "/html.jpg": Script(answer(HTML, "text/html")),
        "/called.jpg": Script(answer(HTML, "image/jpeg")),
        "/none.jpg": Script(answer(b"", "text/plain", status="404 Not Found")),
        "/odd": Script(answer(page(*ODD, "/a.jpg"))),
        "/404": Script(answer(HTML, status="404 Not Found")),
        "/500": Script(answer(b"oh", status="500 Oh")),
        "/empty": Script(answer(b"")),
        "/ssh": NOT_HTTP,
        "/cut": Script(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", After.CLOSE),
        "/loop": redirect("/loop"),
        "/file": redirect("file:///etc/passwd"),
        "/userinfo": redirect("http://me:secret@127.0.0.1/"),
        "/inside": redirect("http://10.1.2.3/admin"),
    }
    archive = Archive(
        tmp_path_factory.mktemp("bad") / "home",
        {"ARCHIVER_NETWORK__TIMEOUT": "5", "ARCHIVER_NETWORK__TLS_STRICT": "true"},
    )
    with WireServer(scripts) as server, WireServer({}, tls) as untrusted:
        pages = {name.strip("/"): server.url(name) for name in scripts if "." not in name}
        pages |= {
            "no-host": "http://no-such-paper.invalid/",
            "nobody": f"http://127.0.0.1:{free_port()}/",
            "tls": untrusted.url("/"),
            "no-tls": f"https://127.0.0.1:{server.port}/good",
        }
        said = archive.run("capture", "--json", *pages.values(), pages["good"], code=1)
    assert len(said.lines()) == len(pages), "each page is told of once"
    assert f"{len(pages) - 3} of {len(pages)} pages" in said.err
    return Visited(archive, {line["url"]: line for line in said.lines()}, pages)


@pytest.mark.parametrize(
    ("name", "status", "error"),
    [
        ("404", 404, "the server answered 404"),
        ("500", 500, "the server answered 500"),
        ("ssh", None, "not-http: not an HTTP response, it begins with b'SSH-2.0-OpenSSH_9.6'"),
        ("cut", 200, "cut off (disconnect)"),
        ("loop", 302, "max redirections reached"),
        ("file", 302, "the server answered 302, which leads to nothing that can be fetched"),
        ("userinfo", None, "blocked: not fetched: the address carries a user name or password"),
        ("inside", None, "blocked: 10.1.2.3 is private (10.0.0.0/8), not on the public internet"),
        ("no-host", None, "dns: DNS lookup failed: no-such-paper.invalid"),
        ("nobody", None, "refused: Connection was refused by other side"),
        ("tls", None, "tls: "),
        ("no-tls", None, "tls: "),
    ],
)
def test_each_page_that_fails_says_why_in_one_line(
    visited: Visited, name: str, status: int | None, error: str
) -> None:
    said = visited.of(name)
    assert said["snapshot"] is None
    assert said["status"] == status
    assert said["error"].startswith(error)
    assert "\n" not in said["error"]
    assert len(said["error"]) < 250
    assert said["warc"]  # whatever came of it is on record


def test_an_empty_page_is_archived_as_it_is(visited: Visited) -> None:
    assert visited.of("empty")["snapshot"]
    assert visited.archive.here("get", visited.pages["empty"]).out == b""


def test_each_picture_that_is_none_stays_listed_with_its_reason(visited: Visited) -> None:
    said = visited.of("good")
    assert (said["images_found"], said["images_captured"]) == (5, 1)
    assert [(picture["url"].rpartition("/")[2], picture["reason"]) for picture in said["missing"]] == [
        ("empty.jpg", "the answer is empty"),
        ("html.jpg", "not a picture but text/html"),
        ("called.jpg", "what came is called image/jpeg but is no picture"),
        ("none.jpg", "the server answered 404"),
    ]


def test_a_picture_under_an_address_that_cannot_be_fetched_stays_listed_with_its_reason(
    visited: Visited,
) -> None:
    said = visited.of("odd")
    assert (said["images_found"], said["images_captured"]) == (4, 1)
    assert [(picture["alt"], picture["reason"].partition(":")[0]) for picture in said["missing"]] == [
        ("picture 0", "only http and https URLs can be archived, not javascript"),
        ("picture 1", "a URL with a user name or password is refused"),
        ("picture 2", "the port is not a number from 1 to 65535"),
    ]
    assert "secret" not in json.dumps(said["missing"])
    assert visited.archive.here("show", said["snapshot"]).text.count("missing") >= 3


def test_what_came_of_bad_pages_is_stored_and_verifies(visited: Visited) -> None:
    assert visited.archive.here("verify", "--json").json()["faults"] == []
    listed = visited.archive.here("list", visited.pages["ssh"], "--json", code=1)
    assert listed.out == b"" or listed.lines()
    before = visited.archive.dump()
    visited.archive.here("reindex")
    assert visited.archive.dump() == before


def test_no_password_in_an_address_reaches_the_archive(visited: Visited) -> None:
    for path in visited.archive.warcs:
        for record in iterate_records(path):
            if record.type not in ("response", "revisit"):  # they hold what the server said
                assert b"secret" not in b"".join(record.chunks())
            assert not any("secret" in value for _, value in record.fields)


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("file:///etc/passwd", "only http and https are archived, not file"),
        ("ftp://paper.example/a", "only http and https are archived, not ftp"),
        ("http://me:secret@paper.example/", "carries a user name or password"),
        ("http://paper.example:22/", "port 22"),
        ("http://10.0.0.1/", "10.0.0.1 is private"),
        ("http://167772161/", "is private"),
        ("http://0x0a.0.0.1/", "is private"),
        ("http://[::ffff:10.0.0.1]/", "10.0.0.1"),
        ("http://[64:ff9b::a00:1]/", "a00:1"),
        ("http://169.254.169.254/latest/meta-data/", "link-local"),
        ("http://①⓪.⓪.⓪.①/", "private"),
        ("paper.example", "write http:// or https://"),
        ("paper.example:8080/a.html", "write http:// or https://"),
        ("localhost:8080", "write http:// or https://"),
        ("http://", "names no host"),
        ("http://a b/", "is no host name"),
        ("http://paper.example/\r\nX: y", "control character"),
        ("", "write http:// or https://"),
    ],
)
def test_an_unsafe_or_malformed_address_ends_with_3_and_nothing_is_fetched(
    tmp_path: Path, url: str, reason: str
) -> None:
    archive = Archive(tmp_path / "home")
    said = archive.here("capture", "http://no-such-paper.invalid/", url, code=3)
    assert said.out == b""
    assert reason in said.err
    assert said.err.count("\n") == 1
    assert "secret" not in said.err
    assert archive.warcs == []


def test_a_home_that_is_a_file_or_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    for command in (("init",), ("capture", "http://paper.example/"), ("stats",)):
        said = Archive(tmp_path / "file").here(*command, code=2)
        assert f"{tmp_path / 'file'} is not a folder" in said.err
    said = Archive(Path("/proc/nowhere")).here("init", code=2)
    assert "/proc/nowhere" in said.err
    assert "--home" in said.err
    if os.geteuid():
        (tmp_path / "closed").mkdir(mode=0o500)
        assert "cannot be used" in Archive(tmp_path / "closed" / "home").here("init", code=2).err


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            "[politeness]\ndealy = 3\n",
            "archiver.toml:2: dealy is no setting in [politeness]; did you mean delay?",
        ),
        ("[polite]\ndelay = 3\n", "polite is no section; did you mean politeness?"),
        ("[politeness]\ndelay = 'long'\n", 'archiver.toml:2: politeness.delay = "long"'),
        ("[politeness\n", "is not TOML"),
        ("\xff", "is not UTF-8"),
    ],
)
def test_a_wrong_setting_is_named_with_file_line_and_remedy(tmp_path: Path, text: str, reason: str) -> None:
    archive = Archive(tmp_path)
    (tmp_path / "archiver.toml").write_bytes(text.encode("latin-1"))
    said = archive.here("stats", code=2)
    assert reason in said.err
    assert said.err.count("\n") == 1


def test_a_wrong_environment_variable_is_named(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    archive.here("init")
    for name, value in (
        ("ARCHIVER_NETWORK__ALLOW_PRIVATE", "everything"),
        ("ARCHIVER_NETWORK__TIMEOUT", "-1"),
        ("ARCHIVER_NETWORK_TIMEOUT", "1"),
        ("ARCHIVER_NETWORK__TIMEOT", "1"),
    ):
        said = archive.here("stats", code=2, **{name: value})
        assert name in said.err
        assert said.err.count("\n") == 1


@pytest.fixture
def small(visited: Visited, tmp_path: Path) -> Archive:
    """A copy of the archive, to be damaged."""
    shutil.copytree(visited.archive.home, tmp_path / "home")
    for path in (tmp_path / "home" / "warc").iterdir():
        path.chmod(0o644)
    return Archive(tmp_path / "home")


def flip(path: Path, offset: int) -> None:
    with path.open("r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ 0xFF]))


def test_a_flipped_byte_is_found_with_file_and_offset_and_the_rest_can_be_had(
    visited: Visited, small: Archive
) -> None:
    url = visited.pages["good"].replace("/good", "/a.jpg")
    [line] = small.here("list", url, "--json").lines()
    path = small.home / "warc" / line["warc"]
    flip(path, line["offset"] + line["length"] // 2)
    said = small.run("verify", code=1)
    assert f"{path.name} at {line['offset']}: " in said.text
    assert "faults found" in said.err
    read = small.here("get", url, "-o", str(small.home / "a.jpg"), code=1)
    assert f"{path.name} at {line['offset']}: " in read.err
    assert not (small.home / "a.jpg").exists()
    assert small.here("get", visited.pages["good"]).out
    captures = small.here("stats", "--json").json()["captures"]
    reindexed = small.here("reindex", "--json", code=1)
    assert f"{path.name} at {line['offset']}: " in reindexed.err
    assert (reindexed.json()["captures"], reindexed.json()["damaged"]) == (captures - 1, 1)
    assert small.here("get", visited.pages["good"]).out
    assert "is not the one that was sealed" in small.here("verify", code=1).text


def test_a_cut_file_is_found_out(small: Archive) -> None:
    path = small.warcs[0]
    os.truncate(path, path.stat().st_size * 2 // 3)
    said = small.here("verify", "--json", code=1).json()
    assert {fault["file"] for fault in said["faults"]} == {path.name, "index", "log"}, (
        "what was cut off is missed by the index and by the log too"
    )
    assert any("ends inside the record" in fault["message"] for fault in said["faults"])


def test_a_file_that_is_gone_is_found_out(visited: Visited, small: Archive) -> None:
    path = small.warcs[0]
    path.unlink()
    assert "the file is not there" in small.here("verify", code=1).text
    said = small.here("get", visited.pages["good"], code=1)
    assert path.name in said.err
    assert "restore it from a copy" in said.err


def test_a_locked_database_is_named_after_the_patience(
    small: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("archiver.storage.index.engine.BUSY_TIMEOUT", 0.1)
    with sqlite3.connect(small.home / "index.sqlite") as connection:
        connection.execute("BEGIN EXCLUSIVE")
        said = small.here("reindex", code=1)
    connection.close()
    assert "is locked by another process; " in said.err
    assert said.err.count("\n") == 1
    small.here("verify")


def test_a_database_of_a_newer_program_is_refused_and_left_alone(small: Archive) -> None:
    with sqlite3.connect(small.home / "index.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num='v9999'")
    connection.close()
    for command in (("stats",), ("reindex",), ("verify",)):
        said = small.here(*command, code=1)
        assert "written by a newer program" in said.err
        assert said.err.count("\n") == 1


def test_a_file_that_is_no_database_is_named_with_the_remedy_and_the_remedy_works(small: Archive) -> None:
    database = small.home / "index.sqlite"
    captures = small.here("stats", "--json").json()["captures"]
    database.write_bytes(b"this is no database " * 500)
    said = small.here("stats", code=1)
    assert "move it away and run `archiver reindex`" in said.err
    database.rename(small.home / "moved")
    small.here("reindex")
    assert small.here("stats", "--json").json()["captures"] == captures


def test_of_two_hundred_addresses_those_that_work_are_archived(tmp_path: Path) -> None:
    scripts = {"/robots.txt": NO_ROBOTS, "/a.jpg": Script(answer(OTHER_PICTURE, "image/jpeg"))}
    for number in range(200):
        good = answer(page("/a.jpg")) if number < 20 else answer(b"%d" % number, "text/plain")
        bad = answer(b"", status="404 Not Found") if number % 2 else redirect("http://10.0.0.1/").answer
        scripts[f"/{number}"] = Script(bad if number % 20 in (3, 4) else good)
    archive = Archive(tmp_path / "home", {"ARCHIVER_NETWORK__TIMEOUT": "20"})
    with WireServer(scripts) as server:
        said = archive.run("capture", "--json", *(server.url(f"/{n}") for n in range(200)), code=1)
    assert "20 of 200 pages" in said.err
    good_lines = [line for line in said.lines() if line["snapshot"]]
    assert len(good_lines) == 180
    assert sum(line["images_captured"] for line in good_lines) == 18
    assert archive.here("verify", "--json").json()["faults"] == []


def test_a_page_that_is_not_in_the_coding_that_its_server_names_is_read_all_the_same(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home")
    lie = answer(page("/a.jpg"), "text/html", "Content-Encoding: gzip")
    scripts = {
        "/robots.txt": NO_ROBOTS,
        "/lie.html": Script(lie),
        "/a.jpg": Script(answer(PICTURE, "image/jpeg")),
    }
    with WireServer(scripts) as server:
        [result] = archive.run("capture", server.url("/lie.html"), "--json").lines()
    assert (result["images_found"], result["images_captured"]) == (1, 1)

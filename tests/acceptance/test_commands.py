"""What each command prints and how it ends, as the contract of the command line says."""

from __future__ import annotations

import hashlib
import io
import json
import re
import stat
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from command_line import Answer, Archive
from raw_site import NO_ROBOTS, PICTURE, answer, chunked, in_turn, page, redirect
from warcio.archiveiterator import ArchiveIterator
from wire_server import Script, WireServer

FIRST = page("/a.jpg", "/missing.jpg", text="The bridge was closed on Monday.")
SECOND = page("/a.jpg", "/missing.jpg", text="The bridge was opened on Tuesday.")
SNAPSHOT = re.compile(r"ark:99999/[0-9bcdfghjkmnpqrstvwxz]{12}")


@dataclass(frozen=True)
class Captured:
    """An archive in which an article was captured twice, changed in between, and what the command said."""

    archive: Archive
    server: WireServer
    first: Answer
    second: Answer

    def url(self, path: str) -> str:
        return self.server.url(path)

    @property
    def moments(self) -> tuple[str, str]:
        return self.first.lines()[0]["captured_at"], self.second.lines()[0]["captured_at"]


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Captured]:
    scripts = {
        "/robots.txt": NO_ROBOTS,
        "/news/bridge.html": Script(
            in_turn(chunked(FIRST, "text/html; charset=UTF-8"), chunked(SECOND, "text/html; charset=UTF-8"))
        ),
        "/a.jpg": Script(answer(PICTURE, "image/jpeg")),
        "/missing.jpg": Script(answer(b"no", "text/plain", status="404 Not Found")),
        "/moved": redirect("/news/bridge.html"),
        "/gone": Script(answer(b"gone", "text/html", status="410 Gone")),
        "/plain.txt": Script(answer(b"", "text/plain")),
    }
    archive = Archive(tmp_path_factory.mktemp("commands") / "home")
    with WireServer(scripts) as server:
        article = server.url("/news/bridge.html")
        first = archive.run("capture", article, "--json")
        second = archive.run(
            "capture", article, server.url("/moved"), server.url("/gone"), server.url("/plain.txt"), "--json",
            code=1,
        )  # fmt: skip
        yield Captured(archive, server, first, second)


def said_of(captured: Captured, path: str) -> dict[str, Any]:
    [found] = [line for line in captured.second.lines() if line["url"] == captured.url(path)]
    return dict(found)


def test_init_makes_a_home_and_leaves_alone_what_is_there(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home")
    said = archive.here("init", "--json").json()
    assert said == {"home": str(archive.home), "config": str(archive.home / "archiver.toml")}
    assert {path.name for path in archive.home.iterdir()} >= {
        "archiver.toml",
        "sources",
        "warc",
        "log",
        "keys",
    }
    assert stat.S_IMODE((archive.home / "keys").stat().st_mode) == 0o700
    template = (archive.home / "archiver.toml").read_text()
    assert all(line.startswith(("#", "[")) or not line for line in template.splitlines())
    tomllib.loads(template)
    (archive.home / "archiver.toml").write_text("[politeness]\ndelay = 3\n")
    archive.here("init")
    assert (archive.home / "archiver.toml").read_text() == "[politeness]\ndelay = 3\n"


def test_the_home_is_the_option_else_the_variable_else_the_folder_archive(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "variable")

    def chosen(*arguments: str, **more: str) -> str:
        return str(archive.run(*arguments, "init", "--json", cwd=tmp_path, **more).json()["home"])

    assert chosen("--home", "option") == str(tmp_path / "option")
    assert chosen() == str(tmp_path / "variable")
    assert chosen(ARCHIVER_HOME="") == str(tmp_path / "archive")


def test_capture_tells_of_each_page_in_the_words_of_the_contract(captured: Captured) -> None:
    said = captured.first.json()
    assert SNAPSHOT.fullmatch(said["snapshot"])
    assert said["url"] == captured.url("/news/bridge.html")
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", said["captured_at"])
    assert said["status"] == 200
    assert (said["images_found"], said["images_captured"]) == (2, 1)
    assert said["missing"] == [
        {
            "url": captured.url("/missing.jpg"),
            "reason": "the server answered 404",
            "alt": "picture 1",
            "caption": None,
        }
    ]
    assert (captured.archive.home / "warc" / said["warc"]).is_file()
    assert captured.first.err == f"made a new archive at {captured.archive.home}\n"


def test_capture_ends_with_1_when_a_page_could_not_be_had_and_keeps_what_came_back(
    captured: Captured,
) -> None:
    gone = said_of(captured, "/gone")
    assert (gone["snapshot"], gone["status"], gone["error"]) == (None, 410, "the server answered 410")
    assert "1 of 4" in captured.second.err
    assert captured.archive.here("get", captured.url("/gone")).out == b"gone"


def test_capture_follows_a_redirect_and_takes_an_empty_page(captured: Captured) -> None:
    assert SNAPSHOT.fullmatch(said_of(captured, "/moved")["snapshot"])
    assert SNAPSHOT.fullmatch(said_of(captured, "/plain.txt")["snapshot"])
    [hop] = captured.archive.here("list", captured.url("/moved"), "--json").lines()
    assert (hop["status"], hop["redirect"]) == (302, captured.url("/news/bridge.html"))


def test_capture_speaks_to_people_too_and_takes_no_pictures_when_told_so(captured: Captured) -> None:
    before = len(captured.server.requests["/a.jpg"])
    said = captured.archive.run("capture", captured.url("/news/bridge.html"), "--no-images")
    assert SNAPSHOT.search(said.text)
    assert "2 pictures found, 0 captured" in said.text
    assert said.err == ""
    assert len(captured.server.requests["/a.jpg"]) == before


def test_list_gives_the_captures_oldest_first(captured: Captured) -> None:
    listed = captured.archive.run("list", captured.url("/a.jpg"), "--json").lines()
    assert [line["record_type"] for line in listed[:2]] == ["response", "revisit"]
    assert [line["captured_at"] for line in listed] == sorted(line["captured_at"] for line in listed)
    digest = f"sha256:{hashlib.sha256(PICTURE).hexdigest()}"
    assert {line["payload_digest"] for line in listed} == {digest}
    assert listed[1]["refers_to"] == listed[0]["record_id"]
    assert {"url", "urlkey", "status", "mime", "payload_length", "warc", "offset", "length"} <= set(listed[0])
    people = captured.archive.here("list", captured.url("/a.jpg")).text
    assert "image/jpeg" in people
    assert "revisit" in people


def test_list_says_when_it_shows_an_address_in_other_letter_case(captured: Captured) -> None:
    other = captured.archive.here("list", captured.url("/A.jpg"))
    assert captured.url("/a.jpg") in other.text
    assert f"also of {captured.url('/a.jpg')}" in other.err
    assert captured.archive.here("list", captured.url("/a.jpg")).err == ""
    assert captured.archive.here("list", captured.url("/A"), "--match", "prefix").err == ""


def test_history_is_of_no_address_in_other_letter_case(captured: Captured) -> None:
    said = captured.archive.here("history", captured.url("/News/Bridge.html"), code=1)
    assert "no snapshot of" in said.err


def test_list_names_the_snapshot_that_a_page_belongs_to(captured: Captured) -> None:
    listed = captured.archive.here("list", captured.url("/news/bridge.html"), "--json").lines()
    first = captured.first.lines()[0]["snapshot"]
    assert listed[0]["snapshot"] == first
    assert first in captured.archive.here("list", captured.url("/news/bridge.html")).text
    [picture] = captured.archive.here("list", captured.url("/a.jpg"), "--limit", "1", "--json").lines()
    assert picture["snapshot"] is None


def test_list_ends_with_1_when_there_is_no_capture(captured: Captured) -> None:
    said = captured.archive.here("list", captured.url("/never"), code=1)
    assert said.out == b""
    assert said.err.count("\n") == 1


@pytest.mark.parametrize(
    ("match", "path", "found"),
    [
        ("exact", "/a.jpg", {"/a.jpg"}),
        ("prefix", "/news/", {"/news/bridge.html"}),
        (
            "host",
            "/",
            {
                "/a.jpg", "/gone", "/missing.jpg", "/moved", "/news/bridge.html", "/plain.txt",
                "/robots.txt",
            },
        ),
    ],
)  # fmt: skip
def test_list_takes_a_url_for_itself_a_prefix_or_a_host(
    captured: Captured, match: str, path: str, found: set[str]
) -> None:
    lines = captured.archive.here("list", captured.url(path), "--match", match, "--json").lines()
    assert {line["url"] for line in lines} == {captured.url(path) for path in found}


def forms_of(moment: str) -> list[str]:
    """The ways to write the second in which `moment` is."""
    second = moment[:19]
    digits = re.sub(r"\D", "", second)
    return [second + "Z", second.replace("T", " "), f"{second}+00:00", digits]


def test_dates_may_be_written_in_every_form(captured: Captured) -> None:
    url, (first, _) = captured.url("/news/bridge.html"), captured.moments
    for date in (*forms_of(first), first, first[:4], first[:7], first[:10], first[:4] + first[5:7]):
        both = captured.archive.here("list", url, "--from", date, "--to", date, "--json").lines()
        assert first in [line["captured_at"] for line in both], date
    assert captured.archive.here("list", url, "--to", "2017", code=1).out == b""
    said = captured.archive.here("list", url, "--from", "yesterday", code=2)
    assert "2017-11-14" in said.err  # the forms are named


def test_get_gives_the_payload_closest_to_a_date_and_names_the_capture_on_stderr(captured: Captured) -> None:
    url, (first, second) = captured.url("/news/bridge.html"), captured.moments
    old = captured.archive.run("get", url, "--at", first)
    assert old.out == FIRST
    assert url in old.err
    assert first in old.err
    assert old.err.count("\n") == 1
    assert captured.archive.here("get", url, "--at", second).out == SECOND
    assert captured.archive.here("get", url).out == SECOND
    assert captured.archive.here("get", url, "--at", "2001").out == FIRST


def test_get_writes_to_a_file_whole_or_not_at_all(captured: Captured, tmp_path: Path) -> None:
    url = captured.url("/a.jpg")
    said = captured.archive.here("get", url, "-o", str(tmp_path / "a.jpg"))
    assert (tmp_path / "a.jpg").read_bytes() == PICTURE
    assert said.out == b""
    assert [path.name for path in tmp_path.iterdir()] == ["a.jpg"]
    nowhere = captured.archive.here("get", url, "-o", str(tmp_path / "no" / "a.jpg"), code=1)
    assert str(tmp_path / "no" / "a.jpg") in nowhere.err


def test_get_raw_is_what_the_server_sent_byte_for_byte(captured: Captured) -> None:
    url, (first, second) = captured.url("/news/bridge.html"), captured.moments
    assert captured.archive.here("get", url, "--at", first, "--raw").out == chunked(
        FIRST, "text/html; charset=UTF-8"
    )
    assert captured.archive.here("get", url, "--at", second, "--raw").out == chunked(
        SECOND, "text/html; charset=UTF-8"
    )
    assert captured.archive.here("get", captured.url("/gone"), "--raw").out == answer(
        b"gone", "text/html", status="410 Gone"
    )


def test_get_raw_of_a_revisit_is_its_own_head_and_the_body_stored_before(captured: Captured) -> None:
    assert captured.archive.here("get", captured.url("/a.jpg"), "--raw").out == answer(PICTURE, "image/jpeg")


def test_get_headers_are_the_exact_status_line_and_headers(captured: Captured) -> None:
    sent = chunked(SECOND, "text/html; charset=UTF-8")
    said = captured.archive.here("get", captured.url("/news/bridge.html"), "--headers")
    assert said.out == sent[: sent.index(b"\r\n\r\n") + 4]


@pytest.mark.parametrize("path", ["/moved", "/a.jpg", "/gone"])
def test_get_record_is_a_record_that_warcio_reads(captured: Captured, path: str) -> None:
    said = captured.archive.here("get", captured.url(path), "--record")
    [record] = list(ArchiveIterator(io.BytesIO(said.out)))
    assert record.rec_headers.get_header("WARC-Target-URI") == captured.url(path)
    assert record.rec_type == ("revisit" if path == "/a.jpg" else "response")


def test_get_takes_one_form_only(captured: Captured) -> None:
    assert captured.archive.here("get", captured.url("/gone"), "--raw", "--record", code=2).out == b""


def test_get_ends_with_1_for_what_is_not_archived(captured: Captured) -> None:
    said = captured.archive.here("get", captured.url("/never"), code=1)
    assert said.out == b""
    assert said.err == (
        f"archiver: no capture of {captured.url('/never')} in this archive"
        f" (archiver capture {captured.url('/never')} makes one)\n"
    )


@pytest.mark.parametrize("command", ["get", "history", "cite"])
def test_what_is_suggested_for_an_address_without_a_scheme_is_not_refused(
    captured: Captured, command: str
) -> None:
    said = captured.archive.here(command, "paper.example:8080/never", code=1).err
    assert "(archiver capture http://paper.example:8080/never makes one)" in said


def test_a_host_is_listed_on_every_port_unless_one_is_named(captured: Captured) -> None:
    host, _, port = captured.url("/")[len("http://") :].rstrip("/").partition(":")
    listed = {
        name: len(captured.archive.here("list", name, "--match", match, "--json").lines())
        for match, name in (
            ("host", host),
            ("host", f"{host}:{port}"),
            ("domain", host),
            ("host", f"http://{host}/a"),
        )
    }
    assert listed[host] > 0
    assert set(listed.values()) == {listed[host]}
    assert "no capture" in captured.archive.here("list", f"{host}:1", "--match", "host", code=1).err


def test_show_tells_what_was_archived_and_what_is_missing(captured: Captured) -> None:
    identifier = captured.first.json()["snapshot"]
    shown = captured.archive.run("show", identifier, "--json").json()
    assert shown["id"] == identifier
    assert shown["page"]["target_uri"] == captured.url("/news/bridge.html")
    assert [picture["status"] for picture in shown["pictures"]] == ["captured", "missing"]
    assert shown["pictures"][1]["reason"] == "the server answered 404"
    assert shown["pictures"][1]["found"]["alt"] == "picture 1"
    people = captured.archive.here("show", identifier).text
    assert f"sha256:{hashlib.sha256(PICTURE).hexdigest()}" in people
    assert "missing: the server answered 404" in people


def test_show_knows_a_mistyped_identifier_from_an_unknown_one(captured: Captured) -> None:
    identifier = captured.first.json()["snapshot"]
    mistyped = identifier[:-1] + ("b" if identifier[-1] != "b" else "c")
    assert "check character" in captured.archive.here("show", mistyped, code=2).err
    from archiver.model.identifier import mint

    assert captured.archive.here("show", mint("99999"), code=1).err.count("\n") == 1


def test_verify_reads_everything_again_or_one_snapshot_or_one_file(captured: Captured) -> None:
    everything = captured.archive.run("verify", "--json").json()
    assert everything["faults"] == []
    assert everything["segments"] == len(captured.archive.warcs)
    assert everything["records"] > everything["captures"] > 0
    assert "No fault" in captured.archive.here("verify").text
    one = captured.archive.here("verify", captured.first.json()["snapshot"], "--json").json()
    assert one["segments"] == 1
    path = captured.archive.warcs[0]
    assert captured.archive.here("verify", str(path), "--json").json()["segments"] == 1
    assert captured.archive.here("verify", path.name, "--json").json()["segments"] == 1
    assert "no-such.warc.gz" in captured.archive.here("verify", "no-such.warc.gz", code=1).err


def test_stats_count_what_is_there(captured: Captured) -> None:
    counted = captured.archive.run("stats", "--json").json()
    listed = captured.archive.here("list", captured.url("/"), "--match", "host", "--json").lines()
    assert counted["captures"] == len(listed)
    assert counted["revisits"] == sum(line["record_type"] == "revisit" for line in listed)
    assert counted["segments"] == len(captured.archive.warcs)
    assert counted["saved_bytes"] >= len(PICTURE)
    assert f"{counted['captures']} captures" in captured.archive.here("stats").text


def test_reindex_says_how_much_it_brought_back(captured: Captured) -> None:
    counted = captured.archive.here("stats", "--json").json()
    said = captured.archive.run("reindex", "--json").json()
    assert (said["captures"], said["snapshots"]) == (counted["captures"], counted["snapshots"])
    assert (said["segments"], said["damaged"]) == (counted["segments"], 0)


@pytest.mark.parametrize("command", ["list", "get", "show", "verify", "reindex", "stats"])
def test_reading_where_no_archive_is_names_the_remedy_and_makes_nothing(command: str, tmp_path: Path) -> None:
    archive = Archive(tmp_path / "nothing")
    argument = {"list": ["http://a.example/"], "get": ["http://a.example/"], "show": ["ark:99999/x"]}
    said = archive.here(command, *argument.get(command, []), code=2)
    assert said.err == (
        f"archiver: there is no archive at {archive.home}; make one with archiver init, or choose another"
        " folder with --home DIR or ARCHIVER_HOME\n"
    )
    assert not archive.home.exists()


def test_wrong_usage_ends_with_2(tmp_path: Path) -> None:
    archive = Archive(tmp_path)
    for arguments in (
        ["capture"],
        ["bake"],
        ["list"],
        ["get", "--at", "soon", "http://a.example/"],
        ["--homely"],
    ):
        assert archive.here(*arguments, code=2).out == b""


def test_help_names_every_command_and_the_exit_codes(tmp_path: Path) -> None:
    text = Archive(tmp_path).run("--help").text
    for command in ("init", "capture", "list", "get", "show", "verify", "reindex", "stats", "demo"):
        assert f"\n  {command} " in text
    assert "Exit codes" in text


def test_output_that_nobody_reads_to_the_end_is_no_error(captured: Captured) -> None:
    process = captured.archive.start("get", captured.url("/a.jpg"))
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    with process.stderr as err:
        assert err.read().count(b"\n") == 1  # which capture it is
    assert process.wait() == 1


def test_every_json_line_stands_for_itself(captured: Captured) -> None:
    for line in captured.second.out.splitlines():
        assert json.loads(line)["url"]


def test_one_fault_is_not_called_faults(tmp_path: Path) -> None:
    damaged = Path(__file__).parents[1] / "golden" / "damaged_warcs"
    archive = Archive(tmp_path)
    for name, words in (("bare_record_id", "1 fault found;"), ("bare_newline_in_a_field", "2 faults found;")):
        assert words in archive.here("verify", str(damaged / f"{name}.warc.gz"), code=1).err

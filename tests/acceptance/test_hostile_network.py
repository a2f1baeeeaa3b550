"""Hostile sites end to end: what is private is never connected to, and nothing floods memory or time."""

from __future__ import annotations

import gzip
import os
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from command_line import Answer, Archive, finish
from raw_site import NO_ROBOTS, PICTURE, Site, answer, page, redirect
from wire_server import After, Script, WireServer

BIG = int(os.environ.get("ARCHIVER_TEST_BIG_BODY", "400_000_000"))
MOST_MEMORY = 200_000_000
ONLY_THE_SITE = {"ARCHIVER_NETWORK__ALLOW_PRIVATE": '["127.0.0.1/32"]'}


class Trap:
    """A listener on a private address, which must never be connected to."""

    def __init__(self) -> None:
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.2", 0))
        self.port = self._listener.getsockname()[1]
        self._thread = threading.Thread(target=self._listen, daemon=True)

    def __enter__(self) -> Trap:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()

    def url(self, path: str) -> str:
        return f"http://127.0.0.2:{self.port}{path}"


def test_nothing_private_is_connected_to_on_any_way_and_each_hop_is_on_record(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home", ONLY_THE_SITE)
    with Trap() as trap:
        inside = trap.url
        pictures = (inside("/a.jpg"), "/moved.jpg", f"http://0x7f.2:{trap.port}/hex.jpg", "/b.jpg")
        shown = page(*pictures).replace(
            b"<body>", f'<link rel="stylesheet" href="{inside("/a.css")}"><body>'.encode()
        )
        scripts = {
            "/robots.txt": redirect(inside("/robots.txt")),
            "/page": Script(answer(shown)),
            "/moved.jpg": redirect(inside("/moved.jpg")),
            "/b.jpg": Script(answer(PICTURE, "image/jpeg")),
            "/out": redirect("/further"),
            "/further": redirect(inside("/admin")),
        }
        with WireServer(scripts) as server:
            said = archive.run("capture", "--json", server.url("/page"), server.url("/out"), code=1)
        assert trap.connections == 0
        lines = {line["url"].rpartition("/")[2]: line for line in said.lines()}
        assert lines["page"]["images_captured"] == 1
        reasons = [missing["reason"] for missing in lines["page"]["missing"]]
        assert len(reasons) == 3
        assert all(text.startswith("blocked: ") and "is loopback" in text for text in reasons), reasons
        assert lines["out"]["error"].startswith("blocked: 127.0.0.2 is loopback")
        for path in ("/a.jpg", "/moved.jpg", "/a.css", "/robots.txt", "/admin"):
            [hop] = archive.here("list", "--failures", "--json", inside(path)).lines()
            assert hop["failure"].startswith("blocked: 127.0.0.2 is loopback"), path
    assert archive.here("verify", "--json").json()["faults"] == []
    before = archive.dump()
    archive.here("reindex")
    assert archive.dump() == before


def flood(_request: bytes) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\n"
    for number in range(1000):
        yield b"X-%d: %b\r\n" % (number, b"a" * 1000)


def drip(_request: bytes) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 100000\r\n\r\n<html>slow"
    for _ in range(100):
        time.sleep(0.1)
        yield b"."


def endless(_request: bytes) -> Iterator[bytes]:
    yield b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
    while True:
        yield b"User-agent: *\n" * 5000


def bomb() -> bytes:
    """A page that unpacks to a gigabyte of zeros."""
    member = gzip.compress(bytes(1 << 26), 6, mtime=0)
    return member * 16


class Watched:
    """A command whose peak of memory is looked at while it runs."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.peak = 0
        self._process = process
        self._thread = threading.Thread(target=self._watch)
        self._thread.start()

    def _watch(self) -> None:
        status = Path(f"/proc/{self._process.pid}/status")
        while True:
            try:
                found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text())
            except (FileNotFoundError, ProcessLookupError):
                return
            if found is None:  # it has ended, and nobody has waited for it yet
                return
            self.peak = max(self.peak, int(found[1]) * 1024)
            time.sleep(0.02)

    def finish(self, code: int) -> Answer:
        said = finish(self._process, code)
        self._thread.join()
        return said


def test_floods_bombs_and_slowness_are_cut_at_their_limits_in_little_memory(tmp_path: Path) -> None:
    packed = bomb()
    scripts = {
        "/robots.txt": Script(endless, After.CLOSE),
        "/flood": Script(flood, After.CLOSE),
        "/slow": Script(drip, After.CLOSE),
        "/long": Script(answer(b"<html>" + b"a" * 5_000_000)),
        "/bomb": Script(answer(packed, "text/html", "Content-Encoding: gzip")),
        "/page": Script(answer(page("/bomb.jpg"))),
        "/bomb.jpg": Script(answer(packed, "image/jpeg", "Content-Encoding: gzip")),
    }
    archive = Archive(
        tmp_path / "home",
        {
            "ARCHIVER_NETWORK__TIMEOUT": "2",
            "ARCHIVER_NETWORK__MAX_SIZE": "4MB",
            "ARCHIVER_NETWORK__MAX_HEADER": "100KiB",
        },
    )
    with WireServer(scripts) as server:
        urls = [server.url(f"/{name}") for name in ("flood", "slow", "long", "bomb", "page")]
        watched = Watched(archive.start("capture", "--json", *urls))
        said = watched.finish(1)
    assert watched.peak < MOST_MEMORY
    lines = {line["url"].rpartition("/")[2]: line for line in said.lines()}
    assert lines["flood"]["error"] == "cut off (length)"
    assert lines["slow"]["error"] == "cut off (time) after 2 attempts"
    assert lines["long"]["error"] == "cut off (length)"
    assert lines["bomb"]["snapshot"]
    assert [missing["reason"] for missing in lines["page"]["missing"]] == [
        "what came is called image/jpeg but is no picture"
    ]
    truncated = {
        path: {line["truncated"] for line in archive.here("list", server.url(path), "--json").lines()}
        for path in ("/slow", "/long", "/bomb", "/robots.txt")
    }
    assert truncated["/slow"] == {"time"}
    assert truncated["/long"] == truncated["/robots.txt"] == {"length"}
    assert truncated["/bomb"] == {None}
    raw = archive.here("get", server.url("/bomb"), "--raw").out
    assert raw.endswith(packed)
    assert archive.here("verify", "--json").json()["faults"] == []


def test_a_body_of_400_megabytes_is_archived_whole_in_little_memory(tmp_path: Path) -> None:
    piece = os.urandom(1_000_000)

    def film(_request: bytes) -> Iterator[bytes]:
        yield f"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\nContent-Length: {BIG}\r\n\r\n".encode()
        for _ in range(BIG // len(piece)):
            yield piece

    archive = Archive(tmp_path / "home")
    with WireServer({"/robots.txt": NO_ROBOTS, "/film.mp4": Script(film)}) as server:
        watched = Watched(archive.start("capture", "--json", server.url("/film.mp4")))
        said = watched.finish(0)
    assert watched.peak < MOST_MEMORY, watched.peak
    assert said.json()["error"] is None
    [line] = archive.here("list", server.url("/film.mp4"), "--json").lines()
    assert line["payload_length"] == BIG
    assert not list((archive.home / "spool").iterdir())
    target = tmp_path / "film.mp4"
    watched = Watched(archive.start("get", server.url("/film.mp4"), "-o", str(target)))
    watched.finish(0)
    assert watched.peak < MOST_MEMORY, watched.peak
    assert target.stat().st_size == BIG


def test_redirects_that_lead_nowhere_end_with_a_reason(tmp_path: Path) -> None:
    locations = ("/0", "http://[::1", "//", "javascript:alert(1)", "data:,x", "http://a b/", "\x80\xff", "")
    scripts = Site()
    for number, location in enumerate(locations):
        head = f"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: {location}\r\n\r\n"
        scripts[f"/{number}"] = Script(head.encode("latin-1"))
    archive = Archive(tmp_path / "home", {"ARCHIVER_NETWORK__MAX_REDIRECTS": "3"})
    with WireServer(scripts) as server:
        urls = [server.url(f"/{number}") for number in range(len(locations))]
        said = archive.run("capture", "--json", *urls, code=1)
    assert len(said.lines()) == len(locations)
    for line in said.lines():
        assert line["error"], line
        assert line["warc"], line
    assert archive.here("verify", "--json").json()["faults"] == []
    before = archive.dump()
    archive.here("reindex")
    assert archive.dump() == before

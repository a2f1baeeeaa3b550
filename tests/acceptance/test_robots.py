"""What robots.txt excludes is not fetched, from the first request on (RFC 9309)."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Archive
from raw_site import answer, page
from wire_server import Script, WireServer

PAGES = [f"/private/{number}.html" for number in range(8)]


def site(robots: bytes) -> WireServer:
    scripts = {path: Script(answer(page())) for path in (*PAGES, "/open.html")}
    return WireServer({"/robots.txt": Script(robots), **scripts})


@pytest.mark.parametrize(
    "robots",
    [
        answer(b"User-agent: *\nDisallow: /private/\n", "text/plain"),
        answer(b"maintenance", "text/plain", status="503 Service Unavailable"),
    ],
    ids=["excluded by name", "a server that cannot say"],
)
def test_pages_asked_for_at_once_are_all_held_back(tmp_path: Path, robots: bytes) -> None:
    archive = Archive(tmp_path / "home")
    with site(robots) as server:
        answers = archive.run("capture", *map(server.url, PAGES), "--json", code=1).lines()
    assert all("robots.txt" in answer["error"] for answer in answers)
    assert len(answers) == len(PAGES)


def test_what_is_not_excluded_is_fetched(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home")
    with site(answer(b"User-agent: *\nDisallow: /private/\n", "text/plain")) as server:
        archive.run("capture", server.url("/open.html"))


def test_a_robots_txt_that_is_not_there_excludes_nothing(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home")
    with site(answer(b"no", "text/plain", status="404 Not Found")) as server:
        archive.run("capture", server.url(PAGES[0]))

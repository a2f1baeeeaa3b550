"""Settings that sites and readers notice do what archiver.toml says of them."""

from __future__ import annotations

from pathlib import Path

from command_line import Archive
from raw_site import PICTURE, Site, answer, page
from warcio.archiveiterator import ArchiveIterator
from wire_server import Script, WireServer

ASKS = page("/a.jpg").replace(b"<body>", b'<meta name="robots" content="NOARCHIVE, nofollow"><body>')
SITE = {
    "/asks": Script(answer(ASKS)),
    "/header": Script(answer(b"%PDF-", "application/pdf", "X-Robots-Tag: noindex, noarchive")),
    "/plain": Script(answer(page())),
    "/a.jpg": Script(answer(PICTURE, "image/jpeg")),
}


def test_a_page_that_asks_not_to_be_archived_is_left_out_when_told_so(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home", {"ARCHIVER_CAPTURE__NOARCHIVE": "skip"})
    with WireServer(Site(SITE)) as server:
        said = archive.run(
            "capture", "--json", server.url("/asks"), server.url("/header"), server.url("/plain"), code=1
        )
        assert server.requests["/a.jpg"] == []
    lines = {line["url"].rpartition("/")[2]: line for line in said.lines()}
    for name in ("asks", "header"):
        assert lines[name]["snapshot"] is None
        assert "asks not to be archived (noarchive)" in lines[name]["error"]
        assert "capture.noarchive" in lines[name]["error"]
        assert lines[name]["warc"]
    assert lines["plain"]["snapshot"]
    assert archive.here("verify", "--json").json()["faults"] == []


def test_such_a_page_is_archived_by_default_with_its_wish_noted_and_the_site_learns_who_asks(
    tmp_path: Path,
) -> None:
    archive = Archive(
        tmp_path / "home",
        {
            "ARCHIVER_POLITENESS__CONTACT": "https://archive.example/crawler",
            "ARCHIVER_IDENTITY__OPERATOR": "Test Library",
            "ARCHIVER_IDENTITY__CONTACT": "library@archive.example",
            "ARCHIVER_IDENTITY__VANTAGE": "Berlin, DE",
        },
    )
    with WireServer(Site(SITE)) as server:
        said = archive.run("capture", "--json", server.url("/asks")).json()
        asked = [request for requests in server.requests.values() for request in requests]
    assert len(asked) == 3  # robots.txt, page, picture
    for request in asked:
        assert b"(+https://archive.example/crawler)\r\n" in request
    shown = archive.here("show", said["snapshot"], "--json").json()
    assert shown["provenance"]["noarchive"] is True
    assert shown["provenance"]["operator"] == "Test Library"
    assert "asks not to be archived" in archive.here("show", said["snapshot"]).text
    with archive.warcs[0].open("rb") as file:
        information = next(iter(ArchiveIterator(file))).content_stream().read().decode()
    for fact in ("Test Library", "library@archive.example", "Berlin, DE", "https://archive.example/crawler"):
        assert fact in information


def test_the_bytes_of_a_day_are_those_of_all_commands_of_the_day(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home", {"ARCHIVER_POLITENESS__BYTES_PER_DAY": str(len(PICTURE))})
    with WireServer(Site(SITE)) as server:
        archive.run("capture", server.url("/a.jpg"))
        refused = archive.run("capture", server.url("/plain"), code=1)
        assert server.requests["/plain"] == []
    assert "politeness.bytes_per_day are used up" in refused.err + refused.text

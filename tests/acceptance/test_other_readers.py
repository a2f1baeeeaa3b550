"""The tools that others use open what we write: `warcio check`, warcio's and FastWARC's readers.

pywb is tried by bench/readers.py, since it wants an environment of its own.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from command_line import Archive
from fastwarc.warc import ArchiveIterator as FastIterator
from fastwarc.warc import WarcRecordType
from raw_site import NOT_HTTP, PICTURE, Site, answer, page, redirect
from warcio.archiveiterator import ArchiveIterator
from wire_server import After, Script, WireServer

WARCIO = str(Path(sys.executable).with_name("warcio"))
PAGE = page("/a.jpg", "/missing.jpg", text="Grüße")


@pytest.fixture(scope="module")
def warcs(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, list[Path]]:
    """The site's address, and the WARC files of two captures of it."""
    site = Site(
        {
            "/page": Script(answer(PAGE, "text/html; charset=utf-8")),
            "/a.jpg": Script(answer(PICTURE, "image/jpeg")),
            "/moved": redirect("/page"),
            "/cut": Script(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", After.CLOSE),
            "/ssh": NOT_HTTP,
        }
    )
    archive = Archive(tmp_path_factory.mktemp("readers") / "home")
    with WireServer(site) as server:
        archive.run("capture", *(server.url(path) for path in ("/page", "/moved", "/cut", "/ssh")), code=1)
        archive.run("capture", server.url("/page"))
    return server.url(""), archive.warcs


def test_warcio_check_finds_no_fault(warcs: tuple[str, list[Path]]) -> None:
    done = subprocess.run(
        [WARCIO, "check", "-v", *map(str, warcs[1])], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout
    assert "failed" not in done.stdout
    assert "digest pass" in done.stdout


def test_warcio_and_fastwarc_read_the_same_records_and_payloads(warcs: tuple[str, list[Path]]) -> None:
    url, paths = warcs
    slow: list[tuple[str, str | None, bytes]] = []
    fast: list[tuple[str, str | None, bytes]] = []
    for path in paths:
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                uri = record.rec_headers.get_header("WARC-Target-URI")
                slow.append((record.rec_type, uri, record.content_stream().read()))
        with path.open("rb") as file:
            for found in FastIterator(file, record_types=WarcRecordType.any_type, parse_http=False):
                assert found.verify_block_digest()
                found.parse_http()
                uri = found.headers.get("WARC-Target-URI")
                fast.append((found.headers["WARC-Type"], uri, found.reader.read()))
    assert slow == fast
    kinds = Counter(kind for kind, _, _ in slow)
    assert kinds["warcinfo"] == len(paths)
    assert {"response", "request", "revisit", "metadata"} <= set(kinds)
    assert ("response", f"{url}/page", PAGE) in slow
    assert ("response", f"{url}/a.jpg", PICTURE) in slow


def test_nothing_but_an_exchange_can_be_taken_for_a_capture_of_the_page(
    warcs: tuple[str, list[Path]],
) -> None:
    """pywb indexes every record with a target but requests and application/warc-fields."""
    for path in warcs[1]:
        with path.open("rb") as file:
            for record in ArchiveIterator(file):
                fields = record.rec_headers
                if record.rec_type in ("warcinfo", "request", "response", "revisit"):
                    continue
                if fields.get_header("Content-Type") != "application/warc-fields":
                    assert fields.get_header("WARC-Target-URI").startswith("urn:metadata:")

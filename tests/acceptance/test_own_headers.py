"""The headers of a source go to its hosts alone, and its secrets are nowhere in the archive."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path

import pytest
from command_line import Archive
from raw_site import PICTURE, Site, answer, page, redirect
from wire_server import Script, WireServer

KEY, COOKIE, ODD = "key-of-the-operator", "sess=cookie-of-the-operator", "odd-of-the-operator"
SECRETS = (KEY, COOKIE, ODD)
OWN_HEADERS = "{X-Api-Key: '${KEY}', Cookie: '${COOKIE}', X-Odd: '${ODD}', X-Plain: said-to-the-source}"


@dataclass(frozen=True)
class Crawled:
    archive: Archive
    own: dict[str, list[bytes]]
    other: dict[str, list[bytes]]


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Crawled:
    archive = Archive(tmp_path_factory.mktemp("own") / "home")
    archive.here("init")
    others = Site(
        {"/landed": Script(answer(page(text="landed"))), "/cdn.jpg": Script(answer(PICTURE, "image/jpeg"))}
    )
    with WireServer(others) as other:
        elsewhere = f"http://localhost:{other.port}"
        others["/back"] = redirect("/landed")
        site = Site({"/away": redirect(f"{elsewhere}/back"), "/here": redirect("/article")})
        with WireServer(site) as own:
            others["/home"] = redirect(own.url("/article"))
            site["/round"] = redirect(f"{elsewhere}/home")
            site["/article"] = Script(answer(page("/a.jpg", f"{elsewhere}/cdn.jpg", text="article")))
            site["/a.jpg"] = Script(answer(PICTURE, "image/jpeg"))
            site["/feed.xml"] = Script(answer(_feed(own.url("/listed")), "application/rss+xml"))
            site["/listed"] = Script(answer(page(text="listed")))
            pages = [own.url(path) for path in ("/away", "/here", "/round")]
            (archive.home / "sources" / "s.yaml").write_text(
                "title: S\ndomains: [127.0.0.1]\ncountry: NO\nlanguages: [en]\nenabled: true\n"
                f"feeds: ['{own.url('/feed.xml')}']\npages: {pages}\nheaders: {OWN_HEADERS}\n"
            )
            archive.run("crawl", "s", code=None, KEY=KEY, COOKIE=COOKIE, ODD=ODD)
            return Crawled(archive, dict(own.requests), dict(other.requests))


def _feed(url: str) -> bytes:
    return f"<rss><channel><item><title>T</title><link>{url}</link></item></channel></rss>".encode()


def test_everything_that_is_asked_of_the_source_has_them_but_robots_txt(crawled: Crawled) -> None:
    asked = {path: requests for path, requests in crawled.own.items() if path != "/robots.txt"}
    assert set(asked) == {"/feed.xml", "/listed", "/away", "/here", "/round", "/article", "/a.jpg"}
    for requests in asked.values():
        for request in requests:
            for value in (*SECRETS, "said-to-the-source"):
                assert request.count(value.encode()) == 1
    [robots] = crawled.own["/robots.txt"]
    assert b"of-the-operator" not in robots


def test_no_other_host_gets_them_by_redirect_or_picture(crawled: Crawled) -> None:
    assert set(crawled.other) == {"/robots.txt", "/back", "/landed", "/cdn.jpg", "/home"}
    for requests in crawled.other.values():
        for request in requests:
            assert b"of-the-operator" not in request
            assert b"said-to-the-source" not in request


def test_no_secret_is_in_the_archive(crawled: Crawled) -> None:
    written = b"".join(gzip.decompress(path.read_bytes()) for path in crawled.archive.warcs)
    assert b"\r\nX-Plain: said-to-the-source\r\n" in written
    for name in (b"X-Api-Key", b"Cookie", b"X-Odd"):
        assert b"\r\n" + name + b": [redacted]\r\n" in written
    assert b"of-the-operator" not in written
    for path in crawled.archive.home.rglob("*"):
        if path.is_file() and path.suffix != ".gz":
            assert b"of-the-operator" not in path.read_bytes(), path


def test_what_was_left_out_of_the_requests_is_said(crawled: Crawled) -> None:
    written = b"".join(gzip.decompress(path.read_bytes()) for path in crawled.archive.warcs)
    assert b"request-redacted" in written
    crawled.archive.here("verify")


def test_a_single_page_that_is_no_visit_to_a_source_has_none(crawled: Crawled, tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home")
    with WireServer(Site({"/": Script(answer(page(text="x")))})) as server:
        archive.run("capture", server.url("/"), KEY=KEY)
        assert b"of-the-operator" not in server.requests["/"][0]

"""A redirect is followed to where the index says that it led, so that replay comes to what was captured."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import Archive
from raw_site import Site, answer, page
from wire_server import Script, WireServer


def moved(*lines: bytes, status: bytes = b"302 Found") -> Script:
    return Script(b"\r\n".join([b"HTTP/1.1 " + status, b"Content-Length: 0", *lines, b"", b""]))


ODD = {
    "/latin": (b"/\xf6-\xfc", moved(b"Location: /\xf6-\xfc")),
    "/two": (b"/first", moved(b"Location: /first", b"Location: /second")),
    "/folded": (b"/a%20b", moved(b"Location: /a", b"   b")),
    "/slashes": (b"/first", moved(b"Location: \\first")),
}


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> tuple[Archive, str, list[str]]:
    archive = Archive(tmp_path_factory.mktemp("redirects") / "home")
    ends = {path: Script(answer(page(text=path))) for path in ("/%F6-%FC", "/first", "/second", "/a%20b")}
    with WireServer(Site({**ends, **{path: script for path, (_, script) in ODD.items()}})) as server:
        archive.run("capture", *map(server.url, ODD), code=None)
        return archive, server.url(""), list(server.requests)


@pytest.mark.parametrize("path", ODD)
def test_the_index_names_the_page_that_the_crawl_went_to(
    crawled: tuple[Archive, str, list[str]], path: str
) -> None:
    archive, site, _ = crawled
    [hop] = archive.here("list", "--json", site + path).lines()
    assert hop["status"] == 302
    [end] = archive.here("list", "--json", hop["redirect"]).lines()[:1]
    assert end["status"] == 200


def test_no_other_page_was_asked_for(crawled: tuple[Archive, str, list[str]]) -> None:
    _, _, asked = crawled
    assert set(asked) - {"/robots.txt"} == {*ODD, "/%F6-%FC", "/first", "/a%20b"}


def test_a_redirect_without_a_place_is_not_followed(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "home")
    with WireServer(Site({"/": moved(b"Location: ")})) as server:
        said = archive.run("capture", "--json", server.url("/"), code=1).lines()
    assert said[0]["error"] == "the server answered 302, which leads to nothing that can be fetched"
    assert len(server.requests["/"]) == 1

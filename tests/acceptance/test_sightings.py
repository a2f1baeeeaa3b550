"""`archiver sightings`: a picture is found wherever the same bytes stood, under whatever address."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from command_line import Archive

from archiver.demo.newsroom import site_file
from archiver.demo.resource import Answer, Request, Resource, note
from archiver.demo.server import LocalSite

PICTURE = site_file("pictures/harbour.jpg")


class TwoPapers(LocalSite):
    """The same picture stands on two sites under different addresses, another one on a third."""

    def respond(self, request: Request) -> Answer:
        if request.target.startswith("/story"):
            body = b"<title>T</title><article><h1>T</h1><p>Proof.</p><img src=/%s.jpg></article>"
            return Resource(body % request.hostname.encode(), "text/html").answer(request)
        if request.target.endswith(".jpg"):
            name = "pictures/market.jpg" if request.hostname.startswith("own") else "pictures/harbour.jpg"
            return Resource(site_file(name), "image/jpeg").answer(request)
        return note(404, "none").answer(request)


@pytest.fixture(scope="module")
def archived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Archive, dict[str, str]]]:
    archive = Archive(tmp_path_factory.mktemp("sightings") / "home")
    with TwoPapers() as site:
        pages = {host: site.url(host, "/story.html") for host in ("archive", "ministry", "own")}
        for page in pages.values():
            archive.run("capture", page)
        yield archive, {host: site.url(host, f"/{host}.localhost.jpg") for host in pages}


def pages_with(archive: Archive, *arguments: str) -> list[str]:
    lines = archive.here("sightings", *arguments, "--json").lines()
    return [str(line["page"]).partition(":")[2].partition(".")[0].strip("/") for line in lines]


def test_a_picture_is_found_on_every_page_that_had_its_bytes_the_earliest_first(
    archived: tuple[Archive, dict[str, str]], tmp_path: Path
) -> None:
    archive, pictures = archived
    (tmp_path / "mine.jpg").write_bytes(PICTURE)
    [digest] = {line["digest"] for line in archive.here("sightings", pictures["archive"], "--json").lines()}
    for named in (pictures["ministry"], pictures["archive"], str(tmp_path / "mine.jpg"), digest):
        assert pages_with(archive, named) == ["archive", "ministry"]
    assert pages_with(archive, pictures["own"], "--at", "2017") == ["own"]
    assert "ministry.localhost.jpg in ark:" in archive.here("sightings", digest).text


@pytest.mark.parametrize(
    ("arguments", "code", "told"),
    [
        (["http://archive.localhost/never.jpg"], 1, "no capture of"),
        (["sha256:" + "0" * 64], 1, "no snapshot has a picture"),
        (["sha256:123"], 2, "64 hexadecimal digits"),
        (["sha256:1234"], 2, "not a sha256 digest: 'sha256:1234'; write sha256: and 64 hexadecimal digits"),
        (["sha256:" + "x" * 64], 2, "not a sha256 digest"),
        (["no-such-file.jpg"], 2, "no file that can be read"),
        (["sha256:" + "0" * 64, "--at", "2017"], 2, "goes with the URL"),
    ],
)
def test_what_cannot_be_looked_for_is_told(
    archived: tuple[Archive, dict[str, str]], arguments: list[str], code: int, told: str
) -> None:
    assert told in archived[0].here("sightings", *arguments, code=code).err

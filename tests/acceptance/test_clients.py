"""The clients that researchers already have, unmodified, get from this archive what is in it.

Where a client can be given another address than the Internet Archive's, it is given; the others are led here
by a proxy (see internet_archive.py).
"""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import pytest
from internet_archive import ORIGIN, standing_in
from web_archive import DAY, URL, fill, hours, page, zipped
from web_server import Running, serving

from archiver.config.home import Home, create_home
from archiver.storage.index import Index

MOVED = "http://news.example/old"
PICTURE = "http://news.example/p.png"
STAMPS = ["20171114100000", "20171114110000", "20171115160000", "20171116220000"]
BODIES = [b"<p>It rained.</p>", b"<p>It rained.</p>", b"<p>It snowed.</p>", b"Gone."]
PNG = b"\x89PNG\r\n\x1a\n\x00\xff"
NEVER = "http://news.example/never"

# these clients leave connections and files to the garbage collector
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An archive that believes itself to be reached as the Internet Archive is, and the way to it."""
    folder = tmp_path_factory.mktemp("clients")
    home = Home(folder / "home")
    create_home(home)
    with Index.open(f"sqlite:///{home.root}/index.sqlite") as index:
        fill(index, home.warc, [
            page(BODIES[0]),
            page(BODIES[1], at=DAY + hours(1)),
            zipped(BODIES[2], at=DAY + hours(30)),
            page(BODIES[3], at=DAY + hours(60), status=404),
            page(b"", url=MOVED, status=301, headers=(("Location", "/story"),)),
            page(PNG, url=PICTURE, headers=(("Content-Type", "image/png"),)),
        ])  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARCHIVER_WEB__APPLICATION_URL", ORIGIN)
        with serving(home.root) as one:
            port = int(one.application.rpartition(":")[2])
            with standing_in(port, folder) as variables:
                for name, value in variables.items():
                    patch.setenv(name, value)
                yield one
    gc.collect()


@pytest.fixture
def cdx_toolkit(server: Running, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """cdx_toolkit, told to wait less between questions, as its settings allow."""
    for kind in ("DEFAULT", "IA"):
        monkeypatch.setenv(f"CDXT_{kind}_MIN_RETRY_INTERVAL", "0.01")
    import cdx_toolkit

    return cdx_toolkit


class TestWayback:
    """`wayback` (EDGI): search, and mementos with their history."""

    @pytest.fixture
    def client(self, server: Running) -> Iterator[object]:
        import wayback

        session = wayback.WaybackSession(retries=0, search_calls_per_second=0, memento_calls_per_second=0)
        session.verify = os.environ["REQUESTS_CA_BUNDLE"]  # it follows redirects without the environment's
        with wayback.WaybackClient(session) as client:
            yield client

    def test_search_finds_every_capture(self, client) -> None:
        found = list(client.search(URL))
        assert [f"{one.timestamp:%Y%m%d%H%M%S}" for one in found] == STAMPS
        assert [one.statuscode for one in found] == [200, 200, 200, 404]
        assert {one.mimetype for one in found} == {"text/html"}
        assert all(one.digest.startswith("sha256:") for one in found)

    def test_search_goes_on_behind_its_limit(self, client) -> None:
        assert [one.original for one in client.search("news.example/*", limit=2)] == [
            MOVED, PICTURE, URL, URL, URL, URL,
        ]  # fmt: skip

    def test_every_capture_found_is_a_memento_with_the_archived_bytes(self, client) -> None:
        for record, body in zip(client.search(URL), BODIES, strict=True):
            memento = client.get_memento(record)
            assert memento.content == body
            assert memento.timestamp == record.timestamp
            assert memento.ok == (record.statuscode == 200)
            assert memento.headers["Content-Type"] == "text/html; charset=utf-8"
            assert memento.links["original"]["url"] == URL

    def test_the_nearest_memento_is_found_when_any_will_do(self, client) -> None:
        memento = client.get_memento(URL, timestamp=datetime(2017, 11, 14, 10, 20, tzinfo=UTC), exact=False)
        assert memento.timestamp == DAY

    def test_an_archived_redirect_is_followed_within_the_archive(self, client) -> None:
        memento = client.get_memento(MOVED, timestamp=DAY)
        assert memento.url == URL
        assert [one.url for one in memento.history] == [MOVED]

    def test_the_readable_page_is_a_memento_too(self, client) -> None:
        import wayback

        memento = client.get_memento(URL, timestamp=DAY, mode=wayback.Mode.view)
        assert "It rained." in memento.text

    def test_what_was_never_archived_is_told(self, client) -> None:
        import wayback.exceptions

        with pytest.raises(wayback.exceptions.NoMementoError):
            client.get_memento(NEVER, timestamp=DAY)
        assert list(client.search(NEVER)) == []


class TestWaybackpy:
    """`waybackpy`: the CDX server with and without pages, and availability."""

    def cdx(self, url: str = URL, **parameters: object):
        from waybackpy import WaybackMachineCDXServerAPI

        return WaybackMachineCDXServerAPI(url, **parameters)

    @pytest.mark.parametrize("parameters", [{}, {"limit": 3}, {"use_pagination": True}])
    def test_every_snapshot_is_listed(self, server: Running, parameters: dict[str, object]) -> None:
        found = list(self.cdx(**parameters).snapshots())
        assert [one.timestamp for one in found] == STAMPS
        assert found[0].archive_url == f"{ORIGIN}/web/{STAMPS[0]}/{URL}"

    def test_filters_collapses_and_match_types_are_heeded(self, server: Running) -> None:
        found = self.cdx("news.example", match_type="host", filters=["statuscode:200", "!mimetype:image/.*"])
        assert {one.original for one in found.snapshots()} == {URL}
        assert len(list(self.cdx(collapses=["digest"]).snapshots())) == 3

    def test_the_nearest_oldest_and_newest_are_found(self, server: Running) -> None:
        assert self.cdx().near(2017, 11, 15, 15, 0).timestamp == STAMPS[2]
        assert self.cdx().oldest().timestamp == STAMPS[0]
        assert self.cdx().newest().timestamp == STAMPS[3]

    def test_availability_gives_the_address_of_the_nearest(self, server: Running) -> None:
        from waybackpy import WaybackMachineAvailabilityAPI

        asked = WaybackMachineAvailabilityAPI(URL)
        asked.api_call_time_gap = 0
        assert asked.near(2017, 11, 15, 15, 0).archive_url == f"{ORIGIN}/web/{STAMPS[2]}/{URL}"
        assert asked.timestamp() == (DAY + hours(30)).replace(tzinfo=None)


class TestCdxToolkit:
    """`cdx_toolkit`: both dialects, payloads through the replay and out of WARC records."""

    def test_it_reads_us_as_the_internet_archive(self, server: Running, cdx_toolkit: ModuleType) -> None:
        cdx = cdx_toolkit.CDXFetcher(source="ia")
        found = list(cdx.iter(URL))
        assert [one["timestamp"] for one in found] == STAMPS
        assert [one.content for one in found] == BODIES

    def test_it_reads_a_cdx_server_and_replay_of_any_address(
        self, server: Running, cdx_toolkit: ModuleType
    ) -> None:
        cdx = cdx_toolkit.CDXFetcher(source=f"{server.application}/cdx", wb=f"{server.application}/web")
        found = list(cdx.iter("news.example/*", limit=100))
        assert len(found) == 6
        assert next(one for one in found if one["url"] == PICTURE).content == PNG
        assert list(cdx.iter(NEVER)) == []
        assert cdx.get_size_estimate("news.example/*", as_pages=True) == 1

    def test_it_reads_pywbs_dialect_and_warc_records(self, server: Running, cdx_toolkit: ModuleType) -> None:
        cdx = cdx_toolkit.CDXFetcher(
            source=f"{server.application}/index", warc_download_prefix=f"{server.application}/warc"
        )
        found = cdx.get(URL, from_ts="2017", to="20171114", filter="=status:200")
        assert [one["timestamp"] for one in found] == STAMPS[:2]
        record = found[0].fetch_warc_record()
        assert record.rec_headers.get_header("WARC-Target-URI") == URL
        assert found[0].content == BODIES[0]
        assert list(cdx.iter(NEVER)) == []


class TestMementoClient:
    """`memento_client`: time travel by RFC 7089 alone."""

    @pytest.fixture
    def client(self, server: Running):
        from memento_client import MementoClient

        return MementoClient(timegate_uri=f"{ORIGIN}/web/")

    def test_the_closest_memento_and_its_neighbours_are_told(self, client) -> None:
        told = client.get_memento_info(URL, datetime(2017, 11, 14, 11, 10, tzinfo=UTC))
        closest = told["mementos"]["closest"]
        assert closest["uri"] == [f"{ORIGIN}/web/{STAMPS[1]}/{URL}"]
        assert closest["http_status_code"] == 200
        assert closest["datetime"] == (DAY + hours(1)).replace(tzinfo=None)
        others = {name: told["mementos"][name]["uri"][0][28:42] for name in ("first", "prev", "next", "last")}
        assert others == {"first": STAMPS[0], "prev": STAMPS[0], "next": STAMPS[2], "last": STAMPS[3]}

    def test_gate_memento_and_original_are_told_apart(self, client) -> None:
        memento = f"{ORIGIN}/web/{STAMPS[0]}/{URL}"
        assert client.is_timegate(f"{ORIGIN}/web/{URL}")
        assert client.is_memento(memento)
        assert not client.is_memento(f"{ORIGIN}/web/{URL}")
        assert client.get_original_uri(memento) == URL

    def test_what_was_never_archived_has_no_mementos(self, client) -> None:
        assert "mementos" not in client.get_memento_info(NEVER, DAY)


class TestWaybackpack:
    """`waybackpack`: all versions of a page into a folder."""

    def test_it_downloads_every_version(self, server: Running, tmp_path: Path) -> None:
        from waybackpack import Pack, Session

        Pack(URL, session=Session(max_retries=0, delay_retry=0)).download_to(tmp_path, raw=True)
        read = {path.parts[-3]: path.read_bytes() for path in tmp_path.rglob("story")}
        assert read == dict(zip(STAMPS[:3], BODIES[:3], strict=True))  # it takes a 404 for a failure

    def test_it_lists_the_first_of_each_content(self, server: Running) -> None:
        program = [sys.executable, "-W", "error", "-m", "waybackpack.cli"]
        asked = [*program, URL, "--list", "--uniques-only", "--to-date", "20171115"]
        done = subprocess.run(asked, capture_output=True, text=True, check=True, env=os.environ)
        assert done.stdout.split() == [f"{ORIGIN}/web/{stamp}/{URL}" for stamp in (STAMPS[0], STAMPS[2])]

"""Small archives made of given exchanges, and a running server over one."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from starlette.testclient import TestClient
from warc_exchanges import exchange, response, writer

from archiver.citation.withdrawal import Withdrawals
from archiver.config.folder import Home
from archiver.config.sections import Web
from archiver.config.settings import Settings
from archiver.config.sources import SourceCatalogue
from archiver.ingest import Ingest
from archiver.model.exchange import Exchange, Truncation
from archiver.storage.index import Index
from archiver.web.application import application, replay
from archiver.web.opening import open_site
from archiver.web.site import Site

URL = "http://news.example/story"
DAY = datetime(2017, 11, 14, 10, 0, 0, tzinfo=UTC)


def page(
    body: bytes,
    *,
    url: str = URL,
    at: datetime = DAY,
    status: int = 200,
    headers: Sequence[tuple[str, str]] = (("Content-Type", "text/html; charset=utf-8"),),
    truncated: Truncation | None = None,
) -> Exchange:
    """A page that was answered with `body` at a moment."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers)
    head = f"HTTP/1.1 {status} X\r\n{lines}\r\n".encode("latin-1")
    answer = response(body, head=head, status=status, truncated=truncated)
    return exchange(answer, uri=url, started_at=at)


def hours(count: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=count)


def zipped(body: bytes, **more: object) -> Exchange:
    """A page that was sent with gzip."""
    headers = (("Content-Type", "text/html; charset=utf-8"), ("Content-Encoding", "gzip"))
    return page(gzip.compress(body, mtime=0), headers=headers, **more)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Served:
    """A site and clients of its two origins."""

    site: Site
    folder: Path
    app: TestClient
    replay: TestClient


@contextmanager
def served(folder: Path, database: str, exchanges: Iterable[Exchange]) -> Iterator[Served]:
    """An archive of these exchanges, and clients that ask without a network."""
    warc = folder / "warc"
    warc.mkdir(exist_ok=True)
    with Index.open(database) as index:
        fill(index, warc, exchanges)
        settings = Settings(web=Web(application_url="http://app.test", replay_url="http://replay.test"))
        site = open_site(Home(folder), settings, index)
        site = replace(
            site, sources=lambda: SourceCatalogue({}, {}), version="test",
            withdrawals=Withdrawals(index, warc, lifetime=0),
        )  # fmt: skip
        yield Served(
            site, warc,
            TestClient(application(site), "http://app.test", follow_redirects=False),
            TestClient(replay(site), "http://replay.test", follow_redirects=False),
        )  # fmt: skip


def fill(index: Index, warc: Path, exchanges: Iterable[Exchange], at_once: int = 1) -> None:
    """Write and index the exchanges; one at once, so that a repeated payload becomes a revisit."""

    async def run() -> None:
        ingest = Ingest(writer(warc), index)
        try:
            for number, one in enumerate(exchanges, 1):
                await ingest.accept(one)
                if number % at_once == 0:
                    await ingest.capture(one.id)
        finally:
            await ingest.close()

    asyncio.run(run())

"""Articles are read beside the crawl: no page, and no end of a process, can hold up the next one."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from archiver.crawl import extracting
from archiver.crawl.extracting import Extractor
from archiver.model.article import ExtractedArticle

PAGE = b"<title>Rain</title><article><h1>It rained</h1><p>It rained all day on the bridge.</p></article>"
URL = "https://news.example/rain"


@pytest.fixture
def extractor() -> Iterator[Extractor]:
    with Extractor(1) as found:
        yield found


async def article(extractor: Extractor) -> ExtractedArticle | None:
    return await extractor.article(PAGE, URL, "utf-8")


def process_of(extractor: Extractor) -> int:
    [reader] = extractor._readers
    assert isinstance(reader, extracting._Process)
    assert reader._pool is not None
    [number] = reader._pool._processes
    return number


def lives(number: int) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_for_the_end_of(number: int) -> None:
    deadline = time.monotonic() + 20
    while lives(number):
        assert time.monotonic() < deadline, f"process {number} still lives"
        time.sleep(0.02)


async def test_an_article_is_read_in_a_process_or_in_a_thread(extractor: Extractor) -> None:
    with Extractor() as threaded:
        found = await article(extractor)
        assert found
        assert found.title == "It rained"
        assert await article(threaded) == found


async def test_a_process_is_renewed_after_many_pages(
    extractor: Extractor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extracting, "PAGES_BEFORE_RENEWAL", 2)
    seen = []
    for _ in range(5):
        assert await article(extractor)
        seen.append(process_of(extractor))
    assert len(set(seen)) == 3
    wait_for_the_end_of(seen[0])


async def test_a_page_that_takes_too_long_is_given_up_and_the_next_is_read(
    extractor: Extractor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    await article(extractor)
    stuck = process_of(extractor)
    os.kill(stuck, signal.SIGSTOP)
    with monkeypatch.context() as hurried:
        hurried.setattr(extracting, "SECONDS", 0.3)
        assert await article(extractor) is None
    assert "could not be read within" in caplog.text
    assert await article(extractor)
    wait_for_the_end_of(stuck)


async def test_a_page_whose_process_was_killed_is_read_in_a_new_one(
    extractor: Extractor, caplog: pytest.LogCaptureFixture
) -> None:
    await article(extractor)
    killed = process_of(extractor)
    os.kill(killed, signal.SIGKILL)
    assert await article(extractor)
    assert process_of(extractor) != killed
    assert "could not be read" not in caplog.text
    assert await article(extractor)


def end_at_once(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def test_a_page_that_kills_its_process_twice_is_given_up_and_the_next_is_read(
    extractor: Extractor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as deadly:
        deadly.setattr(extracting, "extract", end_at_once)
        assert await article(extractor) is None
    assert caplog.text.count("its process ended; it is read once more") == 1
    assert caplog.text.count("could not be read") == 1
    assert await article(extractor)


async def test_a_page_is_not_read_again_after_the_end(
    extractor: Extractor,
) -> None:
    await article(extractor)
    stopped = process_of(extractor)
    os.kill(stopped, signal.SIGSTOP)
    reading = asyncio.create_task(article(extractor))
    await asyncio.sleep(0.1)
    extractor.close()
    assert await reading is None
    [reader] = extractor._readers
    assert isinstance(reader, extracting._Process)
    assert reader._pool is None


def test_a_process_ends_with_the_one_that_began_it() -> None:
    code = f"""
import asyncio
from archiver.crawl.extracting import Extractor
async def main():
    extractor = Extractor(1)
    await extractor.article({PAGE!r}, {URL!r}, "utf-8")
    print(*extractor._readers[0]._pool._processes, flush=True)
    await asyncio.sleep(60)
if __name__ == "__main__":
    asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as parent:
        assert parent.stdout
        worker = int(parent.stdout.readline())
        assert lives(worker)
        parent.kill()
    wait_for_the_end_of(worker)

"""A body that is for the archive only costs disk, not memory, however large it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from wire_crawl import Job, Plan, run
from wire_server import Script, WireServer

from archiver.spiders.wire import DISCARD_BODY

PART = hashlib.shake_256(b"part").digest(1 << 20)
PARTS = 400
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (len(PART) * PARTS)


def video(_: bytes) -> Iterator[bytes]:
    yield HEAD
    for _number in range(PARTS):
        yield PART


def test_400_mib_for_the_archive_take_less_than_200_mb(tmp_path: Path) -> None:
    with WireServer({"/video": Script(video)}) as server:
        job = Job("video", server.url("/video"), meta={DISCARD_BODY: True, "download_timeout": 60})
        crawl = run(Plan([job], {"DOWNLOAD_WARNSIZE": 0}, read_blocks=False, folder=tmp_path))
    [recorded] = crawl.of("video")
    response = recorded.exchange.response
    assert response is not None
    payload, block = hashlib.sha256(), hashlib.sha256(HEAD)
    for _number in range(PARTS):
        payload.update(PART)
        block.update(PART)
    assert response.payload_digest.value == payload.digest()
    assert recorded.block_digest == f"sha256:{block.hexdigest()}"
    assert response.payload_length == len(PART) * PARTS
    assert response.truncated is None
    assert crawl.peak < 200_000_000
    assert list(tmp_path.iterdir()) == []

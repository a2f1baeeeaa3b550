"""After a kill at any moment what was committed is there, and what is torn is set aside."""

from __future__ import annotations

import errno
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warc_exchanges import exchange, response, writer

from archiver.errors import DiskFullError, StorageError
from archiver.model.capture import RecordLocation
from archiver.model.digest import Digest
from archiver.storage.warc import (
    CheckedRecord,
    RecoveredSegment,
    capture_of_record,
    check_segment,
    exchange_records,
    iterate_records,
    read_record,
    recover,
)
from archiver.storage.warc import recovery as recovery_module

NAME = "news-20171114100000123-00001-9f86d081.warc.gz"


class Left:
    """The bytes that a killed writer left, and where each record in them is (the warcinfo is the first)."""

    def __init__(self, folder: Path) -> None:
        with writer(folder) as segments:
            locations = [
                location
                for body in (b"one", b"two" * 30_000, b"three")
                for location in segments.write(exchange_records(exchange(response(body))))
            ]
            sealed = segments.seal()
        assert sealed
        path = folder / sealed.name
        self.content = path.read_bytes()
        self.records = [RecordLocation(NAME, 0, locations[0].offset)]
        self.records += [RecordLocation(NAME, location.offset, location.length) for location in locations]
        path.unlink()


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> Left:
    return Left(tmp_path_factory.mktemp("left"))


def recovered(folder: Path, content: bytes, indexed: int = 0) -> RecoveredSegment:
    (folder / (NAME + ".open")).write_bytes(content)
    (segment,) = recover(folder, lambda name: indexed if name == NAME else 0)
    return segment


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_sound(folder: Path, segment: RecoveredSegment) -> None:
    path = folder / NAME
    assert path.stat().st_size == segment.size
    assert Digest.of(path.read_bytes()) == segment.digest
    assert all(isinstance(found, CheckedRecord) for found in check_segment(path, segment.digest))


def test_a_whole_segment_is_sealed_as_it_is(tmp_path: Path, left: Left) -> None:
    segment = recovered(tmp_path, left.content)
    assert names(tmp_path) == [NAME]
    assert segment.records == tuple(left.records)
    assert (segment.name, segment.size, segment.torn_bytes, segment.lost_bytes) == (
        NAME,
        len(left.content),
        0,
        0,
    )
    assert_sound(tmp_path, segment)


def test_only_what_the_index_does_not_know_is_read(tmp_path: Path, left: Left) -> None:
    segment = recovered(tmp_path, left.content, indexed=left.records[3].offset)
    assert segment.records == tuple(left.records[3:])


def test_a_torn_tail_is_saved_aside_and_cut_off(tmp_path: Path, left: Left) -> None:
    last = left.records[-1]
    torn = left.content[: last.offset + last.length // 2]
    segment = recovered(tmp_path, torn)
    assert names(tmp_path) == [NAME, f"{NAME}.torn-{last.offset}"]
    assert (tmp_path / f"{NAME}.torn-{last.offset}").read_bytes() == torn[last.offset :]
    assert segment.torn_bytes == last.length // 2
    assert segment.records == tuple(left.records[:-1])
    assert_sound(tmp_path, segment)


@pytest.mark.parametrize("zeros", [1, 7, 4096, 300_000])
def test_a_tail_of_zeros_is_torn(tmp_path: Path, left: Left, zeros: int) -> None:
    segment = recovered(tmp_path, left.content + bytes(zeros))
    assert segment.torn_bytes == zeros
    assert segment.records == tuple(left.records)
    assert_sound(tmp_path, segment)


def test_a_page_of_zeros_inside_a_record_ends_what_is_kept(tmp_path: Path, left: Left) -> None:
    large = left.records[3]
    hole = large.offset + large.length // 2
    segment = recovered(tmp_path, left.content[:hole] + bytes(40) + left.content[hole + 40 :])
    assert segment.records == tuple(left.records[:3])
    assert_sound(tmp_path, segment)


@given(share=st.floats(0, 1), zeros=st.integers(0, 2000))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_cut_anywhere_every_whole_record_stays_and_no_byte_is_lost(
    tmp_path: Path, left: Left, share: float, zeros: int
) -> None:
    cut = int(share * len(left.content))
    torn = left.content[:cut] + bytes(zeros)
    try:
        segment = recovered(tmp_path, torn)
        same = cut  # zeros may be the very bytes that were cut
        while same - cut < zeros and left.content[same : same + 1] == b"\0":
            same += 1
        whole = tuple(record for record in left.records if record.offset + record.length <= same)
        assert segment.records == whole
        kept = (tmp_path / NAME).read_bytes() if segment.size else b""
        aside = b"".join(path.read_bytes() for path in tmp_path.glob("*.torn-*"))
        assert kept + aside == torn
        if segment.size:
            assert_sound(tmp_path, segment)
    finally:
        for path in tmp_path.iterdir():
            path.unlink()


def test_a_segment_with_the_warcinfo_alone_is_sealed(tmp_path: Path, left: Left) -> None:
    segment = recovered(tmp_path, left.content[: left.records[1].offset])
    assert segment.records == tuple(left.records[:1])
    assert_sound(tmp_path, segment)


def test_an_empty_file_is_removed(tmp_path: Path) -> None:
    segment = recovered(tmp_path, b"")
    assert (segment.size, segment.torn_bytes, segment.records) == (0, 0, ())
    assert names(tmp_path) == []


def test_a_file_without_one_whole_record_is_kept_as_torn_only(tmp_path: Path, left: Left) -> None:
    segment = recovered(tmp_path, left.content[:100])
    assert (segment.size, segment.torn_bytes) == (0, 100)
    assert names(tmp_path) == [f"{NAME}.torn-0"]


def test_an_index_that_knows_more_than_the_file_holds_is_reported(tmp_path: Path, left: Left) -> None:
    last = left.records[-1]
    segment = recovered(tmp_path, left.content[: last.offset + 5], indexed=len(left.content))
    assert segment.lost_bytes == last.length
    assert segment.torn_bytes == 5
    assert segment.records == tuple(left.records[:-1]), (
        "what remains is all told, so that the index can be put right"
    )
    assert list(iterate_records(tmp_path / NAME, start=len(left.content))) == []


def test_a_segment_that_is_being_written_is_left_alone(tmp_path: Path) -> None:
    with writer(tmp_path) as segments:
        segments.write(exchange_records(exchange()))
        segments.commit()
        assert list(recover(tmp_path, lambda _name: 0)) == []
        segments.write(exchange_records(exchange()))
        assert segments.seal()


def test_files_that_are_no_segments_are_left_alone(tmp_path: Path) -> None:
    for name in (".hidden.warc.gz.open", "notes.open", "a b.warc.gz.open"):
        (tmp_path / name).write_bytes(b"x")
    assert list(recover(tmp_path, lambda _name: 0)) == []
    assert len(names(tmp_path)) == 3


def test_a_sealed_segment_is_never_overwritten(tmp_path: Path, left: Left) -> None:
    (tmp_path / NAME).write_bytes(b"sealed")
    with pytest.raises(StorageError, match="exists"):
        recovered(tmp_path, left.content)
    assert (tmp_path / NAME).read_bytes() == b"sealed"
    assert (tmp_path / (NAME + ".open")).read_bytes() == left.content


@pytest.mark.parametrize("step", ["fsync", "rename", "ftruncate", "fchmod"])
def test_recovery_that_is_itself_interrupted_is_done_again(
    tmp_path: Path, left: Left, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def interrupted(*_: object) -> None:
        raise OSError(errno.EIO, "interrupted")

    torn = left.content[:-10]
    (tmp_path / (NAME + ".open")).write_bytes(torn)
    monkeypatch.setattr(Path if step == "rename" else recovery_module.os, step, interrupted)
    with pytest.raises(StorageError, match="interrupted"):
        list(recover(tmp_path, lambda _name: 0))
    monkeypatch.undo()
    (segment,) = recover(tmp_path, lambda _name: 0)
    assert segment.records == tuple(left.records[:-1])
    last = left.records[-1]
    assert (tmp_path / f"{NAME}.torn-{last.offset}").read_bytes() == torn[last.offset :]
    assert_sound(tmp_path, segment)


def test_no_room_for_the_torn_tail_changes_nothing(
    tmp_path: Path, left: Left, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    torn = left.content[:-10]
    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(DiskFullError):
        recovered(tmp_path, torn)
    assert (tmp_path / (NAME + ".open")).read_bytes() == torn


CRAWL = """
import os, sys
sys.path.insert(0, {here!r})
from pathlib import Path
from warc_exchanges import exchange, response, writer
from archiver.storage.warc import exchange_records
with writer(Path({folder!r}), max_bytes=300_000) as segments:
    while True:
        sent = [exchange(response(os.urandom(20_000))) for _ in range(4)]
        for one in sent:
            segments.write(exchange_records(one))
        segments.commit()
        for one in sent:
            print(one.id, flush=True)
"""


@pytest.mark.parametrize("acknowledged", [1, 20, 57])
def test_after_kill_9_everything_acknowledged_is_there_and_everything_there_is_sound(
    tmp_path: Path, acknowledged: int
) -> None:
    program = CRAWL.format(here=str(Path(__file__).parent), folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as crawl:
        assert crawl.stdout
        promised = {crawl.stdout.readline().strip() for _ in range(acknowledged)}
        crawl.send_signal(signal.SIGKILL)
        promised |= {line.strip() for line in crawl.stdout if line.endswith("\\n")}
    segments = list(recover(tmp_path, lambda _name: 0))
    assert len(segments) <= 1
    there = set()
    for path in tmp_path.glob("*.warc.gz"):
        assert all(isinstance(found, CheckedRecord) for found in check_segment(path))
        for record in iterate_records(path):
            capture = capture_of_record(record)
            if capture:
                there.add(str(capture.record_id))
                assert read_record(tmp_path, capture.location).http().status == 200
    assert promised <= there
    assert not list(tmp_path.glob("*.open"))
    assert any(tmp_path.iterdir())

"""What a segment promises: durable after a commit, as before after any error, sealed once and for all."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import stat
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from warc_exchanges import STARTED, exchange, response, writer

from archiver.errors import DiskFullError, NotFoundError, StorageError
from archiver.model.digest import EMPTY
from archiver.storage.warc import (
    CheckedRecord,
    MemoryBlock,
    check_segment,
    exchange_records,
    find_segment,
    is_in_memory,
    iterate_records,
    read_record,
    recover,
    segment_files,
    segment_name,
)
from archiver.storage.warc import segments as segments_module


class Clock:
    def __init__(self) -> None:
        self.now = STARTED

    def __call__(self) -> datetime:
        return self.now


def records(body: bytes = b"hello") -> tuple[object, ...]:
    return exchange_records(exchange(response(body)))


def blocks(path: Path) -> list[bytes]:
    """All blocks but the warcinfo's; the file must have no fault."""
    found = list(check_segment(path))
    assert all(isinstance(record, CheckedRecord) for record in found), found
    return [record.record.block() for record in found[1:] if isinstance(record, CheckedRecord)]


def test_nothing_is_created_before_the_first_write(tmp_path: Path) -> None:
    with writer(tmp_path) as segments:
        assert segments.commit() is None
        assert segments.seal() is None
    assert list(tmp_path.iterdir()) == []


def test_the_time_spent_in_making_records_durable_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[int] = []
    monkeypatch.setattr(segments_module, "_sync_bytes", called.append)
    with writer(tmp_path) as segments:
        assert segments.syncs.count == 0
        segments.write(records())
        segments.commit()
        before = segments.syncs.count
        segments.write(records())
        segments.write(records())
        segments.commit()
        segments.commit()  # nothing new: the disk is not asked
    assert segments.syncs.count == before + 1 == len(called)
    assert segments.syncs.seconds > 0


def test_a_segment_is_open_and_locked_while_it_is_written_and_sealed_under_its_name(tmp_path: Path) -> None:
    with writer(tmp_path) as segments:
        (location, _) = segments.write(records())
        segments.commit()
        (path,) = tmp_path.iterdir()
        assert path.name == location.segment + ".open"
        with path.open("rb") as other, pytest.raises(BlockingIOError):
            fcntl.flock(other, fcntl.LOCK_EX | fcntl.LOCK_NB)
        sealed = segments.seal()
    assert sealed
    (path,) = tmp_path.iterdir()
    assert path.name == sealed.name == location.segment
    assert sealed.size == path.stat().st_size
    assert sealed.digest.value == hashlib.sha256(path.read_bytes()).digest()
    assert not path.stat().st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
    assert segments.take_sealed() == [sealed]
    assert segments.take_sealed() == []


def test_the_name_sorts_by_time_and_is_never_used_twice(tmp_path: Path) -> None:
    clock = Clock()
    names = []
    for _ in range(2):
        with writer(tmp_path, prefix="orf-at", clock=clock) as segments:
            for _ in range(2):
                segments.write(records())
                sealed = segments.seal()
                assert sealed
                names.append(sealed.name)
    assert len(set(names)) == 4
    assert all(name.startswith("orf-at-20171114100000123-0000") for name in names)


@pytest.mark.parametrize("prefix", ["", "../x", "a b", "a.b", "-a", "x" * 41])
def test_a_prefix_that_is_no_plain_name_is_refused(tmp_path: Path, prefix: str) -> None:
    with pytest.raises(ValueError, match="not a segment prefix"):
        writer(tmp_path, prefix=prefix)


def test_locations_lead_to_the_records_before_and_after_sealing(tmp_path: Path) -> None:
    with writer(tmp_path) as segments:
        locations = [*segments.write(records(b"one")), *segments.write(records(b"two" * 40_000))]
        segments.commit()
        assert segments.committed_ends() == {
            locations[-1].segment: locations[-1].offset + locations[-1].length
        }
        before = [read_record(tmp_path, location).block() for location in locations]
    assert [read_record(tmp_path, location).block() for location in locations] == before
    assert before[0].endswith(b"one")
    assert before[2].endswith(b"two" * 40_000)


def test_a_record_of_ordinary_size_is_read_from_its_file_once(tmp_path: Path) -> None:
    body = os.urandom(70_000).hex().encode()
    with writer(tmp_path) as segments:
        location = segments.write(records(body))[0]
        segments.commit()
        record = read_record(tmp_path, location)
    for path in tmp_path.iterdir():
        path.unlink()
    assert b"".join(record.payload()) == body


def test_whether_a_record_is_in_memory_is_told_by_the_system(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writer(tmp_path) as segments:
        location = segments.write(records())[0]
        segments.commit()
        monkeypatch.setattr(os, "preadv", lambda _, pieces, *__: len(pieces[0]))
        assert is_in_memory(tmp_path, location)
        assert not is_in_memory(tmp_path, replace(location, segment="other.warc.gz"))

        def waits(*_: object) -> int:
            raise BlockingIOError

        monkeypatch.setattr(os, "preadv", waits)
        assert not is_in_memory(tmp_path, location)


def test_the_block_of_a_record_can_be_read_as_often_as_wanted(tmp_path: Path) -> None:
    body = os.urandom(70_000).hex().encode()
    with writer(tmp_path) as segments:
        location = segments.write(records(body))[0]
        segments.commit()
        record = read_record(tmp_path, location)
        first, second = record.payload(), record.payload()
        assert next(second) == next(first)
        assert [b"".join(record.payload()) for _ in range(2)] == [body, body]


def test_a_record_found_in_an_open_segment_is_read_after_it_was_sealed(tmp_path: Path) -> None:
    with writer(tmp_path) as segments:
        (location, _) = segments.write(records(os.urandom(200_000)))
        segments.commit()
        record = read_record(tmp_path, location)
        assert record.path.name.endswith(".open")
        assert segments.seal()
    assert len(record.block()) == record.length


def test_a_new_segment_that_a_recovery_took_away_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken(descriptor: int) -> bool:
        monkeypatch.undo()
        assert [segment.size for segment in recover(tmp_path, lambda _name: 0)] == [0]
        return segments_module.lock(descriptor)

    monkeypatch.setattr(segments_module, "lock", taken)
    with writer(tmp_path) as segments:
        segments.write(records())
        assert segments.seal()
    (path,) = tmp_path.iterdir()
    assert len(blocks(path)) == 2


def test_a_full_segment_is_sealed_by_the_commit_and_the_next_write_begins_another(tmp_path: Path) -> None:
    with writer(tmp_path, max_bytes=1) as segments:
        first = segments.write(records())[0]
        sealed = segments.commit()
        assert sealed
        assert sealed.name == first.segment
        assert segments.committed_ends() == {sealed.name: sealed.size}
        assert segments.write(records())[0].segment != first.segment


def test_an_old_segment_is_sealed_by_the_next_commit_even_without_a_write(tmp_path: Path) -> None:
    clock = Clock()
    with writer(tmp_path, clock=clock, max_age=timedelta(hours=1)) as segments:
        segments.write(records())
        assert segments.commit() is None
        clock.now += timedelta(hours=1)
        assert segments.commit()


def test_a_batch_stays_in_one_segment_however_large(tmp_path: Path) -> None:
    with writer(tmp_path, max_bytes=100) as segments:
        names = {location.segment for _ in range(5) for location in segments.write(records())}
    assert len(names) == 1


def test_rollback_takes_back_what_was_not_committed_and_nothing_else(tmp_path: Path) -> None:
    with writer(tmp_path) as segments:
        segments.write(records(b"kept"))
        segments.commit()
        segments.write(records(os.urandom(2_000_000)))
        assert segments.uncommitted > 2_000_000
        segments.rollback()
        assert segments.uncommitted == 0
        segments.write(records(b"after"))
        sealed = segments.seal()
    assert sealed
    path = tmp_path / sealed.name
    assert [block[-5:] for block in blocks(path)][::2] == [b"\nkept", b"after"]
    assert sealed.digest.value == hashlib.sha256(path.read_bytes()).digest()


def test_close_keeps_what_was_committed_only(tmp_path: Path) -> None:
    segments = writer(tmp_path)
    segments.write(records(b"kept"))
    segments.commit()
    segments.write(records(b"lost"))
    sealed = segments.close()
    assert sealed
    assert len(blocks(tmp_path / sealed.name)) == 2


def test_a_block_that_lies_about_its_length_is_taken_back(tmp_path: Path) -> None:
    class Lying(MemoryBlock):
        @property
        def length(self) -> int:
            return 3

    (record, request) = records(b"hello")
    with writer(tmp_path) as segments:
        with pytest.raises(StorageError, match="not 3"):
            segments.write([request, replace(record, block=Lying(b"hello"))])
        assert segments.uncommitted == 0


def test_an_error_while_a_block_is_read_takes_the_batch_back(tmp_path: Path) -> None:
    class Broken(MemoryBlock):
        def chunks(self, start: int = 0) -> Iterator[bytes]:
            yield b"he"
            raise RuntimeError("the spool is gone")

    (record, request) = records(b"hello")
    with writer(tmp_path) as segments:
        with pytest.raises(RuntimeError, match="spool"):
            segments.write([request, replace(record, block=Broken(b"hello"))])
        segments.write(records(b"fine"))
        sealed = segments.seal()
    assert sealed
    assert len(blocks(tmp_path / sealed.name)) == 2


def test_a_block_of_many_megabytes_is_never_in_memory(tmp_path: Path) -> None:
    class Large:
        length = 60_000_000
        digest = EMPTY

        def chunks(self, start: int = 0) -> Iterator[bytes]:
            piece = bytes(60_000)
            for _ in range(1000):
                yield piece

        def close(self) -> None: ...

    (record, _) = records()
    for is_compressed in (True, False):
        tracemalloc.start()
        with writer(tmp_path) as segments:
            (location,) = segments.write([replace(record, block=Large(), is_compressed=is_compressed)])
            segments.commit()
            stored = read_record(tmp_path, location)
            assert sum(map(len, stored.chunks())) == Large.length
            assert len(list(iterate_records(find_segment(tmp_path, location.segment)))) == 2
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 6_000_000


def failing(call: Callable[..., object], error: int, after: int = 0) -> Callable[..., object]:
    """`call`, raising OSError `error` from the call number `after` on until `failing.off`."""
    count = 0

    def replacement(*arguments: object) -> object:
        nonlocal count
        count += 1
        if count > after:
            raise OSError(error, os.strerror(error))
        return call(*arguments)

    return replacement


def half_written(descriptor: int, content: bytes) -> int:
    """A write that stops in the middle, as a disk that fills up does; the next one fails."""
    if len(content) < 2:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    return REAL_WRITE(descriptor, content[: len(content) // 2])


REAL_WRITE = os.write


def test_a_full_disk_takes_back_the_batch_and_the_same_segment_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writer(tmp_path) as segments:
        kept = segments.write(records(b"kept"))
        segments.commit()
        monkeypatch.setattr(segments_module.os, "write", half_written)
        segments.write(records(b"small"))
        with pytest.raises(DiskFullError, match="no room"):
            segments.commit()
        with pytest.raises(DiskFullError, match="no room"):
            segments.write(records(os.urandom(3_000_000)))
        assert find_segment(tmp_path, kept[0].segment).stat().st_size == sum(
            segments.committed_ends().values()
        )
        monkeypatch.undo()
        again = segments.write(records(b"again"))
        sealed = segments.seal()
    assert sealed
    assert again[0].segment == kept[0].segment
    path = tmp_path / sealed.name
    assert [block[-5:] for block in blocks(path)][::2] == [b"\nkept", b"again"]
    assert sealed.digest.value == hashlib.sha256(path.read_bytes()).digest()


def test_a_disk_that_is_full_at_the_first_write_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writer(tmp_path) as segments:
        monkeypatch.setattr(segments_module.os, "write", half_written)
        with pytest.raises(DiskFullError):
            segments.write(records())
        assert list(tmp_path.iterdir()) == []
        monkeypatch.undo()
        segments.write(records())
        assert segments.seal()


@pytest.mark.parametrize("error", [errno.EIO, errno.ENOSPC])
def test_after_a_failed_sync_the_segment_is_left_and_a_new_one_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    with writer(tmp_path) as segments:
        (kept, _) = segments.write(records(b"kept"))
        segments.commit()
        end = segments.committed_ends()[kept.segment]
        segments.write(records(b"lost"))
        monkeypatch.setattr(segments_module, "_sync_bytes", failing(os.fdatasync, error))
        with pytest.raises(DiskFullError if error == errno.ENOSPC else StorageError, match="syncing"):
            segments.commit()
        monkeypatch.undo()
        (again, _) = segments.write(records(b"again"))
        segments.commit()
        assert again.segment != kept.segment
        abandoned = find_segment(tmp_path, kept.segment)
        assert abandoned.name.endswith(".open")
        assert abandoned.stat().st_size == end
        assert read_record(tmp_path, kept).block().endswith(b"kept")


def test_after_an_io_error_in_a_write_a_new_segment_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writer(tmp_path) as segments:
        (kept, _) = segments.write(records(b"kept"))
        segments.commit()
        monkeypatch.setattr(segments_module.os, "write", failing(os.write, errno.EIO))
        with pytest.raises(StorageError, match="check the disk"):
            segments.write(records(os.urandom(2_000_000)))
        monkeypatch.undo()
        assert segments.write(records())[0].segment != kept.segment


def test_what_is_durable_but_cannot_be_sealed_is_acknowledged_and_the_next_write_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with writer(tmp_path, max_bytes=1) as segments:
        (kept, _) = segments.write(records(b"kept"))
        monkeypatch.setattr(segments_module.os, "fchmod", failing(os.fchmod, errno.EIO))
        assert segments.commit() is None
        monkeypatch.undo()
        assert kept.segment in segments.committed_ends()
        with pytest.raises(StorageError, match="sealing"):
            segments.write(records())
        assert read_record(tmp_path, kept).block().endswith(b"kept")
        assert segments.write(records())[0].segment != kept.segment


def test_a_real_size_limit_is_met_like_a_full_disk(tmp_path: Path) -> None:
    program = f"""
import resource, signal, sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from warc_exchanges import exchange, response, writer
from archiver.errors import DiskFullError
from archiver.storage.warc import exchange_records
import os
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
with writer(Path({str(tmp_path)!r})) as segments:
    segments.write(exchange_records(exchange(response(b"kept"))))
    segments.commit()
    large = exchange_records(exchange(response(os.urandom(400_000))))
    for _ in range(2):
        try:
            segments.write(large)
            segments.commit()
        except DiskFullError as error:
            print(error)
    segments.write(exchange_records(exchange(response(b"after"))))
    segments.commit()
"""
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("no room while writing") == 2
    (path,) = tmp_path.iterdir()
    assert [block[-5:] for block in blocks(path)][::2] == [b"\nkept", b"after"]


def test_a_folder_that_is_gone_is_an_error_that_names_it(tmp_path: Path) -> None:
    with writer(tmp_path / "gone") as segments, pytest.raises(StorageError, match="gone"):
        segments.write(records())


@pytest.mark.parametrize(
    "name", ["../etc/passwd", "a/b.warc.gz", ".warc.gz", "x.warc.gz/", "x.txt", "absent.warc.gz"]
)
def test_only_segments_of_the_folder_are_found(tmp_path: Path, name: str) -> None:
    (tmp_path / "x.txt").write_text("x")
    with pytest.raises(NotFoundError):
        find_segment(tmp_path, name)


def test_segments_are_listed_oldest_first_with_the_open_ones(tmp_path: Path) -> None:
    for name in ("b.warc.gz", "a.warc.gz.open", "c.txt", "a.warc.gz.torn-7", ".x.warc.gz"):
        (tmp_path / name).write_bytes(b"")
    assert [path.name for path in segment_files(tmp_path)] == ["a.warc.gz.open", "b.warc.gz"]
    assert [segment_name(path) for path in segment_files(tmp_path)] == ["a.warc.gz", "b.warc.gz"]
    assert segment_files(tmp_path / "absent") == []


def test_text_is_compressed_and_pictures_are_stored(tmp_path: Path) -> None:
    text, picture = b"<p>It rained.</p>" * 6000, b"It is a picture. " * 6000
    jpeg = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n"
    brotli = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: br\r\n\r\n"
    svg = b"HTTP/1.1 200 OK\r\nContent-Type: image/svg+xml\r\n\r\n"
    with writer(tmp_path) as segments:
        lengths = [
            segments.write(exchange_records(exchange(answer)))[0].length
            for answer in (
                response(text),
                response(picture, head=svg),
                response(picture, head=jpeg),
                response(text, head=brotli),
            )
        ]
    assert max(lengths[:2]) < 10_000
    assert min(lengths[2:]) > 100_000

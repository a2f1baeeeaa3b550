"""Closes what a killed process left open: nothing that was acknowledged is lost, nothing torn stays."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archiver.model.capture import RecordLocation
from archiver.model.digest import Digest
from archiver.storage.warc.conformance import RecordedDigest
from archiver.storage.warc.members import MemberReader
from archiver.storage.warc.reader import RecordError, Unpacked
from archiver.storage.warc.segments import (
    OPEN_SUFFIX,
    is_segment_name,
    lock,
    seal_file,
    segment_name,
    storage_error,
    sync_folder,
)


@dataclass(frozen=True, slots=True)
class RecoveredSegment:
    """A segment that was left open and is now sealed.

    `records` are those found whole after the end that the index knew. `torn_bytes` were cut off and kept
    in `NAME.torn-OFFSET`. `lost_bytes` are bytes that the index knew of and that the file no longer has: the
    disk did not keep its promise. With `size` 0 nothing was left and the file is gone.
    """

    name: str
    size: int
    digest: Digest
    torn_bytes: int
    lost_bytes: int
    records: tuple[RecordLocation, ...]


def recover(folder: Path, indexed_end: Callable[[str], int]) -> Iterator[RecoveredSegment]:
    """Mend and seal each segment in `folder` that no running process holds, oldest first.

    `indexed_end` gives the offset up to which the index knows a segment, 0 for an unknown one; what stands
    before it is not read again. Safe to be killed at any step and called again. Raises StorageError.
    """
    for path in sorted(folder.glob(f"*.warc.gz{OPEN_SUFFIX}")):
        if not is_segment_name(segment_name(path)):
            continue
        try:
            descriptor = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            continue  # its writer has sealed it meanwhile
        except OSError as error:
            raise storage_error(error, f"opening {path}") from error
        try:
            if lock(descriptor) and path.exists():
                yield _recovered(path, descriptor, indexed_end(segment_name(path)))
        except OSError as error:
            raise storage_error(error, f"recovering {path}") from error
        finally:
            os.close(descriptor)


def _recovered(path: Path, descriptor: int, indexed_end: int) -> RecoveredSegment:
    size = os.fstat(descriptor).st_size
    start = indexed_end if indexed_end <= size else 0
    records, whole_end = _whole_records(path, start)
    if whole_end < size:
        _set_aside(path, descriptor, whole_end)
        os.ftruncate(descriptor, whole_end)
    digest = _file_digest(descriptor)
    if whole_end:
        seal_file(descriptor, path)
    else:
        path.unlink()
        sync_folder(path.parent)
    return RecoveredSegment(
        name=segment_name(path),
        size=whole_end,
        digest=digest,
        torn_bytes=size - whole_end,
        lost_bytes=max(0, indexed_end - whole_end),
        records=records,
    )


def _whole_records(path: Path, start: int) -> tuple[tuple[RecordLocation, ...], int]:
    """The records from `start` to the first that is torn, and where it begins."""
    name = segment_name(path)
    records = []
    end = start
    with MemberReader(path, start) as members, contextlib.suppress(ValueError):
        while members.open_member():
            unpacked = Unpacked(members)
            recorded = RecordedDigest(_block_digest(unpacked))
            for piece in unpacked.chunks():
                recorded.update(piece)
            if not recorded.fits:
                break
            records.append(RecordLocation(name, end, members.position - end))
            end = members.position
    return tuple(records), end


def _block_digest(unpacked: Unpacked) -> str:
    for name, value in unpacked.fields:
        if name.lower() == "warc-block-digest":
            return value
    raise RecordError("the record has no WARC-Block-Digest")


def _set_aside(path: Path, descriptor: int, offset: int) -> None:
    """Keep a durable copy of the bytes from `offset`: the cut must be reversible."""
    aside = path.with_name(f"{segment_name(path)}.torn-{offset}")
    unfinished = aside.with_name(aside.name + ".part")
    with open(descriptor, "rb", closefd=False) as torn, unfinished.open("wb") as copy:
        torn.seek(offset)
        shutil.copyfileobj(torn, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())
    unfinished.rename(aside)
    sync_folder(path.parent)


def _file_digest(descriptor: int) -> Digest:
    with open(descriptor, "rb", closefd=False) as content:
        content.seek(0)
        return Digest(hashlib.file_digest(content, "sha256").digest())

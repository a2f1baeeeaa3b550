"""Brings the index level with the WARC files: after a crash for the tail of one file, on demand for all."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archiver.model.capture import Capture, RecordLocation, RecordType
from archiver.model.snapshot import Snapshot
from archiver.storage import snapshot_codec
from archiver.storage.index import Index
from archiver.storage.warc import (
    StoredRecord,
    capture_of_record,
    iterate_records,
    recover,
    segment_files,
    segment_name,
)

GROUP = 500
"""Records indexed in one transaction."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """What was brought into the index."""

    segments: int = 0
    captures: int = 0
    snapshots: int = 0
    torn_bytes: int = 0

    def __add__(self, other: Indexed) -> Indexed:
        return Indexed(
            self.segments + other.segments,
            self.captures + other.captures,
            self.snapshots + other.snapshots,
            self.torn_bytes + other.torn_bytes,
        )


def recover_segments(folder: Path, index: Index) -> Indexed:
    """Close what a crashed process left open: index its complete records, set a torn tail aside, seal it.

    Segments that a running process holds are left alone. Raises StorageError when a file cannot be mended.
    """
    total = Indexed()
    for segment in recover(folder, index.indexed_end):
        if not segment.size:
            continue
        found = _index_segment(folder / segment.name, index, start=index.indexed_end(segment.name))
        index.segment_sealed(segment.name, segment.size, segment.digest)
        total += found + Indexed(segments=1, torn_bytes=segment.torn_bytes)
    return total


def reindex(folder: Path, index: Index, on_progress: Callable[[int], None] = lambda _bytes: None) -> Indexed:
    """Replace the whole index by what the WARC files in `folder` say.

    The old index stays in place until the new one is complete. Raises DamagedRecordError when a file
    cannot be read; nothing is replaced then.
    """
    total = Indexed()
    with index.rebuild() as fresh:
        for path in segment_files(folder):
            total += _index_segment(path, fresh) + Indexed(segments=1)
            on_progress(path.stat().st_size)
    return total


def _index_segment(path: Path, index: Index, start: int = 0) -> Indexed:
    total = Indexed()
    name = segment_name(path)
    end = start
    for group in _groups(iterate_records(path, start)):
        captures: list[Capture] = []
        snapshots: list[tuple[Snapshot, RecordLocation]] = []
        for record in group:
            end = record.location.offset + record.location.length
            snapshot = snapshot_of_record(record)
            if snapshot:
                snapshots.append((snapshot, record.location))
                continue
            capture = capture_of_record(record)
            if capture:
                captures.append(capture)
        index.record(captures, indexed_ends={name: end}, snapshots=snapshots)
        total += Indexed(captures=len(captures), snapshots=len(snapshots))
    return total


def snapshot_of_record(record: StoredRecord) -> Snapshot | None:
    """The snapshot that a metadata record holds, or None when it holds something else."""
    if record.type is not RecordType.METADATA or record.content_type != snapshot_codec.MIME:
        return None
    return snapshot_codec.decode(record.block())


def _groups(records: Iterable[StoredRecord]) -> Iterator[list[StoredRecord]]:
    iterator = iter(records)
    while group := list(itertools.islice(iterator, GROUP)):
        yield group

"""Fixity: re-reads what is stored and holds it against what was recorded, in the file and in the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from archiver.model.capture import IMPORTED, Capture, RecordType
from archiver.model.snapshot import Snapshot
from archiver.storage.index import Index, Segment
from archiver.storage.warc import (
    OPEN_SUFFIX,
    CheckedRecord,
    Fault,
    check_segment,
    segment_files,
    segment_name,
)

_LINKED = ("payload_digest", "payload_length")
"""What the index knows of a foreign revisit from what it refers to."""


@dataclass(slots=True)
class Verified:
    """The count of what was checked so far, and the faults."""

    segments: int = 0
    records: int = 0
    captures: int = 0
    bytes: int = 0
    faults: int = 0


def verify_folder(
    folder: Path,
    index: Index,
    count: Verified,
    names: tuple[str, ...] = (),
    on_progress: Callable[[int], None] = lambda _bytes: None,
) -> Iterator[Fault]:
    """Check every segment (or those in `names`) strictly, then each against the index; yields each fault.

    In the file: member framing, lengths, digests, required fields. Against the index: that every capture's
    record is where the index says and is what it says, that every record is indexed, that no segment of
    the index is absent, and that a sealed segment has the digest that it was sealed with.
    """
    present = {segment_name(path): path for path in segment_files(folder)}
    known = {segment.name for segment in index.segments()}
    for name in names or sorted({*present, *known}):
        path = present.get(name)
        if path is None:
            fault = Fault(name, 0, "the index knows this segment, but the file is not there")
            count.faults += 1
            yield fault
            continue
        segment = index.segment(name)
        if segment is None and path.suffix == OPEN_SUFFIX:
            continue  # another process has just begun it, and nothing in it is acknowledged
        count.segments += 1
        before = count.bytes
        for fault in _verify_segment(path, name, segment, index, count):
            count.faults += 1
            yield fault
        on_progress(count.bytes - before)


def segments_of(index: Index, snapshot: Snapshot) -> list[str]:
    """The names of the segments with the records of `snapshot` and those that its revisits refer to."""
    names: dict[str, None] = {}
    own = index.snapshot_location(snapshot.id)
    if own:
        names[own.segment] = None
    for record_id in snapshot.record_ids:
        capture = index.capture(record_id)
        if capture:
            names[capture.location.segment] = None
            if capture.original:
                names[capture.original.location.segment] = None
    return list(names)


def verify_file(path: Path, count: Verified) -> Iterator[Fault]:
    """Check one WARC file strictly by itself, without an index."""
    count.segments += 1
    for found in check_segment(path):
        if isinstance(found, Fault):
            count.faults += 1
            yield found
        else:
            count.records += 1
            count.bytes += found.record.location.length


def _verify_segment(
    path: Path, name: str, segment: Segment | None, index: Index, count: Verified
) -> Iterator[Fault]:
    if segment is None:
        yield Fault(name, 0, "the file is not in the index (archiver reindex brings it in)")
    end = None  # of an open segment, which grows meanwhile, what was indexed when we looked
    if path.suffix == OPEN_SUFFIX and segment:
        end = segment.indexed_end
    expected = {
        capture.location.offset: capture
        for capture in index.captures_in_segment(name)
        if end is None or capture.location.offset < end
    }
    count.captures += len(expected)
    copied: Counter[str] = Counter()
    for found in check_segment(path, segment.digest if segment else None, end=end):
        if isinstance(found, Fault):
            yield found
            continue
        count.records += 1
        count.bytes += found.record.location.length
        capture = expected.pop(found.record.location.offset, None)
        if capture is None and (other := _indexed_elsewhere(name, found, index)):
            copied[other] += 1
        else:
            yield from _against_index(name, found, capture, segment)
    for other, records in copied.items():
        if not name.startswith(IMPORTED):  # foreign files may overlap
            yield Fault(
                name, 0, f"{records} of its records are indexed in {other}; keep one of the two files"
            )
    for offset, capture in sorted(expected.items()):
        yield Fault(name, offset, f"the index has {capture.target_uri} here, but no record begins here")


def _indexed_elsewhere(name: str, checked: CheckedRecord, index: Index) -> str | None:
    """The other segment in which the index has this very record."""
    stored = checked.capture
    twin = index.capture(stored.record_id) if stored else None
    if not stored or not twin or twin.location.segment == name:
        return None
    return twin.location.segment if twin.payload_digest == stored.payload_digest else None


def _against_index(
    name: str, checked: CheckedRecord, capture: Capture | None, segment: Segment | None
) -> Iterator[Fault]:
    offset = checked.record.location.offset
    stored = checked.capture
    if capture is None:
        if stored is not None and segment is not None:
            yield Fault(
                name, offset, f"{stored.target_uri} is not in the index (archiver reindex brings it in)"
            )
        return
    if stored is None:
        yield Fault(
            name, offset, f"the index has {capture.target_uri} here, but the record is something else"
        )
        return
    for field in (
        "record_id", "target_uri", "captured_at", "record_type", "status", "mime", "payload_digest",
        "payload_length", "truncated", "location",
    ):  # fmt: skip
        said, is_ = getattr(capture, field), getattr(stored, field)
        if field in _LINKED and capture.imported_from and capture.record_type is RecordType.REVISIT:
            continue
        if said != is_:
            yield Fault(name, offset, f"{field} is {is_} in the record, but {said} in the index")

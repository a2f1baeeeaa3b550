"""Reads the files of an archive once and holds each record against the index and the log."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from archiver.errors import DamagedRecordError
from archiver.fixity.metadata import MetadataCheck
from archiver.fixity.stated import logged_files, prepare, prepare_for, settle, state_elsewhere
from archiver.model.capture import IMPORTED, Capture, RecordType
from archiver.model.digest import Digest
from archiver.model.snapshot import Snapshot
from archiver.storage.index import Index, Segment
from archiver.storage.ledger.reckoning import Reckoning
from archiver.storage.ledger.stated import seal_of
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
    statements: int = 0
    bytes: int = 0
    faults: int = 0


def verify_folder(
    folder: Path,
    index: Index,
    count: Verified,
    names: tuple[str, ...] = (),
    on_progress: Callable[[int], None] = lambda _bytes: None,
    snapshots: Sequence[str] = (),
) -> Iterator[Fault]:
    """Check every segment (or those in `names`) strictly, against the index and the log; yields each fault.

    In the file: member framing, lengths, digests, required fields. Against the index: that every capture,
    snapshot, event, statement and record of the log is where the index says and is what it says, that every
    such record is indexed, that no segment of the index is absent, and that snapshots state the payloads of
    their captures. Against the log: that a file has the digest that it was sealed with and that was logged,
    that every record is as the statements name it, and that every entry has its statement.

    With `names`, what is in other files is not missed, but for the records of the `snapshots` named.
    """
    is_whole = not names
    with Reckoning() as reckoning:
        if is_whole:
            yield from _counted(prepare(reckoning, index), count)
        for identifier in snapshots:
            yield from _counted(prepare_for(reckoning, index, identifier), count)
        logged = logged_files(index, folder)
        # of one moment: else what one process writes into its file seems to name what another's lacks
        known = {segment.name: segment for segment in index.segments()}
        pass_ = _Pass(index, count, reckoning, known, logged)
        present = {segment_name(path): path for path in segment_files(folder)}
        for name in names or sorted({*present, *known}):
            yield from _counted(pass_.segment(name, present.get(name)), count)
            on_progress(pass_.read)
        if not is_whole:
            missed = state_elsewhere(reckoning, index, folder, pass_.snapshots, pass_.ends)
            yield from _counted(missed, count)
        yield from _counted(settle(reckoning, folder, pass_.ends, None if is_whole else snapshots), count)


def _counted(faults: Iterable[Fault], count: Verified) -> Iterator[Fault]:
    for fault in faults:
        count.faults += 1
        yield fault


def segments_of(index: Index, snapshot: Snapshot) -> list[str]:
    """The segments with the records of `snapshot`, what its revisits refer to, the statements about it."""
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
    names |= dict.fromkeys(statement.location.segment for statement in index.ledger.about(snapshot.id))
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


class _Pass:
    """One reading of the files; `ends` are those read, and up to where if not to their end."""

    def __init__(
        self,
        index: Index,
        count: Verified,
        reckoning: Reckoning,
        known: Mapping[str, Segment],
        logged: Mapping[str, Digest],
    ) -> None:
        self._index = index
        self._known = known
        self._count = count
        self._reckoning = reckoning
        self._logged = logged
        self.ends: dict[str, int | None] = {}
        self.snapshots: list[str] = []
        self.read = 0
        """Bytes of the last segment."""

    def segment(self, name: str, path: Path | None) -> Iterator[Fault]:
        """The faults of one segment."""
        self.read = 0
        if path is None:
            yield Fault(name, 0, "the index knows this segment, but the file is not there")
            return
        segment = self._known.get(name)
        if segment is None and (path.suffix == OPEN_SUFFIX or self._index.segment(name)):
            return  # another process has just begun it
        self._count.segments += 1
        before = self._count.bytes
        yield from self._checked(path, name, segment)
        self.read = self._count.bytes - before

    def _checked(self, path: Path, name: str, segment: Segment | None) -> Iterator[Fault]:
        if segment is None:
            yield Fault(name, 0, "the file is not in the index (archiver reindex brings it in)")
        end = None  # of an open segment, which grows meanwhile, what was indexed when we looked
        if path.suffix == OPEN_SUFFIX and segment:
            end = segment.indexed_end
        self.ends[name] = end
        sealed, logged = segment.digest if segment else None, self._logged.get(name)
        if sealed and logged and sealed != logged:
            yield Fault(name, 0, f"the index has the file as sealed as {sealed}, but logged was {logged}")
        captures = _Captures(name, segment, self._index, end)
        self._count.captures += captures.expected
        metadata = MetadataCheck(self._index, self._reckoning, indexed=segment is not None)
        for found in check_segment(path, logged or sealed, end=end):
            if isinstance(found, Fault):
                yield found
                continue
            self._count.records += 1
            self._count.bytes += found.record.location.length
            yield from captures.take(found)
            if not name.startswith(IMPORTED):  # nothing is stated of single records of foreign files
                record_id = (found.record.field("WARC-Record-ID") or "").strip("<>")
                self._reckoning.record(record_id, seal_of(found), found.record.location)
                yield from metadata.take(found)
        yield from metadata.finish()
        yield from captures.finish(metadata.copied)
        self.snapshots += metadata.snapshots
        self._count.statements += metadata.statements


class _Captures:
    """The captures of one segment, as found in the file and as the index has them."""

    def __init__(self, name: str, segment: Segment | None, index: Index, end: int | None) -> None:
        self._name = name
        self._segment = segment
        self._index = index
        self._expected = {
            capture.location.offset: capture
            for capture in index.captures_in_segment(name)
            if end is None or capture.location.offset < end
        }
        self.expected = len(self._expected)
        self._copied: Counter[str] = Counter()

    def take(self, found: CheckedRecord) -> Iterator[Fault]:
        """What is wrong with one record."""
        offset = found.record.location.offset
        capture = self._expected.pop(offset, None)
        try:
            stored = found.capture
        except (DamagedRecordError, ValueError, OverflowError) as error:
            yield Fault(self._name, offset, str(error))
            return
        if capture is None and (other := _indexed_elsewhere(self._name, stored, self._index)):
            self._copied[other] += 1
        else:
            yield from _against_index(self._name, offset, stored, capture, self._segment)

    def finish(self, others: Mapping[str, int]) -> Iterator[Fault]:
        """What is wrong with the segment; `others` are metadata records that other segments hold too."""
        for other, records in (self._copied + Counter(others)).items():
            if not self._name.startswith(IMPORTED):  # foreign files may overlap
                message = f"{records} of its records are indexed in {other}; keep one of the two files"
                yield Fault(self._name, 0, message)
        for offset, capture in sorted(self._expected.items()):
            yield Fault(
                self._name, offset, f"the index has {capture.target_uri} here, but no record begins here"
            )


def _indexed_elsewhere(name: str, stored: Capture | None, index: Index) -> str | None:
    """The other segment in which the index has this very record."""
    twin = index.capture(stored.record_id) if stored else None
    if not stored or not twin or twin.location.segment == name:
        return None
    return twin.location.segment if twin.payload_digest == stored.payload_digest else None


def _against_index(
    name: str, offset: int, stored: Capture | None, capture: Capture | None, segment: Segment | None
) -> Iterator[Fault]:
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

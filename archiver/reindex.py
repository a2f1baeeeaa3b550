"""Brings the index level with the WARC files: after a crash for the tail of one file, on demand for all."""

from __future__ import annotations

import hashlib
import itertools
import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import UUID

from archiver.errors import DamagedRecordError, NotFoundError, StorageError
from archiver.model.capture import Capture, RecordLocation, RecordType, imported_from
from archiver.model.digest import Digest
from archiver.model.snapshot import Snapshot
from archiver.storage import snapshot_codec
from archiver.storage.index import (
    ARTICLE_MIME,
    EVENT_MIME,
    Extraction,
    IdentifiedEvent,
    Index,
    Segment,
    decode_article,
    decode_event,
)
from archiver.storage.ledger.documents import (
    LOG_MIME,
    STATEMENT_MIME,
    IdentifiedLogDocument,
    StoredStatement,
    decode_log,
    read_statement,
)
from archiver.storage.warc import (
    OPEN_SUFFIX,
    Fault,
    RecordedDigest,
    StoredRecord,
    capture_of_record,
    check_segment,
    iterate_records,
    parse_date,
    parse_record_id,
    read_record,
    recover,
    segment_files,
    segment_name,
)

log = logging.getLogger(__name__)

GROUP = 500
"""Records indexed in one transaction."""


@dataclass(frozen=True, slots=True)
class Indexed:
    """What was brought into the index.

    `torn_bytes` were cut off and set aside. `lost_bytes` were once durable, and the disk has them no more.
    `damaged` counts the records that cannot be read and so are not in the index.
    """

    segments: int = 0
    captures: int = 0
    snapshots: int = 0
    torn_bytes: int = 0
    lost_bytes: int = 0
    damaged: int = 0

    def __add__(self, other: Indexed) -> Indexed:
        return Indexed(
            self.segments + other.segments,
            self.captures + other.captures,
            self.snapshots + other.snapshots,
            self.torn_bytes + other.torn_bytes,
            self.lost_bytes + other.lost_bytes,
            self.damaged + other.damaged,
        )


OnDamage = Callable[[str], None]


def log_damage(message: str) -> None:
    """Where damage is told that nobody asked about."""
    log.warning("%s", message)


def recover_segments(folder: Path, index: Index, on_damage: OnDamage = log_damage) -> Indexed:
    """Bring file and index level after a process that did not end well; a no-op otherwise.

    A segment left open is cut behind its last whole record (the torn tail is set aside), indexed and sealed.
    One that was sealed when the process died is indexed to its end. Segments that a running process holds are
    left alone. What was mended is logged. Raises StorageError when a file cannot be mended.
    """
    total = Indexed()
    for segment in recover(folder, index.indexed_end):
        if not segment.size:
            continue
        path = folder / segment.name
        total += _index_segment(path, index, on_damage, start=index.indexed_end(segment.name))
        index.segment_sealed(segment.name, segment.size, segment.digest)
        total += Indexed(segments=1, torn_bytes=segment.torn_bytes, lost_bytes=segment.lost_bytes)
    known = {segment.name: segment.sealed for segment in index.segments()}
    unknown = Indexed()
    for path in segment_files(folder):
        if path.suffix == OPEN_SUFFIX or known.get(path.name):
            continue
        found = index_file(path, index, on_damage)
        if path.name in known:  # it was sealed when its process died
            total += found
        else:
            unknown += found
    _report(total)
    if unknown.segments:
        index.ledger.number_again()  # what stands in the log already must not be logged a second time
        log.warning(
            "%d WARC file(s) that the index did not know: %d captures brought into it",
            unknown.segments, unknown.captures,
        )  # fmt: skip
    return total + unknown


def index_file(path: Path, index: Index, on_damage: OnDamage = log_damage) -> Indexed:
    """Bring a sealed segment into the index, from what is known of it on."""
    found = _index_segment(path, index, on_damage, start=index.indexed_end(path.name))
    index.segment_sealed(path.name, path.stat().st_size, _digest(path))
    if imported_from(path.name):
        link_revisits(path.parent, index)
    return found + Indexed(segments=1)


def _report(mended: Indexed) -> None:
    if mended.segments:
        log.warning(
            "mended %d WARC file(s) of a process that did not end well: %d captures brought into the index,"
            " %d torn bytes set aside", mended.segments, mended.captures, mended.torn_bytes,
        )  # fmt: skip
    if mended.lost_bytes:
        log.error(
            "the disk lost %d bytes that it had confirmed to be stored; run archiver verify, and reindex when"
            " the files cannot be restored", mended.lost_bytes,
        )  # fmt: skip


def reindex(
    folder: Path,
    index: Index,
    on_progress: Callable[[int], None] = lambda _bytes: None,
    on_damage: OnDamage = log_damage,
) -> Indexed:
    """Replace the whole index by what the WARC files in `folder` say.

    The old index stays in place until the new one is complete. A record that cannot be read is told to
    `on_damage` and left out; the records behind it are found again. The digests that files were sealed with
    are kept, so that a file that changed since is still told from one that did not. A file whose captures an
    earlier one holds too is told to `on_damage`; they count once.
    """
    total = Indexed()
    sealed = {segment.name: segment for segment in index.segments() if segment.sealed}
    with index.rebuild() as fresh:
        for path in segment_files(folder):
            is_open = path.suffix == OPEN_SUFFIX  # its writer goes on while we read
            until = index.indexed_end(segment_name(path)) if is_open else None
            found = _index_segment(path, fresh, on_damage, until=until) + Indexed(segments=1)
            known = fresh.stats().total.captures
            twice = total.captures + found.captures - known
            if twice and not imported_from(path.name):  # foreign files may overlap
                on_damage(
                    f"{path.name}: {twice} of its captures are in an earlier file too; keep one of the two"
                )
            total = replace(total + found, captures=known)
            if not is_open:
                size = path.stat().st_size
                _mark_sealed(path, size, sealed.get(path.name), fresh)
                on_progress(size)
        fresh.ledger.number_again()
        link_revisits(folder, fresh)
    return total


def _mark_sealed(path: Path, size: int, before: Segment | None, index: Index) -> None:
    if before and before.size is not None and before.digest:
        index.segment_sealed(path.name, before.size, before.digest)
    else:
        index.segment_sealed(path.name, size, _digest(path))


def _digest(path: Path) -> Digest:
    with path.open("rb") as file:
        return Digest(hashlib.file_digest(file, "sha256").digest())


def _index_segment(
    path: Path, index: Index, on_damage: OnDamage, start: int = 0, until: int | None = None
) -> Indexed:
    total = Indexed()
    name = segment_name(path)
    end = start

    def damaged(message: str) -> None:
        nonlocal total
        total += Indexed(damaged=1)
        on_damage(message)

    for group in _groups(_readable_records(path, start, until, damaged)):
        batch = _Batch()
        for record in group:
            end = record.location.offset + record.location.length
            try:
                batch.add(record)
            except DamagedRecordError as error:
                damaged(str(error))
        index.record(
            batch.captures,
            indexed_ends={name: end},
            snapshots=batch.snapshots,
            events=batch.events,
            extractions=batch.extractions,
            statements=batch.statements,
            log_documents=batch.log_documents,
        )
        total += Indexed(captures=len(batch.captures), snapshots=len(batch.snapshots))
    return total


def link_revisits(folder: Path, index: Index) -> None:
    """Find what the revisits in imported files refer to, where they do not say it with a sha256.

    By the record id or by URL and date, as WARC 1.1 (6.7.2) has it; what is found counts only when its
    payload has the digest that the revisit states.
    """
    for revisit in index.unlinked_revisits():
        try:
            record = read_record(folder, revisit.location)
            original = _referred_to(record, index)
            if original and _has_digest(folder, original, record.field("WARC-Payload-Digest")):
                index.link_revisit(revisit.record_id, original)
        except (NotFoundError, StorageError) as error:
            log.warning("what %s refers to cannot be read: %s", revisit.target_uri, error)


def _referred_to(record: StoredRecord, index: Index) -> Capture | None:
    named = record.field("WARC-Refers-To")
    found = index.capture(parse_record_id(named)) if named else None
    uri, date = record.field("WARC-Refers-To-Target-URI"), record.field("WARC-Refers-To-Date")
    if found is None and uri and date:
        try:
            moment = parse_date(date)
        except ValueError:
            return None
        found = index.closest(uri.strip("<>"), moment, same_case=True)
        found = found if found and found.captured_at == moment else None
    return found if found and found.is_complete else None


def _has_digest(folder: Path, original: Capture, stated: str | None) -> bool:
    """Whether the payload has this digest, in whatever algorithm; a 304 states none."""
    if stated is None:
        return True
    try:
        expected, framed = RecordedDigest(stated), RecordedDigest(stated)
    except ValueError:
        return False
    record = read_record(folder, original.location)
    for piece in record.payload():
        expected.update(piece)
    for piece in record.http_body():
        framed.update(piece)
    return expected.fits or framed.fits


class _Batch:
    """What some records hold, by kind."""

    def __init__(self) -> None:
        self.captures: list[Capture] = []
        self.snapshots: list[tuple[Snapshot, RecordLocation]] = []
        self.events: list[IdentifiedEvent] = []
        self.extractions: list[Extraction] = []
        self.statements: list[StoredStatement] = []
        self.log_documents: list[IdentifiedLogDocument] = []

    def add(self, record: StoredRecord) -> None:
        """Take in one record. Raises DamagedRecordError, naming its place, when it is not what it says."""
        try:
            self._add(record)
        except (DamagedRecordError, ValueError, OverflowError, RecursionError) as error:
            place = f"{record.location.segment} at {record.location.offset}"
            said = str(error) if isinstance(error, DamagedRecordError) else f"{type(error).__name__}: {error}"
            said = said if said.startswith(place) else f"{place}: {said}"
            raise DamagedRecordError(said) from error

    def _add(self, record: StoredRecord) -> None:
        is_ours = record.location.imported_from is None  # a foreign file's statements and log are not ours
        kind = record.content_type if is_ours and record.type is RecordType.METADATA else None
        if kind == snapshot_codec.MIME:
            self.snapshots.append((snapshot_codec.decode(record.block()), record.location))
        elif kind == EVENT_MIME:
            self.events.append((decode_event(record.block()), record.record_id))
        elif kind == STATEMENT_MIME:
            self.statements.append(read_statement(record.block(), record.location))
        elif kind == LOG_MIME:
            self.log_documents.append((decode_log(record.block()), record.record_id))
        elif kind == ARTICLE_MIME:
            page = record.field("WARC-Refers-To") or ""
            page_id = UUID(page.strip("<>").removeprefix("urn:uuid:"))
            self.extractions.append((decode_article(record.block()), page_id))
        elif capture := capture_of_record(record):
            self.captures.append(capture)


def _readable_records(
    path: Path, start: int, until: int | None, on_damage: OnDamage
) -> Iterator[StoredRecord]:
    """The records from `start`; from the first that cannot be read on with the means of `archiver verify`."""
    end = start
    try:
        for record in iterate_records(path, start, until):
            end = record.location.offset + record.location.length
            yield record
    except DamagedRecordError:
        faults: list[Fault] = []
        for found in check_segment(path, start=end, end=until):
            if isinstance(found, Fault):
                faults.append(found)
            else:
                faults = [fault for fault in faults if fault.offset != found.record.location.offset]
                yield found.record
        for fault in faults:
            on_damage(f"{fault.segment} at {fault.offset}: {fault.message}")


def _groups(records: Iterable[StoredRecord]) -> Iterator[list[StoredRecord]]:
    iterator = iter(records)
    while group := list(itertools.islice(iterator, GROUP)):
        yield group

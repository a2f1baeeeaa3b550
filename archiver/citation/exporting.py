"""Makes a bundle of snapshots: copies their records as they are, proves them, writes the rest around them."""

from __future__ import annotations

import base64
import os
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import IO, Protocol
from urllib.parse import urlsplit

from archiver.citation import rotation
from archiver.citation.bundle import WARC, Evidence, derived_files, event_line, file_digest, labelled, package
from archiver.citation.checkpoint import Checkpoint, LogProof
from archiver.citation.note import Note, parse_note
from archiver.citation.sequencer import LogPlace
from archiver.citation.statement import read_canonical
from archiver.citation.timestamps import embedded_certificates
from archiver.citation.withdrawal import Withdrawals
from archiver.errors import DamagedRecordError, StorageError
from archiver.model.capture import RecordLocation
from archiver.model.snapshot import Snapshot
from archiver.storage.index import Index
from archiver.storage.ledger.documents import Batch, Cosignature, LogDocument, StoredStatement, Timestamp
from archiver.storage.warc import find_segment, iterate_records, read_record
from archiver.storage.warc.evidence import RecordEvidence, exchange_evidence, record_evidence

_EPOCH = (1980, 1, 1, 0, 0, 0)
_NOT_IN_NAME = re.compile(r"[^0-9A-Za-z.-]+")


@dataclass(frozen=True, slots=True)
class Chosen:
    """The checkpoint that a bundle rests on: signed and cosigned, with its timestamps."""

    size: int
    note: Note
    stamps: tuple[Timestamp, ...]

    @property
    def witnesses(self) -> tuple[str, ...]:
        """Who cosigned it, by name."""
        return tuple(signature.name for signature in self.note.signatures if signature.signed_at)


class Log(Protocol):
    """What a bundle is made from: the log of an archive, open for writing or only read."""

    @property
    def index(self) -> Index:
        """The index of the archive."""

    @property
    def folder(self) -> Path:
        """Where its WARC files are."""

    @property
    def place(self) -> LogPlace:
        """Where the published log is."""

    def statement_of(self, snapshot: Snapshot) -> StoredStatement:
        """The capture statement of a snapshot."""

    def sequence(self) -> Checkpoint | None:
        """Log what waits."""


def export_bundle(
    ledger: Log,
    snapshots: Sequence[Snapshot],
    output: Path,
    *,
    archive: str = "",
    base_url: str = "",
) -> Chosen:
    """Write the bundle of `snapshots` to `output`, whole or not at all; the same state gives the same bytes.

    What is not yet in the log is logged first. Raises WithdrawnError, DamagedRecordError when a record is not
    what was stated, StorageError.
    """
    statements = [_logged(ledger, snapshot) for snapshot in snapshots]
    documents = [read_record(ledger.folder, statement.location).block() for statement in statements]
    chosen = choose_checkpoint(ledger, max(statement.leaf or 0 for statement in statements))
    evidence = Evidence(
        statements=tuple(documents),
        proofs=tuple(_proof(ledger, statement, chosen).encode() for statement in statements),
        stamps={name: base64.b64decode(stamp.response) for name, stamp in _named(chosen.stamps)},
        certificates={
            name: embedded_certificates(base64.b64decode(stamp.response))
            for name, stamp in _named(chosen.stamps)
        },
        events=_events(ledger, snapshots, chosen),
        rotations=_rotations(ledger, chosen),
        archive=archive,
        base_url=base_url,
    )
    created = max(str(read_canonical(document)["issued"]) for document in documents)
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=".bundle-") as scratch:
        warc = Path(scratch) / "data.warc.gz"
        _copy_records(ledger, snapshots, documents, warc)
        files = {**evidence.files(), **derived_files(evidence, list(iterate_records(warc)))}
        listed = {path: (len(content), labelled(content)) for path, content in files.items()}
        listed[WARC] = file_digest(warc)
        _write_zip(Path(scratch) / "bundle.wacz", {**package(evidence, listed, created), **files}, warc)
        try:
            (Path(scratch) / "bundle.wacz").replace(output)
        except OSError as error:
            raise StorageError(f"cannot write {output}: {error.strerror}") from error
    return chosen


def choose_checkpoint(ledger: Log, leaf: int) -> Chosen:
    """The earliest checkpoint with `leaf` that was timestamped; else cosigned; else the newest."""
    known = ledger.index.ledger
    stamp = next(known.documents("timestamp", leaf + 1), None)
    cosignature = next(known.documents("cosignature", leaf + 1), None)
    earliest = stamp or cosignature
    size = earliest.size if earliest else ledger.place.files().size
    stamps = [d for d in _of_size(known.documents("timestamp", size), size) if isinstance(d, Timestamp)]
    cosigned = [d for d in _of_size(known.documents("cosignature", size), size) if isinstance(d, Cosignature)]
    batches = (d for d in known.documents("batch", size) if isinstance(d, Batch) and d.size == size)
    note = parse_note(next(batches).checkpoint)
    for one in cosigned:
        signature = parse_note(f"{note.text}\n{one.line}\n").signatures[0]
        if all((s.name, s.key_id) != (signature.name, signature.key_id) for s in note.signatures):
            note = note.signed(signature)
    return Chosen(size, note, tuple(stamps))


def _of_size(documents: Iterator[LogDocument], size: int) -> Iterator[LogDocument]:
    """Those of one tree; documents come by size, and there may be years of later ones."""
    return takewhile(lambda document: document.size == size, documents)


def _logged(ledger: Log, snapshot: Snapshot) -> StoredStatement:
    Withdrawals(ledger.index, ledger.folder).check_snapshot(snapshot)
    statement = ledger.statement_of(snapshot)
    if statement.leaf is None:
        ledger.sequence()
        statement = ledger.statement_of(snapshot)
    if statement.leaf is None:
        raise StorageError(f"the statement of {snapshot.id} could not be logged; see archiver log audit")
    return statement


def _proof(ledger: Log, statement: StoredStatement, chosen: Chosen) -> str:
    assert statement.leaf is not None
    tree = ledger.place.files().tree()
    return str(
        LogProof(statement.leaf, tuple(tree.inclusion_proof(statement.leaf, chosen.size)), chosen.note)
    )


def _named(stamps: Iterable[Timestamp]) -> list[tuple[str, Timestamp]]:
    """Each timestamp with the name of its authority as it can stand in a file's name."""
    named: dict[str, Timestamp] = {}
    for stamp in stamps:
        parts = urlsplit(stamp.authority)
        named.setdefault(_NOT_IN_NAME.sub("-", f"{parts.netloc}{parts.path}").strip("-."), stamp)
    return sorted(named.items())


def _events(ledger: Log, snapshots: Sequence[Snapshot], chosen: Chosen) -> bytes:
    lines = []
    for snapshot in snapshots:
        for statement in ledger.index.ledger.about(snapshot.id):
            if statement.kind == "capture" or statement.leaf is None:
                continue
            at = chosen if statement.leaf < chosen.size else choose_checkpoint(ledger, statement.leaf)
            document = read_record(ledger.folder, statement.location).block()
            lines.append(event_line(document, _proof(ledger, statement, at)))
    return "".join(lines).encode()


def _rotations(ledger: Log, chosen: Chosen) -> bytes:
    """The announcements of keys up to the one that signed, each under the checkpoint that logged it."""
    lines = []
    for statement in ledger.index.ledger.about(Checkpoint.parse(chosen.note.text).origin):
        if statement.kind != rotation.KIND or statement.leaf is None or statement.leaf >= chosen.size:
            continue
        batches = ledger.index.ledger.documents("batch", statement.leaf + 1)
        batch = next(document for document in batches if isinstance(document, Batch))
        at = Chosen(batch.size, parse_note(batch.checkpoint), ())
        document = read_record(ledger.folder, statement.location).block()
        lines.append(rotation.announcement(document, _proof(ledger, statement, at)))
    return "".join(lines).encode()


def _copy_records(
    ledger: Log, snapshots: Sequence[Snapshot], documents: Sequence[bytes], target: Path
) -> None:
    """Copy every stated record's gzip member, unchanged; each is held against the statement first."""
    written: set[str] = set()
    with target.open("wb") as out:
        for snapshot, document in zip(snapshots, documents, strict=True):
            stated = read_canonical(document)
            wanted = {r["id"]: r["record_sha256"] for r in (*stated["records"], *stated["originals"])}
            for record in _stored(ledger, snapshot):
                expected = wanted.pop(record.record_id, None)
                if expected is None or record.record_id in written:
                    continue
                if expected != str(record.record_sha256):
                    raise DamagedRecordError(
                        f"{record.location.segment} at {record.location.offset} is not what was stated of"
                        f" {record.record_id}; restore the file from a copy (archiver fixity repair)"
                    )
                _copy_member(ledger.folder, record.location, out)
                written.add(record.record_id)
            if missing := set(wanted) - written:
                raise DamagedRecordError(f"{snapshot.id}: the stored records lack {next(iter(missing))}")


def _stored(ledger: Log, snapshot: Snapshot) -> Iterable[RecordEvidence]:
    locations: list[RecordLocation] = []
    originals: list[RecordLocation] = []
    for record_id in snapshot.record_ids:
        capture = ledger.index.capture(record_id)
        if capture is None:
            raise DamagedRecordError(f"the index lacks the record {record_id}; run archiver reindex")
        locations.append(capture.location)
        if capture.original:
            originals.append(capture.original.location)
    yield from exchange_evidence(ledger.folder, locations)
    own = ledger.index.snapshot_location(snapshot.id)
    if own:
        yield record_evidence(ledger.folder, own)
    for location in dict.fromkeys(originals):
        yield record_evidence(ledger.folder, location)


def _copy_member(folder: Path, location: RecordLocation, out: IO[bytes]) -> None:
    with find_segment(folder, location.segment).open("rb") as file:
        file.seek(location.offset)
        left = location.length
        while left:
            piece = file.read(min(left, 1 << 20))
            if not piece:
                raise DamagedRecordError(f"{location.segment} ends within the record at {location.offset}")
            out.write(piece)
            left -= len(piece)


def _write_zip(target: Path, files: dict[str, bytes], warc: Path) -> None:
    """All stored, in the order of their names, with one fixed date: the same files give the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as bundle:
        for path in sorted((*files, WARC)):
            info = zipfile.ZipInfo(path, _EPOCH)
            info.external_attr = 0o644 << 16
            info.create_system = 3
            if path == WARC:
                info.file_size = warc.stat().st_size
                with bundle.open(info, "w") as out, warc.open("rb") as source:
                    shutil.copyfileobj(source, out, 1 << 20)
            else:
                bundle.writestr(info, files[path])
    with target.open("rb") as file:
        os.fsync(file.fileno())

"""Takes foreign WARC files into the archive: checked strictly first, copied, and for ever told from our own.

A foreign file is untrusted input. Nothing it says of itself is believed, no index that came with it is read,
and nothing in it becomes a snapshot, a statement or a log entry of this archive. Where it came from is stated
in the log, in a WARC file of ours.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from archiver import __version__
from archiver.citation.ledger_writer import LedgerWriter
from archiver.citation.reference import one_line
from archiver.citation.statement import later_statement, read_canonical
from archiver.errors import DamagedRecordError, DiskFullError, StorageError, UnsafeInputError
from archiver.model.capture import RecordType
from archiver.model.digest import Digest
from archiver.reindex import index_file
from archiver.storage.index import Index
from archiver.storage.warc import (
    CheckedRecord,
    Copied,
    Fault,
    Form,
    check_segment,
    copy_as_members,
    form_of,
    imported_segment,
    imported_segment_name,
    parse_warc_fields,
    publish_imported,
    read_record,
)

SOFTWARE = f"news-archiver/{__version__}"
KIND = "import"
"""The kind of the statement that says where a file came from; its subject is the file's name here."""

MOST_FAULTS = 20
"""Faults of one file that are told; what follows from the first is rarely worth reading."""

_STAGING = ".import-"
_LOOK_EVERY = 16 << 20
_SAID = ("software", "operator", "isPartOf", "format", "hostname")
"""What is kept of what a foreign warcinfo record says (WARC 1.1, 6.2)."""
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Imported:
    """A foreign file that is in the archive as `segment`; `is_known` when it was there before.

    `digest` and `bytes` are those of the file as it was given; `is_repacked` says that its records were
    compressed anew, unchanged.
    """

    file: str
    segment: str
    digest: Digest
    bytes: int
    records: int = 0
    captures: int = 0
    is_repacked: bool = False
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class _Staged:
    """A copy that was found sound, beside the archive."""

    source: Path
    path: Path
    form: Form
    copied: Copied
    records: int
    captures: int
    said: dict[str, str]


class Importer:
    """Imports files into the archive that `ledger` writes to.

    With less than `free_floor` bytes of disk space nothing is copied. `on_fault` is told everything that is
    wrong with the files, `on_progress` the bytes that were read or written.
    """

    def __init__(
        self,
        ledger: LedgerWriter,
        *,
        operator: str | None = None,
        free_floor: int = 0,
        on_fault: Callable[[str], None],
        on_progress: Callable[[int], None] = lambda _bytes: None,
    ) -> None:
        self._ledger = ledger
        self._operator = operator
        self._free_floor = free_floor
        self._on_fault = on_fault
        self._on_progress = on_progress
        self._unlooked = _LOOK_EVERY

    def run(self, files: Sequence[Path]) -> list[Imported]:
        """Import all of `files`, or none when one is not sound. One that is in the archive is passed over.

        Raises UnsafeInputError after telling `on_fault` what is wrong; StorageError.
        """
        folder = self._ledger.folder
        with _staging(folder) as staging:
            results: list[Imported | _Staged] = []
            ids: set[UUID] = set()
            seen: set[Digest] = set()
            refused = 0
            for file in files:
                try:
                    digest = _digest(file)
                    if digest not in seen:
                        results.append(self._known(file, digest) or self._stage(file, digest, staging, ids))
                    seen.add(digest)
                except UnsafeInputError as error:
                    self._on_fault(str(error))
                    refused += 1
            if refused:
                raise UnsafeInputError(f"{refused} of {len(files)} files cannot be imported; nothing was")
            return [self._keep(one) if isinstance(one, _Staged) else one for one in results]

    def _known(self, file: Path, digest: Digest) -> Imported | None:
        """The file as it is in the archive; what an import that was killed left undone is done."""
        folder = self._ledger.folder
        name = imported_segment(folder, digest)
        if name is None:
            return None
        index, length = self._ledger.index, file.stat().st_size
        segment = index.segment(name)
        if segment is None or not segment.sealed:
            index_file(folder / name, index, self._on_fault)
        said = origin_of(index, folder, name) or {}
        if not said:
            self._state(name, {"file": _described(file.name, length, digest)})
        return Imported(
            file.name, name, digest, length, said.get("records", 0), said.get("captures", 0),
            is_repacked="stored" in said, is_known=True,
        )  # fmt: skip

    def _stage(self, file: Path, digest: Digest, staging: Path, ids: set[UUID]) -> _Staged:
        """A checked copy in `staging`; `ids` are those of the captures in the files before.

        Raises UnsafeInputError, DiskFullError, StorageError.
        """
        form = form_of(file)
        partial = staging / "partial"
        partial.unlink(missing_ok=True)
        copied = copy_as_members(file, partial, form, self._step)
        if copied.read != digest:
            raise UnsafeInputError(f"{file} changed while it was read; try again")
        path = partial.rename(staging / imported_segment_name(copied.read, file.name))
        survey = _Survey(file, self._ledger.index, ids)
        for found in check_segment(path):
            if isinstance(found, Fault):
                survey.fault(found.offset, found.message)
            else:
                survey.record(found)
                self._on_progress(found.record.location.length)
            if len(survey.faults) >= MOST_FAULTS:
                break
        survey.finish()
        for fault in survey.faults:
            self._on_fault(fault)
        if survey.faults:
            path.unlink()
            raise UnsafeInputError(f"{file} is not imported")
        return _Staged(file, path, form, copied, survey.records, survey.captures, survey.said)

    def _keep(self, staged: _Staged) -> Imported:
        """Put a checked copy into the archive: the file first, then the index, then where it came from."""
        folder, copied, name = self._ledger.folder, staged.copied, staged.path.name
        is_repacked = staged.form is not Form.MEMBERS
        publish_imported(staged.path, folder)
        index_file(folder / name, self._ledger.index, self._on_fault)
        facts: dict[str, Any] = {
            "file": _described(staged.source.name, copied.read_bytes, copied.read),
            "packed": staged.form.value,
            "records": staged.records,
            "captures": staged.captures,
            "warcinfo": staged.said or None,
        }
        if is_repacked:
            facts["stored"] = _described(name, copied.written_bytes, copied.written)
        self._state(name, {key: value for key, value in facts.items() if value is not None})
        return Imported(
            staged.source.name, name, copied.read, copied.read_bytes, staged.records, staged.captures,
            is_repacked=is_repacked,
        )  # fmt: skip

    def _state(self, name: str, facts: dict[str, Any]) -> None:
        """Say in the log who brought the file in, and what it was."""
        ledger = self._ledger
        said = {**facts, "by": self._operator, "software": SOFTWARE}
        statement = later_statement(KIND, name, datetime.now(UTC), said)
        ledger.state(statement, f"metadata://{ledger.place.key().name}/import/{name}")
        ledger.sequence()

    def _step(self, count: int) -> None:
        """Count bytes that were read or written; now and then look whether there is room."""
        self._on_progress(count)
        self._unlooked += count
        if self._unlooked < _LOOK_EVERY or not self._free_floor:
            return
        self._unlooked = 0
        found = os.statvfs(self._ledger.folder)
        free = found.f_bavail * found.f_frsize
        if free < self._free_floor + _LOOK_EVERY:
            raise DiskFullError(
                f"only {free // 1_000_000} MB are free for {self._ledger.folder}, too little beside the"
                f" {self._free_floor // 1_000_000} MB of storage.free_floor; free some space, import again"
            )


class _Survey:
    """What one file holds, and what is wrong with it."""

    def __init__(self, file: Path, index: Index, ids: set[UUID]) -> None:
        self._file = file
        self._index = index
        self._ids = ids
        self._new: list[UUID] = []
        self.faults: list[str] = []
        self.records = 0
        self.captures = 0
        self.said: dict[str, str] = {}

    def fault(self, offset: int, message: str) -> None:
        """Something is wrong with the record at `offset`."""
        self.faults.append(f"{self._file} at {offset}: {message}")

    def record(self, checked: CheckedRecord) -> None:
        """A record whose framing is whole."""
        self.records += 1
        record = checked.record
        if record.type is RecordType.WARCINFO and not self.said:
            self.said = _said(next(record.chunks(), b""))
        try:
            capture = checked.capture
        except (DamagedRecordError, ValueError, OverflowError) as error:
            self.fault(record.location.offset, str(error).partition("; ")[0])
            return
        if capture is None:
            return
        self.captures += 1
        if capture.record_id in self._ids:
            self.fault(record.location.offset, f"the record {capture.record_id} is in these files twice")
        self._ids.add(capture.record_id)
        self._new.append(capture.record_id)
        if len(self._new) >= _AT_ONCE:
            self.finish()

    def finish(self) -> None:
        """Look up the record ids that were seen and not yet looked up."""
        known = self._index.known(self._new)
        self._new.clear()
        for record_id in sorted(known):
            capture = self._index.capture(record_id)
            place = f" (in {capture.location.segment})" if capture else ""
            self.faults.append(f"{self._file}: the record {record_id} is in this archive already{place}")


def origin_of(index: Index, folder: Path, segment: str) -> dict[str, Any] | None:
    """What is stated of where an imported segment came from; None when it is not (import it again)."""
    for statement in index.ledger.about(segment):
        if statement.kind == KIND:
            return read_canonical(read_record(folder, statement.location).block())
    return None


def _digest(file: Path) -> Digest:
    try:
        with file.open("rb") as opened:
            return Digest(hashlib.file_digest(opened, "sha256").digest())
    except OSError as error:
        raise UnsafeInputError(f"{file} cannot be read: {error.strerror}") from error


def _said(block: bytes) -> dict[str, str]:
    """What a foreign warcinfo says of its making, as text that is safe to keep."""
    said: dict[str, str] = {}
    for name, value in parse_warc_fields(block):
        if name in _SAID and name not in said and (line := one_line(value)):
            said[name] = line
    return said


def _described(name: str, length: int, digest: Digest) -> dict[str, Any]:
    return {"name": one_line(name) or "unnamed", "bytes": length, "sha256": str(digest)}


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    """A folder for copies that are not yet part of the archive, gone at the end; left-overs go too."""
    folder.mkdir(parents=True, exist_ok=True)
    for left in folder.glob(f"{_STAGING}*"):
        with _locked(left) as is_free:
            if is_free:
                shutil.rmtree(left, ignore_errors=True)
    try:
        made = Path(tempfile.mkdtemp(dir=folder, prefix=_STAGING))
    except OSError as error:
        raise StorageError(f"{folder} cannot be written to: {error.strerror}") from error
    with _locked(made):
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """The lock on a folder while it is used; False when another process has it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)

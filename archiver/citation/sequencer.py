"""The one sequencer: puts waiting statements into the log and signs a checkpoint over it.

A batch is in the WARC files and in the index before its checkpoint is published, so that the log can be made
anew from the archive. What contradicts an earlier signature is never signed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archiver.citation.checkpoint import Checkpoint, leaf_of_digest
from archiver.citation.keys import SigningKey, install_next, next_key, open_key, public_key
from archiver.citation.note import KeyKind, Note, VerifierKey, parse_note, sign
from archiver.citation.rotation import KIND, Rotation, retired, rotations
from archiver.errors import LogRefusedError, StorageError
from archiver.storage.index import Index
from archiver.storage.ledger.documents import LOG_MIME, Batch, LogDocument, encode_log
from archiver.storage.ledger.files import LogFiles, locked, read_checkpoint
from archiver.storage.warc import Record, SegmentWriter, metadata_record

SIGNED = "log.signed"
"""In the keys' folder: the newest checkpoint that was signed, so that a restored log is found out."""


@dataclass(frozen=True, slots=True)
class LogPlace:
    """Where the log of an archive is: its files, its keys, and the name that a new key gets."""

    log: Path
    keys: Path
    name: str = ""

    def key(self) -> SigningKey:
        """The log's signing key, made on first use."""
        return open_key(self.keys, "log", KeyKind.LOG, self.name)

    def note(self) -> Note | None:
        """The newest published checkpoint."""
        text = read_checkpoint(self.log)
        return parse_note(text) if text else None

    def files(self) -> LogFiles:
        """The published log."""
        note = self.note()
        return LogFiles(self.log, Checkpoint.parse(note.text).size if note else 0)


class Sequencer:
    """Sequences for one index; several processes may try, one at a time does."""

    def __init__(self, place: LogPlace, index: Index, folder: Path) -> None:
        self._place = place
        self._index = index
        self._folder = folder

    def sequence(self, writer: SegmentWriter, *, wait: bool = False) -> Checkpoint | None:
        """Log what waits; the newest checkpoint, or None when another process is at it or nothing was ever.

        Raises LogRefusedError when the log, the index and the key do not agree on the past.
        """
        with locked(self._place.log, wait=wait) as is_mine:
            if not is_mine:
                return None
            files = self._level()
            waiting = [statement.digest.value for statement in self._index.ledger.waiting()]
            if waiting:
                self._refuse_a_retired_key()
                self._append(files, waiting, writer)
            note = self._place.note()
            return Checkpoint.parse(note.text) if note else None

    def rotate(self, writer: SegmentWriter, announce: Callable[[VerifierKey, VerifierKey], None]) -> Rotation:
        """Give the log a new key, which `announce` states as the last thing under the old one.

        What waits is logged with it. Killed before the new key is in its place, it is finished by calling it
        again. Raises LogRefusedError, ConfigurationError, StorageError.
        """
        with locked(self._place.log, wait=True):
            old = self._place.key().public
            new = next_key(self._place.keys, "log", KeyKind.LOG, old.name).public
            known = self._rotations(old.name)
            if retired(known, old) is None:
                files = self._level()
                if all(waiting.kind != KIND for waiting in self._index.ledger.waiting()):
                    announce(old, new)
                self._append(files, [one.digest.value for one in self._index.ledger.waiting()], writer)
                known = self._rotations(old.name)
            rotation = retired(known, old)
            if rotation is None or rotation.new != new:
                raise LogRefusedError(
                    f"the log announced another key than the one in {self._place.keys}; restore that folder"
                    " from a newer copy"
                )
            install_next(self._place.keys, "log")
            return rotation

    def _rotations(self, origin: str) -> list[Rotation]:
        return rotations(self._index, self._folder, origin)

    def level(self) -> Checkpoint | None:
        """Bring the published log level with the index without signing anything. Raises LogRefusedError."""
        with locked(self._place.log, wait=True):
            self._level()
            note = self._place.note()
            return Checkpoint.parse(note.text) if note else None

    def _level(self) -> LogFiles:
        files = self._place.files()
        known = self._index.ledger.size()
        if files.size > known:
            raise LogRefusedError(
                f"the log has {files.size} entries, but the index knows of {known} only: the database was"
                " restored from an older copy; run `archiver reindex` (nothing is signed until then)"
            )
        signed = self._signed()
        if signed and signed.size > known:
            raise _another_past(signed, known)
        if files.size < known:
            self._catch_up(files)
        if signed and files.tree().root(signed.size) != signed.root:
            raise _another_past(signed, files.size)
        note = self._place.note()
        if note and (signed is None or Checkpoint.parse(note.text).size > signed.size):
            self._remember(note)
        return files

    def _catch_up(self, files: LogFiles) -> None:
        """Publish what is recorded and not published: after a crash, or all of it after a loss."""
        key = self._place.key().public
        for batch in self._index.ledger.documents("batch", files.size + 1):
            assert isinstance(batch, Batch)
            note = parse_note(batch.checkpoint)
            tree = files.tree()
            digests = batch.digests
            tree.append([leaf_of_digest(digest) for digest in digests])
            signed = Checkpoint.parse(note.text)
            if batch.first != files.size or (signed.size, signed.root) != (tree.size, tree.root()):
                raise LogRefusedError(
                    f"the recorded batch of entries {batch.first} to {batch.size} does not continue the log"
                    f" of {files.size} entries; restore the home from a copy"
                )
            if signed.origin == key.name:
                note.verified_by(key)
            files.append(digests, batch.checkpoint)

    def _signed(self) -> Checkpoint | None:
        """The newest checkpoint that the key signed: it must not sign a smaller or another tree."""
        try:
            text = (self._place.keys / SIGNED).read_text("utf-8")
        except FileNotFoundError:
            return None
        return Checkpoint.parse(parse_note(text).text)

    def _refuse_a_retired_key(self) -> None:
        """A key that announced another must not sign again."""
        key = public_key(self._place.keys, "log")
        rotation = retired(self._rotations(key.name), key) if key else None
        if rotation:
            raise LogRefusedError(
                f"the key in {self._place.keys} was replaced on {rotation.at:%Y-%m-%d}: restore that folder"
                " from a newer copy, or run `archiver keys rotate` again if it was interrupted; nothing is"
                " signed until then"
            )

    def _append(self, files: LogFiles, digests: Sequence[bytes], writer: SegmentWriter) -> None:
        key = self._place.key()
        tree = files.tree()
        tree.append([leaf_of_digest(digest) for digest in digests])
        text = Checkpoint(key.name, tree.size, tree.root()).text()
        note = Note(text, (sign(text, key.name, key.private),))
        batch = Batch.of(files.size, digests, str(note))
        record_log(self._index, writer, key.name, batch)
        self._remember(note)
        files.append(digests, str(note))

    def _remember(self, note: Note) -> None:
        path = self._place.keys / SIGNED
        partial = path.with_name(f".{SIGNED}")
        try:
            partial.write_text(str(note), encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}") from error


def _another_past(signed: Checkpoint, size: int) -> LogRefusedError:
    return LogRefusedError(
        f"this key has signed a log of {signed.size} entries that the log of {size} entries here does not"
        " continue: the home was restored from an older copy. Restore the newer WARC files and run"
        " `archiver reindex`; nothing is signed until then"
    )


def record_log(index: Index, writer: SegmentWriter, origin: str, document: LogDocument) -> None:
    """Write what the log did into the WARC files, then into the index."""
    record = metadata_record(
        f"metadata://{origin}/log/{document.size}", datetime.now(UTC), encode_log(document), LOG_MIME
    )
    write_and_index(index, writer, record, document)


def write_and_index(index: Index, writer: SegmentWriter, record: Record, document: LogDocument) -> None:
    """One record, durable first and indexed then."""
    writer.write([record])
    writer.commit(may_seal=False)
    index.record([], indexed_ends=writer.committed_ends(), log_documents=[(document, record.record_id)])

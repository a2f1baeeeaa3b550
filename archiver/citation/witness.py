"""A witness: cosigns a log's checkpoint only if it continues the last one that it saw.

It keeps its own key and its own memory, away from the archive; a log that shows different pasts to different
people is found out because no witness signs both.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

from archiver.citation.checkpoint import Checkpoint
from archiver.citation.keys import SigningKey
from archiver.citation.note import Note, Signature, VerifierKey, cosign, parse_note
from archiver.errors import LogRefusedError, StorageError, UnsafeInputError
from archiver.storage.ledger.files import LogFiles, read_checkpoint
from archiver.storage.ledger.tree import verify_consistency


class Witness:
    """Cosigns checkpoints of logs whose keys it was given; `state` is its folder."""

    def __init__(self, state: Path, key: SigningKey) -> None:
        self._state = state
        self._key = key

    def cosign(self, log: Path, log_key: VerifierKey, moment: datetime) -> Signature:
        """The cosignature of the newest checkpoint in the published log at `log`.

        Raises LogRefusedError for a fork or a smaller tree, UnsafeInputError for what is not signed by the
        log's key.
        """
        text = read_checkpoint(log)
        if text is None:
            raise UnsafeInputError(f"there is no checkpoint in {log}")
        note = parse_note(text)
        offered = Checkpoint.parse(note.text)
        if offered.origin != log_key.name or note.verified_by(log_key) is None:
            raise UnsafeInputError(
                f"the checkpoint in {log} is not signed by {log_key.name} with this key; ask the archive"
                " whether it has a new key (archiver keys)"
            )
        self._refuse_a_fork(LogFiles(log, offered.size), offered)
        self._remember(offered, note)
        return cosign(note.text, self._key.name, self._key.private, moment)

    def _refuse_a_fork(self, files: LogFiles, offered: Checkpoint) -> None:
        seen = self._last(offered.origin)
        if seen is None:
            return
        if offered.size < seen.size:
            raise LogRefusedError(
                f"{offered.origin} shows {offered.size} entries, but showed {seen.size} before; not signed"
            )
        try:
            tree = files.tree()
            proof = tree.consistency_proof(seen.size)
            continues = verify_consistency(seen.size, seen.root, offered.size, offered.root, proof)
        except ValueError as error:
            raise UnsafeInputError(f"the log cannot prove that it continues: {error}") from None
        if not continues:
            raise LogRefusedError(
                f"{offered.origin} with {offered.size} entries does not continue the log of {seen.size}"
                " entries that was signed before: its past was changed. Not signed; keep both as evidence"
            )

    def _last(self, origin: str) -> Checkpoint | None:
        path = self._path(origin)
        if not path.exists():
            return None
        return Checkpoint.parse(parse_note(path.read_text(encoding="utf-8")).text)

    def _remember(self, checkpoint: Checkpoint, note: Note) -> None:
        path = self._path(checkpoint.origin)
        partial = path.with_suffix(".partial")
        try:
            partial.write_text(str(note), encoding="utf-8")
            partial.replace(path)
        except OSError as error:
            raise StorageError(f"{path} cannot be written: {error.strerror}") from error

    def _path(self, origin: str) -> Path:
        return self._state / f"{hashlib.sha256(origin.encode()).hexdigest()[:32]}.checkpoint"

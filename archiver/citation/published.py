"""The log of an archive for those who only read: nothing is stated, signed or written."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from archiver.citation.checkpoint import Checkpoint
from archiver.citation.exporting import choose_checkpoint
from archiver.citation.sequencer import LogPlace
from archiver.errors import ArchiverError
from archiver.model.snapshot import Snapshot
from archiver.storage.index import Index
from archiver.storage.ledger.documents import StoredStatement


class NotLoggedError(ArchiverError):
    """The snapshot is not in the log yet, so nothing can be proven of it; it will be in a minute or so."""


@dataclass(frozen=True, slots=True)
class PublishedLog:
    """The log as it stands, to make bundles from."""

    index: Index
    folder: Path
    place: LogPlace

    def statement_of(self, snapshot: Snapshot) -> StoredStatement:
        """The capture statement of a snapshot, as logged. Raises NotLoggedError."""
        for statement in self.index.ledger.about(snapshot.id):
            if statement.kind == "capture" and statement.leaf is not None:
                return statement
        raise NotLoggedError(f"{snapshot.id} is not in the log yet; try again in a minute")

    def sequence(self) -> Checkpoint | None:
        """Nothing: whoever archives logs what waits."""
        return None

    def state_of(self, snapshot: Snapshot) -> str:
        """What the bundle of a snapshot depends on, as a digest: the same state gives the same bundle.

        Raises NotLoggedError.
        """
        leaf = self.statement_of(snapshot).leaf or 0
        about = [one for one in self.index.ledger.about(snapshot.id) if one.leaf is not None]
        chosen = [choose_checkpoint(self, one.leaf or 0) for one in about if one.leaf != leaf]
        chosen.insert(0, choose_checkpoint(self, leaf))
        stated = [str(one.digest) for one in about]
        proven = [(str(one.note), [stamp.authority for stamp in one.stamps]) for one in chosen]
        return hashlib.sha256(json.dumps([snapshot.id, stated, proven]).encode()).hexdigest()

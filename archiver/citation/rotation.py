"""A new key for the log, announced in the log itself under the old one.

Who trusts the old key can check the announcement, but is not made to trust the new key by it: keys come from
the archive to the reader's policy, by a way that the reader chooses.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from archiver.citation.checkpoint import LogProof, entry_of
from archiver.citation.note import VerifierKey
from archiver.citation.statement import later_statement, read_canonical
from archiver.errors import ArchiverError, DamagedRecordError, UnsafeInputError
from archiver.storage.index import Index
from archiver.storage.ledger.tree import leaf_digest, verify_inclusion
from archiver.storage.warc import read_record

KIND = "key-rotation"


@dataclass(frozen=True, slots=True)
class Rotation:
    """That the log signs with the key `new` instead of `old`; `leaf` is its entry, where that is known."""

    old: VerifierKey
    new: VerifierKey
    at: datetime
    leaf: int | None = None


def rotation_statement(old: VerifierKey, new: VerifierKey, by: str | None) -> bytes:
    """What announces the key `new` of a log."""
    facts = {"old": str(old), "new": str(new), "by": by}
    return later_statement(KIND, old.name, datetime.now(UTC), facts)


def rotations(index: Index, folder: Path, origin: str) -> list[Rotation]:
    """The logged rotations of the log `origin`, oldest first. Raises DamagedRecordError, UnsafeInputError."""
    found = []
    for statement in index.ledger.about(origin):
        if statement.kind == KIND and statement.leaf is not None:
            stated = read_canonical(read_record(folder, statement.location).block())
            found.append(_rotation(stated, statement.leaf))
    return found


def retired(known: Sequence[Rotation], key: VerifierKey) -> Rotation | None:
    """The rotation that took `key` out of use; None for a key that still signs."""
    return next((rotation for rotation in known if rotation.old == key), None)


def successor(known: Sequence[Rotation], key: VerifierKey) -> Rotation | None:
    """The last of the rotations that lead on from `key`; None when there is none."""
    last: Rotation | None = None
    for _ in known:
        following = retired(known, last.new if last else key)
        if following is None:
            break
        last = following
    return last


def announcement(statement: bytes, proof: str) -> str:
    """A rotation as a line of a bundle, with the proof under the old key."""
    return json.dumps({"statement": statement.decode(), "proof": proof}, ensure_ascii=False) + "\n"


def read_announcements(content: bytes) -> Iterator[Rotation]:
    """The rotations that a bundle tells, each in a log that its old key signed. Raises UnsafeInputError."""
    *lines, end = content.decode().split("\n")
    if end:
        raise UnsafeInputError("the announcements of keys are cut off")
    for line in lines:
        said = json.loads(line)
        statement = said["statement"].encode()
        if announcement(statement, said["proof"]) != f"{line}\n":
            raise UnsafeInputError("an announcement of a key is not written as it must be")
        stated = read_canonical(statement)
        if stated.get("kind") != KIND:
            raise UnsafeInputError("an announcement of a key is something else")
        rotation = _rotation(stated, None)
        proof = LogProof.parse(said["proof"])
        leaf, signed = leaf_digest(entry_of(statement)), proof.checkpoint
        if not verify_inclusion(leaf, proof.index, signed.size, proof.path, signed.root):
            raise UnsafeInputError("the announcement of a key is not in the log that its proof shows")
        if signed.origin != rotation.old.name or proof.note.verified_by(rotation.old) is None:
            raise UnsafeInputError("the announcement of a key is not signed with the key before it")
        yield rotation


def _rotation(stated: dict[str, Any], leaf: int | None) -> Rotation:
    try:
        old, new = VerifierKey.parse(stated["old"]), VerifierKey.parse(stated["new"])
        at = datetime.fromisoformat(stated["issued"])
    except (KeyError, TypeError, AttributeError, ValueError, ArchiverError) as error:
        raise DamagedRecordError(f"the announcement of a key is damaged: {error}") from None
    if old.name != new.name or stated["id"] != old.name:
        raise DamagedRecordError("the announcement of a key is of a key with another name")
    return Rotation(old, new, at, leaf)

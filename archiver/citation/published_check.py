"""Holds the published files of the log against what was recorded: the checkpoint, every tile and entry.

What is published is what witnesses and mirrors see, so a recorded copy that is sound says nothing of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path

from archiver.citation.checkpoint import Checkpoint, leaf_of_digest
from archiver.citation.note import Note, VerifierKey, parse_note
from archiver.citation.rotation import Rotation, rotations
from archiver.errors import ArchiverError, UnsafeInputError
from archiver.storage.index import Index
from archiver.storage.ledger.documents import Batch, Cosignature
from archiver.storage.ledger.files import CHECKPOINT, ENTRY, LogFiles, read_checkpoint
from archiver.storage.ledger.tree import SIZE, WIDTH, TileTree

FOREVER = 2**62

Term = tuple[VerifierKey, int]
"""A key, and the number of the first entry that it does not sign for."""

_TILE = re.compile(r"tile/(entries|0|[1-9][0-9]?)/((?:x[0-9]{3}/)*[0-9]{3})(?:\.p/([1-9][0-9]{0,2}))?")
_PUBLISHED = "the published checkpoint"
_PREFIX = ENTRY.to_bytes(2, "big") + b"\x01"
"""What stands before the digest of a statement in a bundle of entries."""


def signing_terms(index: Index, folder: Path, key: VerifierKey | None) -> list[Term]:
    """The keys in the order in which they signed; `key` is the one that signs now. Raises ArchiverError."""
    return terms_of(rotations(index, folder, key.name), key) if key else []


def terms_of(known: Sequence[Rotation], key: VerifierKey) -> list[Term]:
    """The same from the rotations that are known."""
    ended = [(rotation.old, rotation.leaf + 1) for rotation in known if rotation.leaf is not None]
    return [*ended, (key, FOREVER)]


def signer(terms: Sequence[Term], batch: Batch) -> VerifierKey | None:
    """The key that must have signed over a batch."""
    return next((key for key, end in terms if batch.first < end), None)


def wrong_checkpoint(folder: Path, index: Index, terms: Sequence[Term], tree: TileTree) -> Iterator[str]:
    """What is wrong with the published checkpoint; `tree` is of the entries that it is held against."""
    recorded = index.ledger.size()
    text = read_checkpoint(folder)
    if text is None:
        if recorded:
            yield f"there is no published checkpoint, but {recorded} entries are recorded"
        return
    try:
        note = parse_note(text)
        signed = Checkpoint.parse(note.text)
        if signed.size != recorded:
            yield f"{_PUBLISHED} has {signed.size} entries, {recorded} are recorded"
        yield from _unsound(note, signed, index, terms, tree)
    except (ArchiverError, ValueError) as error:
        yield f"{_PUBLISHED}: {error}"


def is_replaceable(folder: Path, index: Index, terms: Sequence[Term], tree: TileTree) -> bool:
    """Whether the published checkpoint is unsound and can be made anew from what is recorded.

    One of more entries than are recorded is not: it may be all that is left of them.
    """
    text = read_checkpoint(folder)
    if text is None:
        return False
    try:
        note = parse_note(text)
        signed = Checkpoint.parse(note.text)
        return signed.size <= index.ledger.size() and any(_unsound(note, signed, index, terms, tree))
    except UnsafeInputError:
        return True


def _unsound(
    note: Note, signed: Checkpoint, index: Index, terms: Sequence[Term], tree: TileTree
) -> Iterator[str]:
    """Raises UnsafeInputError for a signature that is wrong, ValueError when the tree cannot say."""
    origins = {key.name for key, _ in terms}
    if signed.origin not in origins:
        expected = " or ".join(sorted(origins)) or "any known key"
        yield f"{_PUBLISHED} is of the log {signed.origin}, not of {expected}"
    batches = index.ledger.documents("batch", signed.size)
    batch = next((one for one in batches if isinstance(one, Batch)), None)
    if batch is None or batch.size != signed.size:
        yield f"{_PUBLISHED}: none of {signed.size} entries was ever recorded"
        return
    recorded = Checkpoint.parse(parse_note(batch.checkpoint).text)
    if signed.root != recorded.root or signed.root != tree.root(signed.size):
        yield f"the root of {_PUBLISHED} is not that of the {signed.size} entries"
    key = signer(terms, batch)
    own = note.verified_by(key) if key else None
    if own is None:
        yield f"{_PUBLISHED} is not signed by the key of its time"
    lines = takewhile(lambda one: one.size == signed.size, index.ledger.documents("cosignature", signed.size))
    cosigned = {one.line for one in lines if isinstance(one, Cosignature)}
    for signature in note.signatures:
        if signature != own and signature.line() not in cosigned:
            yield f"{_PUBLISHED} carries a signature of {signature.name} that was never recorded"


def wrong_tiles(files: LogFiles, tree: TileTree) -> Iterator[str]:
    """Every tile and bundle of entries that is there, superseded ones too, and those that must be.

    What lies behind the last entry is what a crash may have left; nobody is told of it.
    """
    missing = {path for path in files.paths() if path != CHECKPOINT}
    for path in sorted((files.folder / "tile").rglob("*")):
        if path.is_dir() or path.name.startswith("."):
            continue
        relative = path.relative_to(files.folder).as_posix()
        missing.discard(relative)
        match = _TILE.fullmatch(relative)
        if match is None:
            yield f"{path} is no file of the log"
            continue
        level = 0 if match[1] == "entries" else int(match[1])
        number, width = int(re.sub("[x/]", "", match[2])), int(match[3] or WIDTH)
        if number * WIDTH + width > tree.size >> 8 * level:
            continue
        if wrong := _wrong_tile(path, match[1], tree.tile(level, number)[: width * SIZE], number):
            yield wrong
    for relative in sorted(missing):
        yield f"{files.folder / relative} is missing; archiver log rebuild makes it anew"


def _wrong_tile(path: Path, name: str, digests: bytes, number: int) -> str | None:
    try:
        content = path.read_bytes()
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"
    again = "archiver log rebuild makes it anew"
    if name != "entries":
        return None if content == digests else f"{path} is not the one that was logged; {again}"
    step = len(_PREFIX) + SIZE
    if len(content) != len(digests) // SIZE * step:
        return f"{path} has another length than was logged; {again}"
    for place in range(len(digests) // SIZE):
        entry = content[place * step : (place + 1) * step]
        leaf = leaf_of_digest(entry[len(_PREFIX) :])
        if not entry.startswith(_PREFIX) or leaf != digests[place * SIZE : (place + 1) * SIZE]:
            return f"entry {number * WIDTH + place} in {path} is not the one that was logged; {again}"
    return None

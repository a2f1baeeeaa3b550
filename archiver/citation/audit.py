"""Audits the log from the ground up: every entry, tile and checkpoint, every statement in the WARC files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from archiver.citation.checkpoint import Checkpoint, leaf_of_digest
from archiver.citation.note import VerifierKey, parse_note
from archiver.errors import ArchiverError
from archiver.model.digest import Digest
from archiver.storage.index import Index
from archiver.storage.ledger.documents import Batch
from archiver.storage.ledger.files import LogFiles
from archiver.storage.ledger.tree import TileTree
from archiver.storage.warc import read_record


def audit_log(files: LogFiles, index: Index, folder: Path, keys: dict[str, VerifierKey]) -> Iterator[str]:
    """What is wrong, one line each: with the published files, the recorded batches, the statements.

    `keys` are the log's by name; checkpoints of other origins cannot be checked and are told.
    """
    tree = TileTree(0, lambda _level, _number: b"")
    for batch in index.ledger.documents("batch"):
        assert isinstance(batch, Batch)
        try:
            digests = batch.digests
            if batch.first != tree.size:
                yield f"the batch of entries {batch.first} to {batch.size} does not continue {tree.size}"
                return
            tree.append([leaf_of_digest(digest) for digest in digests])
            yield from _wrong_checkpoint(batch, tree, keys)
        except ArchiverError as error:
            yield f"the batch of entries {batch.first} to {batch.size}: {error}"
            return
        for place, digest in enumerate(digests):
            yield from _wrong_statement(index, folder, batch.first + place, digest)
    yield from _wrong_files(files, tree)


def _wrong_checkpoint(batch: Batch, tree: TileTree, keys: dict[str, VerifierKey]) -> Iterator[str]:
    note = parse_note(batch.checkpoint)
    signed = Checkpoint.parse(note.text)
    if (signed.size, signed.root) != (tree.size, tree.root()):
        yield f"the checkpoint of {signed.size} entries does not fit the entries"
    key = keys.get(signed.origin)
    if key is None or note.verified_by(key) is None:
        yield f"the checkpoint of {signed.size} entries is not signed by a key of this archive"


def _wrong_statement(index: Index, folder: Path, leaf: int, digest: bytes) -> Iterator[str]:
    statement = index.ledger.at_leaf(leaf)
    if statement is None:
        yield f"entry {leaf} has no statement in the WARC files"
        return
    try:
        stored = Digest.of(read_record(folder, statement.location).block())
    except ArchiverError as error:
        yield f"the statement of entry {leaf} cannot be read: {error}"
        return
    if stored.value != digest:
        yield f"the statement of entry {leaf} ({statement.subject}) is not the one that was logged"


def _wrong_files(files: LogFiles, tree: TileTree) -> Iterator[str]:
    if files.size != tree.size:
        yield f"{files.folder} has {files.size} entries, {tree.size} are recorded; run archiver log rebuild"
        return
    published = files.tree()
    try:
        for leaf in range(files.size):
            if leaf_of_digest(files.entry_digest(leaf)) != tree.leaf(leaf) or published.leaf(
                leaf
            ) != tree.leaf(leaf):
                yield f"entry {leaf} in {files.folder} is not the one that was logged"
        if published.root() != tree.root():
            yield f"the tiles in {files.folder} do not give the root that was signed"
    except (ArchiverError, ValueError) as error:
        yield f"{files.folder}: {error}"

"""Audits the log from the ground up: every entry, tile and checkpoint, and that every statement is there.

Whether the records of the archive are as the statements name them is for `archiver.fixity`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from archiver.citation.checkpoint import Checkpoint, leaf_of_digest
from archiver.citation.note import VerifierKey, parse_note
from archiver.citation.published_check import Term, signer, signing_terms, wrong_checkpoint, wrong_tiles
from archiver.errors import ArchiverError
from archiver.model.digest import Digest
from archiver.storage.index import Index
from archiver.storage.ledger.documents import Batch
from archiver.storage.ledger.files import LogFiles
from archiver.storage.ledger.tree import TileTree
from archiver.storage.warc import read_record


def audit_log(files: LogFiles, index: Index, folder: Path, key: VerifierKey | None) -> Iterator[str]:
    """What is wrong, one line each: with the published files, the recorded batches, the statements.

    `key` is the one that the log signs with now; those before it are known from their announcements, and each
    must have signed what was logged in its time, no more. What others signed is told.
    """
    try:
        terms = signing_terms(index, folder, key)
    except ArchiverError as error:
        yield f"the announcements of keys cannot be read: {error}"
        return
    tree = TileTree(0, lambda _level, _number: b"")
    for batch in index.ledger.documents("batch"):
        assert isinstance(batch, Batch)
        try:
            digests = batch.digests
            if batch.first != tree.size:
                yield f"the batch of entries {batch.first} to {batch.size} does not continue {tree.size}"
                return
            tree.append([leaf_of_digest(digest) for digest in digests])
            yield from _wrong_checkpoint(batch, tree, terms)
        except ArchiverError as error:
            yield f"the batch of entries {batch.first} to {batch.size}: {error}"
            return
        for place, digest in enumerate(digests):
            yield from _wrong_statement(index, folder, batch.first + place, digest)
    yield from wrong_checkpoint(files.folder, index, terms, tree)
    if files.size == tree.size:
        yield from wrong_tiles(files, tree)


def _wrong_checkpoint(batch: Batch, tree: TileTree, terms: Sequence[Term]) -> Iterator[str]:
    note = parse_note(batch.checkpoint)
    signed = Checkpoint.parse(note.text)
    if (signed.size, signed.root) != (tree.size, tree.root()):
        yield f"the checkpoint of {signed.size} entries does not fit the entries"
    key = signer(terms, batch)
    if key is None or key.name != signed.origin or note.verified_by(key) is None:
        yield f"the checkpoint of {signed.size} entries is not signed by the key of its time"


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

"""Which files the archive must have: those that it sealed, with the size and digest that stand in the log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from archiver.citation.statement import read_canonical
from archiver.errors import NotFoundError, StorageError
from archiver.model.digest import Digest
from archiver.storage.index import Index
from archiver.storage.warc import read_record

INVENTORY = "inventory"
"""The subject of the statements that put the digests of sealed files into the log."""


@dataclass(frozen=True, slots=True)
class ExpectedFile:
    """What a file must be; None for what was never recorded."""

    size: int | None
    digest: Digest | None


def logged_files(index: Index, folder: Path) -> dict[str, ExpectedFile]:
    """The files whose digests stand in the log, by name; the first that was logged holds."""
    files: dict[str, ExpectedFile] = {}
    for statement in index.ledger.about(INVENTORY):
        try:
            document = read_record(folder, statement.location).block()
        except (NotFoundError, StorageError):
            continue  # the file that holds it is what is to be mended
        if statement.leaf is None or Digest.of(document) != statement.digest:
            continue
        for segment in read_canonical(document)["segments"]:
            expected = ExpectedFile(segment["bytes"], Digest.parse(segment["sha256"]))
            files.setdefault(segment["name"], expected)
    return files


def logged_digests(index: Index, folder: Path) -> dict[str, Digest]:
    """The digests of files that stand in the log, by name."""
    logged = logged_files(index, folder)
    return {name: expected.digest for name, expected in logged.items() if expected.digest}


def expected_files(index: Index, logged: Mapping[str, ExpectedFile]) -> dict[str, ExpectedFile]:
    """All files that were sealed, by name: as the log has them, else as the index does."""
    return {s.name: ExpectedFile(s.size, s.digest) for s in index.segments() if s.sealed} | dict(logged)

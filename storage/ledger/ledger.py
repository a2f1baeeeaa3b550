"""The log's tables as one object, beside the index that they stand in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archiver.storage.index.engine import Database
from archiver.storage.ledger import tables
from archiver.storage.ledger.documents import Batch, LogDocument, StoredStatement


class Ledger:
    """Answers what the index knows of statements and the log; `Index.record` writes them.

    Raises IndexUnavailableError when the database cannot serve.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def waiting(self, limit: int = 100_000) -> list[StoredStatement]:
        """Statements that are not yet in the log, oldest first."""
        with self._database.reading() as connection:
            return tables.waiting(connection, limit)

    def about(self, subject: str) -> list[StoredStatement]:
        """All statements about an identifier, oldest first."""
        with self._database.reading() as connection:
            return tables.about(connection, subject)

    def about_each(self, subjects: Sequence[str], kind: str) -> list[StoredStatement]:
        """The statements of one kind about any of `subjects` (in order), by subject, oldest first."""
        with self._database.reading() as connection:
            return tables.about_each(connection, subjects, kind)

    def withdrawals(self) -> list[str]:
        """The identifiers of the snapshots that were withdrawn."""
        with self._database.reading() as connection:
            return tables.withdrawals(connection)

    def segments(self) -> list[tuple[str, str, int]]:
        """The files that hold logged statements: name, what one of them is about, how many snapshots are."""
        with self._database.reading() as connection:
            return tables.segments_of_statements(connection)

    def numbered(self) -> int:
        """How many entries of the log have their statement in the index; reads all of them."""
        with self._database.reading() as connection:
            return tables.numbered(connection)

    def unstated(self) -> list[str]:
        """The identifiers of snapshots that no statement is about; reads all of them."""
        with self._database.reading() as connection:
            return tables.unstated(connection)

    def at_leaf(self, leaf: int) -> StoredStatement | None:
        """The statement with this number in the log."""
        with self._database.reading() as connection:
            return tables.at_leaf(connection, leaf)

    def size(self) -> int:
        """How many entries the log had at the last batch that is recorded."""
        with self._database.reading() as connection:
            return tables.logged(connection)

    def documents(self, kind: str, least: int = 0) -> Iterator[LogDocument]:
        """What the log did (`batch`, `timestamp`, `cosignature`), for trees of at least `least` entries."""
        with self._database.reading() as connection:
            yield from tables.documents(connection, kind, least)

    def number_again(self) -> None:
        """Say of every statement where it is in the log; a reindex finds them in any order."""
        with self._database.writing() as connection:
            for batch in tables.documents(connection, "batch"):
                assert isinstance(batch, Batch)
                tables.number(connection, batch)

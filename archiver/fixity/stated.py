"""Holds what was read of an archive against what its statements name and its log has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from archiver.errors import ArchiverError, DamagedRecordError
from archiver.model.capture import IMPORTED, RecordLocation
from archiver.model.digest import Digest
from archiver.storage.index import Index, Kind
from archiver.storage.ledger.documents import Batch, StoredStatement
from archiver.storage.ledger.reckoning import UNINDEXED, Difference, Reckoning
from archiver.storage.ledger.stated import StatedRecord, stated_files, stated_records
from archiver.storage.warc import CheckedRecord, Fault, check_segment, find_segment, read_record

INVENTORY = "inventory"
"""The subject of the statements that name the digests of sealed files."""

_LOG, _INDEX = "log", "index"
"""What stands for the file in a fault that is in none."""


def prepare(reckoning: Reckoning, index: Index) -> Iterator[Fault]:
    """Note what the log and the index have, before the first file is read: what comes later is not missed."""
    for kind, key, place in index.holdings.every():
        reckoning.known(kind, key, place)
    size = 0
    for batch in index.ledger.documents("batch"):
        assert isinstance(batch, Batch)
        if batch.first > size:
            yield from _entries(size, batch.first - 1)
        size = batch.size
        try:
            for number, digest in enumerate(batch.digests):
                reckoning.logged(digest, batch.first + number)
        except ArchiverError as error:
            yield Fault(_LOG, batch.first, str(error))


def prepare_for(reckoning: Reckoning, index: Index, identifier: str) -> Iterator[Fault]:
    """Note what the index has of one snapshot, which must be stated."""
    place = index.snapshot_location(identifier)
    reckoning.known(Kind.SNAPSHOT, identifier.encode(), place)
    statements = index.ledger.about(identifier)
    if place and all(statement.kind != "capture" for statement in statements):
        message = f"no statement is about {identifier} (archiver log prove {identifier} makes one)"
        yield Fault(place.segment, place.offset, message)
    for statement in statements:
        reckoning.known(Kind.STATEMENT, statement.digest.value, statement.location)


def state_elsewhere(
    reckoning: Reckoning, index: Index, folder: Path, identifiers: Collection[str], read: Collection[str]
) -> Iterator[Fault]:
    """Bring in the statements about snapshots that are in files other than those that were `read`."""
    for identifier in dict.fromkeys(identifiers):
        for statement in index.ledger.about(identifier):
            if statement.location.segment in read:
                continue
            try:
                stated = [(one.id, one.seal) for one in stated_records(_document(folder, statement))]
            except ArchiverError as error:
                yield Fault(statement.location.segment, statement.location.offset, str(error))
                continue
            reckoning.statement(
                statement.digest.value, statement.subject, statement.leaf, statement.location, stated
            )


def settle(
    reckoning: Reckoning, folder: Path, ends: Mapping[str, int | None], wanted: Collection[str] | None
) -> Iterator[Fault]:
    """Every difference; `ends` are the files that were read, and up to where if not to their end.

    `wanted` are the identifiers whose records must all be there; None when everything was read.
    """
    reckoning.settle()
    told = _Differences(folder)
    for place, group in groupby(reckoning.different(), key=attrgetter("statement")):
        missing: list[Difference] = []
        for difference in group:
            if difference.found:
                yield Fault(difference.found.segment, difference.found.offset, told.words(difference))
            else:
                missing.append(difference)
        if missing and (wanted is None or missing[0].subject in wanted):
            message = f"{_statement(missing[0])} names {len(missing)} records that are in no file, the first"
            yield Fault(place.segment, place.offset, f"{message} {missing[0].record_id}")
    yield from _unseen(reckoning, ends)
    yield from _unstated(reckoning)


def logged_files(index: Index, folder: Path) -> dict[str, Digest]:
    """The digests of whole files that stand in the log; the first that was logged holds."""
    imported = [segment.name for segment in index.segments() if segment.name.startswith(IMPORTED)]
    digests: dict[str, Digest] = {}
    for subject in (INVENTORY, *imported):
        for statement in index.ledger.about(subject):
            if statement.leaf is None:
                continue
            try:
                stated = stated_files(_document(folder, statement))
            except ArchiverError:
                continue  # the check of the file that holds it says so
            for name, digest in stated.items():
                digests.setdefault(name, digest)
    return digests


def _document(folder: Path, statement: StoredStatement) -> bytes:
    """Raises NotFoundError, StorageError when it is not what the index has."""
    document = read_record(folder, statement.location).block()
    if Digest.of(document) != statement.digest:
        raise DamagedRecordError(f"the statement about {statement.subject} is not the one that the index has")
    return document


class _Differences:
    """Says in words what is not as stated; keeps the statement that it read last."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._place: RecordLocation | None = None
        self._stated: dict[str, StatedRecord] = {}

    def words(self, difference: Difference) -> str:
        said = f"the record {difference.record_id} is not as {_statement(difference)} names it"
        assert difference.found is not None
        try:
            if difference.statement != self._place:
                document = read_record(self._folder, difference.statement).block()
                self._stated = {one.id: one for one in stated_records(document)}
                self._place = difference.statement
            checked = _checked(self._folder, difference.found)
        except ArchiverError as error:
            return f"{said} ({error})"
        stated = self._stated.get(difference.record_id)
        if checked is None or stated is None:
            return said
        return f"{said}: {'; '.join(stated.differences(checked))}"


def _checked(folder: Path, place: RecordLocation) -> CheckedRecord | None:
    path = find_segment(folder, place.segment)
    found = check_segment(path, start=place.offset, end=place.offset + place.length)
    return next((one for one in found if isinstance(one, CheckedRecord)), None)


def _statement(difference: Difference) -> str:
    waits = {None: "which waits for the log", UNINDEXED: "which is not in the index"}
    entry = waits.get(difference.leaf, f"entry {difference.leaf} of the log")
    return f"the statement about {difference.subject} ({entry})"


def _unseen(reckoning: Reckoning, ends: Mapping[str, int | None]) -> Iterator[Fault]:
    """What only the index has: each by its place, where it has one in a file that was read."""
    elsewhere: Counter[Kind] = Counter()
    for number, key, place in reckoning.unseen():
        kind = Kind(number)
        if place is None:
            elsewhere[kind] += 1
        elif place.segment in ends:  # of a file that is not there, that is told
            end = ends[place.segment]
            if end is None or place.offset < end:
                name = key.decode() if kind is Kind.SNAPSHOT else key.hex()
                message = f"the index has the {kind.word} {name} here, but no such record is here"
                yield Fault(place.segment, place.offset, message)
    for kind, count in elsewhere.items():
        yield Fault(_INDEX, 0, f"the index has what no file has: {kind.word}, {count} in number")


def _unstated(reckoning: Reckoning) -> Iterator[Fault]:
    first = last = -1
    for leaf, other, place in reckoning.unstated():
        if place:
            number = "waits for the log" if other is None else f"is entry {other}"
            message = f"the statement is entry {leaf} of the log, but in the index it {number}"
            yield Fault(place.segment, place.offset, message)
        elif leaf == last + 1 and first >= 0:
            last = leaf
        else:
            yield from _entries(first, last)
            first = last = leaf
    yield from _entries(first, last)


def _entries(first: int, last: int) -> Iterator[Fault]:
    if first < 0:
        return
    entries = f"entry {first} of the log is" if first == last else f"entries {first} to {last} of the log are"
    yield Fault(_LOG, first, f"{entries} of statements that are in no file")

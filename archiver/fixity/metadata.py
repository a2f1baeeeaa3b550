"""Holds the metadata records of a segment (snapshots, events, statements, the log) against the index."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from uuid import UUID

from archiver.errors import DamagedRecordError
from archiver.model.capture import RecordLocation, RecordType
from archiver.model.digest import Digest
from archiver.model.snapshot import Snapshot
from archiver.storage import snapshot_codec
from archiver.storage.index import (
    ARTICLE_MIME,
    EVENT_MIME,
    Held,
    Index,
    Kind,
    decode_article,
    decode_event,
)
from archiver.storage.ledger.documents import LOG_MIME, STATEMENT_MIME, decode_log, read_statement
from archiver.storage.ledger.reckoning import UNINDEXED, Reckoning
from archiver.storage.ledger.stated import stated_records
from archiver.storage.warc import CheckedRecord, Fault, StoredRecord, parse_record_id

GROUP = 100
"""Records that are looked up at once."""

_KINDS = {
    snapshot_codec.MIME: Kind.SNAPSHOT,
    EVENT_MIME: Kind.EVENT,
    STATEMENT_MIME: Kind.STATEMENT,
    LOG_MIME: Kind.LOG,
    ARTICLE_MIME: Kind.ARTICLE,
}
_DECODERS: dict[Kind, Callable[[bytes], object]] = {
    Kind.SNAPSHOT: snapshot_codec.decode,
    Kind.EVENT: decode_event,
    Kind.LOG: decode_log,
}


@dataclass(frozen=True, slots=True)
class _Read:
    """A metadata record as it stands in the file; `content` is what its document says.

    `stated` are ids and seals of what a statement names.
    """

    kind: Kind
    key: bytes
    label: str
    document: bytes
    content: object
    location: RecordLocation
    stated: tuple[tuple[str, bytes], ...] = ()


class MetadataCheck:
    """The metadata records of one segment; what they say goes into the reckoning too.

    `indexed` is false for a file that the index does not know at all, where each record need not be told.
    """

    def __init__(self, index: Index, reckoning: Reckoning, *, indexed: bool) -> None:
        self._index = index
        self._reckoning = reckoning
        self._indexed = indexed
        self._group: list[_Read] = []
        self.copied: Counter[str] = Counter()
        """How many are indexed in another file, by its name."""
        self.snapshots: list[str] = []
        """The identifiers of those seen."""
        self.statements = 0

    def take(self, checked: CheckedRecord) -> Iterator[Fault]:
        """The faults that are found by now."""
        record = checked.record
        kind = _KINDS.get(record.content_type or "")
        if kind is None or record.type is not RecordType.METADATA:
            return
        try:
            self._group.append(_read(kind, record))
        except (DamagedRecordError, ValueError, OverflowError, RecursionError) as error:
            yield Fault(record.location.segment, record.location.offset, f"no {kind.word}: {error}")
        if len(self._group) >= GROUP:
            yield from self.finish()

    def finish(self) -> Iterator[Fault]:
        """Hold those that wait against the index."""
        group, self._group = self._group, []
        held: dict[tuple[Kind, bytes], Held] = {}
        for kind in {read.kind for read in group}:
            keys = [read.key for read in group if read.kind is kind]
            held |= {(kind, key): found for key, found in self._index.holdings.find(kind, keys).items()}
        for read in group:
            found = held.get((read.kind, read.key))
            self._note(read, found)
            if self._indexed:
                for message in self._compared(read, found):
                    yield Fault(read.location.segment, read.location.offset, message)
        if self._indexed:
            yield from self._payloads(group)

    def _note(self, read: _Read, found: Held | None) -> None:
        self._reckoning.seen(read.kind, read.key)
        if read.kind is Kind.SNAPSHOT:
            self.snapshots.append(read.label)
        elif read.kind is Kind.STATEMENT:
            self.statements += 1
            leaf = found.leaf if found else UNINDEXED
            self._reckoning.statement(read.key, read.label, leaf, read.location, read.stated)

    def _compared(self, read: _Read, found: Held | None) -> Iterator[str]:
        name = f"{read.kind.word} {read.label}"
        if found is None:
            yield f"the {name} is not in the index (archiver reindex brings it in)"
            return
        if not _is_same(read, found):
            yield f"the {name} is not what the index has of it"
        place = found.location
        if place is None or place == read.location:
            return
        if place.segment == read.location.segment:
            yield f"the index has the {name} at {place.offset}"
        else:
            self.copied[place.segment] += 1

    def _payloads(self, group: list[_Read]) -> Iterator[Fault]:
        """Each snapshot against the captures that it names."""
        read_snapshots = [(read.content, read.location) for read in group if read.kind is Kind.SNAPSHOT]
        named = [claim.record_id for snapshot, _ in read_snapshots
                 if isinstance(snapshot, Snapshot) for claim in _claims(snapshot)]  # fmt: skip
        payloads = self._index.holdings.payloads(named)
        for snapshot, place in read_snapshots:
            assert isinstance(snapshot, Snapshot)
            for claim in _claims(snapshot):
                if message := claim.wrong(snapshot, payloads):
                    yield Fault(place.segment, place.offset, message)


def _is_same(read: _Read, found: Held) -> bool:
    """Whether the index has what the record says; of readings with the same key it keeps the first alone."""
    if read.kind is Kind.STATEMENT:
        return found.said == read.content
    if read.kind is Kind.ARTICLE or found.document == read.document:
        return True
    try:
        return _DECODERS[read.kind](found.document) == read.content
    except DamagedRecordError:
        return False


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a snapshot states of the payload of one capture; `what` it is to the page."""

    what: str
    record_id: UUID
    digest: Digest

    def wrong(self, snapshot: Snapshot, payloads: dict[UUID, Digest | None]) -> str | None:
        """What is not so, in one line; None when all is."""
        if self.record_id not in payloads:
            return f"{snapshot.id} names {self.record_id} for {self.what}, which is not in the index"
        found = payloads[self.record_id]
        if found == self.digest:
            return None
        return (
            f"{snapshot.id} states {self.digest} of {self.what}, but the record {self.record_id}"
            f" has {found or 'no payload'}"
        )


def page_fault(index: Index, snapshot: Snapshot) -> str | None:
    """Whether the page is still what the snapshot states, as far as the index knows; two look-ups."""
    payloads = index.holdings.payloads([snapshot.page.record_id])
    return next((claim.wrong(snapshot, payloads) for claim in _claims(snapshot) if claim.what == _PAGE), None)


_PAGE = "its page"


def _claims(snapshot: Snapshot) -> Iterator[_Claim]:
    page = snapshot.page
    if page.payload_digest:
        yield _Claim(_PAGE, page.record_id, page.payload_digest)
    for picture in snapshot.pictures:
        for rendition in picture.fetched:
            if rendition.record_id and rendition.payload_digest:
                yield _Claim(f"its picture {rendition.url}", rendition.record_id, rendition.payload_digest)
    for resource in snapshot.resources:
        if resource.record_ids and resource.payload_digest:
            yield _Claim(f"its resource {resource.url}", resource.record_ids[-1], resource.payload_digest)


def _read(kind: Kind, record: StoredRecord) -> _Read:
    """Raises DamagedRecordError, ValueError when the record is not what it says."""
    document, place = record.block(), record.location
    if kind is Kind.SNAPSHOT:
        snapshot = snapshot_codec.decode(document)
        return _Read(kind, snapshot.id.encode(), snapshot.id, document, snapshot, place)
    if kind is Kind.STATEMENT:
        statement = read_statement(document, place)
        said = (statement.kind, statement.subject, statement.issued_at)
        stated = tuple((one.id, one.seal) for one in stated_records(document))
        return _Read(kind, statement.digest.value, statement.subject, document, said, place, stated)
    record_id = record.record_id
    if kind is Kind.ARTICLE:
        article = decode_article(document)
        page = parse_record_id(record.field("WARC-Refers-To") or "")
        key = page.bytes + article.extractor_version.encode()
        return _Read(kind, key, f"of {page}", document, article, place)
    content = _DECODERS[kind](document)
    return _Read(kind, record_id.bytes, str(record_id), document, content, place)

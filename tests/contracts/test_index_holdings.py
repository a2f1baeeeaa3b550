"""What the index keeps of metadata records, in both databases, for whoever holds it against the files."""

from __future__ import annotations

from uuid import UUID

from index_examples import at, capture, id_of, located, not_modified, revisit, snapshot

from archiver.model.article import ExtractedArticle
from archiver.model.capture import RecordLocation
from archiver.model.digest import Digest
from archiver.model.version import ArticleEvent, ChangeKind
from archiver.storage import snapshot_codec
from archiver.storage.index import Index, Kind, encode_article, encode_event
from archiver.storage.ledger.documents import Batch, StoredStatement, encode_log

PAGE = "https://www.example.com/news/1"
STATED = Digest.of(b"statement")
PLACE = RecordLocation("file.warc.gz", 900, 50)


def test_everything_is_found_under_its_key_and_listed_with_its_place(index: Index) -> None:
    page = capture(PAGE)
    taken = snapshot("ark:99999/a1", page)
    event = ArticleEvent(ChangeKind.GONE, PAGE, None, at(1), page.record_id, 404, "gone", confirmed=True)
    article = ExtractedArticle(PAGE, "7", title="Later")
    batch = Batch.of(0, [STATED.value], "checkpoint")
    index.record(
        [page],
        snapshots=located(taken),
        events=[(event, UUID(int=8))],
        extractions=[(article, page.record_id)],
        statements=[StoredStatement(STATED, "capture", taken.id, at(2), PLACE)],
        log_documents=[(batch, UUID(int=9))],
    )
    place = located(taken)[0][1]
    keys = {
        Kind.SNAPSHOT: (taken.id.encode(), place),
        Kind.EVENT: (UUID(int=8).bytes, None),
        Kind.STATEMENT: (STATED.value, PLACE),
        Kind.LOG: (UUID(int=9).bytes, None),
        Kind.ARTICLE: (page.record_id.bytes + b"7", None),
    }
    assert sorted(index.holdings.every()) == sorted((kind, *found) for kind, found in keys.items())
    held = {kind: index.holdings.find(kind, [key, b"x" * 16])[key] for kind, (key, _) in keys.items()}
    assert held[Kind.SNAPSHOT].document == snapshot_codec.encode(taken)
    assert held[Kind.SNAPSHOT].location == place
    assert held[Kind.EVENT].document == encode_event(event)
    assert held[Kind.ARTICLE].document == encode_article(article)
    assert held[Kind.LOG].document == encode_log(batch)
    assert held[Kind.STATEMENT].said == ("capture", taken.id, at(2))
    assert (held[Kind.STATEMENT].location, held[Kind.STATEMENT].leaf) == (PLACE, 0)


def test_more_keys_than_fit_into_one_query_are_found(index: Index) -> None:
    taken = [snapshot(f"ark:99999/a{number}", capture(PAGE, number)) for number in range(3)]
    index.record([], snapshots=located(*taken))
    wanted = [f"ark:99999/none{number}".encode() for number in range(1_200)]
    found = index.holdings.find(Kind.SNAPSHOT, [*wanted, *(one.id.encode() for one in taken)])
    assert set(found) == {one.id.encode() for one in taken}
    assert index.holdings.find(Kind.EVENT, []) == {}


def test_the_payload_of_a_capture_is_its_own_or_that_of_its_original(index: Index) -> None:
    page = capture(PAGE)
    again, unchanged = revisit(page, 5), not_modified(page, 9)
    index.record([page, again, unchanged])
    payloads = index.holdings.payloads([page.record_id, again.record_id, unchanged.record_id, id_of(404)])
    assert payloads == dict.fromkeys(
        (page.record_id, again.record_id, unchanged.record_id), page.payload_digest
    )

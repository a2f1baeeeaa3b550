from __future__ import annotations

from datetime import UTC, datetime, timedelta

from index_examples import SEGMENT, capture

from archiver.model.digest import Digest
from archiver.storage.index import Index


def test_a_segment_is_known_from_its_opening(index: Index) -> None:
    index.segment_opened(SEGMENT)
    index.segment_opened(SEGMENT)
    segment = index.segment(SEGMENT)
    assert segment
    assert (segment.name, segment.sealed, segment.indexed_end, segment.size) == (SEGMENT, False, 0, None)
    assert datetime.now(UTC) - segment.created_at < timedelta(minutes=1)
    assert index.segment("unknown.warc.gz") is None


def test_a_sealed_segment_has_its_size_and_digest(index: Index) -> None:
    index.record([capture("https://example.com/")], {SEGMENT: 900})
    index.segment_sealed(SEGMENT, 1_000, Digest.of(b"file"))
    segment = index.segment(SEGMENT)
    assert segment
    assert (segment.sealed, segment.size, segment.digest) == (True, 1_000, Digest.of(b"file"))
    assert segment.indexed_end == 900
    assert segment.sealed_at


def test_a_segment_that_was_never_opened_here_can_be_sealed(index: Index) -> None:
    index.segment_sealed(SEGMENT, 0, Digest.of(b""))
    assert [segment.sealed for segment in index.segments()] == [True]


def test_segments_are_listed_by_name(index: Index) -> None:
    for name in ("b.warc.gz", "a.warc.gz", "c.warc.gz"):
        index.segment_opened(name)
    assert [segment.name for segment in index.segments()] == ["a.warc.gz", "b.warc.gz", "c.warc.gz"]

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.errors import DamagedRecordError
from archiver.model.digest import EMPTY, Digest
from archiver.model.picture import (
    FetchedRendition,
    FoundPicture,
    PictureRole,
    PictureStatus,
    Rendition,
    SnapshotPicture,
)
from archiver.model.snapshot import PageCapture, Provenance, Snapshot, SnapshotResource
from archiver.storage import snapshot_codec

NOW = datetime(2024, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
ID = UUID("6ba7b810-9dad-11d1-80b4-00c04fd430c8")
SMALL = Snapshot(
    id="ark:99999/a1",
    seed="https://example.com/",
    captured_at=NOW,
    page=PageCapture(ID, "https://example.com/", NOW, 200, "text/html", EMPTY),
    redirects=(ID,),
    pictures=(),
    provenance=Provenance(software="news-archiver/1"),
    resources=(SnapshotResource("https://example.com/a.css", (ID,), 200, "text/css", EMPTY, 0),),
)

text = st.text(st.characters(exclude_categories=["Cs"]))
moments = st.datetimes(min_value=datetime(1990, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
digests = st.none() | st.binary(min_size=32, max_size=32).map(Digest)
finite = st.floats(allow_nan=False, allow_infinity=False)
lengths = st.integers(0, 2**62)
renditions = st.builds(
    Rendition, url=text, width=st.none() | lengths, density=st.none() | finite, mime=st.none() | text
)
found = st.builds(
    FoundPicture,
    position=lengths,
    role=st.sampled_from(PictureRole),
    renditions=st.lists(renditions, max_size=2).map(tuple),
    fetch=st.lists(text, max_size=2).map(tuple),
    alt=st.none() | text,
    caption=st.none() | text,
    credit=st.none() | text,
)
fetched = st.builds(
    FetchedRendition,
    url=text,
    http_status=st.integers(0, 999),
    payload_digest=digests,
    payload_length=lengths,
    hops=st.lists(st.uuids(), max_size=2).map(tuple),
)
resources = st.builds(
    SnapshotResource,
    url=text,
    record_ids=st.lists(st.uuids(), max_size=2).map(tuple),
    http_status=st.integers(0, 999),
    payload_digest=digests,
    payload_length=lengths,
    reason=st.none() | text,
)
pictures = st.builds(
    SnapshotPicture,
    found=found,
    status=st.sampled_from(PictureStatus),
    fetched=st.lists(fetched, max_size=2).map(tuple),
    reason=st.none() | text,
)
pages = st.builds(
    PageCapture, target_uri=text, captured_at=moments, status=st.integers(0, 999), payload_digest=digests
)
provenances = st.builds(Provenance, software=text, noarchive=st.booleans())
snapshots = st.builds(
    Snapshot,
    id=text,
    seed=text,
    captured_at=moments,
    page=pages,
    redirects=st.lists(st.uuids(), max_size=2).map(tuple),
    pictures=st.lists(pictures, max_size=3).map(tuple),
    provenance=provenances,
    article=st.none(),
    announcement=st.none(),
    article_key=st.none() | text,
    resources=st.lists(resources, max_size=2).map(tuple),
)


@given(snapshots)
def test_a_snapshot_survives_its_document(snapshot: Snapshot) -> None:
    document = snapshot_codec.encode(snapshot)
    assert snapshot_codec.decode(document) == snapshot
    assert snapshot_codec.encode(snapshot_codec.decode(document)) == document


def test_the_document_says_what_it_is() -> None:
    document = json.loads(snapshot_codec.encode(SMALL))
    assert list(document)[:2] == ["format", "version"]
    assert (document["format"], document["version"]) == ("news-archiver/snapshot", 1)
    assert document["captured_at"] == "2024-01-02T03:04:05.678901Z"
    assert document["page"]["payload_digest"] == f"sha256:{EMPTY.value.hex()}"
    assert document["page"]["record_id"] == str(ID)


def test_every_field_of_a_snapshot_is_in_its_document() -> None:
    document = json.loads(snapshot_codec.encode(SMALL))
    assert {field.name for field in fields(Snapshot)} == set(document) - {"format", "version"}
    assert {field.name for field in fields(PageCapture)} == set(document["page"])
    assert {field.name for field in fields(Provenance)} == set(document["provenance"])
    assert {field.name for field in fields(SnapshotResource)} == set(document["resources"][0])


def test_the_document_of_a_snapshot_from_before_resources_were_listed_stays_as_it_is() -> None:
    document = snapshot_codec.encode(replace(SMALL, resources=()))
    assert b"resources" not in document
    assert snapshot_codec.encode(snapshot_codec.decode(document)) == document


def test_the_same_moment_in_another_zone_gives_the_same_bytes() -> None:
    elsewhere = replace(SMALL, captured_at=NOW.astimezone(timezone(timedelta(hours=5, minutes=30))))
    assert snapshot_codec.encode(elsewhere) == snapshot_codec.encode(SMALL)


def test_lone_surrogates_become_replacement_characters() -> None:
    odd = replace(SMALL, seed="https://example.com/\ud800", provenance=Provenance(software="\udfff\0"))
    read = snapshot_codec.decode(snapshot_codec.encode(odd))
    assert read.seed == "https://example.com/\ufffd"
    assert read.provenance.software == "\ufffd\0"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 2}, "version 2"),
        ({"format": "other"}, "its format is 'other'"),
        ({"captured_at": "2024-01-02T03:04:05"}, "damaged"),
        ({"captured_at": "yesterday"}, "damaged"),
        ({"redirects": ["x"]}, "damaged"),
        ({"page": None}, "damaged"),
        ({"pictures": [{}]}, "damaged"),
        ({"id": 5}, "damaged"),
    ],
)
def test_a_document_that_is_not_ours_is_refused(change: dict[str, object], reason: str) -> None:
    document = {**json.loads(snapshot_codec.encode(SMALL)), **change}
    with pytest.raises(DamagedRecordError, match=reason):
        snapshot_codec.decode(json.dumps(document).encode())


@pytest.mark.parametrize(
    "document", [b"", b"{", b"[]", b"null", b'{"format": 1}', b"\xff\xfe", b"[" * 100_000]
)
def test_bytes_that_are_no_document_are_refused(document: bytes) -> None:
    with pytest.raises(DamagedRecordError, match="not a snapshot document"):
        snapshot_codec.decode(document)


@given(st.binary(max_size=200), st.integers(0, 400))
def test_damage_is_told_and_never_crashes(damage: bytes, place: int) -> None:
    document = snapshot_codec.encode(SMALL)
    with suppress(DamagedRecordError):
        snapshot_codec.decode(document[:place] + damage + document[place + len(damage) :])

"""Strict verification: what is sound has no fault, and whatever is changed, cut or forged is named."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import time
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warc_exchanges import earlier, exchange, failed, not_modified, response, writer

from archiver.errors import DamagedRecordError
from archiver.model.capture import RecordLocation
from archiver.model.digest import EMPTY, Digest
from archiver.model.exchange import Truncation
from archiver.storage.warc import (
    CheckedRecord,
    Fault,
    SealedSegment,
    capture_of_exchange,
    capture_of_record,
    check_segment,
    exchange_records,
    iterate_records,
    read_record,
    recover,
)

GOLDEN = Path(__file__).parents[1] / "golden" / "damaged_warcs"
EXPECTED = json.loads((GOLDEN / "expected.json").read_text())
every_damage = pytest.mark.parametrize("name", sorted(EXPECTED))
LARGEST = 10_000_000


def golden(name: str) -> Path:
    return GOLDEN / f"{name}.warc.gz"


def faults(path: Path, **options: object) -> list[Fault]:
    return [found for found in check_segment(path, **options) if isinstance(found, Fault)]


def sound(folder: Path) -> tuple[Path, SealedSegment]:
    chunked = response(
        b"5\r\nhello\r\n0\r\n\r\n",
        head=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        payload=b"hello",
    )
    picture = response(os.urandom(70_000), head=b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n")
    with writer(folder) as segments:
        for sent in (exchange(), exchange(chunked), exchange(picture), exchange(not_modified()), failed()):
            segments.write(exchange_records(sent))
        segments.write(exchange_records(exchange(), earlier()))
        sealed = segments.seal()
    assert sealed
    path = folder / sealed.name
    path.chmod(0o644)
    return path, sealed


def test_there_is_a_report_for_every_damaged_file() -> None:
    assert {path.name for path in GOLDEN.glob("*.warc.gz")} == {f"{name}.warc.gz" for name in EXPECTED}


@every_damage
def test_a_damaged_file_gives_the_report_written_down_for_it(name: str) -> None:
    found = list(check_segment(golden(name), largest_record=LARGEST))
    report = {
        "records": sum(isinstance(one, CheckedRecord) for one in found),
        "faults": [[one.offset, one.message] for one in found if isinstance(one, Fault)],
    }
    assert report == EXPECTED[name]
    assert {one.segment for one in found if isinstance(one, Fault)} <= {golden(name).name}


@every_damage
def test_reading_a_damaged_file_ends_with_a_record_or_an_error_that_names_the_place(name: str) -> None:
    reached, message = 0, ""
    try:
        for record in iterate_records(golden(name)):
            assert len(record.block()) == record.length
            capture_of_record(record)
            reached += 1
    except DamagedRecordError as error:
        message = str(error)
    assert message.startswith(f"{name}.warc.gz at ") or reached >= EXPECTED[name]["records"]


@every_damage
def test_recovery_of_a_damaged_file_loses_no_byte(tmp_path: Path, name: str) -> None:
    content = golden(name).read_bytes()
    (tmp_path / f"{name}.warc.gz.open").write_bytes(content)
    (segment,) = recover(tmp_path, lambda _name: 0)
    kept = (tmp_path / segment.name).read_bytes() if segment.size else b""
    assert kept + b"".join(path.read_bytes() for path in tmp_path.glob("*.torn-*")) == content


def test_everything_that_the_archive_writes_is_sound(tmp_path: Path) -> None:
    path, sealed = sound(tmp_path)
    found = list(check_segment(path, sealed.digest))
    assert len(found) == 13
    position = 0
    for one in found:
        assert isinstance(one, CheckedRecord), one
        assert one.record.location.offset == position
        position += one.record.location.length
    assert position == sealed.size


def test_a_record_digest_covers_the_header_so_that_an_edited_date_shows(tmp_path: Path) -> None:
    def digests(name: str) -> list[Digest]:
        return [one.record_sha256 for one in check_segment(golden(name)) if isinstance(one, CheckedRecord)]

    before, after = digests("concurrent_to_twice_is_sound"), digests("sound_but_edited_date")
    assert before[:2] == after[:2]
    assert before[2] != after[2]


def test_the_record_digest_is_of_all_uncompressed_bytes(tmp_path: Path) -> None:
    path, _ = sound(tmp_path)
    content = path.read_bytes()
    for one in check_segment(path):
        assert isinstance(one, CheckedRecord)
        place = one.record.location
        whole = gzip.decompress(content[place.offset : place.offset + place.length])
        assert one.record_sha256.value == hashlib.sha256(whole).digest()


@given(position=st.integers(0), bit=st.integers(0, 7))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_flipped_bit_goes_unnoticed(
    tmp_path_factory: pytest.TempPathFactory, position: int, bit: int
) -> None:
    path, content, sealed, records = _sound_once(tmp_path_factory)
    position %= len(content)
    changed = bytearray(content)
    changed[position] ^= 1 << bit
    path.write_bytes(changed)
    assert faults(path, sealed_digest=sealed.digest)
    found = list(check_segment(path))
    if not any(isinstance(one, Fault) for one in found):  # gzip's own header: time, system
        assert [one.record_sha256 for one in found if isinstance(one, CheckedRecord)] == records


_KEPT: list[tuple[Path, bytes, SealedSegment, list[Digest]]] = []


def _sound_once(factory: pytest.TempPathFactory) -> tuple[Path, bytes, SealedSegment, list[Digest]]:
    if not _KEPT:
        path, sealed = sound(factory.mktemp("sound"))
        records = [one.record_sha256 for one in check_segment(path) if isinstance(one, CheckedRecord)]
        _KEPT.append((path, path.read_bytes(), sealed, records))
    return _KEPT[0]


@given(st.binary(max_size=400))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_garbage_after_the_last_record_is_a_fault_and_never_an_exception(
    tmp_path_factory: pytest.TempPathFactory, garbage: bytes
) -> None:
    path, content, _, _ = _sound_once(tmp_path_factory)
    path.write_bytes(content + garbage)
    assert bool(faults(path)) is bool(garbage)


def test_what_the_file_was_sealed_with_is_held_against_it(tmp_path: Path) -> None:
    path, sealed = sound(tmp_path)
    assert faults(path, sealed_digest=sealed.digest) == []
    (fault,) = faults(path, sealed_digest=EMPTY)
    assert "not the one that was sealed" in fault.message


def test_a_part_of_a_file_can_be_checked_by_itself(tmp_path: Path) -> None:
    path, sealed = sound(tmp_path)
    places = [one.record.location for one in check_segment(path) if isinstance(one, CheckedRecord)]
    part = list(check_segment(path, start=places[3].offset, end=places[6].offset))
    assert [one.record.location for one in part if isinstance(one, CheckedRecord)] == places[3:6]
    assert len(part) == 3
    (*_, fault) = faults(path, end=sealed.size + 7)
    assert fault == Fault(
        sealed.name, sealed.size, f"the file ends here, but {sealed.size + 7} bytes were recorded"
    )


def test_what_other_programs_write_is_allowed_when_it_is_known_to_be_theirs() -> None:
    for name in ("no_warcinfo", "no_block_digest", "bare_record_id", "date_without_zone", "unknown_digest"):
        assert faults(golden(name), is_foreign=True) == []
    for name in (
        "content_length_short",
        "content_length_negative",
        "two_records_in_one_member",
        "edited_block",
    ):
        assert faults(golden(name), is_foreign=True)


def test_a_strict_readers_empty_payload_of_a_body_that_was_never_chunked_is_right(tmp_path: Path) -> None:
    lying = response(
        b"<html>",
        head=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        payload=b"",
        truncated=Truncation.UNSPECIFIED,
    )
    with writer(tmp_path) as segments:
        segments.write(exchange_records(exchange(lying)))
        sealed = segments.seal()
    assert sealed
    assert faults(tmp_path / sealed.name) == []


def test_the_capture_of_a_checked_record_is_at_hand(tmp_path: Path) -> None:
    sent = exchange()
    with writer(tmp_path) as segments:
        location = segments.write(exchange_records(sent))[0]
        sealed = segments.seal()
    assert sealed
    checked = [one for one in check_segment(tmp_path / sealed.name) if isinstance(one, CheckedRecord)]
    assert [one.capture for one in checked] == [None, capture_of_exchange(sent, location), None]


def test_a_record_that_is_not_at_its_place_is_refused(tmp_path: Path) -> None:
    path, sealed = sound(tmp_path)
    place = next(iterate_records(path)).location
    for offset, length in (
        (1, place.length),
        (0, place.length - 1),
        (0, place.length + 9),
        (sealed.size, 10),
    ):
        with pytest.raises(DamagedRecordError, match=path.name):
            read_record(tmp_path, RecordLocation(path.name, offset, length)).block()


def test_a_damaged_large_record_is_found_out_while_it_is_read(tmp_path: Path) -> None:
    path, _ = sound(tmp_path)
    place = max((record.location for record in iterate_records(path)), key=lambda place: place.length)
    content = bytearray(path.read_bytes())
    content[place.offset + place.length - 500] ^= 1
    path.write_bytes(content)
    record = read_record(tmp_path, place)
    assert record.http().status == 200
    with pytest.raises(DamagedRecordError, match="checksum"):
        record.block()


def test_a_bomb_costs_no_memory(tmp_path: Path) -> None:
    tracemalloc.start()
    for name in ("bomb_as_block", "bomb_after_the_block", "header_of_two_megabytes"):
        assert len(list(check_segment(golden(name)))) >= 3
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8_000_000


def test_a_file_of_nothing_but_gzip_headers_is_gone_through_once(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.gz"
    path.write_bytes(b"\x1f\x8b\x08" * 100_000)
    began = time.process_time()
    assert len(list(check_segment(path))) == 1
    assert time.process_time() - began < 5


def test_thousands_of_small_records_are_checked_in_a_second(tmp_path: Path) -> None:
    with writer(tmp_path) as segments:
        for _ in range(1000):
            segments.write(exchange_records(exchange()))
        sealed = segments.seal()
    assert sealed
    began = time.process_time()
    assert len(list(check_segment(tmp_path / sealed.name))) == 2001
    assert time.process_time() - began < 2

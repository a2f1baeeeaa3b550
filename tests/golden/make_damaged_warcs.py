"""Writes the damaged WARC files that `test_warc_check.py` reads; run it only to add one.

It shares no code with the archive: what is right and what is wrong here is written down by hand.
"""

from __future__ import annotations

import gzip
import hashlib
from pathlib import Path

FOLDER = Path(__file__).parent / "damaged_warcs"
HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
URI = "https://news.example/"


def sha256(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def record_id(number: int) -> str:
    return f"<urn:uuid:00000000-0000-4000-8000-{number:012d}>"


def fields_of(number: int, kind: str, block: bytes, **other: str | None) -> dict[str, str | None]:
    """The fields of a sound record; `other` replaces, adds, or (None) leaves out; `_` stands for `-`."""
    fields: dict[str, str | None] = {
        "WARC-Type": kind,
        "WARC-Record-ID": record_id(number),
        "WARC-Date": "2017-11-14T10:00:00.000000Z",
        "WARC-Target-URI": None if kind == "warcinfo" else URI,
        "WARC-Warcinfo-ID": None if kind == "warcinfo" else record_id(0),
        "WARC-Block-Digest": sha256(block),
        "Content-Type": "application/warc-fields" if kind in ("warcinfo", "metadata") else "application/http",
        "Content-Length": str(len(block)),
    }
    return fields | {name.replace("_", "-"): value for name, value in other.items()}


def raw(
    fields: dict[str, str | None], block: bytes, version: str = "WARC/1.1", end: bytes = b"\r\n\r\n"
) -> bytes:
    lines = [version, *(f"{name}: {value}" for name, value in fields.items() if value is not None)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + end


def member(content: bytes, level: int = 6) -> bytes:
    return gzip.compress(content, level, mtime=0)


def record(
    number: int, kind: str = "response", block: bytes = HTTP + b"It rained.", **other: str | None
) -> bytes:
    return raw(fields_of(number, kind, block, **other), block)


WARCINFO = member(record(0, "warcinfo", b"software: x/1\r\n"))
FIRST = member(record(1))
LAST = member(record(9, WARC_Payload_Digest=sha256(b"It rained.")))


def around(*middle: bytes) -> bytes:
    return WARCINFO + FIRST + b"".join(middle) + LAST


def flipped(content: bytes, position: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 1
    return bytes(changed)


def edited(number: int, before: bytes, after: bytes) -> bytes:
    return member(record(number).replace(before, after))


CONCURRENT_TWICE = b"".join(b"WARC-Concurrent-To: %s\r\n" % record_id(n).encode() for n in (1, 3))
PLAIN = member(record(2), level=0)

FILES = {
    "sound": around(member(record(2, WARC_Payload_Digest=sha256(b"It rained.")))),
    "sound_chunked_payload": around(
        member(record(2, block=CHUNKED + b"5\r\nhello\r\n0\r\n\r\n", WARC_Payload_Digest=sha256(b"hello")))
    ),
    "sound_but_edited_date": around(edited(2, b"2017-11-14T10", b"2016-11-14T10")),
    "empty": b"",
    "not_gzip": b"<html>404 Not Found</html>\n",
    "not_warc": member(b"<html>404 Not Found</html>\n"),
    "torn_tail": around()[:-30],
    "torn_in_gzip_header": WARCINFO + FIRST + LAST[:5],
    "zero_tail": around() + bytes(4096),
    "garbage_between": around(b"garbage \x1f\x8b garbage"),
    "flipped_bit_in_stored_block": around(flipped(PLAIN, -20)),
    "flipped_bit_in_deflated_block": around(flipped(member(record(2)), 60)),
    "flipped_bit_in_checksum": around(flipped(member(record(2)), -6)),
    "flipped_bit_in_length": around(flipped(member(record(2)), -3)),
    "reserved_gzip_flag": around(flipped(member(record(2)), 3).replace(b"\x08\x01", b"\x08\xe0", 1)),
    "edited_block": around(edited(2, b"rained", b"snowed")),
    "wrong_payload_digest": around(member(record(2, WARC_Payload_Digest=sha256(b"It snowed.")))),
    "payload_digest_of_chunked_bytes": around(
        member(
            record(
                2,
                block=CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
                WARC_Payload_Digest=sha256(b"5\r\nhello\r\n0\r\n\r\n"),
            )
        )
    ),
    "unknown_digest": around(member(record(2, WARC_Block_Digest="crc32:00000000"))),
    "malformed_digest": around(member(record(2, WARC_Block_Digest="sha256:xyz"))),
    "no_block_digest": around(member(record(2, WARC_Block_Digest=None))),
    "content_length_short": around(member(record(2, Content_Length="20"))),
    "content_length_long": around(member(record(2, Content_Length="2000"))),
    "content_length_huge": around(member(record(2, Content_Length="99999999999999"))),
    "content_length_over_a_million_digits": around(member(record(2, Content_Length="9" * 1_000_000))),
    "content_length_negative": around(member(record(2, Content_Length="-1"))),
    "content_length_missing": around(member(record(2, Content_Length=None))),
    "content_length_twice": around(edited(2, b"Content-Length:", b"Content-Length: 3\r\nContent-Length:")),
    "header_without_end": around(member(b"WARC/1.1\r\nWARC-Type: response\r\n")),
    "header_of_two_megabytes": around(member(b"WARC/1.1\r\n" + b"X: y\r\n" * 350_000)),
    "no_final_newlines": around(member(raw(fields_of(2, "response", HTTP), HTTP, end=b""))),
    "one_final_newline": around(member(raw(fields_of(2, "response", HTTP), HTTP, end=b"\r\n"))),
    "too_many_final_newlines": around(member(raw(fields_of(2, "response", HTTP), HTTP, end=b"\r\n" * 3))),
    "two_records_in_one_member": around(member(record(2) + record(3))),
    "record_over_two_members": around(member(record(2)[:100]), member(record(2)[100:])),
    "whole_file_in_one_member": member(record(0, "warcinfo", b"software: x/1\r\n") + record(1) + record(9)),
    "bomb_after_the_block": around(member(record(2) + bytes(30_000_000))),
    "bomb_as_block": around(member(record(2, block=bytes(30_000_000)))),
    "old_version": around(member(raw(fields_of(2, "response", HTTP), HTTP, version="WARC/0.18"))),
    "version_with_bare_newline": around(edited(2, b"WARC/1.1\r\n", b"WARC/1.1\n")),
    "no_record_id": around(member(record(2, WARC_Record_ID=None))),
    "bare_record_id": around(member(record(2, WARC_Record_ID="urn:uuid:1"))),
    "no_date": around(member(record(2, WARC_Date=None))),
    "date_without_zone": around(member(record(2, WARC_Date="2017-11-14T10:00:00"))),
    "no_type": around(member(record(2, WARC_Type=None))),
    "unknown_type_is_passed_over": around(member(record(2, kind="sound-recording".replace("-", "")))),
    "no_target": around(member(record(2, WARC_Target_URI=None))),
    "target_twice": around(
        edited(2, b"WARC-Target-URI:", b"WARC-Target-URI: http://b.example/\r\nWARC-Target-URI:")
    ),
    "target_with_a_space": around(member(record(2, WARC_Target_URI="https://news.example/a b"))),
    "bare_newline_in_a_field": around(
        member(record(2, WARC_Target_URI="https://a.example/\nWARC-Type: request"))
    ),
    "line_without_colon": around(edited(2, b"WARC-Date:", b"nonsense\r\nWARC-Date:")),
    "folded_field": around(edited(2, b"WARC-Date: ", b"WARC-Date:\r\n ")),
    "not_utf_8": around(edited(2, b"WARC-Date:", b"X: \xff\r\nWARC-Date:")),
    "refers_to_in_a_response": around(member(record(2, WARC_Refers_To=record_id(1)))),
    "revisit_without_profile": around(member(record(2, "revisit", HTTP))),
    "concurrent_to_nothing": around(member(record(2, WARC_Concurrent_To="the response"))),
    "concurrent_to_twice_is_sound": around(edited(2, b"WARC-Date:", CONCURRENT_TWICE + b"WARC-Date:")),
    "no_warcinfo": FIRST + LAST,
    "other_warcinfo": around(member(record(2, WARC_Warcinfo_ID=record_id(7)))),
    "filename_that_climbs": member(record(0, "warcinfo", b"", WARC_Filename="../../etc/passwd")) + FIRST,
}


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, content in FILES.items():
        (FOLDER / f"{name}.warc.gz").write_bytes(content)

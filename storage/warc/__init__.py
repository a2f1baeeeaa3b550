"""WARC 1.1 segments (ISO 28500:2017): written exactly, recovered after a crash, read back, checked."""

from archiver.storage.warc.captures import capture_of_exchange, capture_of_record
from archiver.storage.warc.check import CheckedRecord, Fault, check_segment
from archiver.storage.warc.content_coding import DecodedBody
from archiver.storage.warc.http_block import HttpHead, parse_head, payload_of
from archiver.storage.warc.reader import StoredRecord, iterate_records, read_record
from archiver.storage.warc.records import (
    MemoryBlock,
    Record,
    conversion_record,
    exchange_records,
    metadata_record,
    resource_record,
)
from archiver.storage.warc.recovery import RecoveredSegment, recover
from archiver.storage.warc.segments import (
    OPEN_SUFFIX,
    SealedSegment,
    find_segment,
    sealed_bytes,
    segment_files,
    segment_name,
)
from archiver.storage.warc.warcinfo import Warcinfo
from archiver.storage.warc.writer import SegmentWriter

__all__ = [
    "OPEN_SUFFIX",
    "CheckedRecord",
    "DecodedBody",
    "Fault",
    "HttpHead",
    "MemoryBlock",
    "Record",
    "RecoveredSegment",
    "SealedSegment",
    "SegmentWriter",
    "StoredRecord",
    "Warcinfo",
    "capture_of_exchange",
    "capture_of_record",
    "check_segment",
    "conversion_record",
    "exchange_records",
    "find_segment",
    "iterate_records",
    "metadata_record",
    "parse_head",
    "payload_of",
    "read_record",
    "recover",
    "resource_record",
    "sealed_bytes",
    "segment_files",
    "segment_name",
]

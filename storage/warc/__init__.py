"""WARC 1.1 segments (ISO 28500:2017): written exactly, recovered after a crash, read back, checked."""

from archiver.http_message import HttpHead, parse_head, payload_of
from archiver.storage.warc.captures import capture_of_exchange, capture_of_record
from archiver.storage.warc.check import CheckedRecord, Fault, check_segment
from archiver.storage.warc.conformance import RecordedDigest
from archiver.storage.warc.content_coding import DecodedBody
from archiver.storage.warc.fields import parse_date, parse_record_id, parse_warc_fields
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
from archiver.storage.warc.repacking import Copied, Form, copy_as_members, form_of
from archiver.storage.warc.segments import (
    OPEN_SUFFIX,
    SealedSegment,
    find_segment,
    imported_segment,
    imported_segment_name,
    is_in_memory,
    publish_imported,
    sealed_bytes,
    segment_files,
    segment_name,
)
from archiver.storage.warc.warcinfo import Warcinfo
from archiver.storage.warc.writer import SegmentWriter, SyncCount

__all__ = [
    "OPEN_SUFFIX",
    "CheckedRecord",
    "Copied",
    "DecodedBody",
    "Fault",
    "Form",
    "HttpHead",
    "MemoryBlock",
    "Record",
    "RecordedDigest",
    "RecoveredSegment",
    "SealedSegment",
    "SegmentWriter",
    "StoredRecord",
    "SyncCount",
    "Warcinfo",
    "capture_of_exchange",
    "capture_of_record",
    "check_segment",
    "conversion_record",
    "copy_as_members",
    "exchange_records",
    "find_segment",
    "form_of",
    "imported_segment",
    "imported_segment_name",
    "is_in_memory",
    "iterate_records",
    "metadata_record",
    "parse_date",
    "parse_head",
    "parse_record_id",
    "parse_warc_fields",
    "payload_of",
    "publish_imported",
    "read_record",
    "recover",
    "resource_record",
    "sealed_bytes",
    "segment_files",
    "segment_name",
]

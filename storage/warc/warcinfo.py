"""The warcinfo record that opens every segment (WARC 1.1, 6.2): who and what wrote it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import uuid4

from archiver.model.capture import RecordType
from archiver.model.moment import to_warc_date
from archiver.storage.warc.fields import WARC_FIELDS, one_line, urn, warc_fields
from archiver.storage.warc.records import MemoryBlock, Record

_CONFORMS_TO = "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/"


@dataclass(frozen=True, slots=True)
class Warcinfo:
    """What every segment says of its making.

    `software` is name/version; `contact` an e-mail address or a URL (`http-header-from`); `robots` the policy
    obeyed; `vantage` where on the network the archive stands.
    """

    software: str
    operator: str | None = None
    contact: str | None = None
    robots: str | None = None
    user_agent: str | None = None
    vantage: str | None = None
    is_part_of: str | None = None
    description: str | None = None


def warcinfo_record(warcinfo: Warcinfo, segment: str, moment: datetime) -> Record:
    """The warcinfo record that opens the file `segment`."""
    said = (
        ("software", warcinfo.software),
        ("format", "WARC File Format 1.1"),
        ("conformsTo", _CONFORMS_TO),
        ("operator", warcinfo.operator),
        ("http-header-from", warcinfo.contact),
        ("robots", warcinfo.robots),
        ("http-header-user-agent", warcinfo.user_agent),
        ("vantage", warcinfo.vantage),
        ("isPartOf", warcinfo.is_part_of),
        ("description", warcinfo.description),
    )
    block = MemoryBlock(warc_fields([(name, one_line(value)) for name, value in said if value]))
    record_id = uuid4()
    fields = (
        ("WARC-Type", RecordType.WARCINFO.value),
        ("WARC-Record-ID", urn(record_id)),
        ("WARC-Date", to_warc_date(moment)),
        ("WARC-Filename", segment),
        ("WARC-Block-Digest", str(block.digest)),
        ("Content-Type", WARC_FIELDS),
    )
    return Record(RecordType.WARCINFO, record_id, fields, block)

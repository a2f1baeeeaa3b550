"""What may stand in a WARC header field.

Every value passes through here, so that no CR, LF or NUL from a hostile URL or server can ever begin another
field or record.
"""

from __future__ import annotations

import re
import uuid
from datetime import UTC, datetime
from uuid import UUID

VERSION = "WARC/1.1"
IDENTICAL_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
HTTP_REQUEST = "application/http;msgtype=request"
HTTP_RESPONSE = "application/http;msgtype=response"
WARC_FIELDS = "application/warc-fields"

LONGEST_LINE = 4096
"""Characters kept of a free text that becomes a field value."""

LONGEST_URI = 65_535
"""Characters kept of a URI; target URIs are never longer, but a page may claim to come from anywhere."""

_PLAIN_LINE = re.compile(r"[!-~]{1,200}(?: [!-~]{1,200}){0,9}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]+")
_NOT_IN_URI = re.compile(r"[^\x21\x23-\x3b\x3d\x3f-\x7e]")
_URN = re.compile(r"<?urn:uuid:([0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})>?")
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")

Field = tuple[str, str]


def one_line(text: str) -> str:
    """`text` as one line of encodable characters: controls and runs of space become one space."""
    if _PLAIN_LINE.fullmatch(text):
        return text
    line = " ".join(_CONTROL.sub(" ", text).split())[:LONGEST_LINE].rstrip()
    return line if line.isascii() else line.encode("utf-8", "replace").decode("utf-8")


def uri_value(uri: str) -> str:
    """`uri` with every character that no URI may hold (RFC 3986, 2) percent-encoded as UTF-8."""
    return _NOT_IN_URI.sub(_percent_encoded, uri)[:LONGEST_URI]


def _percent_encoded(match: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in match[0].encode("utf-8", "replace"))


def urn(record_id: UUID) -> str:
    """A record id as it stands in `WARC-Record-ID` (WARC 1.1, 5.2)."""
    return f"<urn:uuid:{record_id}>"


def parse_record_id(text: str) -> UUID:
    """The UUID of a record id; for an id of another URI scheme the UUID made of it (RFC 9562, 5.5)."""
    match = _URN.fullmatch(text)
    return UUID(match[1]) if match else uuid.uuid5(uuid.NAMESPACE_URL, text.strip("<>"))


def parse_date(text: str) -> datetime:
    """A `WARC-Date` (WARC 1.1, 5.4), digits below the microsecond cut. Raises ValueError."""
    if not _DATE.fullmatch(text):
        raise ValueError(f"not a WARC-Date: {text[:60]!r}")
    return datetime.fromisoformat(text[:26].rstrip("Z") + "+00:00").astimezone(UTC)


def warc_fields(fields: list[Field]) -> bytes:
    """An `application/warc-fields` block; the values must be single lines already."""
    return "".join([f"{name}: {value}\r\n" for name, value in fields]).encode()


def parse_warc_fields(block: bytes) -> list[Field]:
    """The fields of an `application/warc-fields` block; lines without a colon are passed over."""
    fields = []
    for line in block.decode("utf-8", "replace").split("\n"):
        name, colon, value = line.rstrip("\r").partition(":")
        if colon:
            fields.append((name.strip(), value.strip(" \t")))
    return fields

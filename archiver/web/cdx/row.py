"""A capture as a CDX row: the eleven fields, and their names in both dialects."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from archiver.errors import UsageError
from archiver.model.capture import Capture, RecordType
from archiver.model.moment import to_timestamp14

REVISIT: Final = "warc/revisit"
Row = dict[str, str]
"""The values by the Internet Archive's names of the fields; `-` for what there is not."""

_READERS: Final[dict[str, Callable[[Capture], str]]] = {
    "urlkey": lambda capture: _word(capture.urlkey),
    "timestamp": lambda capture: to_timestamp14(capture.captured_at),
    "original": lambda capture: _word(capture.target_uri),
    "mimetype": lambda capture: (
        REVISIT if capture.record_type is RecordType.REVISIT else _word(capture.mime or "unk")
    ),
    "statuscode": lambda capture: str(capture.status) if capture.status else "-",
    "digest": lambda capture: str(capture.payload_digest) if capture.payload_digest else "-",
    "redirect": lambda capture: _word(capture.redirect or "-"),
    "robotflags": lambda _: "-",
    "length": lambda capture: str(capture.location.length),
    "offset": lambda capture: str(capture.location.offset),
    "filename": lambda capture: capture.location.segment,
}
FIELDS: Final = tuple(_READERS)
RESOLVED: Final = ("orig.length", "orig.offset", "orig.filename")
IMPORTED: Final = "import:"
DUPLICATES: Final = "dupecount"
SOURCE: Final = "source"
"""Who asked for a capture, or `import:` and the foreign file that it came in; not in the eleven fields."""
_OTHER_NAMES: Final = {
    "url": "original", "mime": "mimetype", "status": "statuscode", "urlkey": "urlkey", "file": "filename",
    "statuscode": "statuscode", "warc.filename": "filename",
}  # fmt: skip
PYWB_NAMES: Final = {"original": "url", "mimetype": "mime", "statuscode": "status"}


def field_of(name: str) -> str:
    """The field of this name in either dialect. Raises UsageError."""
    field = _OTHER_NAMES.get(name, name)
    if field not in _READERS and field not in (*RESOLVED, DUPLICATES, SOURCE):
        raise UsageError(f"there is no field {name[:40]!r}; there are {', '.join(FIELDS)}")
    return field


def row_of(capture: Capture, *, resolves_revisits: bool) -> Row:
    """All fields of a capture; with `resolves_revisits` a revisit shows its type and its original's place."""
    row = {name: read(capture) for name, read in _READERS.items()}
    row[SOURCE] = _word(capture.source or "-")
    if resolves_revisits:
        if capture.record_type is RecordType.REVISIT:
            row["mimetype"] = _word(capture.mime or "unk")
        place = capture.original.location if capture.original else None
        row["orig.length"] = str(place.length) if place else "-"
        row["orig.offset"] = str(place.offset) if place else "-"
        row["orig.filename"] = place.segment if place else "-"
    return row


def _word(text: str) -> str:
    """`text` without blanks, so that it is one of the fields between them."""
    if " " not in text and text.isprintable():
        return text or "-"
    return "".join(f"%{ord(c):02X}" if c <= " " or c == "\x7f" else c for c in text) or "-"

"""What a statement binds: each record that it names, by digest and fields, and whole files.

A seal is all that is stated of one record in 16 bytes, so that millions can be compared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TypeVar

import msgspec

from archiver.errors import DamagedRecordError
from archiver.model.digest import Digest
from archiver.storage.warc import CheckedRecord, Form

_FIELDS = {
    "type": "WARC-Type", "uri": "WARC-Target-URI", "date": "WARC-Date", "ip": "WARC-IP-Address",
    "mime": "Content-Type", "payload_digest": "WARC-Payload-Digest", "block_digest": "WARC-Block-Digest",
    "truncated": "WARC-Truncated", "profile": "WARC-Profile",
}  # fmt: skip
_LOWER = tuple(field.lower() for field in _FIELDS.values())


class StatedRecord(msgspec.Struct, frozen=True):
    """A record as a statement names it; `length` counts the bytes of its block."""

    id: str
    record_sha256: str
    length: int
    type: str | None = None
    uri: str | None = None
    date: str | None = None
    ip: str | None = None
    mime: str | None = None
    payload_digest: str | None = None
    block_digest: str | None = None
    truncated: str | None = None
    profile: str | None = None

    @property
    def seal(self) -> bytes:
        """What `seal_of` gives for the record that this was stated of."""
        return _seal(self.record_sha256, self.length, (getattr(self, name) for name in _FIELDS))

    def differences(self, checked: CheckedRecord) -> list[str]:
        """In what the record is not as stated; the digest of the whole only when nothing else differs."""
        record = checked.record
        found: dict[str, object] = {name: record.field(field) for name, field in _FIELDS.items()}
        found["length"] = record.length
        said = [f"its {name} is {is_}, stated was {getattr(self, name)}" for name, is_ in found.items()
                if is_ != getattr(self, name)]  # fmt: skip
        whole = f"its record_sha256 is {checked.record_sha256}, stated was {self.record_sha256}"
        return said or [whole]


class _File(msgspec.Struct, frozen=True):
    name: str
    sha256: str


class _Statement(msgspec.Struct, frozen=True):
    kind: str


class _Capture(msgspec.Struct, frozen=True):
    records: tuple[StatedRecord, ...]
    originals: tuple[StatedRecord, ...]


class _Inventory(msgspec.Struct, frozen=True):
    segments: tuple[_File, ...]


class _Import(msgspec.Struct, frozen=True):
    id: str
    file: _File
    packed: str | None = None
    stored: _File | None = None


def stated_records(document: bytes) -> tuple[StatedRecord, ...]:
    """The records that a statement names, originals of revisits last. Raises DamagedRecordError."""
    if _read(_Statement, document).kind != "capture":
        return ()
    capture = _read(_Capture, document)
    return (*capture.records, *capture.originals)


def stated_files(document: bytes) -> dict[str, Digest]:
    """The digests of whole files of the archive that a statement names. Raises DamagedRecordError."""
    kind = _read(_Statement, document).kind
    files: dict[str, str] = {}
    if kind == "inventory":
        files = {file.name: file.sha256 for file in _read(_Inventory, document).segments}
    elif kind == "import":
        said = _read(_Import, document)
        kept = said.stored or (said.file if said.packed == Form.MEMBERS.value else None)
        files = {said.id: kept.sha256} if kept else {}
    try:
        return {name: Digest.parse(digest) for name, digest in files.items()}
    except ValueError as error:
        raise DamagedRecordError(f"a statement names a digest that is none: {error}") from None


def seal_of(checked: CheckedRecord) -> bytes:
    """All that a statement can say of the record, in 16 bytes."""
    record = checked.record
    named: Mapping[str, str] = {name.lower(): value for name, value in reversed(record.fields)}
    return _seal(str(checked.record_sha256), record.length, map(named.get, _LOWER))


def _seal(record_sha256: str, length: int, values: Iterable[str | None]) -> bytes:
    text = "\n".join((record_sha256, str(length), *("\0" if value is None else value for value in values)))
    try:
        encoded = text.encode()
    except UnicodeEncodeError:  # as statements are written: lone surrogates become U+FFFD
        encoded = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()
    return hashlib.blake2b(encoded, digest_size=16).digest()


_Kind = TypeVar("_Kind")


def _read(kind: type[_Kind], document: bytes) -> _Kind:
    try:
        return msgspec.json.decode(document, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise DamagedRecordError(f"a statement cannot be read: {error}") from None

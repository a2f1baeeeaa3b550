"""Signed notes, the form in which a log and its witnesses sign (C2SP signed-note, tlog-cosignature).

Reading is strict: one spelling for everything, so that no byte of a note can change unnoticed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from archiver.errors import UnsafeInputError

_DASH = "\u2014 "
_NAME = re.compile(r"[^\s+\x00-\x20\x7f]{1,255}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f]")
_MOST_SIGNATURES = 64


class KeyKind(IntEnum):
    """The signature types that are used here (C2SP signed-note)."""

    LOG = 1
    """Ed25519 over the text: the log's own signature."""
    WITNESS = 4
    """Ed25519 over the text and a time: a witness's cosignature."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """A public key with its name: what a policy trusts. Written `name+id+key`."""

    name: str
    kind: KeyKind
    public: bytes

    @property
    def key_id(self) -> bytes:
        """The four bytes that a signature line begins with."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.public).digest()[:4]

    def __str__(self) -> str:
        key = base64.b64encode(bytes([self.kind]) + self.public).decode()
        return f"{self.name}+{self.key_id.hex()}+{key}"

    @classmethod
    def parse(cls, text: str) -> VerifierKey:
        """The key that `str` wrote. Raises UnsafeInputError."""
        name, _, rest = text.strip().partition("+")
        key_id, _, encoded = rest.partition("+")
        content = strict_base64(encoded) if encoded else b""
        if len(content) != 33 or content[0] not in tuple(KeyKind) or not _NAME.fullmatch(name):
            raise UnsafeInputError(f"{text.strip()[:80]!r} is no key of the form NAME+ID+KEY")
        key = cls(name, KeyKind(content[0]), content[1:])
        if key.key_id.hex() != key_id:
            raise UnsafeInputError(
                f"the key of {name} does not fit its id {key_id[:16]}; copy it again whole"
            )
        return key


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature line: the signer's name, four bytes of key id, and what was made with the key."""

    name: str
    key_id: bytes
    value: bytes

    def line(self) -> str:
        """The line, without its newline."""
        return f"{_DASH}{self.name} {base64.b64encode(self.key_id + self.value).decode()}"

    @property
    def signed_at(self) -> datetime | None:
        """When a witness says that it signed; None for a signature without a time."""
        if len(self.value) != 72:
            return None
        return datetime.fromtimestamp(int.from_bytes(self.value[:8], "big"), UTC)


@dataclass(frozen=True, slots=True)
class Note:
    """A text, which ends in a newline, and its signatures. Nothing in it is true before `verified_by`."""

    text: str
    signatures: tuple[Signature, ...]

    def __str__(self) -> str:
        return self.text + "\n" + "".join(f"{signature.line()}\n" for signature in self.signatures)

    def verified_by(self, key: VerifierKey) -> Signature | None:
        """The signature that `key` made; None without one. Raises UnsafeInputError for one that is wrong."""
        for signature in self.signatures:
            if signature.name == key.name and signature.key_id == key.key_id:
                _check(self.text, signature, key)
                return signature
        return None

    def signed(self, *more: Signature) -> Note:
        """The same text with further signatures."""
        return Note(self.text, (*self.signatures, *more))


def parse_note(text: str) -> Note:
    """The note that `str` wrote. Raises UnsafeInputError for anything that is not exactly one."""
    body, separator, lines = text.rpartition("\n\n")
    if not separator or not lines.endswith("\n") or _CONTROL.search(text):
        raise UnsafeInputError("not a signed note: a text, an empty line and signature lines are expected")
    signatures = tuple(_parse_signature(line) for line in lines[:-1].split("\n"))
    if len(signatures) > _MOST_SIGNATURES:
        raise UnsafeInputError(f"the note has more than {_MOST_SIGNATURES} signatures")
    if len({(signature.name, signature.key_id) for signature in signatures}) < len(signatures):
        raise UnsafeInputError("the note has two signatures of the same key")
    return Note(body + "\n", signatures)


def sign(text: str, name: str, key: Ed25519PrivateKey) -> Signature:
    """The log's signature of `text`."""
    return Signature(name, _verifier(name, KeyKind.LOG, key).key_id, key.sign(text.encode()))


def cosign(text: str, name: str, key: Ed25519PrivateKey, moment: datetime) -> Signature:
    """A witness's cosignature of the checkpoint `text`, at `moment` to the second."""
    seconds = int(moment.timestamp())
    value = seconds.to_bytes(8, "big") + key.sign(_cosigned(text, seconds))
    return Signature(name, _verifier(name, KeyKind.WITNESS, key).key_id, value)


def verifier(name: str, kind: KeyKind, key: Ed25519PrivateKey) -> VerifierKey:
    """The public side of a private key. Raises UnsafeInputError for a name that no note may carry."""
    if not _NAME.fullmatch(name):
        raise UnsafeInputError(
            f"{name[:80]!r} cannot name a key: no spaces and no plus sign; write a host name"
        )
    return _verifier(name, kind, key)


def strict_base64(text: str) -> bytes:
    """The bytes of `text`, standard base64 with padding, in its one spelling. Raises UnsafeInputError."""
    try:
        content = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise UnsafeInputError(f"not base64: {text[:60]!r}") from None
    if base64.b64encode(content).decode() != text:
        raise UnsafeInputError(f"not the canonical base64: {text[:60]!r}")
    return content


def _verifier(name: str, kind: KeyKind, key: Ed25519PrivateKey) -> VerifierKey:
    return VerifierKey(name, kind, key.public_key().public_bytes_raw())


def _cosigned(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()


def _parse_signature(line: str) -> Signature:
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    if not line.startswith(_DASH) or not space or not _NAME.fullmatch(name):
        raise UnsafeInputError(f"not a signature line: {line[:80]!r}")
    content = strict_base64(encoded)
    if len(content) < 5:
        raise UnsafeInputError(f"the signature of {name} is too short")
    return Signature(name, content[:4], content[4:])


def _check(text: str, signature: Signature, key: VerifierKey) -> None:
    message, value = text.encode(), signature.value
    if key.kind is KeyKind.WITNESS:
        message, value = _cosigned(text, int.from_bytes(value[:8], "big")), value[8:]
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(value, message)
    except (InvalidSignature, ValueError):
        raise UnsafeInputError(f"the signature of {key.name} is wrong") from None

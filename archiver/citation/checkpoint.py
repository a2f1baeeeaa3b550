"""Checkpoints and proofs of the log as text (C2SP tlog-checkpoint, tlog-proof); no input or output."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from archiver.citation.note import Note, parse_note, strict_base64
from archiver.errors import UnsafeInputError
from archiver.storage.ledger.tree import SIZE, leaf_digest

_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
_PROOF = "c2sp.org/tlog-proof@v1\n"
_LONGEST_PROOF = 64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log says of itself: its name (`origin`), how many entries it has, and their root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"

    @classmethod
    def parse(cls, text: str) -> Checkpoint:
        """The checkpoint whose `text` this is. Raises UnsafeInputError."""
        lines = text.split("\n")
        if len(lines) != 4 or lines[3] or not lines[0]:
            raise UnsafeInputError("not a checkpoint: origin, size and root on three lines are expected")
        root = strict_base64(lines[2])
        if len(root) != SIZE:
            raise UnsafeInputError("the root of the checkpoint is not of 32 bytes")
        return cls(lines[0], _number(lines[1]), root)


@dataclass(frozen=True, slots=True)
class LogProof:
    """That an entry is in the log: its number, the digests up to the root, and the signed checkpoint."""

    index: int
    path: tuple[bytes, ...]
    note: Note

    @property
    def checkpoint(self) -> Checkpoint:
        """What was signed. Raises UnsafeInputError."""
        return Checkpoint.parse(self.note.text)

    def __str__(self) -> str:
        path = "".join(f"{base64.b64encode(digest).decode()}\n" for digest in self.path)
        return f"{_PROOF}index {self.index}\n{path}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> LogProof:
        """The proof that `str` wrote; extra data is refused. Raises UnsafeInputError."""
        if not text.startswith(_PROOF):
            raise UnsafeInputError("not a proof of inclusion: c2sp.org/tlog-proof@v1 is expected")
        head, separator, note = text.removeprefix(_PROOF).partition("\n\n")
        first, *lines = head.split("\n")
        if not separator or not first.startswith("index ") or len(lines) > _LONGEST_PROOF:
            raise UnsafeInputError("the proof of inclusion is malformed")
        path = tuple(strict_base64(line) for line in lines)
        if any(len(digest) != SIZE for digest in path):
            raise UnsafeInputError("a digest in the proof of inclusion is not of 32 bytes")
        return cls(_number(first.removeprefix("index ")), path, parse_note(note))


def entry_of(statement: bytes) -> bytes:
    """The log entry of a statement: 0x01 and its SHA-256, which its salt keeps from being guessed."""
    return b"\x01" + hashlib.sha256(statement).digest()


def leaf_of_digest(statement_digest: bytes) -> bytes:
    """The leaf digest for a statement of which only the SHA-256 is known."""
    return leaf_digest(b"\x01" + statement_digest)


def consistency_text(old: int, path: Sequence[bytes]) -> str:
    """A consistency proof as C2SP tlog-witness sends it: `old SIZE`, and a digest a line."""
    return f"old {old}\n" + "".join(f"{base64.b64encode(digest).decode()}\n" for digest in path)


def _number(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise UnsafeInputError(f"not a number of entries: {text[:30]!r}")
    return int(text)

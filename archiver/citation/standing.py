"""How a snapshot stands: what is proven of it so far, and what was said of it since."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path
from typing import Final

from archiver.citation.statement import read_canonical
from archiver.citation.timestamps import stamped_moment
from archiver.storage.index import Index
from archiver.storage.ledger.documents import Cosignature, StoredStatement, Timestamp
from archiver.storage.warc import read_record

_ENOUGH: Final = 200
"""Cosignatures that are looked at, the first since the snapshot was logged: years of them may follow."""


class State(StrEnum):
    """How far the proof of a snapshot has come; each includes those before it."""

    CAPTURED = "captured"
    LOGGED = "logged"
    WITNESSED = "witnessed"
    TIMESTAMPED = "timestamped"


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that was said of a snapshot later: an annotation, a correction, a withdrawal."""

    kind: str
    issued_at: datetime
    text: str
    by: str | None
    leaf: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """`states` that were reached; `leaf` is the entry in the log; `moment` the first sworn time."""

    states: tuple[State, ...]
    leaf: int | None
    moment: datetime | None
    witnesses: tuple[str, ...]
    remarks: tuple[Remark, ...]

    @property
    def withdrawn(self) -> Remark | None:
        """The withdrawal, if there was one."""
        return next((remark for remark in self.remarks if remark.kind == "withdrawal"), None)


def standing_of(index: Index, folder: Path, identifier: str) -> Standing:
    """The standing of a snapshot; `folder` is that of the WARC files. Raises DamagedRecordError."""
    statements = index.ledger.about(identifier)
    capture = next((statement for statement in statements if statement.kind == "capture"), None)
    remarks = tuple(remark_of(folder, statement) for statement in statements if statement.kind != "capture")
    if capture is None or capture.leaf is None:
        return Standing((State.CAPTURED,), None, None, (), remarks)
    states = [State.CAPTURED, State.LOGGED]
    cosignatures = islice(index.ledger.documents("cosignature", capture.leaf + 1), _ENOUGH)
    witnesses = {line.witness for line in cosignatures if isinstance(line, Cosignature)}
    if witnesses:
        states.append(State.WITNESSED)
    stamps = index.ledger.documents("timestamp", capture.leaf + 1)
    first = next((stamp for stamp in stamps if isinstance(stamp, Timestamp)), None)
    moment = stamped_moment(base64.b64decode(first.response)) if first else None
    if moment:
        states.append(State.TIMESTAMPED)
    return Standing(tuple(states), capture.leaf, moment, tuple(sorted(witnesses)), remarks)


def remark_of(folder: Path, statement: StoredStatement) -> Remark:
    """What a later statement says, as its record in the WARC files has it. Raises DamagedRecordError."""
    stated = read_canonical(read_record(folder, statement.location).block())
    text = str(stated.get("text") or stated.get("reason") or "")
    return Remark(statement.kind, statement.issued_at, text, stated.get("by"), statement.leaf)

"""When a group is made durable, and how long a disk or a database is waited for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommitPolicy:
    """When a group is closed: `records` exchanges, `bytes` of blocks or `seconds`, whichever comes first.

    `pending_bytes` bounds what waits in memory before `accept` makes the crawl wait. With less than
    `free_floor` bytes of disk space nothing is written. `patience` is how many seconds a full disk or an
    absent database is waited for before what waits is given up.
    """

    records: int = 32
    bytes: int = 8_000_000
    seconds: float = 0.03
    pending_bytes: int = 64_000_000
    free_floor: int = 0
    patience: float = 30.0

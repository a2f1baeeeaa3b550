"""What is still said of a withdrawn snapshot, on the web and the command line: its record, not its words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from archiver.citation.withdrawal import Withdrawal
from archiver.model.moment import to_warc_date
from archiver.model.snapshot import Snapshot
from archiver.model.version import Comparison
from archiver.storage import snapshot_codec


def without_content(snapshot: Snapshot) -> Snapshot:
    """What stays on record of a withdrawn snapshot: no text, no words of its pictures."""
    article, announced = snapshot.article, snapshot.announcement
    if article:
        article = replace(article, paragraphs=(), description=None, origins=(), disagreeing=())
    pictures = tuple(
        replace(one, found=replace(one.found, alt=None, caption=None, credit=None))
        for one in snapshot.pictures
    )
    return replace(
        snapshot,
        article=article,
        announcement=replace(announced, summary=None) if announced else None,
        pictures=pictures,
    )


def document_of(snapshot: Snapshot, withdrawal: Withdrawal | None) -> bytes:
    """The JSON document of a snapshot; of a withdrawn one what stays, and why."""
    if withdrawal is None:
        return snapshot_codec.encode(snapshot)
    document = json.loads(snapshot_codec.encode(without_content(snapshot)))
    document["withdrawn"] = described_withdrawal(withdrawal)
    return json.dumps(document, ensure_ascii=False).encode()


def described_withdrawal(withdrawal: Withdrawal | None) -> dict[str, Any] | None:
    """When, why and by whom; None for what stands."""
    if withdrawal is None:
        return None
    return {"at": to_warc_date(withdrawal.at), "reason": withdrawal.reason, "by": withdrawal.by}


def only_kinds(comparison: Comparison) -> Comparison:
    """A comparison with a withdrawn snapshot: what kinds of changes there were, without before and after."""
    return replace(comparison, fields=(), paragraphs=(), pictures=())

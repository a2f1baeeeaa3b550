"""Statements: what the archive says of a snapshot, in canonical JSON (RFC 8785), bound to every stored byte.

The salt keeps a statement from being guessed from its digest, so that the public log names no URL and a
statement can be erased without breaking the log.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import rfc8785

from archiver.citation.clock import clock_state
from archiver.errors import UnsafeInputError
from archiver.model.moment import to_warc_date
from archiver.model.snapshot import Snapshot
from archiver.storage.warc.evidence import RecordEvidence

VERSION = 1


def capture_statement(
    snapshot: Snapshot,
    records: Sequence[RecordEvidence],
    originals: Sequence[RecordEvidence],
    issued: datetime,
    previous: str | None = None,
) -> bytes:
    """The canonical statement of a snapshot: what was asked, where, when, how, and each record's digests.

    `records` are all that the snapshot consists of, `originals` those that its revisits refer to.
    """
    provenance = snapshot.provenance
    return canonical(
        {
            **_opening("capture", snapshot.id, issued),
            "seed": snapshot.seed,
            "final_url": snapshot.page.target_uri,
            "captured": to_warc_date(snapshot.captured_at),
            "clock": clock_state(),
            "software": provenance.software,
            "operator": provenance.operator,
            "vantage": provenance.vantage,
            "user_agent": provenance.user_agent,
            "source": provenance.source,
            "spider": provenance.spider,
            "robots": provenance.robots,
            "noarchive": provenance.noarchive,
            "previous": previous,
            "pictures": {
                "found": len(snapshot.pictures),
                "captured": len(snapshot.captured),
                "missing": len(snapshot.missing),
            },
            "resources": {
                "found": len(snapshot.resources),
                "missing": sum(resource.reason is not None for resource in snapshot.resources),
            },
            "dns": _dns(records, str(snapshot.page.record_id)),
            "tls": _tls(records, str(snapshot.page.record_id)),
            "records": [described(record) for record in records],
            "originals": [described(record) for record in originals],
        }
    )


def later_statement(kind: str, subject: str, issued: datetime, facts: Mapping[str, Any]) -> bytes:
    """A statement about what was stated before: an annotation, a correction, a withdrawal, a loss."""
    return canonical({**_opening(kind, subject, issued), **facts})


def canonical(stated: Mapping[str, Any]) -> bytes:
    """RFC 8785, for texts, whole numbers, truth values, lists and tables with ASCII names.

    For these the standard library writes the same, ten times as fast. What is None is left out, and lone
    surrogates become U+FFFD.
    """
    known = {name: value for name, value in stated.items() if value is not None}
    text = json.dumps(known, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace").encode()


def read_canonical(document: bytes) -> dict[str, Any]:
    """The statement in `document`, which must be its one canonical spelling. Raises UnsafeInputError."""
    try:
        stated = json.loads(document)
        if not isinstance(stated, dict) or rfc8785.dumps(stated) != document:
            raise UnsafeInputError("the statement is not canonical JSON (RFC 8785)")
    except (ValueError, RecursionError, rfc8785.CanonicalizationError) as error:
        raise UnsafeInputError(f"the statement cannot be read: {error}") from None
    return stated


def described(record: RecordEvidence) -> dict[str, Any]:
    """One record as a statement names it; `length` counts the bytes of its block."""
    said = {
        "id": record.record_id,
        "type": record.field("WARC-Type"),
        "uri": record.field("WARC-Target-URI"),
        "date": record.field("WARC-Date"),
        "ip": record.field("WARC-IP-Address"),
        "status": record.status,
        "mime": record.field("Content-Type"),
        "length": record.length,
        "record_sha256": str(record.record_sha256),
        "block_digest": record.field("WARC-Block-Digest"),
        "payload_digest": record.field("WARC-Payload-Digest"),
        "truncated": record.field("WARC-Truncated"),
        "refers_to": (record.field("WARC-Refers-To") or "").strip("<>") or None,
        "profile": record.field("WARC-Profile"),
    }
    return {name: value for name, value in said.items() if value is not None}


def _opening(kind: str, subject: str, issued: datetime) -> dict[str, Any]:
    return {
        "version": VERSION,
        "kind": kind,
        "id": subject,
        "issued": to_warc_date(issued),
        "salt": secrets.token_hex(16),
    }


def _dns(records: Sequence[RecordEvidence], page_id: str) -> list[str] | None:
    """The addresses that DNS gave for the page's host, in its order; None where they are not recorded."""
    page = next((record for record in records if record.record_id == f"urn:uuid:{page_id}"), None)
    answers = page.field("Archiver-Resolved") if page else None
    return answers.split() if answers else None


def _tls(records: Sequence[RecordEvidence], page_id: str) -> dict[str, Any] | None:
    """The connection that gave the page: version, cipher, and the digests of the certificates shown."""
    page = next((record for record in records if record.record_id == f"urn:uuid:{page_id}"), None)
    if page is None or page.field("WARC-Cipher-Suite") is None:
        return None
    protocols = [value for name, value in page.fields if name == "WARC-Protocol"]
    said: dict[str, Any] = {"protocols": protocols, "cipher_suite": page.field("WARC-Cipher-Suite")}
    for record in records:
        if record.field("WARC-Concurrent-To") == f"<urn:uuid:{page_id}>":
            remarks = record.remarks()
            certificates = [value.partition(" ")[0] for name, value in remarks if name == "certificate"]
            if certificates:
                said["certificates"] = certificates
            verified = next((value for name, value in remarks if name == "certificateVerified"), None)
            if verified:
                said["verified"] = verified == "true"
    return said

"""Holds the records of a bundle against what was stated: every byte of each, and no record more or less."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from archiver.citation.verdict import Verdict
from archiver.model.digest import Digest
from archiver.storage.warc import CheckedRecord, Fault, StoredRecord, check_segment

_SAME = {"type": "WARC-Type", "uri": "WARC-Target-URI", "date": "WARC-Date", "ip": "WARC-IP-Address",
         "mime": "Content-Type", "payload_digest": "WARC-Payload-Digest", "block_digest": "WARC-Block-Digest",
         "truncated": "WARC-Truncated", "profile": "WARC-Profile"}  # fmt: skip


def check_records(warc: Path, statements: list[dict[str, Any]], verdict: Verdict) -> list[StoredRecord]:
    """The records in the file; what is wrong with them goes into `verdict`."""
    stated: dict[str, dict[str, Any]] = {}
    for statement in statements:
        for record in (*statement["records"], *statement["originals"]):
            stated[record["id"]] = record
    found: dict[str, CheckedRecord] = {}
    for checked in check_segment(warc, is_foreign=True):
        if isinstance(checked, Fault):
            verdict.problems.append(f"{checked.segment} at {checked.offset}: {checked.message}")
            continue
        record_id = (checked.record.field("WARC-Record-ID") or "").strip("<>")
        if record_id not in stated:
            verdict.problems.append(f"a record that was not stated: {record_id or 'without an id'}")
        elif record_id in found:
            verdict.problems.append(f"the record {record_id} is there twice")
        else:
            _check_record(checked, stated[record_id], verdict)
            found[record_id] = checked
    verdict.problems += [f"the record {name} is missing" for name in stated if name not in found]
    _check_revisits(stated, verdict)
    return [checked.record for checked in found.values()]


def _check_record(checked: CheckedRecord, stated: dict[str, Any], verdict: Verdict) -> None:
    name, record = stated["id"], checked.record
    if checked.record_sha256 != Digest.parse(stated["record_sha256"]):
        verdict.problems.append(f"the record {name} is not the one that was stated")
        return
    said = {key: record.field(field) for key, field in _SAME.items()}
    different = [key for key, value in said.items() if value != stated.get(key)]
    if different or record.length != stated.get("length"):
        verdict.problems.append(
            f"the statement contradicts its own record {name}: {(different or ['length'])[0]}"
        )


def _check_revisits(stated: dict[str, dict[str, Any]], verdict: Verdict) -> None:
    for record in stated.values():
        if record.get("type") != "revisit" or "refers_to" not in record:
            continue
        original = stated.get(record["refers_to"])
        if original is None:
            verdict.warnings.append(f"the original of the revisit {record['id']} is not in the bundle")
        elif record.get("payload_digest") not in (None, original.get("payload_digest")):
            verdict.problems.append(f"the revisit {record['id']} refers to another payload")

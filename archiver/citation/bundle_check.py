"""Verifies a bundle offline: with nothing but the bundle and the reader's own policy."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from archiver.citation.bundle import (
    EVENTS,
    LAYOUT,
    PACKAGE,
    PACKAGE_DIGEST,
    ROTATIONS,
    SOFTWARE,
    WARC,
    Evidence,
    derived_files,
    event_line,
    labelled,
    numbered,
    package,
)
from archiver.citation.log_check import check_against_log, check_proof, check_stamps
from archiver.citation.opened import ContentError, OpenedBundle, open_bundle
from archiver.citation.policy import Policy
from archiver.citation.record_check import check_records
from archiver.citation.rotation import read_announcements
from archiver.citation.statement import VERSION, read_canonical
from archiver.citation.timestamps import embedded_certificates
from archiver.citation.verdict import Verdict
from archiver.errors import ArchiverError, UnsafeInputError
from archiver.model.moment import to_warc_date
from archiver.storage.warc import StoredRecord

_MOST_STATEMENTS = 1_000


def verify_bundle(path: Path, policy: Policy, log: Path | None = None) -> Verdict:
    """What holds of the bundle at `path` for somebody who trusts `policy`; `log` is a newer published log.

    Raises UnsafeInputError when it is no bundle, or one that would do harm; then nothing was read of it.
    """
    verdict = Verdict()
    with open_bundle(path) as bundle, tempfile.TemporaryDirectory(prefix="archiver-verify-") as scratch:
        try:
            _check(bundle, Path(scratch), policy, verdict, log)
        except (ContentError, UnsafeInputError) as error:
            verdict.problems.append(str(error))
        except (ArchiverError, KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
            verdict.problems.append(f"the bundle is malformed: {type(error).__name__}: {error}")
    return verdict


def _check(bundle: OpenedBundle, scratch: Path, policy: Policy, verdict: Verdict, log: Path | None) -> None:
    warc, warc_digest = bundle.unpack_warc(scratch)
    described = _check_files(bundle, warc_digest)
    evidence = _evidence(bundle, described)
    statements = [_statement(document) for document in evidence.statements]
    records = check_records(warc, statements, verdict)
    if verdict.problems:
        return
    verdict.rotations = tuple(read_announcements(evidence.rotations))
    for document, stated, proof in zip(evidence.statements, statements, evidence.proofs, strict=True):
        verdict.captured[stated["id"]] = _moment(stated["captured"])
        check_proof(document, proof.decode(), policy, verdict)
    check_stamps(evidence, policy, verdict)
    if log:
        check_against_log(evidence, log, policy, verdict)
    _check_order(verdict, policy)
    _check_events(evidence, policy, verdict)
    _check_derived(bundle, evidence, records, described, verdict)


def _check_files(bundle: OpenedBundle, warc_digest: str) -> dict[str, Any]:
    """That the bundle holds exactly the files that it lists, as they are listed."""
    content = bundle.read(PACKAGE)
    if PACKAGE_DIGEST not in bundle.names:
        raise ContentError(f"{PACKAGE_DIGEST} is missing")
    if json.loads(bundle.read(PACKAGE_DIGEST)) != {"path": PACKAGE, "hash": labelled(content)}:
        raise ContentError(f"{PACKAGE} is not the one that {PACKAGE_DIGEST} names")
    described: dict[str, Any] = json.loads(content)
    listed = {resource["path"]: resource for resource in described["resources"]}
    own = {PACKAGE, PACKAGE_DIGEST}
    if len(listed) != len(described["resources"]) or set(listed) | own != bundle.names:
        odd = sorted(set(listed) ^ (bundle.names - own))
        raise ContentError(f"the files are not those that are listed: {', '.join(odd[:3])}")
    for path, resource in listed.items():
        digest = warc_digest if path == WARC else labelled(bundle.read(path))
        if resource["hash"] != digest or resource["bytes"] != bundle.sizes[path]:
            raise ContentError(f"{path} is not the file that is listed")
    return described


def _evidence(bundle: OpenedBundle, described: dict[str, Any]) -> Evidence:
    count = 0
    while numbered("trust/statement.json", count + 1) in bundle.names:
        count += 1
    if not 0 < count <= _MOST_STATEMENTS:
        raise ContentError(f"the bundle has {count} statements")
    numbers = range(1, count + 1)
    names = [name[17:-4] for name in sorted(bundle.names) if name.startswith("trust/checkpoint.")]
    stamps = {name: bundle.read(f"trust/checkpoint.{name}.tsr") for name in names}
    archive = described["archive"]
    return Evidence(
        statements=tuple(bundle.read(numbered("trust/statement.json", n)) for n in numbers),
        proofs=tuple(bundle.read(numbered("trust/capture.tlog-proof", n)) for n in numbers),
        stamps=stamps,
        certificates={name: embedded_certificates(response) for name, response in stamps.items()},
        events=bundle.read(EVENTS),
        rotations=bundle.read(ROTATIONS) if ROTATIONS in bundle.names else b"",
        archive=str(archive["name"]),
        base_url=str(archive["base_url"]),
    )


def _statement(document: bytes) -> dict[str, Any]:
    stated = read_canonical(document)
    if stated.get("version") != VERSION or stated.get("kind") != "capture":
        raise UnsafeInputError(
            "the statement is of no capture, or of a version that this program cannot read"
        )
    return stated


def _check_order(verdict: Verdict, policy: Policy) -> None:
    """A capture cannot be later than the time that proves it, and should not be much earlier.

    Times are sworn to the second, so a capture within that second is not later.
    """
    moment = verdict.moment
    if moment is None:
        verdict.warnings.append("nobody that the policy trusts says when the log was signed")
        return
    for identifier, captured in verdict.captured.items():
        if captured.replace(microsecond=0) > moment:
            verdict.problems.append(f"{identifier} claims a capture after the time that is proven for it")
        elif moment - captured > policy.maximum_lag:
            verdict.warnings.append(
                f"LATE-LOGGED: {identifier} claims {to_warc_date(captured)[:19]}Z, {_days(moment - captured)}"
                " before the proven time; within that time it could have been made up"
            )


def _days(lag: Any) -> str:
    hours = lag.total_seconds() / 3600
    return f"{hours:.0f} hours" if hours < 72 else f"{hours / 24:.0f} days"


def _check_events(evidence: Evidence, policy: Policy, verdict: Verdict) -> None:
    lines = evidence.events.decode().split("\n")
    if lines.pop():
        raise UnsafeInputError("the events in the bundle are cut off")
    for line in lines:
        said = json.loads(line)
        document = said["statement"].encode()
        if event_line(document, said["proof"]) != f"{line}\n":
            raise UnsafeInputError("an event in the bundle does not follow from its statement")
        stated = read_canonical(document)
        if stated["id"] not in verdict.captured:
            raise UnsafeInputError("an event in the bundle is about something else")
        before = len(verdict.problems)
        check_proof(document, said["proof"], policy, verdict, quorum=False)
        if len(verdict.problems) > before:
            return
        said_of_it = stated.get("text") or stated.get("reason") or ""
        text = f"{stated['kind']} of {stated['issued'][:19]}Z: {said_of_it}"
        (verdict.warnings if stated["kind"] == "withdrawal" else verdict.notes).append(text)


def _check_derived(
    bundle: OpenedBundle,
    evidence: Evidence,
    records: list[StoredRecord],
    described: dict[str, Any],
    verdict: Verdict,
) -> None:
    """That index, citations and record page say what the evidence says, and that nothing else is there."""
    proven = {**evidence.files(), **derived_files(evidence, records)}
    extra = sorted(bundle.names - set(proven) - {WARC, PACKAGE, PACKAGE_DIGEST})
    if extra:
        verdict.problems.append(f"the bundle holds what does not belong in it: {extra[0]}")
        return
    different = [
        path for path in sorted(proven) if path not in bundle.names or bundle.read(path) != proven[path]
    ]
    different += _different_package(bundle, described, evidence)
    if not different:
        return
    if (described.get("software"), described.get("layout")) == (SOFTWARE, LAYOUT):
        verdict.problems.append(f"{different[0]} does not follow from the evidence: it was changed")
    else:
        verdict.warnings.append(
            f"{', '.join(different)}: written by another version of the program, so only the records and the"
            " statement are verified"
        )


def _different_package(bundle: OpenedBundle, described: dict[str, Any], evidence: Evidence) -> Iterator[str]:
    files = {resource["path"]: (resource["bytes"], resource["hash"]) for resource in described["resources"]}
    created = max(str(read_canonical(document)["issued"]) for document in evidence.statements)
    if any(bundle.read(path) != content for path, content in package(evidence, files, created).items()):
        yield PACKAGE


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)

"""A bundle: a WACZ that replays anywhere and holds the evidence for what it shows.

Everything in it follows from a few proven files (records, statements, proofs), so that a verifier makes the
rest anew and compares: an edited index, citation or record page is found out.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from archiver import __version__
from archiver.citation.pages import VERIFY, record_page
from archiver.citation.premis import EVENT_TYPES, premis_xml
from archiver.citation.reference import Citation, citation_of
from archiver.citation.statement import read_canonical
from archiver.citation.styles import STYLES
from archiver.model.capture import Capture, RecordType
from archiver.model.moment import to_timestamp14, to_warc_date
from archiver.model.snapshot import Snapshot
from archiver.storage import snapshot_codec
from archiver.storage.warc import StoredRecord, capture_of_record

WARC: Final = "archive/data.warc.gz"
PACKAGE: Final = "datapackage.json"
PACKAGE_DIGEST: Final = "datapackage-digest.json"
EVENTS: Final = "trust/events.jsonl"
ROTATIONS: Final = "trust/rotations.jsonl"
LAYOUT: Final = 3
"""Raised with every change of what follows from the evidence; what another layout derives is not compared."""
SOFTWARE: Final = f"news-archiver/{__version__}"
_WACZ_VERSION: Final = "1.1.1"
_CITATIONS: Final = {
    "csl-json": "csl.json",
    "bibtex": "citation.bib",
    "ris": "citation.ris",
    "text": "citation.txt",
    "wikipedia": "wikipedia.txt",
    "robust-link": "robustlink.html",
}


@dataclass(frozen=True, slots=True)
class Evidence:
    """The files of a bundle that nothing else follows from: `statements` and `proofs` go in pairs.

    `stamps` are timestamp responses by the authority's name, `events` lines of later statements with their
    proofs, `rotations` lines of announcements of keys with theirs. `archive` and `base_url` are what the
    archive calls itself; nothing proves them.
    """

    statements: tuple[bytes, ...]
    proofs: tuple[bytes, ...]
    stamps: Mapping[str, bytes]
    certificates: Mapping[str, bytes]
    events: bytes
    rotations: bytes = b""
    archive: str = ""
    base_url: str = ""

    def files(self) -> dict[str, bytes]:
        """Their paths and contents."""
        found: dict[str, bytes] = {}
        for number, (statement, proof) in enumerate(zip(self.statements, self.proofs, strict=True), 1):
            found[numbered("trust/statement.json", number)] = statement
            found[numbered("trust/capture.tlog-proof", number)] = proof
        for name, response in self.stamps.items():
            found[f"trust/checkpoint.{name}.tsr"] = response
        for name, chain in self.certificates.items():
            found[f"trust/{name}.pem"] = chain
        found[EVENTS] = self.events
        if self.rotations:
            found[ROTATIONS] = self.rotations
        return found


def numbered(path: str, number: int) -> str:
    """`trust/statement.json`, `trust/statement-2.json`, ..."""
    stem, dot, suffix = path.rpartition(".")
    return path if number == 1 else f"{stem}-{number}{dot}{suffix}"


def derived_files(evidence: Evidence, records: Sequence[StoredRecord]) -> dict[str, bytes]:
    """What follows from the evidence and the records: index, pages, citations, the record page."""
    captures = [capture for record in records if (capture := capture_of_record(record))]
    stated = [(document, read_canonical(document)) for document in evidence.statements]
    ids = [statement.get("id") for _, statement in stated]
    by_id = {snapshot.id: snapshot for snapshot in _snapshots(records)}
    snapshots = [by_id[name] for name in ids if name in by_id]
    citations = [citation_of(snapshot, evidence.base_url, evidence.archive) for snapshot in snapshots]
    files = {
        "indexes/index.cdx": "".join(sorted(_cdx(captures))).encode(),
        "pages/pages.jsonl": _pages(snapshots, citations).encode(),
        "record.html": record_page(snapshots, citations).encode(),
        "trust/VERIFY.md": VERIFY.encode(),
        "trust/premis.xml": premis_xml(stated, _later(evidence)),
    }
    for style, name in _CITATIONS.items():
        files[f"citation/{name}"] = _cited(style, citations).encode()
    return files


def _later(evidence: Evidence) -> Iterator[tuple[bytes, dict[str, Any]]]:
    """The later statements among the events: canonical bytes and content."""
    for line in evidence.events.decode().split("\n")[:-1]:
        document = json.loads(line)["statement"].encode()
        yield document, read_canonical(document)


def package(evidence: Evidence, files: Mapping[str, tuple[int, str]], created: str) -> dict[str, bytes]:
    """`datapackage.json`, which lists every file with length and digest, and the file with its own digest."""
    described = {
        "profile": "data-package",
        "wacz_version": _WACZ_VERSION,
        "software": SOFTWARE,
        "layout": LAYOUT,
        "created": created,
        "title": evidence.archive or "News archive",
        "archive": {"name": evidence.archive, "base_url": evidence.base_url},
        "resources": [
            {"name": path.rpartition("/")[2], "path": path, "hash": digest, "bytes": length}
            for path, (length, digest) in sorted(files.items())
        ],
    }
    content = json.dumps(described, ensure_ascii=False, indent=2).encode()
    digest = {"path": PACKAGE, "hash": labelled(content)}
    return {PACKAGE: content, PACKAGE_DIGEST: json.dumps(digest, indent=2).encode()}


def labelled(content: bytes) -> str:
    """`sha256:` and the digest of `content`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def file_digest(path: Path) -> tuple[int, str]:
    """Length and labelled digest of a file."""
    with path.open("rb") as file:
        return path.stat().st_size, f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def event_line(statement: bytes, proof: str) -> str:
    """A later statement as a line of events.jsonl, with its PREMIS description and its proof."""
    stated = read_canonical(statement)
    said = {
        "premis": {
            "eventType": EVENT_TYPES.get(stated["kind"], stated["kind"]),
            "eventDateTime": stated["issued"],
            "eventDetail": stated.get("text") or stated.get("reason") or stated["kind"],
            "linkingObjectIdentifier": stated["id"],
        },
        "statement": statement.decode(),
        "proof": proof,
    }
    return json.dumps(said, ensure_ascii=False) + "\n"


def _snapshots(records: Sequence[StoredRecord]) -> Iterator[Snapshot]:
    for record in records:
        if record.type is RecordType.METADATA and record.content_type == snapshot_codec.MIME:
            yield snapshot_codec.decode(record.block())


def _cdx(captures: Sequence[Capture]) -> Iterator[str]:
    for capture in captures:
        if capture.record_type is RecordType.METADATA:
            continue
        is_revisit = capture.record_type is RecordType.REVISIT
        fields = {
            "url": capture.target_uri,
            "mime": "warc/revisit" if is_revisit else capture.mime,
            "status": str(capture.status),
            "digest": str(capture.payload_digest) if capture.payload_digest else "-",
            "length": str(capture.location.length),
            "offset": str(capture.location.offset),
            "filename": "data.warc.gz",
        }
        moment = to_timestamp14(capture.captured_at)
        yield f"{capture.urlkey} {moment} {json.dumps(fields, ensure_ascii=False)}\n"


def _pages(snapshots: Sequence[Snapshot], citations: Sequence[Citation]) -> str:
    lines: list[dict[str, Any]] = [{"format": "json-pages-1.0", "id": "pages", "title": "All Pages"}]
    for snapshot, citation in zip(snapshots, citations, strict=True):
        lines.append(
            {
                "id": snapshot.id,
                "url": snapshot.page.target_uri,
                "ts": to_warc_date(snapshot.page.captured_at),
                "title": citation.title or citation.host,
            }
        )
    return "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)


def _cited(style: str, citations: Sequence[Citation]) -> str:
    if style == "csl-json":
        references = [json.loads(STYLES[style](citation))[0] for citation in citations]
        return json.dumps(references, ensure_ascii=False, indent=2) + "\n"
    return "".join(f"{STYLES[style](citation).rstrip()}\n\n" for citation in citations).rstrip("\n") + "\n"

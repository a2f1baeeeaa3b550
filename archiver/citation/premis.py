"""What a bundle holds and what was done to it, as PREMIS 3.0 XML for preservation systems.

It follows from the statements and the later events, so a verifier makes it anew and compares.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from lxml import etree

_PREMIS: Final = "http://www.loc.gov/premis/v3"
_XSI: Final = "http://www.w3.org/2001/XMLSchema-instance"
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_HEX: Final = "sha256:"

EVENT_TYPES: Final[Mapping[str, str]] = {
    "annotation": "metadata modification",
    "correction": "metadata modification",
    "withdrawal": "deaccession",
    "fixity-loss": "fixity check",
}
"""The terms of the Library of Congress for the kinds of later statements; another kind stands as it is."""

_Tree = tuple[str, "str | list[_Tree]"]
"""An element without attributes: its name, and its text or its children in the order of the schema."""


def premis_xml(statements: Iterable[tuple[bytes, Mapping[str, Any]]], events: Iterable[Any]) -> bytes:
    """The document of capture statements (canonical bytes and content) and of later ones, in the same form.

    Each snapshot is an intellectual entity that consists of its records, with size and SHA-256; capture,
    digesting and what was said later are events; the program and the operator are agents.
    """
    names: dict[Any, str] = {None: _PREMIS, "xsi": _XSI}
    root = etree.Element(f"{{{_PREMIS}}}premis", nsmap=names)
    root.set("version", "3.0")
    stated, later = list(statements), list(events)
    records: dict[str, Mapping[str, Any]] = {}
    for _, statement in stated:
        _object(root, "intellectualEntity", _entity(statement))
        records |= {record["id"]: record for record in (*statement["records"], *statement["originals"])}
    for record in records.values():
        _object(root, "bitstream", _bitstream(record))
    for document, statement in stated:
        _append(root, ("event", _capture(document, statement)))
        _append(root, ("event", _digesting(document, statement)))
    for document, statement in later:
        _append(root, ("event", _later(document, statement)))
    for name, kind in _agents([statement for _, statement in stated], [said for _, said in later]):
        _append(root, ("agent", [("agentIdentifier", _identifier("agentIdentifier", "local", name)),
                                 ("agentName", name), ("agentType", kind)]))  # fmt: skip
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return content


def _entity(statement: Mapping[str, Any]) -> list[_Tree]:
    parts: list[_Tree] = [("relationshipType", "structural"), ("relationshipSubType", "has part")]
    parts += [
        ("relatedObjectIdentifier", _identifier("relatedObjectIdentifier", "WARC-Record-ID", record["id"]))
        for record in statement["records"]
    ]
    return [
        ("objectIdentifier", _identifier("objectIdentifier", "ARK", statement["id"])),
        ("relationship", parts),
    ]


def _bitstream(record: Mapping[str, Any]) -> list[_Tree]:
    digest = str(record["record_sha256"]).removeprefix(_HEX)
    return [
        ("objectIdentifier", _identifier("objectIdentifier", "WARC-Record-ID", record["id"])),
        ("objectCharacteristics", [
            ("fixity", [("messageDigestAlgorithm", "SHA-256"), ("messageDigest", digest)]),
            ("size", str(record["length"])),
            ("format", [("formatDesignation", [("formatName", record.get("mime") or "unknown")]),
                        ("formatNote", f"WARC {record['type']} record, digested as a whole")]),
        ]),
    ]  # fmt: skip


def _capture(document: bytes, statement: Mapping[str, Any]) -> list[_Tree]:
    detail = f"captured {statement['final_url']}, asked for as {statement['seed']}"
    agents = [("executing program", statement["software"])]
    if statement.get("operator"):
        agents.append(("implementer", statement["operator"]))
    name = f"{_named(document)}#capture"
    return _event(name, "capture", statement["captured"], detail, statement["id"], agents)


def _digesting(document: bytes, statement: Mapping[str, Any]) -> list[_Tree]:
    detail = "every record read back from the disk and digested for the statement in the log"
    agents = [("executing program", statement["software"])]
    name = _named(document)
    return _event(name, "message digest calculation", statement["issued"], detail, statement["id"], agents)


def _later(document: bytes, statement: Mapping[str, Any]) -> list[_Tree]:
    kind = str(statement["kind"])
    detail = str(statement.get("text") or statement.get("reason") or kind)
    agents = [("implementer", str(statement["by"]))] if statement.get("by") else []
    event_type = EVENT_TYPES.get(kind, kind)
    return _event(_named(document), event_type, statement["issued"], detail, statement["id"], agents)


def _event(
    name: str, kind: str, at: str, detail: str, subject: str, agents: Iterable[tuple[str, str]]
) -> list[_Tree]:
    parts: list[_Tree] = [
        ("eventIdentifier", _identifier("eventIdentifier", "statement", name)),
        ("eventType", kind),
        ("eventDateTime", at),
        ("eventDetailInformation", [("eventDetail", detail)]),
        ("eventOutcomeInformation", [("eventOutcome", "success")]),
    ]
    for role, agent in agents:
        linked = _identifier("linkingAgentIdentifier", "local", agent)
        parts.append(("linkingAgentIdentifier", [*linked, ("linkingAgentRole", role)]))
    parts.append(("linkingObjectIdentifier", _identifier("linkingObjectIdentifier", "ARK", subject)))
    return parts


def _agents(
    captures: Iterable[Mapping[str, Any]], later: Iterable[Mapping[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Every agent that an event names, once."""
    named: dict[str, str] = {}
    for statement in captures:
        named.setdefault(statement["software"], "software")
        if statement.get("operator"):
            named.setdefault(statement["operator"], "organization")
    for statement in later:
        if statement.get("by"):
            named.setdefault(str(statement["by"]), "organization")
    yield from named.items()


def _named(document: bytes) -> str:
    return f"{_HEX}{hashlib.sha256(document).hexdigest()}"


def _identifier(name: str, kind: str, value: str) -> list[_Tree]:
    return [(f"{name}Type", kind), (f"{name}Value", value)]


def _object(root: etree._Element, kind: str, parts: list[_Tree]) -> None:
    _append(root, ("object", parts)).set(f"{{{_XSI}}}type", kind)


def _append(parent: etree._Element, tree: _Tree) -> etree._Element:
    name, content = tree
    element = etree.SubElement(parent, f"{{{_PREMIS}}}{name}")
    if isinstance(content, str):
        element.text = _NOT_XML.sub("\ufffd", content)
    else:
        for part in content:
            _append(element, part)
    return element

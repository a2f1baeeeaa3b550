"""The shapes of the JSON answers, as JSON Schema (2020-12), for `/api/openapi.json`."""

from __future__ import annotations

from typing import Any, Final

Schema = dict[str, Any]

TEXT: Final[Schema] = {"type": "string"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
FLAG: Final[Schema] = {"type": "boolean"}
MOMENT: Final[Schema] = {"type": "string", "format": "date-time"}
DIGEST: Final[Schema] = {"type": "string", "pattern": "^sha(?:1|256|512):[0-9a-f]+$"}
SNAPSHOT_NAME: Final[Schema] = {"type": "string", "pattern": "^ark:"}


def of(**properties: Schema) -> Schema:
    """An object that has all of these members, and maybe more."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def listed(schema: Schema) -> Schema:
    """An array of these."""
    return {"type": "array", "items": schema}


def maybe(schema: Schema) -> Schema:
    """This, or null."""
    return {"anyOf": [schema, {"type": "null"}]}


def named(name: str) -> Schema:
    """The schema of this name among the components."""
    return {"$ref": f"#/components/schemas/{name}"}


_TOTALS: Final = of(
    captures=COUNT, revisits=COUNT, failures=COUNT, urls=COUNT, snapshots=COUNT, pictures_captured=COUNT,
    pictures_missing=COUNT, stored_bytes=COUNT, payload_bytes=COUNT, saved_bytes=COUNT,
)  # fmt: skip
_SNAPSHOT: Final = of(
    snapshot=SNAPSHOT_NAME, title=maybe(TEXT), url=TEXT, captured_at=MOMENT, source=maybe(TEXT), status=COUNT,
    authors=listed(TEXT), pictures=COUNT, pictures_captured=COUNT, pictures_missing=COUNT, withdrawn=FLAG,
)  # fmt: skip
_CAPTURE: Final = of(
    url=TEXT, captured_at=MOMENT, status=maybe(COUNT), mime=TEXT, record_type=TEXT,
    record_id={"type": "string", "pattern": "^urn:uuid:"}, payload_digest=maybe(DIGEST),
    payload_length=maybe(COUNT), truncated=maybe(TEXT), redirect=maybe(TEXT), source=maybe(TEXT),
    imported_from=maybe(TEXT), memento=TEXT, withdrawn=FLAG,
)  # fmt: skip
_CITATIONS: Final[Schema] = {"type": "object", "additionalProperties": TEXT}
_EVENT: Final = of(
    kind=TEXT, observed_at=MOMENT, url=TEXT, status=maybe(COUNT), detail=maybe(TEXT), confirmed=FLAG
)
_SUBMISSION: Final = of(
    id=TEXT, url=TEXT, state={"type": "string", "enum": ["queued", "running", "done", "failed"]}, images=FLAG,
    submitted_at=MOMENT, started_at=maybe(MOMENT), finished_at=maybe(MOMENT), attempts=COUNT,
    snapshot=maybe(SNAPSHOT_NAME), reason=maybe(TEXT), note=maybe(TEXT),
)  # fmt: skip

COMPONENTS: Final[dict[str, Schema]] = {
    "Problem": of(type=TEXT, title=TEXT, status={"type": "integer"}, detail=TEXT),
    "Snapshot": _SNAPSHOT,
    "Snapshots": of(snapshots=listed(named("Snapshot")), behind=maybe({"type": "integer"})),
    "Record": {"allOf": [named("Snapshot"), of(gallery=listed({"type": "object"}), citations=_CITATIONS)]},
    "Capture": _CAPTURE,
    "Captures": of(captures=listed(named("Capture")), behind=maybe(TEXT)),
    "Urls": of(
        urls=listed(of(url=TEXT, captures=COUNT, first=MOMENT, last=MOMENT, mime=TEXT)), behind=maybe(TEXT)
    ),
    "History": of(
        url=TEXT,
        versions=listed(of(number=COUNT, seen=listed(of(snapshot=SNAPSHOT_NAME, captured_at=MOMENT)))),
        events=listed(_EVENT),
    ),
    "Sources": of(sources=listed(of(name=TEXT, title=TEXT, totals=_TOTALS))),
    "Totals": of(total=_TOTALS, sources={"type": "object", "additionalProperties": _TOTALS}),
    "Submission": _SUBMISSION,
    "Submissions": of(submissions=listed(named("Submission"))),
    "Queued": {"oneOf": [named("Submission"), named("Submissions")]},
}  # fmt: skip

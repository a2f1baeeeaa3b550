"""`/api/openapi.json`: the description of the JSON interface (OpenAPI 3.1)."""

from __future__ import annotations

from typing import Any, Final

from starlette.requests import Request
from starlette.responses import Response

from archiver.storage.index import Match
from archiver.web.api import MOST, answer
from archiver.web.desk import MOST_AT_ONCE
from archiver.web.schemas import COMPONENTS, named
from archiver.web.site import site_of


def _parameter(name: str, about: str, *, required: bool = False, place: str = "query") -> dict[str, Any]:
    schema = {"type": "integer", "minimum": 1, "maximum": MOST} if name == "limit" else {"type": "string"}
    return {"name": name, "in": place, "required": required, "description": about, "schema": schema}


def _operation(
    about: str, parameters: list[dict[str, Any]], shape: str | None, *errors: int
) -> dict[str, Any]:
    responses = _responses("200", shape, *errors)
    return {"get": {"summary": about, "parameters": parameters, "responses": responses}}


def _responses(success: str, shape: str | None, *errors: int) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": named("Problem")}}
    schema = named(shape) if shape else {"type": "object"}
    found = {"description": "As asked", "content": {"application/json": {"schema": schema}}}
    return {
        success: found,
        **{str(code): {"description": "See the detail", "content": problem} for code in errors},
    }


def _match(default: str) -> dict[str, Any]:
    match = _parameter("match", "What the address stands for")
    match["schema"] = {"type": "string", "enum": [kind.value for kind in Match], "default": default}
    return match


def _guarded(operation: dict[str, Any], *scopes: str) -> dict[str, Any]:
    """The same operation, which needs a token with one of these scopes."""
    return {**operation, "security": [{"token": [scope]} for scope in scopes]}


_DATES: Final = [_parameter("from", "From this date on"), _parameter("to", "Up to and including this date")]
_BEHIND: Final = _parameter("behind", "`behind` of the answer before")
_PAGING: Final = [_parameter("limit", "At most so many"), _BEHIND]
_URL: Final = _parameter("url", "The address", required=True)
_NAME: Final = _parameter("identifier", "ark:NAAN/name", required=True, place="path")
_WORDS: Final = [
    _parameter("q", 'Words; in `"..."` side by side'), _parameter("author", "Words of an author's name"),
    _parameter("source", "Name of a source"),
]  # fmt: skip
_SIDES: Final = [
    _parameter("before", "Identifier of the earlier snapshot", required=True),
    _parameter("after", "Identifier of the later snapshot", required=True),
]
_ID: Final = _parameter("id", "`id` of the submission", required=True, place="path")
_ADDRESS: Final = {"type": "string", "format": "uri", "maxLength": 8_192}
_SUBMIT: Final = {
    "summary": "Archive pages: they are queued, and the service fetches them",
    "requestBody": {
        "required": True,
        "content": {"application/json": {"schema": {"oneOf": [
            {
                "type": "object", "required": [name], "additionalProperties": False,
                "properties": {name: schema, "images": {"type": "boolean", "default": True}},
            }
            for name, schema in (
                ("url", _ADDRESS),
                ("urls", {"type": "array", "items": _ADDRESS, "minItems": 1, "maxItems": MOST_AT_ONCE}),
            )
        ]}}},
    },
    "responses": _responses("202", "Queued", 400, 401, 403, 413, 415, 422, 429),
}  # fmt: skip
_NEWEST: Final = _operation("The newest submissions", [], "Submissions", 401, 403)
_PATHS: Final = {
    "/api/v1/snapshots": _operation("Search snapshots", [*_WORDS, *_DATES, *_PAGING], "Snapshots", 400),
    "/api/v1/snapshots/{identifier}": _operation("The document of one snapshot", [_NAME], None, 400, 404),
    "/api/v1/records/{identifier}": _operation("All that its record page shows", [_NAME], "Record", 400, 404),
    "/api/v1/comparison": _operation("What differs between two snapshots", _SIDES, None, 400, 404, 451),
    "/api/v1/captures": {
        **_operation("Captures", [_URL, _match("exact"), *_DATES, *_PAGING], "Captures", 400),
        "post": _guarded(_SUBMIT, "capture"),
    },
    "/api/v1/submissions": {
        "get": _guarded(
            _operation("The newest submissions", [], "Submissions", 401, 403)["get"], "read", "capture"
        )
    },
    "/api/v1/submissions/{id}": _operation("How one submission fares", [_ID], "Submission", 404),
    "/api/v1/urls": _operation("Addresses below another", [_URL, _match("prefix"), _BEHIND], "Urls", 400),
    "/api/v1/history": _operation("History of an article", [_URL], "History", 400, 404),
    "/api/v1/sources": _operation("What is watched, and how the work on it goes", [], "Sources"),
    "/api/v1/stats": _operation("Totals", [], "Totals"),
}


def openapi(request: Request) -> Response:
    """The description of this interface."""
    site = site_of(request)
    document = {
        "openapi": "3.1.0",
        "info": {"title": site.name, "version": site.version},
        "servers": [{"url": site.origins.application(request)}],
        "paths": _PATHS,
        "components": {
            "schemas": COMPONENTS,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
    return answer(request, document)

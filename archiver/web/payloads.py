"""The bytes of a memento: small payloads whole, large ones as they are read."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from archiver.errors import NotFoundError, StorageError
from archiver.model.capture import Capture
from archiver.retrieval import Found, Retrieval
from archiver.web.problems import DamagedCaptureError

WHOLE: Final = 1 << 20
"""Bytes up to which a payload is sent in one piece, with its length."""


def opened(retrieval: Retrieval, capture: Capture) -> Found:
    """The records of `capture`. Raises DamagedCaptureError, NotFoundError when it has no payload."""
    try:
        found = retrieval.open(capture)
    except (StorageError, NotFoundError) as error:
        raise _damaged(capture) from error
    if found.payload_record is None:
        raise NotFoundError(
            "the server said that nothing had changed (304), and there is no earlier capture of this URL"
        )
    return found


def read_all(pieces: Iterator[bytes], capture: Capture, limit: int) -> tuple[bytes, bool]:
    """The first `limit` bytes, and whether there are more. Raises DamagedCaptureError."""
    read, length = [], 0
    try:
        for piece in pieces:
            read.append(piece)
            length += len(piece)
            if length > limit:
                return b"".join(read)[:limit], True
    except (StorageError, NotFoundError) as error:
        raise _damaged(capture) from error
    return b"".join(read), False


def body_response(
    request: Request, pieces: Iterator[bytes], capture: Capture, status: int, headers: dict[str, str]
) -> Response:
    """The answer with these bytes; its `Content-Type` is among `headers`."""
    held, length = [], 0
    try:
        for piece in pieces:
            held.append(piece)
            length += len(piece)
            if length > WHOLE:
                break
        else:
            return _whole(request, b"".join(held), status, headers)
    except (StorageError, NotFoundError) as error:
        raise _damaged(capture) from error
    if request.method == "HEAD":
        return Response(None, status, headers)
    return StreamingResponse(chain(held, pieces), status, headers)


def _whole(request: Request, body: bytes, status: int, headers: dict[str, str]) -> Response:
    if status in (204, 304):
        return Response(None, status, headers)
    headers["Content-Length"] = str(len(body))
    return Response(None if request.method == "HEAD" else body, status, headers)


def _damaged(capture: Capture) -> DamagedCaptureError:
    return DamagedCaptureError(
        f"The record of this capture ({capture.record_id}) cannot be read: its file is missing or damaged. "
        "The archive's operator has to restore it."
    )

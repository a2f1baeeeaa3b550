"""`/warc/{filename}`: the bytes of a WARC file that the index knows, whole or a range (RFC 9110, 14)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from archiver.citation.withdrawal import WithdrawnError
from archiver.errors import NotFoundError
from archiver.web.problems import DamagedCaptureError
from archiver.web.site import site_of

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_PIECE: Final = 1 << 18


def warc_file(request: Request) -> Response:
    """Only files whose names are in the index; of one that is still written, what is indexed.

    A span with a withdrawn record in it is not given out, and so no whole file that holds one.
    """
    name = request.path_params["filename"]
    site = site_of(request)
    segment = site.index.segment(name)
    if segment is None:
        raise NotFoundError("no WARC file of this name is in the index")
    try:
        descriptor = site.retrieval.open_segment(name)
    except (NotFoundError, OSError) as error:
        raise DamagedCaptureError(
            "This WARC file is missing; the archive's operator has to restore it."
        ) from error
    stored = os.fstat(descriptor).st_size
    size = stored if segment.sealed else min(stored, segment.indexed_end)
    headers = {
        "Accept-Ranges": "bytes",
        "Content-Type": "application/warc",
        "Access-Control-Allow-Origin": "*",
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "public, max-age=86400" if segment.sealed else "no-cache",
    }
    if segment.digest and segment.sealed:
        headers["ETag"] = f'"{segment.digest.value.hex()}"'
    span = span_of(request, size)
    if span is None:
        os.close(descriptor)
        headers["Content-Range"] = f"bytes */{size}"
        return Response(None, 416, headers)
    start, stop = span
    withdrawal = site.withdrawals.in_segment(name, start, stop)
    if withdrawal:
        os.close(descriptor)
        raise WithdrawnError(withdrawal)
    status = 206 if is_ranged(request) else 200
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{size}"
    headers["Content-Length"] = str(stop - start)
    if request.method == "HEAD":
        os.close(descriptor)
        return Response(None, status, headers)
    return StreamingResponse(pieces_of(descriptor, start, stop), status, headers)


def is_ranged(request: Request) -> bool:
    """Whether a single range is asked for, in a form that is understood."""
    return _RANGE.fullmatch(request.headers.get("range", "").strip()) is not None


def span_of(request: Request, size: int) -> tuple[int, int] | None:
    """First byte and the one behind the last; all of it for what is no single range; None past the end."""
    match = _RANGE.fullmatch(request.headers.get("range", "").strip())
    if not match or not (match[1] or match[2]):
        return 0, size
    if not match[1]:
        length = min(int(match[2]), size)
        return (size - length, size) if length else None
    start = int(match[1])
    stop = min(int(match[2]) + 1, size) if match[2] else size
    return (start, stop) if start < stop else None


def pieces_of(descriptor: int, start: int, stop: int) -> Iterator[bytes]:
    """The bytes from `start` to `stop` of an open file, which is closed at the end."""
    try:
        while start < stop:
            piece = os.pread(descriptor, min(_PIECE, stop - start), start)
            if not piece:
                return
            start += len(piece)
            yield piece
    finally:
        os.close(descriptor)

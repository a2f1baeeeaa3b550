"""`/snapshot/{identifier}.wacz`: a snapshot with its records, proofs and citations, to keep and verify."""

from __future__ import annotations

import os

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from archiver.retrieval import named_by
from archiver.web.freshness import is_known, not_modified
from archiver.web.records import file_name
from archiver.web.site import site_of
from archiver.web.warc_files import is_ranged, pieces_of, span_of


def bundle(request: Request, identifier: str) -> Response:
    """The bundle of one snapshot, whole or a range; the same state of the archive gives the same bytes."""
    site = site_of(request)
    snapshot = named_by(site.index, identifier)
    site.withdrawals.check_snapshot(snapshot)
    state = site.bundles.state_of(snapshot)
    headers = {
        "ETag": f'"{state[:32]}"',
        "Accept-Ranges": "bytes",
        "Content-Type": "application/wacz",
        "Content-Disposition": f'attachment; filename="{file_name(snapshot, ".wacz")}"',
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Expose-Headers": "*",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "public, max-age=60, must-revalidate",
    }
    if is_known(request, headers["ETag"]):
        return not_modified(headers)
    made = site.bundles.open(snapshot, state)
    span = span_of(request, made.size)
    if span is None:
        os.close(made.descriptor)
        return Response(None, 416, {**headers, "Content-Range": f"bytes */{made.size}"})
    start, stop = span
    status = 206 if is_ranged(request) else 200
    if status == 206:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{made.size}"
    headers["Content-Length"] = str(stop - start)
    if request.method == "HEAD":
        os.close(made.descriptor)
        return Response(None, status, headers)
    return StreamingResponse(pieces_of(made.descriptor, start, stop), status, headers)

"""WARC files as other programs write them: by warcio, with its sha1 digests and second-precise dates."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

PAGE = "http://old.example/page"
AGAIN = "http://old.example/again"
CHUNKED = "http://old.example/chunked"
BODY = b"<p>It rained in 2009.</p>"
DATE = "2009-11-14T10:00:00Z"


class ForeignWriter(WARCWriter):
    """warcio's writer, which leaves its copies of blocks open."""

    def _create_temp_file(self):
        return io.BytesIO()


def foreign_warc(path: Path, *, compressed: bool = True, version: str = "1.0", body: bytes = BODY) -> Path:
    """A page, a chunked answer, and a revisit of the page that names it by URL and date."""
    with path.open("wb") as out:
        writer = ForeignWriter(out, gzip=compressed, warc_version=version)
        writer.write_record(
            writer.create_warcinfo_record(path.name, {"software": "oldcrawler/0.9", "operator": "A Library"})
        )
        writer.write_record(_response(writer, PAGE, DATE, body))
        chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        writer.write_record(_response(writer, CHUNKED, DATE, chunks, ("Transfer-Encoding", "chunked")))
        writer.write_record(revisit(writer, body))
    return path


def revisit(writer: WARCWriter, body: bytes):
    import base64
    import hashlib

    digest = "sha1:" + base64.b32encode(hashlib.sha1(body).digest()).decode()
    headers = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
    return writer.create_revisit_record(
        AGAIN, digest, PAGE, DATE, http_headers=headers, warc_headers_dict={"WARC-Date": DATE}
    )


def _response(writer: WARCWriter, uri: str, date: str, body: bytes, *headers: tuple[str, str]):
    said = StatusAndHeaders("200 OK", [("Content-Type", "text/html"), *headers], protocol="HTTP/1.1")
    return writer.create_warc_record(
        uri, "response", payload=io.BytesIO(body), http_headers=said, warc_headers_dict={"WARC-Date": date}
    )


def gzipped_as_a_whole(plain: Path, path: Path) -> Path:
    """The uncompressed WARC file `plain` as one gzip member."""
    path.write_bytes(gzip.compress(plain.read_bytes()))
    return path

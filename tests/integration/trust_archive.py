"""A home with an article, its pictures and a second version of it, and a timestamp authority on loopback."""

from __future__ import annotations

import asyncio
import json
import subprocess
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from warc_exchanges import WARCINFO, exchange, response, writer

from archiver.citation.ledger_writer import LedgerWriter, open_ledger
from archiver.citation.notary import Notary
from archiver.citation.sequencer import LogPlace
from archiver.ingest import Ingest
from archiver.model import identifier
from archiver.model.article import ExtractedArticle, Paragraph
from archiver.model.exchange import Purpose
from archiver.model.picture import (
    FetchedRendition,
    FoundPicture,
    PictureOrigin,
    PictureRole,
    PictureStatus,
    Rendition,
    SnapshotPicture,
)
from archiver.model.snapshot import PageCapture, Provenance, Snapshot, SnapshotResource
from archiver.storage.index import Index

PAGE = "http://courier.example/depot"
CONVOY = "http://courier.example/convoy.jpg"
DEPOT = "http://courier.example/depot.jpg"
STYLE = "http://courier.example/style.css"
OLD_STYLE = "http://courier.example/old.css"
_MOVED = b"HTTP/1.1 301 Moved\r\nLocation: /style.css\r\nContent-Length: 0\r\n\r\n"
_CSS = b"HTTP/1.1 200 OK\r\nContent-Type: text/css\r\n\r\n"
_JPEG = b"HTTP/1.1 200 OK\r\nContent-Type: image/jpeg\r\n\r\n"


@dataclass(frozen=True)
class TrustHome:
    """A home whose first snapshot has the first pictures, whose second has one replaced and one unchanged."""

    root: Path
    first: Snapshot
    second: Snapshot

    @property
    def warc(self) -> Path:
        return self.root / "warc"

    @property
    def place(self) -> LogPlace:
        return LogPlace(self.root / "log", self.root / "keys", "archive.example/log")

    def index(self) -> Index:
        return Index.open(f"sqlite:///{self.root}/index.sqlite")

    @contextmanager
    def ledger(self) -> Iterator[LedgerWriter]:
        with self.index() as index, open_ledger(index, self.warc, self.place, WARCINFO) as ledger:
            yield ledger


def make_home(root: Path, age: timedelta = timedelta(seconds=5)) -> TrustHome:
    """A home with two snapshots that claim to have been taken `age` ago."""
    root.mkdir(parents=True, exist_ok=True)
    (root / "archiver.toml").write_text("")
    (root / "warc").mkdir()
    home = TrustHome(root, None, None)  # type: ignore[arg-type]
    first, second = asyncio.run(_fill(home, datetime.now(UTC) - age))
    return TrustHome(root, first, second)


async def _fill(home: TrustHome, at: datetime) -> tuple[Snapshot, Snapshot]:
    with home.index() as index:
        notary = Notary(index, home.warc, home.place, interval=3600)
        ingest = Ingest(writer(home.warc), index, None, notary)
        one = await _visit(ingest, at, b"first", {CONVOY: b"convoy " * 9, DEPOT: b"depot " * 9})
        two = await _visit(
            ingest, at + timedelta(seconds=1), b"second", {CONVOY: b"other " * 9, DEPOT: b"depot " * 9}
        )
        await ingest.close()
        return one, two


async def _visit(ingest: Ingest, at: datetime, body: bytes, pictures: dict[str, bytes]) -> Snapshot:
    html = b"<title>Proof at the depot</title><p>" + body
    page = exchange(response(html), uri=PAGE, started_at=at, resolved=("93.184.216.34", "93.184.216.35"))
    await ingest.accept(page)
    capture = await ingest.capture(page.id)
    shown = []
    for position, (url, content) in enumerate(pictures.items()):
        sent = exchange(response(content, head=_JPEG), uri=url, started_at=at, purpose=Purpose.PICTURE)
        await ingest.accept(sent)
        kept = await ingest.capture(sent.id)
        status = PictureStatus.UNCHANGED if kept.original else PictureStatus.CAPTURED
        fetched = FetchedRendition(
            url, status, sent.id, 200, "image/jpeg", kept.payload_digest, kept.payload_length
        )
        found = FoundPicture(
            position,
            PictureRole.ARTICLE,
            (Rendition(url, PictureOrigin.IMG),),
            (url,),
            alt=f"{url[-10:]} <b>",
        )
        shown.append(SnapshotPicture(found, status, (fetched,)))
    style = await _style(ingest, at)
    snapshot = Snapshot(
        id=identifier.mint(),
        seed=PAGE,
        captured_at=capture.captured_at,
        page=PageCapture(page.id, PAGE, capture.captured_at, 200, "text/html", capture.payload_digest),
        redirects=(),
        pictures=tuple(shown),
        provenance=Provenance(software="news-archiver/0.1.0", operator="An Archive", robots="allowed"),
        article=ExtractedArticle(
            PAGE,
            "1",
            title="Proof at the depot <script>",
            authors=("Ann Bell",),
            paragraphs=(Paragraph(f"Seen {body.decode()}"),),
        ),
        article_key="example,courier)/depot",
        resources=(style,),
    )
    await ingest.record(snapshot)
    return snapshot


async def _style(ingest: Ingest, at: datetime) -> SnapshotResource:
    """A stylesheet behind a redirect, the same at each visit."""
    hop = exchange(
        response(b"", head=_MOVED, status=301), uri=OLD_STYLE, started_at=at, purpose=Purpose.RESOURCE
    )
    sent = exchange(response(b"p{color:red}", head=_CSS), uri=STYLE, started_at=at, purpose=Purpose.RESOURCE)
    for one in (hop, sent):
        await ingest.accept(one)
    await ingest.capture(hop.id)
    kept = await ingest.capture(sent.id)
    return SnapshotResource(OLD_STYLE, (hop.id, sent.id), 200, "text/css", kept.payload_digest, 12)


@dataclass(frozen=True)
class TimestampAuthority:
    """`openssl ts` behind HTTP; `roots` is the PEM file of its root certificate."""

    url: str
    roots: Path


@contextmanager
def timestamp_authority(folder: Path) -> Iterator[TimestampAuthority]:
    """An authority of its own root, on loopback."""
    folder.mkdir(parents=True)
    _make_authority(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (folder / "q.tsq").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            _openssl(folder, "ts -reply -config ca.cnf -section tsa1 -queryfile q.tsq -out r.tsr")
            answer = (folder / "r.tsr").read_bytes()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield TimestampAuthority(f"http://127.0.0.1:{server.server_port}/tsr", folder / "ca.pem")
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _make_authority(folder: Path) -> None:
    (folder / "ca.cnf").write_text(_CONFIGURATION)
    (folder / "tsa.cnf").write_text(_CERTIFICATE)
    (folder / "serial").write_text("01\n")
    for command in (
        "ecparam -name prime256v1 -genkey -noout -out ca.key",
        "req -x509 -new -key ca.key -days 3650 -config ca.cnf -out ca.pem",
        "ecparam -name prime256v1 -genkey -noout -out tsa.key",
        "req -new -key tsa.key -subj /CN=Authority -out tsa.csr",
        "x509 -req -in tsa.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out tsa.pem -extfile tsa.cnf",
    ):
        _openssl(folder, command)


def _openssl(folder: Path, command: str) -> None:
    subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)


_CONFIGURATION = """
[req]
distinguished_name=dn
prompt=no
x509_extensions=ca
[dn]
CN=Root
[ca]
basicConstraints=critical,CA:TRUE
keyUsage=critical,keyCertSign
subjectKeyIdentifier=hash
[ts]
default_tsa=tsa1
[tsa1]
serial=serial
crypto_device=builtin
signer_cert=tsa.pem
certs=ca.pem
signer_key=tsa.key
signer_digest=sha256
default_policy=1.2.3.4.1
digests=sha256
ess_cert_id_alg=sha256
"""

_CERTIFICATE = """
keyUsage=critical,digitalSignature
extendedKeyUsage=critical,timeStamping
"""


def write_policy(
    path: Path, key: object, authority: TimestampAuthority | None = None, extra: str = ""
) -> Path:
    """A policy file that trusts the log `key` and the authority."""
    text = f'logs = ["{key}"]\n{extra}\n'
    if authority:
        text += f'[[authority]]\nname = "authority"\nroots = {json.dumps(str(authority.roots))}\n'
    path.write_text(text)
    return path


def unpacked(bundle: Path) -> dict[str, bytes]:
    """The files of a bundle."""
    with zipfile.ZipFile(bundle) as archive:
        return {name: archive.read(name) for name in archive.namelist()}

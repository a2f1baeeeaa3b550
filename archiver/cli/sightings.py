"""`archiver sightings`: where else, and since when, the same picture stood."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path

import click

from archiver.cli.dates import DATE_FORMS, Moment
from archiver.cli.files import require_file
from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, echo, json_option, pass_terminal, print_json
from archiver.errors import NotFoundError, UsageError
from archiver.model.digest import Digest
from archiver.model.moment import to_warc_date
from archiver.storage.index import Index


@click.command()
@click.argument("picture", metavar="URL-or-DIGEST-or-FILE")
@click.option("--at", type=Moment(), metavar="DATE", help=f"The picture as URL had it then ({DATE_FORMS}).")
@json_option
@pass_terminal
def command(terminal: Terminal, picture: str, at: datetime | None, as_json: bool) -> None:
    """List every snapshot with a picture of exactly these bytes, the earliest first.

    The picture is named by its archived URL (as it was last, or at DATE), by `sha256:...`, or by a file of
    yours. The same picture in another size or format has other bytes. Exit code 1 when it was never seen.
    """
    home, settings = terminal.open_home()
    with open_index(home, settings) as index:
        digest = _digest(index, picture, at)
        found = False
        for seen in index.picture_sightings(digest):
            found = True
            if as_json:
                print_json(
                    {
                        "captured_at": seen.captured_at, "page": seen.page_url, "picture": seen.url,
                        "snapshot": seen.snapshot_id, "position": seen.position, "role": seen.role,
                        "record": seen.record_id, "digest": str(digest),
                    }
                )  # fmt: skip
            else:
                echo(f"{to_warc_date(seen.captured_at)}  {seen.page_url}")
                echo(f"{'':29}{seen.url} in {seen.snapshot_id}")
    if not found:
        raise NotFoundError(f"no snapshot has a picture with the bytes {digest}")


def _digest(index: Index, picture: str, at: datetime | None) -> Digest:
    """The digest of the picture that is named. Raises NotFoundError, UsageError."""
    if picture.lower().startswith(("http:", "https:")):
        return _archived(index, picture, at)
    if at:
        raise UsageError("--at goes with the URL of a picture")
    if picture.lower().startswith(("sha256:", "sha-256:")):
        try:
            return Digest.parse(picture)
        except ValueError as error:
            raise UsageError(f"{error}; write sha256: and 64 hexadecimal digits") from None
    require_file(Path(picture))
    try:
        with Path(picture).open("rb") as file:
            return Digest(hashlib.file_digest(file, "sha256").digest())
    except OSError as error:
        raise UsageError(
            f"{picture} is no URL, no digest (sha256:...) and no file that can be read: {error.strerror}"
        ) from None


def _archived(index: Index, url: str, at: datetime | None) -> Digest:
    capture = index.closest(url, at, below=400)
    if capture and capture.original:
        capture = index.capture(capture.original.record_id) or capture
    if capture is None or capture.payload_digest is None:
        raise NotFoundError(f"no capture of {url} in this archive has a picture")
    return capture.payload_digest

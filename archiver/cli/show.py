"""`archiver show`: one snapshot with its pictures."""

from __future__ import annotations

from pathlib import Path

import click

from archiver.citation.standing import Standing, standing_of
from archiver.citation.withdrawal import Withdrawals
from archiver.citation.withheld import document_of, without_content
from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, echo, json_option, pass_terminal, plain, print_json, say
from archiver.errors import NotFoundError, UsageError
from archiver.fixity import page_fault
from archiver.importing import origin_of
from archiver.model.capture import imported_from
from archiver.model.moment import to_warc_date
from archiver.model.picture import PictureStatus, SnapshotPicture
from archiver.model.snapshot import Snapshot
from archiver.retrieval import named_by
from archiver.storage.index import Index


@click.command()
@click.argument("snapshot")
@json_option
@pass_terminal
def command(terminal: Terminal, snapshot: str, as_json: bool) -> None:
    """Show what the archive knows of SNAPSHOT: the page, its pictures, and which are missing.

    Of a withdrawn one its record, without the words of its pictures; of an imported WARC file
    (import-....warc.gz) where it came from.
    """
    home, settings = terminal.open_home()
    with open_index(home, settings) as index:
        if imported_from(snapshot):
            _show_import(index, settings.warc_folder(home), snapshot, as_json=as_json)
            return
        found = find_snapshot(index, snapshot)
        folder = settings.warc_folder(home)
        standing = standing_of(index, folder, found.id)
        withdrawal = Withdrawals(index, folder).of_snapshot(found.id)
        warn_of_page(index, found)
    if as_json:
        click.echo(document_of(found, withdrawal))
        return
    _print(without_content(found) if withdrawal else found)
    _print_standing(standing)


def _show_import(index: Index, folder: Path, segment: str, *, as_json: bool) -> None:
    if index.segment(segment) is None:
        raise NotFoundError(f"no file {segment} in this archive")
    said = origin_of(index, folder, segment)
    if said is None:
        raise NotFoundError(f"where {segment} came from is not stated; import the file again")
    if as_json:
        print_json(said)
        return
    file, warcinfo = said["file"], said.get("warcinfo", {})
    click.secho(plain(segment), bold=True)
    echo(f"imported    {said['issued']}" + (f" by {said['by']}" if said.get("by") else ""))
    echo(f"file        {file['name']}, {file['bytes']} bytes, {file['sha256']}")
    echo(f"packed      {said.get('packed', 'not stated')}")
    echo(f"holds       {said.get('captures', '?')} captures in {said.get('records', '?')} records")
    for name, value in warcinfo.items():
        echo(f"  {name}: {value}")
    click.echo("This archive did not take these captures.")


def _print_standing(standing: Standing) -> None:
    proven = ", ".join(standing.states)
    entry = f" (entry {standing.leaf} of the log)" if standing.leaf is not None else ""
    moment = f", existed no later than {to_warc_date(standing.moment)[:19]}Z" if standing.moment else ""
    echo(f"evidence    {proven}{entry}{moment}")
    for remark in standing.remarks:
        by = f" by {remark.by}" if remark.by else ""
        said = f"{remark.kind} of {to_warc_date(remark.issued_at)[:19]}Z{by}: {remark.text}"
        click.secho(plain(said), bold=True)


def find_snapshot(index: Index, text: str) -> Snapshot:
    """The snapshot with the identifier `text`. Raises UsageError for a mistyped one, NotFoundError."""
    if "://" in text:
        raise UsageError(f"{text} is a URL, not a snapshot; archiver history {text} lists its snapshots")
    return named_by(index, text)


def warn_of_page(index: Index, snapshot: Snapshot) -> None:
    """Say so when the page that the index has is not what the snapshot states; the files are not read."""
    fault = page_fault(index, snapshot)
    if fault:
        say(f"Warning: {fault}; run archiver verify {snapshot.id}")


def _print(snapshot: Snapshot) -> None:
    page, provenance = snapshot.page, snapshot.provenance
    click.secho(snapshot.id, bold=True)
    echo(f"page        {page.target_uri}")
    if snapshot.seed != page.target_uri:
        echo(f"asked for   {snapshot.seed}")
    echo(f"captured    {to_warc_date(snapshot.captured_at)}, status {page.status}, {page.mime}")
    echo(f"payload     {page.payload_digest}")
    click.echo(
        f"by          {provenance.software}" + (f", {provenance.operator}" if provenance.operator else "")
    )
    click.echo(
        f"robots.txt  {provenance.robots}"
        + (", the page asks not to be archived" if provenance.noarchive else "")
    )
    had, lost = len(snapshot.captured), len(snapshot.missing)
    echo(f"pictures    {len(snapshot.pictures)} found, {had} captured, {lost} missing")
    for picture in snapshot.pictures:
        _print_picture(picture)


def _print_picture(picture: SnapshotPicture) -> None:
    found = picture.found
    echo(f"  {found.position + 1:>3}  {picture.status.word:<9} {found.role:<9} {picture.url[:200]}")
    for name, text in (("alt", found.alt), ("caption", found.caption), ("credit", found.credit)):
        if text:
            echo(f"       {name}: {text}")
    if picture.status is PictureStatus.MISSING:
        echo(f"       missing: {picture.reason}")
    for rendition in picture.fetched:
        if rendition.payload_digest and not rendition.reason:
            echo(f"       {rendition.payload_digest} {rendition.url[:200]}")

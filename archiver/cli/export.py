"""`archiver export`: a bundle that replays anywhere and can be verified by anybody."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from archiver.citation.exporting import export_bundle
from archiver.cli.dates import DATE_FORMS, Moment
from archiver.cli.ledgers import open_home_ledger
from archiver.cli.naming import named_snapshot
from archiver.cli.output import Terminal, echo, json_option, pass_terminal, print_json, say, size
from archiver.errors import NotFoundError, UsageError
from archiver.model import identifier
from archiver.model.snapshot import Snapshot
from archiver.storage.index import Index
from archiver.versions import key_of


@click.command()
@click.argument("what", nargs=-1, required=True, metavar="URL-or-SNAPSHOT...")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path, dir_okay=False), required=True, help="The file."
)
@click.option(
    "--at", type=Moment(), metavar="DATE", help=f"Of a URL the snapshot closest to DATE ({DATE_FORMS})."
)
@click.option("--all-versions", is_flag=True, help="Of a URL all snapshots, not the latest alone.")
@json_option
@pass_terminal
def command(
    terminal: Terminal,
    what: tuple[str, ...],
    output: Path,
    at: datetime | None,
    all_versions: bool,
    as_json: bool,
) -> None:
    """Write snapshots with all their records, proofs and citations to FILE.wacz.

    ReplayWeb.page and pywb show it, archiver verify FILE --policy POLICY checks it. The same state of the
    archive gives the same bytes.
    """
    if output.suffix.lower() != ".wacz":
        raise UsageError(f"a bundle is named NAME.wacz, not {output.name}")
    if not output.parent.is_dir():
        raise UsageError(f"there is no folder {output.parent}")
    home, settings = terminal.open_home()
    identity = settings.identity
    with open_home_ledger(home, settings) as ledger:
        chosen: dict[str, Snapshot] = {}
        for name in what:
            for snapshot in _named(ledger.index, name, at, all_versions=all_versions):
                chosen.setdefault(snapshot.id, snapshot)
        signed = export_bundle(
            ledger,
            list(chosen.values()),
            output.absolute(),
            archive=identity.collection or identity.operator,
            base_url=settings.cited_address(),
        )
    length = output.stat().st_size
    if as_json:
        stamped = [stamp.authority for stamp in signed.stamps]
        print_json({"file": str(output), "bytes": length, "snapshots": list(chosen), "entries": signed.size,
                    "timestamps": stamped, "witnesses": list(signed.witnesses)})  # fmt: skip
        return
    echo(f"{output}: {len(chosen)} snapshots, {size(length)}")
    if signed.witnesses and not signed.stamps:
        say(f"no timestamp covers them; when, is sworn to by {', '.join(signed.witnesses)}")
    elif not signed.stamps:
        say("no timestamp covers them yet, so nobody but this archive says when (archiver log checkpoint)")


def _named(index: Index, name: str, at: datetime | None, *, all_versions: bool) -> list[Snapshot]:
    if not all_versions or identifier.is_identifier(name):
        return [named_snapshot(index, name, None if identifier.is_identifier(name) else at)]
    found = list(index.snapshots(name))
    if not found:
        raise NotFoundError(f"no snapshot of {name} in this archive")
    key = key_of(found[-1])
    return list(index.article_snapshots(key)) if key else found

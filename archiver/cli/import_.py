"""`archiver import`: foreign WARC files into the archive."""

from __future__ import annotations

from pathlib import Path

import click

from archiver.cli.files import require_file
from archiver.cli.ledgers import open_home_ledger
from archiver.cli.output import Terminal, echo, json_option, pass_terminal, print_json, progress, say, size
from archiver.importing import Imported, Importer


@click.command("import")
@click.argument(
    "files",
    nargs=-1,
    required=True,
    metavar="FILE...",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
)
@json_option
@pass_terminal
def command(terminal: Terminal, files: tuple[Path, ...], as_json: bool) -> None:
    """Take foreign WARC files (.warc, .warc.gz) into the archive.

    Each is checked strictly first, and copied as it is; `get`, `list` and the web then find its captures,
    marked as imported: this archive did not take them. Where a file came from is an entry of the log. A file
    that is not compressed record by record is compressed anew, its records unchanged.

    Exit code 3 when a file is not sound or holds records that the archive has: then none is imported. A file
    that was imported before is passed over.
    """
    home, settings = terminal.open_home()
    for file in files:
        require_file(file)
    total = 3 * sum(file.stat().st_size for file in files)  # read, written, checked
    with open_home_ledger(home, settings) as ledger, progress("importing", total) as advance:
        importer = Importer(
            ledger,
            operator=settings.identity.operator or None,
            free_floor=settings.storage.free_floor,
            on_fault=say,
            on_progress=advance,
        )
        imported = importer.run(files)
    for one in imported:
        if as_json:
            print_json(describe(one))
        else:
            echo(_line(one))


def describe(imported: Imported) -> dict[str, object]:
    """An imported file as one JSON object."""
    return {
        "file": imported.file,
        "sha256": imported.digest.value.hex(),
        "bytes": imported.bytes,
        "warc": imported.segment,
        "records": imported.records,
        "captures": imported.captures,
        "repacked": imported.is_repacked,
        "known": imported.is_known,
    }


def _line(imported: Imported) -> str:
    if imported.is_known:
        return f"{imported.file} was imported before, as {imported.segment}"
    repacked = "; its records were compressed one by one, unchanged" if imported.is_repacked else ""
    return (
        f"{imported.file}: {imported.captures} captures in {imported.records} records,"
        f" {size(imported.bytes)}, kept as {imported.segment}{repacked}"
    )

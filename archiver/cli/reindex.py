"""`archiver reindex`: the index anew from the WARC files."""

from __future__ import annotations

import logging

import click

from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, json_option, pass_terminal, print_json, progress, say
from archiver.errors import DamagedRecordError
from archiver.reindex import recover_segments, reindex
from archiver.storage.warc import sealed_bytes

log = logging.getLogger(__name__)


@click.command()
@json_option
@pass_terminal
def command(terminal: Terminal, as_json: bool) -> None:
    """Rebuild the index from the WARC files alone.

    The old index answers until the new one is complete. Exit code 1 when a record cannot be read any more: it
    is named, and everything else is indexed.
    """
    home, settings = terminal.open_home()
    folder = settings.warc_folder(home)
    with open_index(home, settings, tell=log.debug) as index:
        recover_segments(folder, index)
        with progress("reindexing", sealed_bytes(folder)) as advance:
            result = reindex(folder, index, advance, on_damage=say)
    if as_json:
        print_json(
            {
                "segments": result.segments, "captures": result.captures, "snapshots": result.snapshots,
                "damaged": result.damaged,
            }
        )  # fmt: skip
    else:
        click.echo(
            f"Indexed {result.captures} captures and {result.snapshots} snapshots"
            f" from {result.segments} WARC files."
        )
    if result.damaged:
        raise DamagedRecordError(
            f"{result.damaged} records cannot be read and are not in the index; restore their files from a"
            " copy and reindex again"
        )

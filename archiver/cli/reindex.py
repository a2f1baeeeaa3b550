"""`archiver reindex`: the index anew from the WARC files."""

from __future__ import annotations

import click

from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, json_option, pass_terminal, print_json, progress
from archiver.reindex import recover_segments, reindex
from archiver.storage.warc import segment_files


@click.command()
@json_option
@pass_terminal
def command(terminal: Terminal, as_json: bool) -> None:
    """Rebuild the index from the WARC files alone.

    The old index answers until the new one is complete.
    """
    home, settings = terminal.open_home()
    folder = settings.warc_folder(home)
    total = sum(path.stat().st_size for path in segment_files(folder))
    with open_index(home, settings) as index:
        recover_segments(folder, index)
        with progress("reindexing", total) as advance:
            result = reindex(folder, index, advance)
    if as_json:
        print_json({"segments": result.segments, "captures": result.captures, "snapshots": result.snapshots})
    else:
        click.echo(
            f"Indexed {result.captures} captures and {result.snapshots} snapshots"
            f" from {result.segments} WARC files."
        )

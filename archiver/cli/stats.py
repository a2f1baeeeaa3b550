"""`archiver stats`: what the archive holds."""

from __future__ import annotations

from dataclasses import asdict, replace

import click

from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, json_option, pass_terminal, print_json, size, table
from archiver.storage.index import SourceStats


@click.command()
@json_option
@pass_terminal
def command(terminal: Terminal, as_json: bool) -> None:
    """Counts, bytes, what deduplication saved, per source; `(no source)` is what was asked for by hand."""
    home, settings = terminal.open_home()
    with open_index(home, settings) as index:
        stats = index.stats()
        segments = list(index.segments())
    named = {name: each for name, each in sorted(stats.sources.items()) if name}
    by_hand = replace(stats.sources.get("", SourceStats()), urls=0)  # those of all stand there
    if as_json:
        print_json(
            {
                **describe(stats.total),
                "segments": len(segments),
                "sources": {name: describe(each) for name, each in named.items()},
                "no_source": describe(by_hand),
            }
        )
        return
    total = stats.total
    click.echo(f"{total.snapshots} snapshots of {total.urls} URLs in {len(segments)} WARC files")
    click.echo(f"{total.captures} captures: {total.revisits} revisits, {total.failures} without an answer")
    click.echo(f"{total.pictures_captured} pictures captured, {total.pictures_missing} missing")
    click.echo(
        f"{size(total.stored_bytes)} on disk for {size(total.payload_bytes)} of payload;"
        f" deduplication saved {size(total.saved_bytes)}"
    )
    if named:
        rows = {**named, "(no source)": by_hand} if by_hand != SourceStats() else named
        click.echo()
        table(
            ("source", "snapshots", "captures", "revisits", "failures", "on disk"),
            (
                (
                    name,
                    str(s.snapshots),
                    str(s.captures),
                    str(s.revisits),
                    str(s.failures),
                    size(s.stored_bytes),
                )
                for name, s in rows.items()
            ),
        )


def describe(stats: SourceStats) -> dict[str, int]:
    """The counts as one JSON object."""
    return asdict(stats)

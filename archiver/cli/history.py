"""`archiver history`: the versions of an article and what visits found in between."""

from __future__ import annotations

import click

from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, counted, echo, json_option, pass_terminal, print_json
from archiver.history import Historian
from archiver.model.moment import to_warc_date
from archiver.model.version import Comparison
from archiver.retrieval import Retrieval
from archiver.versions.described import described
from archiver.versions.words import details, summary


@click.command()
@click.argument("url")
@json_option
@pass_terminal
def command(terminal: Terminal, url: str, as_json: bool) -> None:
    """Tell the history of the article at URL: each snapshot with what changed, and each event.

    An event is what a visit found when the article was not there as before: gone, behind a wall, moved, back
    again; the answer itself is archived as its evidence.
    """
    home, settings = terminal.open_home()
    with open_index(home, settings) as index:
        history = Historian(index, Retrieval(index, settings.warc_folder(home))).history(url)
    if as_json:
        for _, step in history.steps():
            print_json(described(step))
        return
    versions = counted(len(history.timeline.versions), "version")
    click.secho(f"{versions} in {counted(len(history.snapshots), 'snapshot')}", bold=True)
    for moment, step in history.steps():
        echo(f"{to_warc_date(moment)}  {summary(step)}")
        if isinstance(step, Comparison):
            echo(f"{'':29}{step.after}")
            for line in details(step):
                echo(f"{'':29}{line}")

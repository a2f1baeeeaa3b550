"""`archiver history`: the versions of an article and what visits found in between."""

from __future__ import annotations

import click

from archiver.citation.withdrawal import Withdrawals
from archiver.citation.withheld import only_kinds
from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, counted, echo, json_option, pass_terminal, print_json
from archiver.history import Historian
from archiver.model.moment import to_warc_date
from archiver.model.version import ArticleEvent, Comparison
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
    again; the answer itself is archived as its evidence. Beside a withdrawn snapshot only the
    kind of change is told.
    """
    home, settings = terminal.open_home()
    with open_index(home, settings) as index:
        folder = settings.warc_folder(home)
        history = Historian(index, Retrieval(index, folder)).history(url)
        withdrawals = Withdrawals(index, folder)
        withdrawn = {one.id for one in history.snapshots if withdrawals.of_snapshot(one.id)}
    steps = [(moment, _shown(step, withdrawn)) for moment, step in history.steps()]
    if as_json:
        for _, step in steps:
            print_json(_described(step, withdrawn))
        return
    versions = counted(len(history.timeline.versions), "version")
    click.secho(f"{versions} in {counted(len(history.snapshots), 'snapshot')}", bold=True)
    for moment, step in steps:
        echo(f"{to_warc_date(moment)}  {summary(step)}")
        if isinstance(step, Comparison):
            mark = ", withdrawn" if step.after in withdrawn else ""
            echo(f"{'':29}{step.after}{mark}")
            for line in details(step):
                echo(f"{'':29}{line}")


def _shown(step: Comparison | ArticleEvent, withdrawn: set[str]) -> Comparison | ArticleEvent:
    if isinstance(step, ArticleEvent) or not withdrawn & {step.before, step.after}:
        return step
    return only_kinds(step)


def _described(step: Comparison | ArticleEvent, withdrawn: set[str]) -> dict[str, object]:
    told = described(step)
    return told if isinstance(step, ArticleEvent) else told | {"withdrawn": step.after in withdrawn}

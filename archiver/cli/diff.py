"""`archiver diff`: what changed in an article between two dates."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click

from archiver.citation.withdrawal import Withdrawals
from archiver.cli.dates import DATE_FORMS, Moment
from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, json_option, pass_terminal, plain, print_json
from archiver.history import Historian
from archiver.model.moment import to_warc_date
from archiver.model.version import ParagraphChange
from archiver.retrieval import Retrieval
from archiver.versions import SpanKind, spans
from archiver.versions.described import described
from archiver.versions.words import picture_line

STYLES: dict[SpanKind, dict[str, Any]] = {
    SpanKind.DELETE: {"fg": "red", "strikethrough": True},
    SpanKind.INSERT: {"fg": "green"},
}
MARKS = {SpanKind.DELETE: ("[-", "-]"), SpanKind.INSERT: ("{+", "+}"), SpanKind.EQUAL: ("", "")}


@click.command()
@click.argument("url")
@click.option("--from", "from_", type=Moment(), metavar="DATE", help=f"The earlier side ({DATE_FORMS}).")
@click.option("--to", type=Moment(last=True), metavar="DATE", help="The later side.")
@click.option("--noise", is_flag=True, help="Show what only surrounds the article too.")
@json_option
@pass_terminal
def command(
    terminal: Terminal, url: str, from_: datetime | None, to: datetime | None, noise: bool, as_json: bool
) -> None:
    """Show what changed in the article at URL: title, text, pictures.

    Between the snapshots closest to two dates; without dates between the last version and the one before.
    Deleted words are shown as [-so-], inserted ones as {+so+}. With a withdrawn snapshot nothing is compared.
    """
    home, settings = terminal.open_home()
    with open_index(home, settings) as index:
        folder = settings.warc_folder(home)
        historian = Historian(index, Retrieval(index, folder))
        before, after = historian.difference(url, from_, to)
        withdrawals = Withdrawals(index, folder)
        for side in (before, after):
            withdrawals.check_snapshot(side)
        comparison = historian.compared(before, after)
    if as_json:
        print_json(described(comparison))
        return
    click.echo(f"before  {before.id}  {to_warc_date(before.captured_at)}")
    click.echo(f"after   {after.id}  {to_warc_date(after.captured_at)}")
    click.secho(", ".join(comparison.kinds), bold=True)
    for field in comparison.fields:
        if noise or field.noise is None:
            click.echo(f"{field.field}: {marked(field.before or '', field.after or '')}")
    for paragraph in comparison.paragraphs:
        if noise or paragraph.noise is None:
            click.echo(f"\nparagraph {paragraph.position + 1} {paragraph.kind}\n  {_text(paragraph)}")
    for picture in comparison.pictures:
        if noise or picture.noise is None:
            click.echo(f"\n{plain(picture_line(picture))}")
            click.echo(f"  before {plain(str(picture.before_digest or picture.before or '-'))}")
            click.echo(f"  after  {plain(str(picture.after_digest or picture.after or '-'))}")


def _text(change: ParagraphChange) -> str:
    return marked(change.before or "", change.after or "")


def marked(before: str, after: str) -> str:
    """One text with what was deleted and inserted marked, in colour where a person looks on."""
    parts = []
    for span in spans(before, after):
        opening, closing = MARKS[span.kind]
        style = STYLES.get(span.kind, {})
        parts.append(
            click.style(f"{opening}{plain(span.text)}{closing}", **style) if style else plain(span.text)
        )
    return "".join(parts)

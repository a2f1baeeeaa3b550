"""`archiver cite`: a snapshot as a reference, in the style that is wanted."""

from __future__ import annotations

from datetime import datetime

import click

from archiver.citation.files import csl_reference
from archiver.citation.reference import Citation, citation_of, citation_of_import
from archiver.citation.styles import STYLES
from archiver.citation.withdrawal import Withdrawals, WithdrawnError
from archiver.citation.withheld import described_withdrawal
from archiver.cli.dates import DATE_FORMS, Moment
from archiver.cli.naming import named_snapshot
from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, json_option, pass_terminal, print_json, say
from archiver.cli.show import warn_of_page
from archiver.config.settings import Settings
from archiver.errors import NotFoundError
from archiver.model.identifier import is_identifier
from archiver.model.moment import to_warc_date
from archiver.model.snapshot import Snapshot
from archiver.model.version import ChangeKind
from archiver.storage.index import Index
from archiver.versions import key_of


@click.command()
@click.argument("what", metavar="URL-or-SNAPSHOT")
@click.option("--at", type=Moment(), metavar="DATE", help=f"The snapshot closest to DATE ({DATE_FORMS}).")
@click.option(
    "--style", type=click.Choice(list(STYLES)), default="text", show_default=True, help="The form wanted."
)
@json_option
@pass_terminal
def command(terminal: Terminal, what: str, at: datetime | None, style: str, as_json: bool) -> None:
    """Cite a snapshot: the original, the copy, when it was taken, its identifier and digest.

    Of several snapshots of a URL the one closest to DATE is taken, else the latest; standard error says
    which. With --json every style at once.
    """
    home, settings = terminal.open_home()
    with open_index(home, settings) as index:
        citation = _citation(index, settings, what, at)
        withdrawal = Withdrawals(index, settings.warc_folder(home)).of_snapshot(citation.identifier)
    if as_json:
        print_json(
            {
                "snapshot": None if citation.imported_from else citation.identifier,
                "imported_from": citation.imported_from,
                "url": citation.url,
                "captured_at": to_warc_date(citation.captured),
                "archive_url": citation.archive_url,
                "digest": str(citation.digest) if citation.digest else None,
                "withdrawn": described_withdrawal(withdrawal),
                "csl": csl_reference(citation),
                "styles": {name: write(citation) for name, write in STYLES.items()},
            }
        )
        return
    origin = f", {citation.origin}" if citation.imported_from else ""
    say(f"{citation.url} captured {to_warc_date(citation.captured)}{origin} [{citation.identifier}]")
    if withdrawal:
        say(f"warning: {WithdrawnError(withdrawal)}; nobody is shown what it held")
    if not citation.archive_url:
        say("identity.base_url is not set, so the citation has no address of the copy, only its identifier")
    click.echo(STYLES[style](citation).removesuffix("\r\n"))


def _citation(index: Index, settings: Settings, what: str, at: datetime | None) -> Citation:
    """The citation of the snapshot that is named; where there is none, of a capture in an imported file."""
    try:
        snapshot = named_snapshot(index, what, at)
    except NotFoundError:
        capture = None if is_identifier(what) else index.closest(what, at)
        if capture is None or capture.imported_from is None:
            raise
    else:
        warn_of_page(index, snapshot)
        return citation_for(index, settings, snapshot)
    identity = settings.identity
    return citation_of_import(capture, settings.cited_address(), identity.collection or identity.operator)


def citation_for(index: Index, settings: Settings, snapshot: Snapshot) -> Citation:
    """The citation of a snapshot, with what later visits found."""
    identity = settings.identity
    visits = index.events(key_of(snapshot), snapshot.page.target_uri)
    later = [visit for visit in visits if visit.observed_at > snapshot.captured_at]
    latest = next(index.snapshots(snapshot.seed, descending=True, limit=1), snapshot)
    gone = [visit for visit in later if visit.kind is ChangeKind.GONE]
    is_dead = bool(gone) and gone[-1].observed_at > latest.captured_at
    return citation_of(
        snapshot, settings.cited_address(), identity.collection or identity.operator, is_dead=is_dead
    )

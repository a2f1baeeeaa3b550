"""`archiver fixity`: are the bytes still those that were stored, in every copy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import click

from archiver.citation.checks import OK
from archiver.citation.fixity_report import fixity_report
from archiver.citation.preservation import Keeper, schedule
from archiver.citation.replica import Replica
from archiver.cli.ledgers import open_home_ledger
from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, json_option, pass_terminal, print_json, progress, size, table
from archiver.cli.verify import VerificationError
from archiver.model.moment import to_warc_date
from archiver.storage.index import Index


@click.group()
def command() -> None:
    """Check the stored files on a schedule, keep a second copy, mend what is damaged."""


@contextmanager
def _keeper(terminal: Terminal) -> Iterator[tuple[Keeper, Index]]:
    home, settings = terminal.open_home()
    replica = Replica(home.address(settings.storage.replica)) if settings.storage.replica else None
    with open_home_ledger(home, settings) as ledger:
        yield Keeper(ledger, replica), ledger.index


@command.command()
@json_option
@pass_terminal
def plan(terminal: Terminal, as_json: bool) -> None:
    """Show what the next run checks: a day's share of 90 days, what is overdue, and a random sample."""
    with _keeper(terminal) as (keeper, _):
        chosen = keeper.plan(datetime.now(UTC))
    if as_json:
        for planned in chosen:
            checked = to_warc_date(planned.checked_at) if planned.checked_at else None
            print_json({"file": planned.segment.name, "bytes": planned.segment.size, "checked_at": checked})
        return
    table(
        ("file", "size", "last checked"),
        (
            (
                p.segment.name,
                size(p.segment.size or 0),
                to_warc_date(p.checked_at) if p.checked_at else "never",
            )
            for p in chosen
        ),
    )


@command.command()
@click.option("--all", "everything", is_flag=True, help="Check every file now.")
@click.option("--new-replica", is_flag=True, help="The second copy is at a new, empty place: make all of it.")
@json_option
@pass_terminal
def run(terminal: Terminal, everything: bool, new_replica: bool, as_json: bool) -> None:
    """Check what is planned, in both copies; make a second copy where there is none.

    Of all other files it is seen whether they are there with the size that they had. Exit code 1 when a copy
    is damaged or missing.
    """
    with _keeper(terminal) as (keeper, index):
        chosen = schedule(index) if everything or new_replica else keeper.plan(datetime.now(UTC))
        total = sum(planned.segment.size or 0 for planned in chosen)
        with progress("checking", total, quiet=as_json) as advance:
            checks = keeper.run(chosen, advance, new_replica=new_replica)
    bad = [check for check in checks if check.outcome != OK]
    if as_json:
        for check in checks:
            print_json(
                {"file": check.segment, "copy": check.copy, "bytes": check.bytes, "outcome": check.outcome}
            )
    else:
        for check in bad:
            click.echo(f"{check.segment} ({check.copy}): {check.outcome}")
    if bad:
        raise VerificationError(
            f"{len(bad)} of {len(checks)} copies are not as logged; archiver fixity repair"
        )
    if not as_json:
        click.echo(f"{len(checks)} copies of {len(chosen)} files checked, {size(total)}: no fault")


@command.command()
@json_option
@pass_terminal
def report(terminal: Terminal, as_json: bool) -> None:
    """Say how much was checked within 90 days, how long ago, and what is wrong: then exit code 1."""
    home, settings = terminal.open_home()
    with open_index(home, settings) as index:
        found = fixity_report(
            index, settings.warc_folder(home), datetime.now(UTC), has_replica=bool(settings.storage.replica)
        )
    faults = {
        "errors": found.errors,
        "lost": found.lost,
        "bytes_without_leaves": found.bytes_without_leaves,
        "leaves_without_bytes": found.leaves_without_bytes,
    }
    oldest = to_warc_date(found.oldest) if found.oldest else None
    if as_json:
        print_json({"files": found.files, "bytes": found.bytes, "audited": found.audited, "oldest": oldest,
                    "unchecked": found.unchecked, **faults,
                    "found_again": [
                        {"file": loss.segment, "lost_at": to_warc_date(loss.lost_at),
                         "found_at": loss.found_at and to_warc_date(loss.found_at)}
                        for loss in found.found_again
                    ]})  # fmt: skip
    else:
        click.echo(f"{found.files} files, {size(found.bytes)}; {found.audited:.1%} checked within 90 days")
        click.echo(f"oldest check {oldest or 'never'}; {found.unchecked} files never checked")
        for name, lines in faults.items():
            for line in lines:
                click.echo(f"{name.replace('_', ' ')}: {line}")
        for loss in found.found_again:
            assert loss.found_at is not None
            lost, again = to_warc_date(loss.lost_at), to_warc_date(loss.found_at)
            click.echo(f"found again: {loss.segment}: lost {lost}, found again {again}")
    if not found.is_sound:
        advice = "; next: archiver fixity run --all, then archiver fixity repair" if found.lacks_files else ""
        raise VerificationError(f"the archive is not as it was logged; see above{advice}")


@command.command()
@json_option
@pass_terminal
def repair(terminal: Terminal, as_json: bool) -> None:
    """Mend what the last checks found bad from the copy with the logged digest.

    Exit code 1 when a file is lost.
    """
    with _keeper(terminal) as (keeper, _):
        done = keeper.repair()
    for repaired in done:
        if as_json:
            print_json({"file": repaired.segment, "action": repaired.action, "detail": repaired.detail})
        else:
            click.echo(f"{repaired.segment}: {repaired.action}, {repaired.detail}")
    counts = Counter(repaired.action for repaired in done)
    if counts["lost"]:
        raise VerificationError(f"{counts['lost']} files are lost: no copy has the logged digest")
    if not as_json and not done:
        click.echo("nothing to repair")

"""`archiver list`: the captures of a URL."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from datetime import datetime

import click

from archiver.citation.withdrawal import Withdrawals
from archiver.cli.dates import DATE_FORMS, Moment
from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, json_option, pass_terminal, print_json, say, size, table
from archiver.errors import NotFoundError, UsageError
from archiver.model.capture import Capture
from archiver.model.moment import to_warc_date
from archiver.storage.index import Index, cased_key_of, on_any_port

AT_ONCE = 200
"""Captures whose snapshots are looked up together."""


@click.command("list")
@click.argument("url")
@click.option("--from", "from_", type=Moment(), metavar="DATE", help=f"From this date on ({DATE_FORMS}).")
@click.option("--to", type=Moment(last=True), metavar="DATE", help="Up to and including this date.")
@click.option(
    "--match", type=click.Choice(["exact", "prefix", "host", "domain"]), default="exact", show_default=True,
    help="What URL stands for: itself, all that begin with it, its host (on every port if it names none),"
    " its domain with all hosts under it.",
)  # fmt: skip
@click.option("--failures", is_flag=True, help="Also the attempts that got no answer.")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many captures.")
@json_option
@pass_terminal
def command(
    terminal: Terminal,
    url: str,
    from_: datetime | None,
    to: datetime | None,
    match: str,
    failures: bool,
    limit: int | None,
    as_json: bool,
) -> None:
    """List the captures of URL, oldest first. Exit code 1 when there is none.

    As everywhere in CDX, an exact match is of all addresses that differ only in scheme, www, order of the
    query or letter case; the last column says which address each capture is of.
    """
    if from_ and to and from_ > to:
        raise UsageError("--from is later than --to: no capture can lie between them")
    home, settings = terminal.open_home()
    none_yet = True
    others: list[str] = []
    with open_index(home, settings) as index:
        sought = on_any_port(url) if match == "host" else url
        captures = index.captures(match, sought, from_, to, failures=failures, limit=limit)
        if match == "exact":
            captures = _noting_others(captures, url, others)
        found = with_snapshots(index, captures)
        withdrawals = Withdrawals(index, settings.warc_folder(home))
        if as_json:
            for capture, snapshot in found:
                none_yet = False
                withdrawn = withdrawals.of_capture(capture) is not None
                print_json(describe(capture) | {"snapshot": snapshot, "withdrawn": withdrawn})
        else:
            header = ("captured at (UTC)", "status", "type", "size", "kept as", "snapshot", "URL")
            rows = (
                row(capture, snapshot, withdrawn=withdrawals.of_capture(capture) is not None)
                for capture, snapshot in found
            )
            none_yet = table(header, rows) == 0
    if none_yet:
        raise NotFoundError(f"no capture of {url} in this archive")
    if others:
        say(f"also of {others[0]}: an address that differs in letter case can be of another page")


def _noting_others(captures: Iterable[Capture], url: str, others: list[str]) -> Iterator[Capture]:
    """The captures; `others` gets the first address among them that differs in letter case."""
    key = cased_key_of(url)
    for capture in captures:
        if not others and cased_key_of(capture.target_uri) != key:
            others.append(capture.target_uri)
        yield capture


def with_snapshots(index: Index, captures: Iterable[Capture]) -> Iterator[tuple[Capture, str | None]]:
    """Each capture with the identifier of the snapshot that it is the page of, if it is one."""
    iterator = iter(captures)
    while group := list(itertools.islice(iterator, AT_ONCE)):
        known = index.page_snapshots([capture.record_id for capture in group])
        yield from ((capture, known.get(capture.record_id)) for capture in group)


def describe(capture: Capture) -> dict[str, object]:
    """A capture as one JSON object."""
    return {
        "url": capture.target_uri,
        "urlkey": capture.urlkey,
        "captured_at": to_warc_date(capture.captured_at),
        "status": capture.status or None,
        "mime": capture.mime,
        "record_type": capture.record_type,
        "record_id": f"urn:uuid:{capture.record_id}",
        "payload_digest": str(capture.payload_digest) if capture.payload_digest else None,
        "payload_length": capture.payload_length,
        "truncated": capture.truncated,
        "failure": capture.failure,
        "redirect": capture.redirect,
        "source": capture.source,
        "imported_from": capture.imported_from,
        "warc": capture.location.segment,
        "offset": capture.location.offset,
        "length": capture.location.length,
        "refers_to": f"urn:uuid:{capture.original.record_id}" if capture.original else None,
    }


def row(capture: Capture, snapshot: str | None, *, withdrawn: bool) -> tuple[str, ...]:
    """A capture as one line for a person."""
    kept = f"cut off: {capture.truncated}" if capture.truncated else str(capture.record_type)
    if capture.imported_from:
        kept += f", imported from {capture.imported_from}"
    if withdrawn:
        kept += ", withdrawn"
    return (
        capture.captured_at.strftime("%Y-%m-%d %H:%M:%S"),
        str(capture.status) if capture.status else "failed",
        capture.mime,
        size(capture.payload_length),
        capture.failure or kept,
        snapshot or "",
        capture.target_uri,
    )

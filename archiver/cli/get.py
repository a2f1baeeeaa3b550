"""`archiver get`: an archived page or picture back."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import click

from archiver.citation.withdrawal import Withdrawals
from archiver.cli.dates import DATE_FORMS, Moment
from archiver.cli.list_ import describe
from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, json_option, pass_terminal, print_json, say
from archiver.errors import NotFoundError, StorageError, UsageError
from archiver.model.capture import Capture
from archiver.model.moment import to_warc_date
from archiver.retrieval import Found, Retrieval


@click.command()
@click.argument("url")
@click.option("--at", type=Moment(), metavar="DATE", help=f"The capture closest to DATE ({DATE_FORMS}).")
@click.option("-o", "--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to FILE.")
@click.option("--raw", is_flag=True, help="The exact bytes on the wire: status line, headers, body.")
@click.option("--headers", is_flag=True, help="The exact status line and headers only.")
@click.option("--record", is_flag=True, help="The whole WARC record, uncompressed.")
@json_option
@pass_terminal
def command(
    terminal: Terminal,
    url: str,
    at: datetime | None,
    output: Path | None,
    raw: bool,
    headers: bool,
    record: bool,
    as_json: bool,
) -> None:
    """Write the archived payload of URL, decoded, to standard output (or FILE).

    Of several captures the one closest to DATE is taken, else the latest; standard error says which. What
    was withdrawn is not given out.
    """
    if raw + headers + record + as_json > 1:
        raise UsageError("choose one of --raw, --headers, --record and --json")
    home, settings = terminal.open_home()
    folder = settings.warc_folder(home)
    with open_index(home, settings) as index:
        retrieval = Retrieval(index, folder)
        found = retrieval.closest(url, at)
        if as_json:
            print_json(describe(found.capture))
            return
        Withdrawals(index, folder).check(found.capture)
        say(_which(found))
        if found.capture.status >= 400:
            say(_error_page(found, retrieval.closest_page(url, at)))
        write(_wanted(found, raw=raw, headers=headers, record=record), output)


def _error_page(found: Found, page: Capture | None) -> str:
    """That this is no article, and where one is."""
    known = f"the closest page is of {to_warc_date(page.captured_at)}" if page else "there is no page of it"
    return f"note: the server answered {found.capture.status} then, so this is an error page; {known}"


def _wanted(found: Found, *, raw: bool, headers: bool, record: bool) -> Iterable[bytes]:
    if record:
        return found.record.whole()
    if found.capture.failure:
        raise NotFoundError(
            f"that attempt got no answer ({found.capture.failure}); --record shows what was recorded of it"
        )
    if headers:
        return [found.headers()]
    if raw:
        return found.raw()
    if found.payload_record is None:
        raise NotFoundError(
            "the server said that nothing had changed (304), and there is no earlier capture of this URL"
        )
    return found.payload()


def _which(found: Found) -> str:
    capture = found.capture
    moment = to_warc_date(capture.captured_at)
    text = f"{capture.target_uri} captured {moment}, status {capture.status or 'none'}"
    if capture.original:
        text += f", same payload as captured {to_warc_date(capture.original.captured_at)}"
    if capture.imported_from:
        text += f", IMPORTED from {capture.imported_from} (this archive did not take it)"
    if capture.truncated:
        text += f", CUT OFF ({capture.truncated})"
    return f"{text} [{capture.location.segment} at {capture.location.offset}]"


def write(chunks: Iterable[bytes], output: Path | None) -> None:
    """Write to a file, complete or not at all, or to standard output."""
    if output is None:
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
        return
    if not output.name:
        raise UsageError("say after -o which file to write to")
    if output.exists() and not output.is_file():  # a device or a pipe must not be replaced by a file
        _write_into(output, chunks)
        return
    partial = output.with_name(output.name + ".partial")
    try:
        with partial.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
        partial.replace(output)
    except OSError as error:
        partial.unlink(missing_ok=True)
        raise StorageError(f"cannot write {output}: {error.strerror}") from error


def _write_into(output: Path, chunks: Iterable[bytes]) -> None:
    try:
        with output.open("wb") as stream:
            for chunk in chunks:
                stream.write(chunk)
    except OSError as error:
        raise StorageError(f"cannot write {output}: {error.strerror}") from error

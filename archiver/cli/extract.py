"""`archiver extract`: what a page says of its article; again over stored pages."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec

from archiver.cli.files import require_file
from archiver.cli.output import Terminal, echo, json_option, pass_terminal, print_json, progress
from archiver.errors import StorageError, UsageError
from archiver.spiders.extraction import EXTRACTOR_VERSION, extract


@click.command()
@click.argument("file", required=False, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--url", help="The address that FILE was fetched from.")
@click.option("--again", is_flag=True, help="Read all stored pages that an older extractor read.")
@json_option
@pass_terminal
def command(terminal: Terminal, file: Path | None, url: str | None, again: bool, as_json: bool) -> None:
    """Show what the page in FILE says of its article, or read stored pages --again.

    What is read again becomes a WARC record of its own; snapshots never change.
    """
    if again == (file is not None):
        raise UsageError("name a FILE with its --url, or say --again")
    if file:
        if not url:
            raise UsageError("say with --url which address the file was fetched from")
        _show(file, url)
        return
    from archiver.crawl.reextract import extract_again

    home, settings = terminal.open_home()
    with progress("reading pages", None) as advance:
        done, failed = extract_again(home, settings, advance)
    if as_json:
        print_json({"extractor": EXTRACTOR_VERSION, "read": done, "failed": failed})
    else:
        echo(f"{done} pages read by extractor {EXTRACTOR_VERSION}, {failed} could not be read")


def _show(file: Path, url: str) -> None:
    require_file(file)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise StorageError(f"cannot read {file}: {error.strerror}") from error
    article = extract(content, url)
    click.echo(msgspec.json.format(msgspec.json.encode(article), indent=2))

"""`archiver capture`: pages with their pictures, now."""

from __future__ import annotations

import click

from archiver.cli.output import Terminal, echo, json_option, pass_terminal, print_json, progress
from archiver.config.settings import Settings
from archiver.crawl.capture import capture_pages
from archiver.crawl.keeping import PageResult
from archiver.errors import ArchiverError
from archiver.model.moment import to_warc_date
from archiver.model.picture import SnapshotPicture
from archiver.spiders.guard import check_url


class CaptureError(ArchiverError):
    """Some of the pages asked for could not be had; each was named, what did come is archived."""


@click.command()
@click.argument("urls", nargs=-1, required=True, metavar="URL...")
@click.option("--no-images", is_flag=True, help="The pages only; their pictures are listed, not fetched.")
@json_option
@pass_terminal
def command(terminal: Terminal, urls: tuple[str, ...], no_images: bool, as_json: bool) -> None:
    """Archive pages with their pictures now.

    Each page is printed once it is safely on disk. Exit code 1 when any could not be had, 3 when a URL is
    malformed or unsafe (nothing is fetched then).
    """
    home, settings = terminal.open_home(must_exist=False)
    for url in urls:
        _refuse_unsafe(url, settings)
    terminal.make_home(home)
    if no_images:
        settings = settings.with_pictures("none")
    failed = 0
    with progress("archiving", len(urls), quiet=as_json) as advance:

        def report(result: PageResult) -> None:
            nonlocal failed
            failed += result.reason is not None
            advance(1)
            if as_json:
                print_json(describe(result))
            else:
                _print(result)

        capture_pages(home, settings, urls, report)
    if failed:
        raise CaptureError(
            f"{failed} of {len(set(urls))} pages could not be had as asked; see above for each"
        )


def describe(result: PageResult) -> dict[str, object]:
    """A result as one JSON object, with the names of the contract."""
    snapshot = result.snapshot
    wanted = [p for p in snapshot.pictures if p.fetched or p.reason] if snapshot else []
    return {
        "snapshot": snapshot.id if snapshot else None,
        "url": result.url,
        "captured_at": to_warc_date(result.captured_at) if result.captured_at else None,
        "status": result.status or None,
        "images_found": len(snapshot.pictures) if snapshot else 0,
        "images_wanted": len(wanted),
        "images_captured": len(snapshot.captured) if snapshot else 0,
        "missing": [missing(picture) for picture in snapshot.missing] if snapshot else [],
        "warc": result.warc,
        "error": result.reason,
    }


def missing(picture: SnapshotPicture) -> dict[str, object]:
    """A picture that could not be had, as one JSON object."""
    found = picture.found
    return {"url": picture.url, "reason": picture.reason, "alt": found.alt, "caption": found.caption}


def _print(result: PageResult) -> None:
    snapshot = result.snapshot
    if snapshot is None:
        echo(f"{result.url}\n  not archived as a page: {result.reason}")
        if result.warc:
            echo(f"  what came back is kept in {result.warc}")
        return
    echo(f"{result.url}\n  snapshot {snapshot.id}, captured {to_warc_date(snapshot.captured_at)}")
    click.echo(
        f"  {len(snapshot.pictures)} pictures found, {len(snapshot.captured)} captured, in {result.warc}"
    )
    if result.reason:
        echo(f"  the page is not whole: {result.reason}")
    for picture in snapshot.missing:
        facts = missing(picture)
        words = f' ("{facts["alt"]}")' if facts["alt"] else ""
        echo(f"  missing: {facts['url']}{words}: {facts['reason']}")


def _refuse_unsafe(url: str, settings: Settings) -> None:
    check_url(url, settings.url_policy())

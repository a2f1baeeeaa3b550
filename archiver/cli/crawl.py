"""`archiver crawl`: one pass over the sources."""

from __future__ import annotations

import os
from pathlib import Path

import click

from archiver.cli.output import Terminal, json_option, pass_terminal, print_json, progress, say, table
from archiver.config.source import Source
from archiver.config.sources import SourceCatalogue, load_sources
from archiver.crawl.archive import open_archive
from archiver.crawl.capture import visit_pages
from archiver.crawl.contact import require_contact
from archiver.crawl.keeping import Outcome, PageResult
from archiver.crawl.reactor import run_under_reactor
from archiver.crawl.sources import SourceResult, crawl_sources
from archiver.errors import ArchiverError, ConfigurationError, UsageError
from archiver.spiders.guard import check_url

SHOWN = (
    Outcome.NEW, Outcome.CHANGED, Outcome.UNCHANGED, Outcome.GONE, Outcome.WALLED, Outcome.FAILED,
)  # fmt: skip


class CrawlError(ArchiverError):
    """Some pages or feeds could not be had; each was named, all else is archived."""


@click.command()
@click.argument("names", nargs=-1, metavar="[SOURCE]...")
@click.option("--limit", type=click.IntRange(min=1), help="At most so many pages of each source.")
@click.option(
    "--url-list",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Archive the pages listed in FILE instead, one URL a line; # begins a comment.",
)
@json_option
@pass_terminal
def command(
    terminal: Terminal, names: tuple[str, ...], limit: int | None, url_list: Path | None, as_json: bool
) -> None:
    """One pass over the sources named, or over all that are enabled; a summary at the end.

    Pages that the archive has and that their source does not call newer cost nothing. Exit code 1 when a
    page or feed could not be had.
    """
    home, settings = terminal.open_home()
    if url_list:
        if names:
            raise UsageError("name either sources or --url-list, not both")
        sources: list[Source] = []
        urls = [check_url(url, settings.url_policy()) for url in read_url_list(url_list)][:limit]
    else:
        sources, urls = _chosen(load_sources(home.sources), names), []
    require_contact(settings, [*urls, *(url for source in sources for url in source.urls)])
    results: list[SourceResult] = []
    listed = SourceResult("url-list")

    with progress("archiving", len(urls) or None, quiet=as_json) as advance:

        def note(result: SourceResult, page: PageResult) -> None:
            del result, page
            advance(1)

        def note_listed(page: PageResult) -> None:
            listed.add(page)
            note(listed, page)

        async def run() -> None:
            async with open_archive(home, settings, patience=float("inf")) as archive:
                if urls:
                    await visit_pages(archive, urls, note_listed)
                    results.append(listed)
                else:
                    results.extend(await crawl_sources(archive, sources, note, limit=limit))

        run_under_reactor(run)
    _summarise(results, as_json=as_json)
    failed = sum(len(result.problems) + len(result.failures) for result in results)
    if failed:
        raise CrawlError(f"{failed} pages or feeds could not be had; see above for each")


def read_url_list(path: Path) -> list[str]:
    """The URLs in a text file, one a line; empty lines and comments left out."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not UTF-8 text; write one URL a line") from None
    return [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]


def _chosen(catalogue: SourceCatalogue, names: tuple[str, ...]) -> list[Source]:
    if names:
        return [catalogue.get(name) for name in dict.fromkeys(names)]
    for problems in catalogue.problems.values():
        say(f"left out: {problems[0]}")
    if not catalogue.enabled:
        raise ConfigurationError(
            f"no source is enabled; there are {len(catalogue)} (archiver sources list): name some, or switch"
            " one on with `enabled: true` in sources/NAME.yaml"
        )
    lacking = catalogue.lacking(os.environ)
    for name, lack in lacking.items():
        say(f"left out: source {name}: {lack}")
    able = [source for source in catalogue.enabled if source.name not in lacking]
    if not able:
        raise ConfigurationError("no source that is enabled can be crawled; see above for each")
    return able


def _summarise(results: list[SourceResult], *, as_json: bool) -> None:
    if as_json:
        for result in results:
            print_json(describe(result))
        return
    table(
        ("source", "new", "changed", "unchanged", "gone", "walled", "failed", "known", "pictures", "missing"),
        (
            (
                result.source,
                *(str(result.outcomes[outcome]) for outcome in SHOWN),
                str(result.known), str(result.pictures), str(result.missing),
            )
            for result in results
        ),
    )  # fmt: skip
    for result in results:
        for problem in (*result.problems, *result.failures):
            say(f"{result.source}: {problem}")


def describe(result: SourceResult) -> dict[str, object]:
    """What one pass brought, as one JSON object."""
    return {
        "source": result.source,
        **{str(outcome): result.outcomes[outcome] for outcome in Outcome},
        "known": result.known,
        "unwanted": result.unwanted,
        "pictures_captured": result.pictures,
        "pictures_missing": result.missing,
        "problems": [*result.problems, *result.failures],
    }

"""`archiver sources`: the outlets that the archive knows how to watch."""

from __future__ import annotations

import re

import click

from archiver.cli.output import (
    Terminal,
    echo,
    json_option,
    pass_terminal,
    plain,
    print_json,
    progress,
    say,
    table,
)
from archiver.cli.pausing import pause, resume
from archiver.cli.source_facts import describe, in_words
from archiver.config.source_template import render_source, source_path, write_source
from archiver.config.sources import load_sources
from archiver.crawl.checking import CheckedSource, check_source
from archiver.errors import ArchiverError, ConfigurationError


class CheckError(ArchiverError):
    """Something that the source names could not be read; see above."""


@click.group()
def command() -> None:
    """The sources: outlets with their feeds, sitemaps and listings."""


@command.command("list")
@click.option("--enabled", is_flag=True, help="Only those that are switched on.")
@json_option
@pass_terminal
def list_(terminal: Terminal, enabled: bool, as_json: bool) -> None:
    """All sources, those that ship with the program and the home's own."""
    home, settings = terminal.open_home(must_exist=False)
    catalogue = load_sources(home.sources)
    for problems in catalogue.problems.values():
        say(f"left out: {problems[0]}")
    sources = catalogue.enabled if enabled else tuple(catalogue)
    if as_json:
        for source in sources:
            print_json(describe(source, settings))
        return
    table(
        ("name", "on", "country", "languages", "feeds", "sitemaps", "listings", "pages", "checked", "title"),
        (
            (
                source.name, "yes" if source.enabled else "", source.country, ",".join(source.languages),
                str(len(source.feeds)), str(len(source.sitemaps)), str(len(source.listings)),
                str(len(source.pages)), str(source.checked or "never"), source.title,
            )
            for source in sources
        ),
    )  # fmt: skip


@command.command()
@click.argument("name")
@json_option
@pass_terminal
def show(terminal: Terminal, name: str, as_json: bool) -> None:
    """What is known of one source, what holds for it, and from which files."""
    home, settings = terminal.open_home(must_exist=False)
    catalogue = load_sources(home.sources)
    facts = {**describe(catalogue.get(name), settings), "files": list(catalogue.files[name])}
    if as_json:
        print_json(facts)
        return
    for key, fact in facts.items():
        echo(f"{key:<13} {in_words(key, fact)}")


@command.command()
@click.argument("name")
@json_option
@pass_terminal
def check(terminal: Terminal, name: str, as_json: bool) -> None:
    """Fetch what NAME lists once and say what would be crawled; nothing is archived."""
    home, settings = terminal.open_home(must_exist=False)
    source = load_sources(home.sources).get(name)
    with progress(f"checking {name}", len(source.urls), quiet=as_json) as advance:

        def report(checked: CheckedSource) -> None:
            print_json(checked) if as_json else _print_checked(checked)
            advance(1)

        checked = check_source(settings, source, report)
    failed = [each for each in checked if each.problem]
    if failed:
        raise CheckError(f"{len(failed)} of {len(checked)} addresses of {name} could not be read")


@command.command()
@click.argument("name")
@click.option("--domain", "domains", multiple=True, required=True, help="A domain of the outlet.")
@click.option("--country", required=True, help="Two letters (ISO 3166).")
@click.option("--language", "languages", multiple=True, required=True, help="Such as en or pt-BR.")
@click.option("--title", help="The outlet's name for people.")
@click.option("--feed", "feeds", multiple=True, help="Address of a feed.")
@click.option("--sitemap", "sitemaps", multiple=True, help="Address of a sitemap.")
@click.option("--listing", "listings", multiple=True, help="Address of a section front.")
@click.option("--page", "pages", multiple=True, help="Address of a single page.")
@click.option("--disabled", is_flag=True, help="Add it without switching it on.")
@pass_terminal
def add(
    terminal: Terminal,
    name: str,
    domains: tuple[str, ...],
    country: str,
    languages: tuple[str, ...],
    title: str | None,
    feeds: tuple[str, ...],
    sitemaps: tuple[str, ...],
    listings: tuple[str, ...],
    pages: tuple[str, ...],
    disabled: bool,
) -> None:
    """Write sources/NAME.yaml, with all else that it could have as comments; refused when it is not valid."""
    home, _ = terminal.open_home(must_exist=False)
    terminal.make_home(home)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise ConfigurationError(f"{name!r} cannot be a name: use small letters, digits and single hyphens")
    text = render_source(
        title=title or name,
        domains=domains,
        country=country,
        languages=languages,
        feeds=feeds,
        sitemaps=sitemaps,
        listings=listings,
        pages=pages,
        enabled=not disabled,
    )
    write_source(home.sources, name, text)
    path = source_path(home.sources, name)
    echo(f"{path} written; `archiver sources check {name}` says what would be crawled")


command.add_command(pause)
command.add_command(resume)


def _print_checked(checked: CheckedSource) -> None:
    echo(f"{checked.url}: {checked.problem or f'{checked.entries} entries, {checked.wanted} wanted'}")
    for entry in checked.examples:
        echo(f"  {plain(entry)}")

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
from archiver.config.source import Source
from archiver.config.sources import load_sources, validate_source_file
from archiver.crawl.checking import CheckedSource, check_source
from archiver.errors import ArchiverError, ConfigurationError, StorageError


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
    home, _ = terminal.open_home(must_exist=False)
    catalogue = load_sources(home.sources)
    for problems in catalogue.problems.values():
        say(f"left out: {problems[0]}")
    sources = catalogue.enabled if enabled else tuple(catalogue)
    if as_json:
        for source in sources:
            print_json(describe(source))
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
    """What is known of one source, and from which files."""
    home, _ = terminal.open_home(must_exist=False)
    catalogue = load_sources(home.sources)
    facts = describe(catalogue.get(name))
    if as_json:
        print_json(facts)
        return
    for key, fact in facts.items():
        shown = ", ".join(map(str, fact)) if isinstance(fact, list) else fact
        click.echo(f"{key:<12} {shown if shown not in (None, '') else '-'}")
    click.echo(f"{'files':<12} {', '.join(catalogue.files[name])}")


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
    """Write sources/NAME.yaml; refused when it would not be valid."""
    home, _ = terminal.open_home(must_exist=False)
    terminal.make_home(home)
    if not re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name):
        raise ConfigurationError(f"{name!r} cannot be a name: use small letters, digits and single hyphens")
    path = home.sources / f"{name}.yaml"
    if path.exists():
        raise ConfigurationError(f"{path} is there already; edit it instead")
    lists = {"domains": domains, "languages": languages, "feeds": feeds, "sitemaps": sitemaps,
             "listings": listings, "pages": pages}  # fmt: skip
    lines = [f"title: {_quoted(title or name)}", f"country: {_quoted(country)}"]
    for key, values in lists.items():
        if values:
            lines += [f"{key}:", *(f"  - {_quoted(value)}" for value in values)]
    lines.append(f"enabled: {'false' if disabled else 'true'}")
    draft = path.with_suffix(".yaml.new")
    try:
        draft.write_text("\n".join(lines) + "\n", encoding="utf-8")
        draft.replace(path)
        try:
            validate_source_file(path)
        except ConfigurationError:
            path.unlink()
            raise
    except OSError as error:
        raise StorageError(f"cannot write {path}: {error.strerror}") from error
    click.echo(f"{path} written; `archiver sources check {name}` says what would be crawled")


def describe(source: Source) -> dict[str, object]:
    """A source as one JSON object."""
    return {
        "name": source.name,
        "title": source.title,
        "enabled": source.enabled,
        "country": source.country,
        "languages": list(source.languages),
        "domains": list(source.domains),
        "feeds": list(source.feeds),
        "sitemaps": list(source.sitemaps),
        "listings": list(source.listings),
        "pages": list(source.pages),
        "include": [pattern.pattern for pattern in source.include],
        "exclude": [pattern.pattern for pattern in source.exclude],
        "schedule": str(source.schedule),
        "pictures": str(source.pictures),
        "checked": str(source.checked) if source.checked else None,
        "notes": source.notes,
    }


command.add_command(pause)
command.add_command(resume)


def _print_checked(checked: CheckedSource) -> None:
    echo(f"{checked.url}: {checked.problem or f'{checked.entries} entries, {checked.wanted} wanted'}")
    for entry in checked.examples:
        echo(f"  {plain(entry)}")


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

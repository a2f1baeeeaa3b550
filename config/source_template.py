"""Writes the file of a new source, with the keys that it could have besides as comments."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from archiver.config.source import Source
from archiver.config.source_folder import SUFFIX
from archiver.config.sources import validate_source_file
from archiver.errors import ConfigurationError

_OPTIONAL = """
# What else a source can have; the values shown are examples.
# include: ['/20[0-9]{2}/']     # patterns: only article addresses that match one are visited
# exclude: ['/live/']
# schedule: 15 min              # or cron in UTC: "*/10 6-22 * * mon-fri"
# max_age: 7 d                  # older entries of feeds and sitemaps are not visited; null is no limit
# listing_pages: 1              # how many pages of a listing are followed
# politeness: {delay: 2, concurrency: 1, obey_robots: true}
# pictures: best                # best, all, none
# revisit: sparse               # sparse, dense, none, or ages such as [1 h, 1 d, 7 d]
# headers: {Authorization: "${MY_TOKEN}"}
"""


def render_source(
    *,
    title: str,
    domains: Iterable[str],
    country: str,
    languages: Iterable[str],
    feeds: Iterable[str] = (),
    sitemaps: Iterable[str] = (),
    listings: Iterable[str] = (),
    pages: Iterable[str] = (),
    enabled: bool = False,
) -> str:
    """The YAML text of a source."""
    lists = {"domains": domains, "languages": languages}
    addresses = {"feeds": feeds, "sitemaps": sitemaps, "listings": listings, "pages": pages}
    lines = [f"title: {_quoted(title)}", f"country: {_quoted(country)}"]
    lines += [f"{key}: [{', '.join(map(_quoted, values))}]" for key, values in lists.items()]
    for key, values in addresses.items():
        members = [f"  - {_quoted(value)}" for value in values]
        lines += [f"{key}:", *members] if members else []
    lines += [f"enabled: {'true' if enabled else 'false'}", "checked: null"]
    return "\n".join(lines) + "\n" + _OPTIONAL


def write_source(folder: Path, name: str, text: str) -> Source:
    """Write a new source file into `folder` and give the source back.

    Raises SourceFileError when `text` is no source, ConfigurationError when the file is there already or
    cannot be written; then nothing is left behind.
    """
    path = source_path(folder, name)
    draft = folder / f".{path.name}.{os.getpid()}"  # a name that nobody reads sources from
    if os.path.lexists(path):
        raise ConfigurationError(f"{path} is there already; edit it, or choose another name")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        draft.write_text(text, encoding="utf-8")
        source = validate_source_file(draft, known_as=path)
        draft.replace(path)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be written: {error.strerror}") from None
    finally:
        if draft.exists():
            draft.unlink()
    return source


def source_path(folder: Path, name: str) -> Path:
    """Where the file of the source called `name` is."""
    return folder / f"{name}{SUFFIX}"


def _quoted(value: str) -> str:
    """JSON's strings are YAML's double-quoted ones."""
    return json.dumps(value, ensure_ascii=False)

"""The ranges of urlkeys that a URL stands for: a path prefix, a host, or a domain with its subdomains.

A SURT sorts so that each of these is one to three ranges; the last character of a prefix is counted up by one
to get the first key after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from archiver.storage.index.rows import sort_key
from archiver.uri import cased_urlkey, host_key, urlkey


class Match(StrEnum):
    """How a URL is meant (the CDX server's matchType)."""

    EXACT = "exact"
    PREFIX = "prefix"
    HOST = "host"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The sort keys from `low` to before `high`; `prefix` is what each urlkey begins with."""

    low: str
    high: str
    prefix: str


def key_of(url: str) -> str:
    """The urlkey of what a person typed: `http://` is supplied where there is no scheme."""
    return urlkey(_absolute(url))


def cased_key_of(url: str) -> str:
    """The same with the case of letters: equal for two URLs that are taken for one page."""
    return cased_urlkey(_absolute(url))


def key_ranges(match: Match, url: str) -> tuple[KeyRange, ...]:
    """The ranges in ascending order for any match but exact."""
    if match is Match.PREFIX:
        return (_beginning_with(_prefix(url)),)
    host = host_key(_absolute(url).split("://", 1)[1].partition("/")[0])
    if match is Match.HOST:
        return (_beginning_with(f"{host})"),)
    name = host.partition(":")[0]
    return tuple(_beginning_with(f"{name}{mark}") for mark in "),:")


def _absolute(url: str) -> str:
    return url if "://" in url else f"http://{url}"


def _prefix(url: str) -> str:
    key = key_of(url)
    for ending in ("/", "?"):
        if url.endswith(ending) and not key.endswith(ending):
            return key + ending
    return key


def _beginning_with(prefix: str) -> KeyRange:
    low = sort_key(prefix).partition(" ")[0]
    return KeyRange(low, low[:-1] + chr(ord(low[-1]) + 1), prefix)

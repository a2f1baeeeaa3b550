"""The ranges of urlkeys that a URL stands for: a path prefix, a host, or a domain with its subdomains.

A SURT sorts so that each of these is one to three ranges; the last character of a prefix is counted up by one
to get the first key after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from archiver.storage.index.rows import sort_key
from archiver.uri import cased_urlkey, host_key, urlkey, with_scheme


class Match(StrEnum):
    """How a URL is meant (the CDX server's matchType)."""

    EXACT = "exact"
    PREFIX = "prefix"
    HOST = "host"
    DOMAIN = "domain"


_ANY_PORT = ":*"


@dataclass(frozen=True, slots=True)
class KeyRange:
    """The sort keys from `low` to before `high`; `prefix` is what each urlkey begins with."""

    low: str
    high: str
    prefix: str


def key_of(url: str) -> str:
    """The urlkey of what a person typed: `http://` is supplied where there is no scheme."""
    return urlkey(with_scheme(url))


def cased_key_of(url: str) -> str:
    """The same with the case of letters: equal for two URLs that are taken for one page."""
    return cased_urlkey(with_scheme(url))


def key_ranges(match: Match, url: str) -> tuple[KeyRange, ...]:
    """The ranges in ascending order for any match but exact; the host `a.example:*` is that on any port."""
    if match is Match.PREFIX:
        return (_beginning_with(_prefix(url)),)
    typed = _authority(url)
    host = host_key(typed.removesuffix(_ANY_PORT))
    if match is Match.HOST:
        marks = "):" if typed.endswith(_ANY_PORT) else ")"
        return tuple(_beginning_with(f"{host}{mark}") for mark in marks)
    name = host.partition(":")[0]
    return tuple(_beginning_with(f"{name}{mark}") for mark in "),:")


def on_any_port(url: str) -> str:
    """The host of `url` as `key_ranges` takes it for every port, unless `url` names one."""
    host = _authority(url)
    return host if ":" in host.rpartition("]")[2] else f"{host}{_ANY_PORT}"


def _authority(url: str) -> str:
    return re.split(r"[/?#]", with_scheme(url).split("://", 1)[1], maxsplit=1)[0].rpartition("@")[2]


def _prefix(url: str) -> str:
    key = key_of(url)
    for ending in ("/", "?"):
        if url.endswith(ending) and not key.endswith(ending):
            return key + ending
    return key


def _beginning_with(prefix: str) -> KeyRange:
    low = sort_key(prefix).partition(" ")[0]
    return KeyRange(low, low[:-1] + chr(ord(low[-1]) + 1), prefix)

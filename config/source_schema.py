"""What each key of a source file may hold.

A reader takes a YAML node and gives the value, or says what it expected and where.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeVar
from urllib.parse import urlsplit

import idna
from babel import Locale
from babel.core import get_global

from archiver.config.patterns import compile_pattern
from archiver.config.schedule import DENSE, SPARSE, duration_text, parse_duration, parse_schedule
from archiver.config.source import Header, PictureChoice, Politeness
from archiver.config.strict_yaml import Mapping, Mark, Node, Scalar, Sequence
from archiver.model.own_headers import SECRET_NAME

T = TypeVar("T")
Reader = Callable[[Node], T]

_MOST_MEMBERS = 200
_OLDEST = timedelta(days=36_500)
"""A date so long ago is still one; for longer ages there is none."""
_LABEL = re.compile(r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?")
_LANGUAGE = re.compile(r"([a-z]{2,3})(-[A-Z][a-z]{3})?(-(?:[A-Z]{2}|\d{3}))?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
# fmt: off
_OWN_HEADERS = frozenset((
    "host", "connection", "content-length", "transfer-encoding", "accept-encoding", "te", "trailer",
    "upgrade", "range", "if-none-match", "if-modified-since",
))
# fmt: on


class WrongValueError(Exception):
    """A value is not what its key holds. `expected` completes the sentence "expected ..."."""

    def __init__(self, node: Node, expected: str, key: str = "") -> None:
        super().__init__(expected)
        self.mark: Mark = node.mark
        self.expected = expected
        self.found = shown(node)
        self.key = key


def shown(node: Node) -> str:
    """A node in a few words, for a message."""
    if isinstance(node, Mapping):
        return "a mapping"
    if isinstance(node, Sequence):
        return f"a list of {len(node.nodes)}"
    if node.is_null:
        return "nothing"
    return repr(node.text if len(node.text) <= 60 else node.text[:57] + "...")


def text(node: Node, expected: str = "text") -> str:
    """A scalar that is not null."""
    if not isinstance(node, Scalar) or node.is_null:
        raise WrongValueError(node, expected)
    return node.text.strip()


def line(node: Node) -> str:
    """One line of text."""
    value = text(node, "one line of text")
    if not value or not value.isprintable() or len(value) > 300:
        raise WrongValueError(node, "one line of text, at most 300 characters")
    return value


def notes(node: Node) -> str:
    """Any text, or nothing."""
    return "" if isinstance(node, Scalar) and node.is_null else text(node)


def boolean(node: Node) -> bool:
    """`true` or `false`, unquoted."""
    value = text(node, "true or false")
    if value not in ("true", "false") or (isinstance(node, Scalar) and node.quoted):
        raise WrongValueError(node, "true or false")
    return value == "true"


def day(node: Node) -> date | None:
    """A date, or null."""
    if isinstance(node, Scalar) and node.is_null:
        return None
    try:
        return date.fromisoformat(text(node, "a date such as 2025-06-30, or null"))
    except ValueError:
        raise WrongValueError(node, "a date such as 2025-06-30, or null") from None


def number(low: float, high: float) -> Reader[float]:
    """A decimal number within bounds."""

    def read(node: Node) -> float:
        expected = f"a number from {low:g} to {high:g}"
        value = text(node, expected)
        if not re.fullmatch(r"\d{1,9}(?:\.\d{1,6})?", value) or not low <= float(value) <= high:
            raise WrongValueError(node, expected)
        return float(value)

    return read


def count(low: int, high: int) -> Reader[int]:
    """A whole number within bounds."""

    def read(node: Node) -> int:
        expected = f"a whole number from {low} to {high}"
        value = text(node, expected)
        if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
            raise WrongValueError(node, expected)
        return int(value)

    return read


def parsed(parse: Callable[[str], T]) -> Reader[T]:
    """Text that `parse` takes; its ValueError completes "expected ..."."""

    def read(node: Node) -> T:
        value = text(node)
        try:
            return parse(value)
        except ValueError as error:
            raise WrongValueError(node, str(error)) from None

    return read


def many(read: Reader[T]) -> Reader[tuple[T, ...]]:
    """A list, or one value that stands for a list of one; no value twice."""

    def read_all(node: Node) -> tuple[T, ...]:
        nodes: Iterable[Node] = node.nodes if isinstance(node, Sequence) else (node,)
        values: list[T] = []
        for member in nodes:
            value = read(member)
            if value in values:
                raise WrongValueError(member, "each value once")
            values.append(value)
        if len(values) > _MOST_MEMBERS:
            raise WrongValueError(node, f"at most {_MOST_MEMBERS} values")
        return tuple(values)

    return read_all


def one_of(*allowed: str) -> Reader[str]:
    """One of the words."""

    def read(node: Node) -> str:
        value = text(node, " or ".join(allowed))
        if value not in allowed:
            raise WrongValueError(node, " or ".join(allowed) + did_you_mean(value, allowed))
        return value

    return read


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """` (did you mean ...?)` when one of the `known` is close; else empty."""
    close = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f" (did you mean {close[0]}?)" if close else ""


def _domain(value: str) -> str:
    expected = "a domain such as example.org, without scheme and path"
    if value.startswith("*.") or "/" in value or ":" in value or value != value.strip("."):
        raise ValueError(expected)
    try:
        ascii_form = value.lower() if value.isascii() else idna.encode(value, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise ValueError(expected) from None
    if len(ascii_form) > 253 or not all(_LABEL.fullmatch(label) for label in ascii_form.split(".")):
        raise ValueError(expected)
    return ascii_form


def _url(value: str) -> str:
    expected = "a URL that begins with https:// or http://"
    try:
        parts = urlsplit(value)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        raise ValueError(expected) from None
    if not usable or not value.isascii() or not value.isprintable() or " " in value or len(value) > 2000:
        raise ValueError(expected)
    if "@" in parts.netloc:
        raise ValueError("a URL without name and password")
    if parts.fragment:
        raise ValueError("a URL without #fragment")
    return value


@cache
def _english() -> Any:
    return Locale("en")


def _country(value: str) -> str:
    expected = "a country code of ISO 3166-1 such as DE, or EU, UN"
    if not re.fullmatch(r"[A-Z]{2}", value) or value not in _english().territories:
        meant = get_global("territory_aliases").get(value.upper(), [value.upper()])[0]
        known = re.fullmatch(r"[A-Z]{2}", meant) and meant in _english().territories
        raise ValueError(f"{expected} (did you mean {meant}?)" if known else expected)
    return value


def _language(value: str) -> str:
    match = _LANGUAGE.fullmatch(value)
    if not match or match[1] not in _english().languages:
        raise ValueError("a language tag of BCP 47 such as en, pt-BR or zh-Hant")
    return value


def _max_age(node: Node) -> timedelta | None:
    if isinstance(node, Scalar) and node.is_null:
        return None
    age = parsed(parse_duration)(node)
    if age > _OLDEST:
        raise WrongValueError(node, f"a duration of at most {duration_text(_OLDEST)}, or null")
    return age


def _revisit(node: Node) -> tuple[timedelta, ...]:
    if isinstance(node, Scalar):
        named = {"sparse": SPARSE, "dense": DENSE, "none": ()}
        if node.text not in named:
            raise WrongValueError(node, "sparse, dense, none, or a list of ages such as [1 h, 1 d, 7 d]")
        return named[node.text]
    ages = many(parsed(parse_duration))(node)
    if list(ages) != sorted(ages) or (ages and (ages[0] < timedelta(minutes=5) or ages[-1] > _OLDEST)):
        oldest = duration_text(_OLDEST)
        raise WrongValueError(
            node, f"ages from young to old, the first at least 5 min, the last at most {oldest}"
        )
    return ages


def _headers(node: Node) -> tuple[Header, ...]:
    if not isinstance(node, Mapping):
        raise WrongValueError(node, "a mapping of header names to values")
    return tuple(_header(name, value) for name, value in node.entries.items())


def _header(name: str, node: Node) -> Header:
    value = text(node, "a header value in one line")
    if not _TOKEN.fullmatch(name) or name.lower() in _OWN_HEADERS:
        raise WrongValueError(node, "a header that the archive does not set itself", name)
    variable = _VARIABLE.fullmatch(value)
    if variable:
        return Header(name, variable=variable[1])
    if "${" in value:
        raise WrongValueError(node, "the whole value as one ${VARIABLE}, or plain text", name)
    if SECRET_NAME.search(name):
        wrong = WrongValueError(node, "${VARIABLE}: secrets come from the environment, not from a file", name)
        wrong.found = "a value"
        raise wrong
    if not value.isprintable() or not value.isascii():
        raise WrongValueError(node, "a header value in one line of ASCII", name)
    return Header(name, value)


def _politeness(node: Node) -> Politeness:
    readers: dict[str, Reader[Any]] = {
        "delay": number(0, 3600),
        "concurrency": count(1, 16),
        "obey_robots": boolean,
    }
    if not isinstance(node, Mapping):
        raise WrongValueError(node, "a mapping with delay, concurrency, obey_robots")
    values = {}
    for key, member in node.entries.items():
        if key not in readers:
            raise WrongValueError(
                Scalar(key, True, node.key_marks[key]),
                f"one of {', '.join(readers)}{did_you_mean(key, readers)}",
            )
        try:
            values[key] = readers[key](member)
        except WrongValueError as wrong:
            wrong.key = key
            raise
    return Politeness(**values)


READERS: dict[str, Reader[Any]] = {
    "name": line,
    "title": line,
    "domains": many(parsed(_domain)),
    "country": parsed(_country),
    "languages": many(parsed(_language)),
    "feeds": many(parsed(_url)),
    "sitemaps": many(parsed(_url)),
    "listings": many(parsed(_url)),
    "pages": many(parsed(_url)),
    "include": many(parsed(compile_pattern)),
    "exclude": many(parsed(compile_pattern)),
    "schedule": parsed(parse_schedule),
    "max_age": _max_age,
    "listing_pages": count(1, 50),
    "politeness": _politeness,
    "pictures": lambda node: PictureChoice(one_of(*PictureChoice)(node)),
    "revisit": _revisit,
    "headers": _headers,
    "rendering": one_of("none"),
    "enabled": boolean,
    "checked": day,
    "notes": notes,
}
REQUIRED = ("title", "domains", "country", "languages")
ADDRESSES = ("feeds", "sitemaps", "listings", "pages")

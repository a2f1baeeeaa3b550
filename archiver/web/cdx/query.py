"""What a CDX client asks for: the public parameters of the Internet Archive's server, read strictly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeVar
from urllib.parse import unquote_plus

from starlette.datastructures import QueryParams

from archiver.errors import UsageError
from archiver.model.moment import parse_moment
from archiver.storage.index import Cursor, Match
from archiver.web.cdx.filters import Filter, parse_filter
from archiver.web.cdx.row import FIELDS, field_of
from archiver.web.wanted import LONGEST_URL

BLOCK: Final = 3_000
"""Captures in one block; `pageSize` counts blocks, as on the Internet Archive's server."""

_T = TypeVar("_T", int, None)
_MOST_FILTERS: Final = 20
_DEFAULT_BLOCKS: Final = 5
_MOST_BLOCKS: Final = 50
_DEFAULT_FIELDS: Final = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
_TRUE: Final = frozenset({"true", "1", "yes", "on", "t"})
_FALSE: Final = frozenset({"", "false", "0", "no", "off", "f"})


@dataclass(frozen=True, slots=True)
class Collapse:
    """Adjacent rows whose `field` begins with the same `length` characters count as one."""

    field: str
    length: int | None


@dataclass(frozen=True, slots=True)
class Query:
    """One question. `limit` is negative for the last ones; `closest` orders by distance from that moment."""

    url: str
    match: Match
    from_: datetime | None = None
    to: datetime | None = None
    closest: datetime | None = None
    descending: bool = False
    filters: tuple[Filter, ...] = ()
    collapses: tuple[Collapse, ...] = ()
    limit: int | None = None
    offset: int = 0
    fields: tuple[str, ...] = _DEFAULT_FIELDS
    output: str = "text"
    resume: Cursor | None = None
    shows_resume_key: bool = False
    page: int | None = None
    page_size: int = BLOCK * _DEFAULT_BLOCKS
    shows_page_count: bool = False
    shows_duplicates: bool = False
    resolves_revisits: bool = False
    gzip: bool = True

    @property
    def listing(self) -> str:
        """What numbered pages are pages of."""
        return f"{self.match} {self.from_} {self.to} {self.descending} {self.page_size} {self.url}"


def parse_query(parameters: QueryParams, *, is_pywb: bool = False) -> Query:
    """The question in the URL's parameters. Raises UsageError, which names the parameter."""
    url, match = _url_and_match(parameters)
    sort = parameters.get("sort", "")
    if sort not in ("", "default", "regular", "closest", "reverse"):
        raise UsageError("sort must be closest or reverse")
    closest = _moment(parameters, "closest")
    if (sort == "closest" or closest) and match is not Match.EXACT:
        raise UsageError("closest needs an exact URL")
    blocks = min(_number(parameters, "pageSize", _DEFAULT_BLOCKS, least=1), _MOST_BLOCKS)
    written_filters = parameters.getlist("filter")
    if len(written_filters) > _MOST_FILTERS:
        raise UsageError(f"there may be {_MOST_FILTERS} filters at most")
    return Query(
        url=url,
        match=match,
        from_=_moment(parameters, "from"),
        to=_moment(parameters, "to", last=True),
        closest=closest,
        descending=sort == "reverse",
        filters=tuple(parse_filter(text, is_pywb=is_pywb) for text in written_filters),
        collapses=tuple(_collapse(text) for text in parameters.getlist("collapse") if text),
        limit=_number(parameters, "limit", None),
        offset=_number(parameters, "offset", 0, least=0),
        fields=_fields(parameters, is_pywb=is_pywb),
        output=_output(parameters, is_pywb=is_pywb),
        resume=_resume(parameters),
        shows_resume_key=_flag(parameters, "showResumeKey"),
        page=_number(parameters, "page", None, least=0),
        page_size=blocks * BLOCK,
        shows_page_count=_flag(parameters, "showNumPages"),
        shows_duplicates=_flag(parameters, "showDupeCount"),
        resolves_revisits=_flag(parameters, "resolveRevisits"),
        gzip=_flag(parameters, "gzip", default=True),
    )


def _url_and_match(parameters: QueryParams) -> tuple[str, Match]:
    url = parameters.get("url", "").strip()
    if not url:
        raise UsageError("the parameter url is missing")
    if len(url) > LONGEST_URL:
        raise UsageError(f"url is longer than {LONGEST_URL:,} characters")
    if any(letter < " " for letter in url):
        raise UsageError("url contains a control character")
    written = parameters.get("matchType", "")
    if written:
        try:
            match = Match(written)
        except ValueError:
            raise UsageError("matchType must be exact, prefix, host or domain") from None
        return (url.rstrip("*") if match is Match.PREFIX else url), match
    host = url.partition("://")[2] or url
    if host.startswith("*."):
        return host[2:], Match.DOMAIN
    if url.endswith("*"):
        url = url.rstrip("*")
        if not (url.partition("://")[2] if "://" in url else url):
            raise UsageError("a wildcard needs a host before it")
        return url, Match.PREFIX
    return url, Match.EXACT


def _moment(parameters: QueryParams, name: str, *, last: bool = False) -> datetime | None:
    written = parameters.get(name, "").strip()
    if not written:
        return None
    try:
        return parse_moment(written)[1 if last else 0]
    except ValueError:
        raise UsageError(f"{name} is no date; write YYYYMMDDhhmmss or the beginning of it") from None


def _number(parameters: QueryParams, name: str, default: _T, least: int | None = None) -> int | _T:
    written = parameters.get(name, "").strip()
    if not written:
        return default
    try:
        value = int(written[:12])
    except ValueError:
        raise UsageError(f"{name} is no number") from None
    if least is not None and value < least:
        raise UsageError(f"{name} must be {least} or more")
    return value


def _flag(parameters: QueryParams, name: str, *, default: bool = False) -> bool:
    written = parameters.get(name)
    if written is None:
        return default
    if written.lower() in _TRUE:
        return True
    if written.lower() in _FALSE:
        return False
    raise UsageError(f"{name} must be true or false")


def _collapse(text: str) -> Collapse:
    name, _, length = text.partition(":")
    if length and not (length.isascii() and length.isdigit() and int(length[:6]) > 0):
        raise UsageError("collapse is written field:N, with N a number of characters")
    return Collapse(field_of(name), int(length[:6]) if length else None)


def _fields(parameters: QueryParams, *, is_pywb: bool) -> tuple[str, ...]:
    written = parameters.get("fl") or parameters.get("fields")
    if not written:
        return FIELDS if is_pywb else _DEFAULT_FIELDS
    return tuple(field_of(name.strip()) for name in written.split(",")[:30] if name.strip())


def _output(parameters: QueryParams, *, is_pywb: bool) -> str:
    output = parameters.get("output", "").lower()
    allowed = ("cdxj", "json", "text") if is_pywb else ("text", "json")
    output = output or allowed[0]
    if output not in allowed:
        raise UsageError(f"output must be {' or '.join(allowed)}")
    return output


def _resume(parameters: QueryParams) -> Cursor | None:
    written = parameters.get("resumeKey")
    if not written:
        return None
    try:
        # some clients quote the key once more, which is quoted already
        return Cursor.parse(written if " " in written else unquote_plus(written))
    except ValueError:
        raise UsageError("resumeKey is none that this server gave") from None

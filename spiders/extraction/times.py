"""When an article was published and changed, with the offset that the page wrote.

Pages write times in many forms and contradict themselves: the machine-readable ones are read first, an
exact one that agrees beats one without zone or clock, and every other one is kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from itertools import chain, islice

from archiver.model.article import ArticleField, Doubt, Finding, StatedTime, TimePrecision
from archiver.spiders.extraction.fields import Candidates, plain
from archiver.spiders.extraction.jsonld import Linked, Node, type_name
from archiver.spiders.extraction.markup import Markup, distance_to_heading
from archiver.spiders.extraction.written_days import written_day

EARLIEST_YEAR = 1600
SLACK = timedelta(days=1)
"""How far a stated time may lie after the capture: a wall clock without zone can be that far ahead."""

_ISO = re.compile(
    r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})[-/.](?P<day>\d{1,2})"
    r"(?:[T ,]{1,3}(?:\D{0,4} )?(?P<hour>\d{1,2}):(?P<minute>\d{2})"
    r"(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d{1,9}))?)?"
    r"\s?(?P<zone>Z\b|UTC|GMT(?![+-])|(?:GMT|UTC)?[+-]\d{1,2}(?::?\d{2})?(?!\d))?)?"
)
_COMPACT = re.compile(
    r"(?P<year>(?:19|20)\d{2})(?P<month>\d{2})(?P<day>\d{2})(?:T?(?P<hour>\d{2})(?P<minute>\d{2})(?P<second>\d{2})?(?P<zone>Z|[+-]\d{2}:?\d{2})?)?"
)
_DAY_FIRST = re.compile(
    r"(?P<day>\d{1,2})\s?[./-]\s?(?P<month>\d{1,2})\s?[./-]\s?(?P<year>(?:19|20)\d{2})\b"
    r"(?:[^\d:]{1,12}(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?::(?P<second>\d{2}))?)?"
)
_EPOCH = re.compile(r"(?P<seconds>\d{10})(?:\d{3})?(?:\.\d+)?")
_OFFSET = re.compile(r"([+-])(\d{1,2}):?(\d{2})?")
_UNIX_DATE = re.compile(r"(?:\w{3} )?(\w{3}) +(\d{1,2}) (\d{2}:\d{2}:\d{2}) ([A-Z]{2,4}) (\d{4})")

_PUBLISHED_META = (
    "article:published_time", "og:article:published_time", "article:published", "og:published_time",
    "datepublished", "parsely-pub-date", "cxenseparse:recs:publishtime", "cxenseparse:publishtime",
    "cxenseparse:recs:published_time", "publishdate", "publish-date", "publish_date", "pubdate",
    "published", "publication_date", "published_at", "date", "dc.date.issued", "dcterms.issued",
    "dcterms.date", "dc.date", "dcterms.created", "dc.date.created", "date.available", "date.created",
    "article.published", "article:created", "article.created", "sailthru.date", "citation_publication_date",
    "citation_date", "prism.publicationdate", "last_published_date", "rnews:datepublished", "cse_date",
    "creation_date", "created",
)  # fmt: skip
_MODIFIED_META = (
    "article:modified_time", "og:article:modified_time", "article:modified", "datemodified",
    "og:updated_time", "last-modified", "lastmod", "article:updated_time", "article.updated",
    "dcterms.modified", "dc.date.modified", "date.modified", "date.updated", "updated_time", "revised",
)  # fmt: skip


def read_time(text: str) -> StatedTime | None:
    """The time that `text` begins with, in any of the forms that pages write for machines; else None."""
    written = plain(text)[:80]
    for pattern in (_ISO, _COMPACT):
        match = pattern.match(written)
        if match and (pattern is _ISO or len(match[0]) == len(written) or "T" in match[0]):
            return _stated(match, written)
    if (match := _EPOCH.fullmatch(written)) is not None:
        moment = datetime.fromtimestamp(int(match["seconds"]), UTC)
        return StatedTime(moment, written, zone_stated=True, precision=TimePrecision.SECOND)
    if (match := _ISO.search(written)) is not None and (stated := _stated(match, written)) is not None:
        return stated
    if (match := _DAY_FIRST.search(written)) is not None and (stated := _stated(match, written)) is not None:
        return stated
    return _mail_time(written)


def _stated(match: re.Match[str], written: str) -> StatedTime | None:
    parts = match.groupdict()
    zone = _offset(parts.get("zone"))
    hour = parts["hour"]
    fraction = (parts.get("fraction") or "").ljust(6, "0")[:6]
    try:
        moment = datetime(
            int(parts["year"]),
            int(parts["month"]),
            int(parts["day"]),
            int(hour or 0),
            int(parts["minute"] or 0),
            int(parts["second"] or 0),
            int(fraction),
            tzinfo=zone or UTC,
        )
        moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    if moment.year < EARLIEST_YEAR:
        return None
    precision = (
        TimePrecision.DAY if not hour else TimePrecision.SECOND if parts["second"] else TimePrecision.MINUTE
    )
    return StatedTime(moment, written, zone_stated=zone is not None, precision=precision)


def _offset(zone: str | None) -> timezone | None:
    if not zone:
        return None
    match = _OFFSET.search(zone)
    if not match:
        return UTC
    span = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    if span >= timedelta(hours=24):
        return None
    return timezone(span if match[1] == "+" else -span)


def _mail_time(written: str) -> StatedTime | None:
    """RFC 5322 dates, and those of Unix `date`."""
    unix = _UNIX_DATE.fullmatch(written)
    text = f"{unix[2]} {unix[1]} {unix[5]} {unix[3]} {unix[4]}" if unix else written
    try:
        moment = parsedate_to_datetime(text)
        moment.astimezone(UTC)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None
    if not EARLIEST_YEAR <= moment.year <= 9998:
        return None
    known = moment.tzinfo is not None
    moment = moment if known else moment.replace(tzinfo=UTC)
    return StatedTime(moment, written, zone_stated=known, precision=TimePrecision.SECOND)


@dataclass(frozen=True, slots=True)
class _Reading:
    stated: StatedTime
    origin: str


def published_and_modified(
    markup: Markup, linked: Linked, captured_at: datetime, guesses: Iterable[tuple[str, object]]
) -> tuple[tuple[StatedTime | None, Finding | None], tuple[StatedTime | None, Finding | None], list[Finding]]:
    """Both times with their findings, and all that disagreed; `guesses` are used if nothing is declared."""
    horizon = captured_at + SLACK
    published = list(_readings(_published(markup, linked), horizon, markup.language))
    modified = list(_readings(_modified(markup, linked), horizon, markup.language))
    if not published:
        published += islice(_readings(guesses, horizon, markup.language), 1)
    first = _best(published)
    last = _best(modified)
    if first and last and last.stated.moment < first.stated.moment and _comparable(first.stated, last.stated):
        last = _Reading(replace(last.stated, doubt=last.stated.doubt or Doubt.BEFORE_PUBLISHED), last.origin)
    disagreeing = [
        *_others(ArticleField.PUBLISHED, published, first),
        *_others(ArticleField.MODIFIED, modified, last),
    ]
    return _chosen(ArticleField.PUBLISHED, first), _chosen(ArticleField.MODIFIED, last), disagreeing


def _comparable(first: StatedTime, last: StatedTime) -> bool:
    if TimePrecision.DAY in (first.precision, last.precision):
        return first.moment.date() > last.moment.date()
    return first.zone_stated == last.zone_stated or abs(first.moment - last.moment) > SLACK


def _chosen(field: ArticleField, reading: _Reading | None) -> tuple[StatedTime | None, Finding | None]:
    if reading is None:
        return None, None
    return reading.stated, _finding(field, reading)


def _finding(field: ArticleField, reading: _Reading) -> Finding:
    return Finding(field, reading.stated.written, reading.origin, reading.stated.doubt)


def _others(field: ArticleField, readings: list[_Reading], chosen: _Reading | None) -> list[Finding]:
    candidates = Candidates(field)
    for reading in readings:
        if chosen is None or reading.stated.moment != chosen.stated.moment:
            candidates.found.append(_finding(field, reading))
    return candidates.others_than(None)


def _readings(values: Iterable[tuple[str, object]], horizon: datetime, language: str) -> Iterator[_Reading]:
    for count, (origin, value) in enumerate(values):
        if count >= 64:
            break
        text = plain(value)
        stated = read_time(text) or written_day(text, language)
        if stated:
            if stated.moment > horizon:
                stated = replace(stated, doubt=Doubt.FUTURE)
            yield _Reading(stated, origin)


def _best(readings: list[_Reading]) -> _Reading | None:
    """The most trusted reading, made exact by one that agrees with it; a future one if there is no other."""
    believed = [reading for reading in readings if reading.stated.doubt is None] or readings
    if not believed:
        return None
    best = believed[0]
    for other in believed[1:]:
        if _makes_exact(best.stated, other.stated):
            best = other
    return best


def _makes_exact(rough: StatedTime, exact: StatedTime) -> bool:
    if rough.precision is TimePrecision.DAY:
        return exact.precision is not TimePrecision.DAY and exact.moment.date() == rough.moment.date()
    if rough.zone_stated or not exact.zone_stated or exact.precision is TimePrecision.DAY:
        return False
    here = rough.moment.replace(tzinfo=None, second=0, microsecond=0)
    return here in (
        exact.moment.replace(tzinfo=None, second=0, microsecond=0),
        exact.moment.astimezone(UTC).replace(tzinfo=None, second=0, microsecond=0),
    )


def _published(markup: Markup, linked: Linked) -> Iterator[tuple[str, object]]:
    return chain(
        _of_nodes(linked.articles[:1], "datePublished"),
        markup.first_meta("article:published_time", "og:article:published_time"),
        _of_nodes(linked.articles[1:4], "datePublished"),
        _of_properties(markup, "datepublished"),
        _of_nodes(linked.pages[:3], "datePublished"),
        _of_nodes(linked.articles[:2], "dateCreated"),
        markup.first_meta(*_PUBLISHED_META[2:]),
        _marked_times(markup),
        _of_nodes(linked.pages[:2], "uploadDate"),
    )


def _modified(markup: Markup, linked: Linked) -> Iterator[tuple[str, object]]:
    return chain(
        _of_nodes(linked.articles[:2], "dateModified"),
        markup.first_meta(*_MODIFIED_META),
        _of_properties(markup, "datemodified"),
        _of_nodes(linked.pages[:2], "dateModified"),
    )


def _of_nodes(nodes: list[Node], key: str) -> Iterator[tuple[str, object]]:
    for node in nodes:
        value = node.get(key)
        for one in value if isinstance(value, list) else [value]:
            if isinstance(one, dict):
                one = one.get("@value")
            yield f"json-ld:{type_name(node)}.{key}", one


def _of_properties(markup: Markup, name: str) -> Iterator[tuple[str, object]]:
    for origin, element in markup.properties.get(name, ()):
        yield origin, element.get("content") or element.get("datetime") or markup.text_of(element, 100)


def _marked_times(markup: Markup) -> Iterator[tuple[str, object]]:
    """`time` elements that mark the publication, then the first ones after the headline."""
    for element in markup.elements.times:
        if element.get("pubdate") is not None or "publish" in (element.get("class") or "").lower():
            yield "time:published", element.get("datetime") or markup.text_of(element, 100)
    near = sorted(
        (distance_to_heading(markup, element), index)
        for index, element in enumerate(markup.elements.times[:20])
    )
    for distance, index in near[:3]:
        if distance < 6:
            element = markup.elements.times[index]
            yield "time", element.get("datetime") or markup.text_of(element, 100)

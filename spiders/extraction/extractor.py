"""The one way in: bytes of a page to what it says of its article, without network and without surprises."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from urllib.parse import urlsplit

from archiver.errors import UnsafeInputError
from archiver.model.article import ArticleField, ExtractedArticle, Finding, Paragraph
from archiver.spiders.document import parse_document
from archiver.spiders.extraction import access, places
from archiver.spiders.extraction.authors import choose_authors
from archiver.spiders.extraction.body import Body, read_body
from archiver.spiders.extraction.fields import Candidates, plain
from archiver.spiders.extraction.guessed_times import guessed_times
from archiver.spiders.extraction.jsonld import Linked, put_matching_first, read_linked
from archiver.spiders.extraction.markup import Markup, read_markup
from archiver.spiders.extraction.standfirst import read_standfirst
from archiver.spiders.extraction.times import published_and_modified
from archiver.spiders.extraction.titles import choose_title, folded
from archiver.spiders.pictures import find_pictures

EXTRACTOR_VERSION = "2"
"""Raised by every change that can alter a result: versions are compared only within one extractor version."""


class ExtractionError(UnsafeInputError):
    """There is nothing to read an article from: the URL is no absolute http URL."""


def extract(
    html: bytes, url: str, charset: str | None = None, *, captured_at: datetime | None = None
) -> ExtractedArticle:
    """What the page `html` at `url` says of its article.

    `charset` is the label in the Content-Type header, `captured_at` the aware time of capture (now, if not
    given), against which times in the future are told. Any bytes are read; what they do not say stays empty.
    Never touches the network. Raises ExtractionError when `url` is no absolute http or https URL.
    """
    _check(url)
    document = parse_document(html, url, charset)
    markup = read_markup(document.root)
    linked = read_linked(script.text or "" for script in markup.elements.linked)
    put_matching_first(linked, f"{markup.titles} {markup.heading_text}")
    report = _Report()
    sites = places.site_names(markup, linked)
    names = [finding.value for finding in sites.found]
    title, titles = choose_title(markup, linked, url, names)
    authors, author_finding, other_authors = choose_authors(markup, linked, places.host_of(url), names)
    now = captured_at or datetime.now(UTC)
    published, modified, other_times = published_and_modified(markup, linked, now, guessed_times(markup))
    for finding, others in ((published[1], other_times), (modified[1], ())):
        report.take(finding, others)
    descriptions = places.descriptions(markup, linked)
    body = _body(markup, linked, url, len(html), [title, *titles], descriptions.first)
    pictures = find_pictures(document)
    return ExtractedArticle(
        url=url,
        extractor_version=EXTRACTOR_VERSION,
        canonical_url=report.choose(places.canonical_urls(markup, linked, url, document.base_url)),
        amp_url=report.choose(places.amp_urls(markup, document.base_url)),
        title=report.take(title, titles),
        authors=authors if report.take(author_finding, other_authors) else (),
        published=published[0],
        modified=modified[0],
        section=report.choose(places.sections(markup, linked)),
        keywords=report.take_all(places.keywords(markup, linked)),
        language=report.choose(places.languages(markup, linked)),
        description=report.choose(descriptions),
        site_name=report.choose(sites),
        paragraphs=report.take_body(body),
        lead_picture=report.choose(places.lead_pictures(markup, linked, document.base_url, pictures)),
        pictures=pictures,
        free=report.take_free(*access.free_access(markup, linked)),
        noarchive=report.take(access.noarchive(markup), ()) is not None,
        origins=tuple(report.chosen),
        disagreeing=tuple(report.others),
        limits=body.limits,
    )


def _check(url: str) -> None:
    try:
        parts = urlsplit(url)
        usable = parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        usable = False
    if not usable:
        raise ExtractionError(
            f"not an absolute http URL, so the links of its page lead nowhere: {url[:200]!r}"
        )


def _body(
    markup: Markup,
    linked: Linked,
    url: str,
    size: int,
    titles: list[Finding | None],
    description: Finding | None,
) -> Body:
    variants = frozenset(folded(title.value) for title in titles if title) | {folded(markup.heading_text)}
    body = read_body(markup, linked, url, size, variants)
    standfirst = read_standfirst(
        markup, description.value if description else None, variants, body.paragraphs
    )
    if standfirst:
        body.paragraphs.insert(0, standfirst)
    return body


class _Report:
    """Where each field came from, and what disagreed, as the fields are decided."""

    def __init__(self) -> None:
        self.chosen: list[Finding] = []
        self.others: list[Finding] = []

    def take(self, finding: Finding | None, others: Iterable[Finding]) -> str | None:
        self.others += others
        if finding is None:
            return None
        self.chosen.append(finding)
        return finding.value

    def choose(self, candidates: Candidates) -> str | None:
        first = candidates.first
        return self.take(first, candidates.others_than(first))

    def take_all(self, keywords: tuple[tuple[str, ...], str | None]) -> tuple[str, ...]:
        words, origin = keywords
        if origin:
            self.chosen.append(Finding(ArticleField.KEYWORDS, plain("; ".join(words)), origin))
        return words

    def take_body(self, body: Body) -> tuple[Paragraph, ...]:
        if body.paragraphs:
            count = f"{len(body.paragraphs)} paragraphs"
            self.chosen.append(Finding(ArticleField.BODY, count, body.origin))
        return tuple(body.paragraphs)

    def take_free(self, free: bool | None, findings: list[Finding]) -> bool | None:
        if findings:
            self.chosen.append(findings[0])
            self.others += [other for other in findings[1:] if other.value != findings[0].value]
        return free

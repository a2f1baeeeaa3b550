"""The one way in: bytes of a page to what it says of its article, without network and without surprises."""

from __future__ import annotations

from datetime import UTC, datetime

from lxml import etree, html as lxml_html
from lxml.html import HtmlElement

from archiver.errors import ArchiverError
from archiver.model.article import ArticleField, ExtractedArticle, Finding, Paragraph
from archiver.spiders.extraction import access, places
from archiver.spiders.extraction.authors import choose_authors
from archiver.spiders.extraction.body import read_body
from archiver.spiders.extraction.fields import Candidates
from archiver.spiders.extraction.jsonld import Linked, read_linked
from archiver.spiders.extraction.markup import Markup, linked_scripts, read_markup
from archiver.spiders.extraction.times import published_and_modified
from archiver.spiders.extraction.titles import choose_title

EXTRACTOR_VERSION = "1"
"""Raised by every change that can alter a result: versions are compared only within one extractor version."""

MOST_BODY_BYTES = 3_000_000


class ExtractionError(ArchiverError):
    """What was given is no HTML page at all."""

    exit_code = 3


def parse(content: bytes, charset: str | None) -> HtmlElement:
    parser = lxml_html.HTMLParser(encoding=charset or "utf-8", huge_tree=True)
    return lxml_html.document_fromstring(content, parser=parser)


def extract(
    html: bytes, url: str, charset: str | None = None, *, captured_at: datetime | None = None
) -> ExtractedArticle:
    tree = parse(html, charset)
    base = url
    markup = read_markup(tree)
    linked = read_linked(linked_scripts(tree))
    report = _Report()
    sites = places.site_names(markup, linked)
    names = [finding.value for finding in sites.found]
    title, titles = choose_title(markup, linked, url, names)
    authors, author_finding, author_others = choose_authors(markup, linked, names)
    published, modified, times = published_and_modified(markup, linked, captured_at or datetime.now(UTC))
    words, words_origin = places.keywords(markup, linked)
    free, free_findings = access.free_access(markup, linked)
    noarchive = access.noarchive(markup)
    paragraphs = read_body(tree, url)
    return ExtractedArticle(
        url=url,
        extractor_version=EXTRACTOR_VERSION,
        canonical_url=report.choose(places.canonical_urls(markup, linked, url, base)),
        amp_url=report.choose(places.amp_urls(markup, base)),
        title=report.take(title, titles),
        authors=report.take(author_finding, author_others) and authors or (),
        published=published[0],
        modified=modified[0],
        section=report.choose(places.sections(markup, linked)),
        keywords=words,
        language=report.choose(places.languages(markup, linked)),
        description=report.choose(places.descriptions(markup, linked)),
        site_name=report.choose(sites),
        paragraphs=paragraphs,
        lead_picture=report.choose(places.lead_pictures(markup, linked, base)),
        free=free,
        noarchive=noarchive is not None,
        origins=tuple(report.chosen),
        disagreeing=tuple(report.others),
    )


class _Report:
    """Where each field came from, and what disagreed, as they are decided."""

    def __init__(self) -> None:
        self.chosen: list[Finding] = []
        self.others: list[Finding] = []

    def take(self, finding: Finding | None, others: list[Finding]) -> str | None:
        self.others += others
        if finding is None:
            return None
        self.chosen.append(finding)
        return finding.value

    def choose(self, candidates: Candidates) -> str | None:
        first = candidates.first
        return self.take(first, candidates.others_than(first))

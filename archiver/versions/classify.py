"""What a visit says of an article that was seen before: it is there, or walled, gone, moved, or back again.

A server can refuse for an hour what it gives again, so an answer that the article is gone or refused is kept,
and believed only after a second look six hours later.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlsplit

from archiver.model.article import ExtractedArticle
from archiver.model.capture import Capture
from archiver.model.digest import Digest
from archiver.model.moment import to_warc_date
from archiver.model.snapshot import Snapshot
from archiver.model.version import ArticleEvent, ChangeKind
from archiver.spiders.extraction.digests import paragraph_digests
from archiver.versions.identity import address_key, article_key, asked_key, is_front_of, is_same
from archiver.versions.phrases import (
    CONSENT_ADDRESS,
    CONSENT_TITLE,
    NOT_FOUND,
    NOT_FOUND_ADDRESS,
    WALL_ADDRESS,
)

SECOND_LOOK = timedelta(hours=6)
SHORT_TEXT = 400
"""Characters; the page of an article that is not there says no more."""
MUCH_LESS = 0.2
LONG_PARAGRAPH = 40

_WALLED = {401: "asks who we are", 402: "asks for payment", 403: "refuses"}
_GONE = {404: "not found", 410: "gone", 451: "unavailable for legal reasons"}
_WANT_SECOND_LOOK = (ChangeKind.GONE, ChangeKind.WALLED)


@dataclass(frozen=True, slots=True)
class Visit:
    """What came when `seed` was asked for: the redirects oldest first, then the page, and what it says."""

    seed: str
    page: Capture
    redirects: tuple[Capture, ...] = ()
    article: ExtractedArticle | None = None

    @property
    def final_url(self) -> str:
        """The address that gave the page."""
        return self.page.target_uri


@dataclass(frozen=True, slots=True)
class Outcome:
    """`event` is what to record; `comparable` says whether the page shows the article, as a new snapshot.

    Neither: the answer says nothing of the article (no response, 429, 5xx, 304), come again.
    """

    event: ArticleEvent | None = None
    comparable: bool = False


@dataclass(frozen=True, slots=True)
class _Verdict:
    kind: ChangeKind
    detail: str
    stated: bool = False
    """The page itself says so, no second look is wanted."""


def classify(visit: Visit, known: Snapshot | None, earlier: Sequence[ArticleEvent] = ()) -> Outcome:
    """What `visit` says of the article whose last snapshot is `known`.

    `earlier` are the article's events since that snapshot or from the beginning, oldest first.
    """
    verdict = next(_verdicts(visit, known), None)
    if verdict:
        shows = verdict.kind in (ChangeKind.MOVED, ChangeKind.WALLED) and _shows_article(visit)
        is_told = verdict.kind is ChangeKind.MOVED and _is_last(verdict, earlier)
        return Outcome(None if is_told else _event(visit, known, verdict, earlier), comparable=shows)
    if visit.page.status == 304:
        return Outcome(_back(visit, known, earlier))
    if not _shows_article(visit):
        return Outcome()
    return Outcome(_back(visit, known, earlier), comparable=True)


def _shows_article(visit: Visit) -> bool:
    return 200 <= visit.page.status < 300 and visit.article is not None


def _verdicts(visit: Visit, known: Snapshot | None) -> Iterator[_Verdict]:
    """Every sign that the article is not there as it was, the surest first."""
    status = visit.page.status
    if status in _GONE:
        yield _Verdict(ChangeKind.GONE, f"{status}: {_GONE[status]}")
    if status in _WALLED:
        yield _Verdict(ChangeKind.WALLED, f"{status}: the server {_WALLED[status]}")
    if 200 <= status < 300:
        yield from _by_address(visit)
        yield from _by_content(visit, known)
        yield from _by_key(visit, known)


def _by_address(visit: Visit) -> Iterator[_Verdict]:
    if address_key(visit.final_url) == address_key(visit.seed):
        return
    if is_front_of(visit.final_url, visit.seed):
        yield _Verdict(ChangeKind.GONE, f"redirected to the front {visit.final_url}")
    if _says(NOT_FOUND_ADDRESS, visit.final_url, visit.seed):
        yield _Verdict(ChangeKind.GONE, f"redirected to the error page {visit.final_url}")
    if _says(CONSENT_ADDRESS, visit.final_url, visit.seed):
        yield _Verdict(ChangeKind.WALLED, f"redirected to ask for consent at {visit.final_url}")
    if _says(WALL_ADDRESS, visit.final_url, visit.seed):
        yield _Verdict(ChangeKind.WALLED, f"redirected to log in or subscribe at {visit.final_url}")


def _by_content(visit: Visit, known: Snapshot | None) -> Iterator[_Verdict]:
    article = visit.article
    if article is None:
        return
    title, length = article.title or "", len(article.text)
    before = known.article if known else None
    kept = shares_text(before, article)
    if length < SHORT_TEXT and not kept:
        if CONSENT_TITLE.search(title):
            yield _Verdict(ChangeKind.WALLED, f"the page asks for consent or proof: {title[:100]}")
        if before and before.title != title and NOT_FOUND.search(title):
            yield _Verdict(ChangeKind.GONE, f"answers {visit.page.status} and says: {title[:100]}")
        if before and _is_emptied(before, article):
            if NOT_FOUND.search(article.text):
                yield _Verdict(ChangeKind.GONE, f"answers {visit.page.status} and says: {article.text[:100]}")
            if article.canonical_url and is_front_of(article.canonical_url, visit.seed):
                yield _Verdict(ChangeKind.GONE, f"gives itself out as the front {article.canonical_url}")
    if article.free is False and before is not None and before.free is not False:
        yield _Verdict(ChangeKind.WALLED, "the page says that the article is no longer free", stated=True)


def _by_key(visit: Visit, known: Snapshot | None) -> Iterator[_Verdict]:
    """Whether the article has another address; what could not be read has no link that says so."""
    if known is None or known.article_key is None:
        return
    if is_same(article_key(visit.article, visit.final_url, visit.seed), known.article_key):
        return
    redirected = address_key(visit.final_url) != address_key(visit.seed)
    if known.article is None or visit.article is None:
        if redirected and address_key(visit.final_url) != address_key(known.page.target_uri):
            yield _Verdict(ChangeKind.MOVED, f"redirected to {visit.final_url}", stated=True)
        return
    kept = shares_text(known.article, visit.article)
    text = "with the same text" if kept else "with another text"
    if redirected:
        yield _Verdict(ChangeKind.MOVED, f"redirected to {visit.final_url}, {text}", stated=True)
    elif visit.article.canonical_url and visit.article.canonical_url != known.article.canonical_url:
        canonical = visit.article.canonical_url
        yield _Verdict(ChangeKind.MOVED, f"calls itself {canonical}, {text}", stated=True)


def _says(pattern: re.Pattern[str], url: str, seed: str) -> bool:
    """Whether the address of `url` has a word of `pattern` that the address asked for has not."""
    return bool(pattern.search(_host_and_path(url))) and not pattern.search(_host_and_path(seed))


def _host_and_path(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return f"{parts.hostname or ''}{parts.path}"


def shares_text(before: ExtractedArticle | None, after: ExtractedArticle | None) -> bool:
    """Whether a paragraph of some length stands in both."""
    if before is None or after is None:
        return False
    return not long_paragraphs(before).isdisjoint(long_paragraphs(after))


def long_paragraphs(article: ExtractedArticle) -> set[Digest]:
    """The digests of the paragraphs that are too long to stand in another article by chance."""
    return {
        digest
        for digest, paragraph in zip(paragraph_digests(article), article.paragraphs, strict=True)
        if len(paragraph.text) >= LONG_PARAGRAPH
    }


def _is_emptied(before: ExtractedArticle, after: ExtractedArticle) -> bool:
    return len(after.text) < MUCH_LESS * len(before.text)


def _is_last(verdict: _Verdict, earlier: Sequence[ArticleEvent]) -> bool:
    return bool(earlier) and (earlier[-1].kind, earlier[-1].detail) == (verdict.kind, verdict.detail)


def _event(
    visit: Visit, known: Snapshot | None, verdict: _Verdict, earlier: Sequence[ArticleEvent]
) -> ArticleEvent:
    observed_at = visit.page.captured_at
    since = observed_at
    for event in reversed(earlier):
        if event.kind is not verdict.kind:
            break
        since = min(since, event.observed_at)
    wants_more = verdict.kind in _WANT_SECOND_LOOK and not verdict.stated
    confirmed = not wants_more or observed_at - since >= SECOND_LOOK
    return _record(visit, known, verdict.kind, verdict.detail, confirmed)


def _back(visit: Visit, known: Snapshot | None, earlier: Sequence[ArticleEvent]) -> ArticleEvent | None:
    last = earlier[-1] if earlier else None
    if last is None or last.kind not in _WANT_SECOND_LOOK:
        return None
    if last.kind is ChangeKind.WALLED and visit.article is not None and visit.article.free is False:
        return None
    since = to_warc_date(last.observed_at)
    return _record(visit, known, ChangeKind.BACK_AGAIN, f"was {last.kind} at {since}", True)


def _record(
    visit: Visit, known: Snapshot | None, kind: ChangeKind, detail: str, confirmed: bool
) -> ArticleEvent:
    return ArticleEvent(
        kind=kind,
        url=visit.seed,
        article_key=asked_key(visit.seed, known) if known else None,
        observed_at=visit.page.captured_at,
        record_id=visit.page.record_id,
        status=visit.page.status,
        detail=detail,
        confirmed=confirmed,
    )

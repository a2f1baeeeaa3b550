"""What can be recorded, and what each comes to when it is durable."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from archiver.model.article import ExtractedArticle
from archiver.model.capture import Capture, RecordLocation
from archiver.model.exchange import Exchange
from archiver.model.snapshot import PageCapture, Snapshot
from archiver.model.version import ArticleEvent


@dataclass(frozen=True, slots=True)
class Reading:
    """An article read again out of a stored page, which `page` names."""

    article: ExtractedArticle
    page: PageCapture


Subject = Exchange | Snapshot | ArticleEvent | Reading
Result = Capture | RecordLocation | UUID
Written = tuple[Result, Subject]


def name_of(subject: Subject) -> str:
    """What it is, for a message."""
    if isinstance(subject, Exchange):
        return subject.target_uri
    if isinstance(subject, Snapshot):
        return f"snapshot {subject.id}"
    return subject.url if isinstance(subject, ArticleEvent) else subject.page.target_uri

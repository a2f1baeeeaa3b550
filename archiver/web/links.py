"""The `Link` header that ties a memento, its original, TimeGate and TimeMap together (RFC 7089, 2.2)."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import format_datetime
from functools import partial

from archiver.model.capture import Capture
from archiver.storage.index import Index
from archiver.web.wanted import memento_path

_TICK = timedelta(microseconds=1)


def http_date(moment: datetime) -> str:
    """RFC 9110, 5.6.7: `Tue, 14 Nov 2017 10:00:00 GMT`."""
    return format_datetime(moment.replace(microsecond=0), usegmt=True)


def base_links(origin: str, url: str) -> list[str]:
    """Original, TimeGate and TimeMap."""
    return [
        f'<{url}>; rel="original"',
        f'<{origin}/web/{url}>; rel="timegate"',
        f'<{origin}/web/timemap/link/{url}>; rel="timemap"; type="application/link-format"',
    ]


def memento_link(origin: str, capture: Capture, relations: str) -> str:
    """The link of one memento; `relations` such as `first memento`."""
    return (
        f'<{origin}{memento_path(capture)}>; rel="{relations}"; datetime="{http_date(capture.captured_at)}"'
    )


def neighbours(index: Index, capture: Capture) -> dict[str, Capture]:
    """The first, previous, next and last capture of the URL of `capture`, as far as there are such."""
    at, mementos = capture.captured_at, partial(index.captures, "exact", capture.target_uri, hollow=False)
    found = {
        "first": next(mementos(limit=1), None),
        "prev": next(mementos(to=at - _TICK, descending=True, limit=1), None),
        "next": next(mementos(at + _TICK, limit=1), None),
        "last": next(mementos(descending=True, limit=1), None),
    }
    return {name: other for name, other in found.items() if other}


def all_links(origin: str, index: Index, capture: Capture) -> str:
    """The whole header: one link for each memento, its relations joined."""
    relations: dict[str, list[str]] = {memento_path(capture): []}
    captures = {memento_path(capture): capture}
    for name, other in neighbours(index, capture).items():
        path = memento_path(other)
        captures.setdefault(path, other)
        relations.setdefault(path, []).append(name)
    mementos = [
        memento_link(origin, captures[path], " ".join([*names, "memento"]))
        for path, names in relations.items()
    ]
    return ", ".join([*base_links(origin, capture.target_uri), *mementos])

"""The pages of one snapshot: its record, the framed view of its page, and the comparison with another."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archiver.citation.reference import citation_of
from archiver.citation.standing import Standing, standing_of
from archiver.citation.styles import STYLES
from archiver.citation.withdrawal import Withdrawal
from archiver.citation.withheld import document_of, without_content
from archiver.errors import ArchiverError, StorageError, UsageError
from archiver.history import History
from archiver.model.capture import Capture
from archiver.model.snapshot import Snapshot
from archiver.model.version import ArticleEvent, ChangeKind, Comparison, PictureChange
from archiver.retrieval import named_by
from archiver.storage.index import Index
from archiver.versions import as_html, spans
from archiver.versions.words import picture_line
from archiver.web.bundle_files import bundle
from archiver.web.freshness import checked
from archiver.web.interactive import interactive_path
from archiver.web.pages import render
from archiver.web.records import (
    ShownPicture,
    file_name,
    near,
    page_path,
    shown_pictures,
    title_of,
    view_path,
)
from archiver.web.site import Site, site_of
from archiver.web.wanted import memento_path, parse_wanted, path_after

log = logging.getLogger(__name__)

_FILES = {
    ".csl.json": ("csl-json", "application/vnd.citationstyles.csl+json"),
    ".bib": ("bibtex", "application/x-bibtex"),
    ".ris": ("ris", "application/x-research-info-systems"),
}
_NAMES = {
    "text": "Text", "apa": "APA", "chicago": "Chicago", "mla": "MLA", "bibtex": "BibTeX", "ris": "RIS",
    "csl-json": "CSL JSON", "wikipedia": "Wikipedia", "robust-link": "Robust link",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One line of an article's history."""

    snapshot: Snapshot | None
    event: ArticleEvent | None
    kinds: tuple[str, ...]
    before: str | None

    @property
    def is_change(self) -> bool:
        """Whether the article itself changed."""
        return self.event is not None or bool(
            set(self.kinds) - {"identical", "bytes-only", "furniture-only", "first-seen"}
        )


@dataclass(frozen=True, slots=True)
class Record:
    """All that the record of a snapshot tells; `standing` is None when it cannot be read."""

    snapshot: Snapshot
    withdrawal: Withdrawal | None
    standing: Standing | None
    pictures: tuple[ShownPicture, ...]
    steps: tuple[Step, ...]
    citations: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PicturePair:
    """A picture that changed: both sides, with where the replay origin has them."""

    change: PictureChange
    before: str | None
    after: str | None
    words: Markup

    @property
    def told(self) -> str:
        """The change in one line."""
        return picture_line(self.change)


def snapshot_page(request: Request) -> Response:
    """`/snapshot/{identifier}`, and with a suffix its files."""
    written = request.path_params["identifier"]
    site = site_of(request)
    for suffix, (style, media) in _FILES.items():
        if written.endswith(suffix):
            snapshot = named_by(site.index, written.removesuffix(suffix))
            return _file(request, cited(site, snapshot, style).encode(), media, snapshot, suffix)
    if written.endswith(".json"):
        snapshot = named_by(site.index, written.removesuffix(".json"))
        document = document_of(snapshot, site.withdrawals.of_snapshot(snapshot.id))
        return _file(request, document, "application/json", snapshot, ".json")
    if written.endswith(".wacz"):
        return bundle(request, written.removesuffix(".wacz"))
    snapshot = named_by(site.index, written)
    if written != snapshot.id:
        return RedirectResponse(f"/snapshot/{snapshot.id}", 301)
    return render(request, "snapshot.html", _values(site, record_of(site, snapshot)))


def _values(site: Site, record: Record) -> dict[str, Any]:
    snapshot = record.snapshot
    capture = site.index.capture(snapshot.page.record_id)
    given = None if record.withdrawal else capture
    return {
        "record": record, "snapshot": snapshot, "title": title_of(snapshot), "capture": capture,
        "view": None if record.withdrawal else page_path(snapshot),
        "citations": [(_NAMES[style], words) for style, words in record.citations.items()],
        "raw": memento_path(given, "id_", is_fine=True) if given else None,
        "interactive": interactive_path(given) if given and site.wabac else None,
        "q": "",
    }  # fmt: skip


def record_of(site: Site, snapshot: Snapshot) -> Record:
    """All that the record of `snapshot` tells; of a withdrawn one without what it held."""
    withdrawal = site.withdrawals.of_snapshot(snapshot.id)
    pictures = tuple(shown_pictures(site.index, snapshot))
    if withdrawal:
        kept = without_content(snapshot)
        pictures = tuple(
            replace(shown, path=None, picture=own) for shown, own in zip(pictures, kept.pictures, strict=True)
        )
        snapshot = kept
    return Record(
        snapshot=snapshot,
        withdrawal=withdrawal,
        standing=_standing(site, snapshot),
        pictures=pictures,
        steps=tuple(history_of(site, snapshot)),
        citations={style: cited(site, snapshot, style) for style in STYLES},
    )


def _standing(site: Site, snapshot: Snapshot) -> Standing | None:
    try:
        return standing_of(site.index, site.warc, snapshot.id)
    except StorageError as error:
        log.warning("how %s stands cannot be read: %s", snapshot.id, error)
        return None


def cited(site: Site, snapshot: Snapshot, style: str) -> str:
    """The snapshot as a reference in one style."""
    citation = citation_of(snapshot, site.cited_address, site.name)
    return STYLES[style](citation)


def _file(request: Request, content: bytes, media: str, snapshot: Snapshot, suffix: str) -> Response:
    headers = {
        "Content-Disposition": f'inline; filename="{file_name(snapshot, suffix)}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "public, max-age=3600, must-revalidate",
    }
    return checked(request, content, media, headers)


def history_of(site: Site, snapshot: Snapshot) -> list[Step]:
    """What became of the article, oldest first; empty when its history cannot be told."""
    try:
        history = site.historian.history(snapshot.page.target_uri)
    except ArchiverError:
        return []
    return [_step(site, history, step) for _, step in history.steps()]


def _step(site: Site, history: History, step: Comparison | ArticleEvent) -> Step:
    if isinstance(step, ArticleEvent):
        return Step(None, step, (step.kind.value,), None)
    known = {snapshot.id: snapshot for snapshot in history.snapshots}
    before = step.before if ChangeKind.FIRST_SEEN not in step.kinds else None
    if any(site.withdrawals.of_snapshot(name) for name in (step.before, step.after)):
        before = None
    return Step(known[step.after], None, tuple(kind.value for kind in step.kinds), before or None)


def view(request: Request) -> Response:
    """`/view/{timestamp}/{url}`: an archived page in a frame of the other origin, below a bar of ours."""
    wanted = parse_wanted(path_after(request, "/view/"))
    if wanted is None:
        raise UsageError("write /view/20171114100000/https://example.org/")
    site = site_of(request)
    capture = site.index.closest(wanted.url, wanted.moment)
    if capture is None:
        return render(request, "absent.html", {"url": wanted.url, "q": wanted.url}, 404)
    if not wanted.is_exactly(capture):
        return RedirectResponse(view_path(capture), 302)
    withdrawal = site.withdrawals.of_capture(capture)
    if withdrawal:
        values = {"url": capture.target_uri, "capture": capture, "withdrawal": withdrawal, "q": ""}
        return render(request, "withdrawn.html", values, 451)
    snapshot = site.index.snapshot_of_record(capture.record_id)
    if snapshot and snapshot.page.record_id != capture.record_id:
        snapshot = None
    before, after = _neighbours(site.index, capture)
    modifier = "mp_" if capture.mime in ("text/html", "application/xhtml+xml", "unk") else "im_"
    values = {
        "capture": capture, "snapshot": snapshot,
        "title": title_of(snapshot) if snapshot else capture.target_uri,
        "frame": memento_path(capture, modifier, is_fine=True),
        "before": (view_path(before), near(capture.captured_at, before.captured_at)) if before else None,
        "after": (view_path(after), near(capture.captured_at, after.captured_at)) if after else None,
    }  # fmt: skip
    return render(request, "view.html", values, framing=True)


def _neighbours(index: Index, capture: Capture) -> tuple[Capture | None, Capture | None]:
    tick = timedelta(microseconds=1)
    at, url = capture.captured_at, capture.target_uri
    before = next(index.captures("exact", url, to=at - tick, descending=True, hollow=False, limit=1), None)
    return before, next(index.captures("exact", url, at + tick, hollow=False, limit=1), None)


def comparison(request: Request) -> Response:
    """`/compare?before=ID&after=ID`: what differs between two snapshots."""
    site = site_of(request)
    before, after = compared_sides(request, "/compare")
    found = site.historian.compared(before, after)
    values = {
        "before": before, "after": after, "title_before": title_of(before), "title_after": title_of(after),
        "comparison": found, "view_before": page_path(before), "view_after": page_path(after), "q": "",
        "fields": [(c, marked(c.before, c.after)) for c in found.fields if c.noise is None],
        "paragraphs": [(c, marked(c.before, c.after)) for c in found.paragraphs if c.noise is None],
        "noise": [(c, marked(c.before, c.after)) for c in found.paragraphs if c.noise is not None],
        "pictures": [_pair(site.index, before, after, c) for c in found.pictures if c.noise is None],
    }  # fmt: skip
    return render(request, "compare.html", values)


def compared_sides(request: Request, path: str) -> tuple[Snapshot, Snapshot]:
    """The two snapshots that `before` and `after` name, as the present extractor reads them.

    Raises UsageError, NotFoundError, WithdrawnError.
    """
    site = site_of(request)
    sides = [request.query_params.get(name, "") for name in ("before", "after")]
    if not all(sides):
        raise UsageError(f"name two snapshots: {path}?before=ark:...&after=ark:...")
    before, after = (named_by(site.index, side) for side in sides)
    for side in (before, after):
        site.withdrawals.check_snapshot(side)
    return site.historian.current(before), site.historian.current(after)


def marked(before: str | None, after: str | None) -> Markup:
    """One text with `del` and `ins`, escaped."""
    return Markup(as_html(spans(before or "", after or "")))  # noqa: S704 - as_html escapes


def _pair(index: Index, before: Snapshot, after: Snapshot, change: PictureChange) -> PicturePair:
    return PicturePair(
        change, _picture_path(index, before, change.url), _picture_path(index, after, change.url),
        marked(change.before, change.after),
    )  # fmt: skip


def _picture_path(index: Index, snapshot: Snapshot, url: str) -> str | None:
    for picture in snapshot.pictures:
        for rendition in picture.fetched:
            if rendition.url == url and rendition.record_id and not rendition.reason:
                capture = index.capture(rendition.record_id)
                return memento_path(capture, "im_", is_fine=True) if capture else None
    return None


def by_ark(request: Request) -> Response:
    """`/ark:NAAN/name`: the record page."""
    found = named_by(site_of(request).index, f"ark:{request.path_params['identifier']}")
    return RedirectResponse(f"/snapshot/{found.id}", 302)

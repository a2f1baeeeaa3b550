"""The pages of one snapshot: its record, the framed view of its page, and the comparison with another."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from archiver.citation.reference import citation_of
from archiver.citation.styles import STYLES
from archiver.errors import ArchiverError, NotFoundError, UsageError
from archiver.history import History
from archiver.model.capture import Capture
from archiver.model.snapshot import Snapshot
from archiver.model.version import ArticleEvent, ChangeKind, Comparison, PictureChange
from archiver.storage import snapshot_codec
from archiver.storage.index import Index
from archiver.versions import as_html, compare, spans
from archiver.web.pages import render
from archiver.web.records import find_snapshot, near, page_path, shown_pictures, title_of, view_path
from archiver.web.site import Site, site_of
from archiver.web.wanted import memento_path, parse_wanted, path_after

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
class PicturePair:
    """A picture that changed: both sides, with where the replay origin has them."""

    change: PictureChange
    before: str | None
    after: str | None
    words: Markup


def snapshot_page(request: Request) -> Response:
    """`/snapshot/{identifier}`, and with a suffix its files."""
    written = request.path_params["identifier"]
    site = site_of(request)
    for suffix, (style, media) in _FILES.items():
        if written.endswith(suffix):
            snapshot = find_snapshot(site.index, written.removesuffix(suffix))
            return _file(cited(request, site, snapshot, style), media, snapshot, suffix)
    if written.endswith(".json"):
        snapshot = find_snapshot(site.index, written.removesuffix(".json"))
        return _file(snapshot_codec.encode(snapshot), "application/json", snapshot, ".json")
    snapshot = find_snapshot(site.index, written)
    if written != snapshot.id:
        return RedirectResponse(f"/snapshot/{snapshot.id}", 301)
    capture = site.index.capture(snapshot.page.record_id)
    values = {
        "snapshot": snapshot, "title": title_of(snapshot), "capture": capture, "view": page_path(snapshot),
        "pictures": list(shown_pictures(site.index, snapshot)), "steps": history_of(site, snapshot),
        "citations": [(_NAMES[style], cited(request, site, snapshot, style)) for style in STYLES],
        "raw": memento_path(capture, "id_", is_fine=True) if capture else None, "q": "",
    }  # fmt: skip
    return render(request, "snapshot.html", values)


def cited(request: Request, site: Site, snapshot: Snapshot, style: str) -> str:
    """The snapshot as a reference in one style."""
    citation = citation_of(snapshot, site.origins.application(request), site.name)
    return STYLES[style](citation)


def _file(content: str | bytes, media: str, snapshot: Snapshot, suffix: str) -> Response:
    name = snapshot.id.replace(":", "-").replace("/", "-") + suffix
    headers = {
        "Content-Disposition": f'inline; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": "public, max-age=3600",
    }
    return Response(content, 200, headers, media_type=media)


def history_of(site: Site, snapshot: Snapshot) -> list[Step]:
    """What became of the article, oldest first; empty when its history cannot be told."""
    try:
        history = site.historian.history(snapshot.page.target_uri)
    except ArchiverError:
        return []
    return [_step(history, step) for _, step in history.steps()]


def _step(history: History, step: Comparison | ArticleEvent) -> Step:
    if isinstance(step, ArticleEvent):
        return Step(None, step, (step.kind.value,), None)
    known = {snapshot.id: snapshot for snapshot in history.snapshots}
    before = step.before if ChangeKind.FIRST_SEEN not in step.kinds else None
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
    before = next(index.captures("exact", url, to=at - tick, descending=True, limit=1), None)
    return before, next(index.captures("exact", url, at + tick, limit=1), None)


def comparison(request: Request) -> Response:
    """`/compare?before=ID&after=ID`: what differs between two snapshots."""
    site = site_of(request)
    sides = [request.query_params.get(name, "") for name in ("before", "after")]
    if not all(sides):
        raise UsageError("name two snapshots: /compare?before=ark:...&after=ark:...")
    before, after = (site.historian.current(find_snapshot(site.index, side)) for side in sides)
    found = compare(before, after)
    values = {
        "before": before, "after": after, "title_before": title_of(before), "title_after": title_of(after),
        "comparison": found, "view_before": page_path(before), "view_after": page_path(after), "q": "",
        "fields": [(c, marked(c.before, c.after)) for c in found.fields if c.noise is None],
        "paragraphs": [(c, marked(c.before, c.after)) for c in found.paragraphs if c.noise is None],
        "noise": [(c, marked(c.before, c.after)) for c in found.paragraphs if c.noise is not None],
        "pictures": [_pair(site.index, before, after, c) for c in found.pictures if c.noise is None],
    }  # fmt: skip
    return render(request, "compare.html", values)


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
    name = f"ark:{request.path_params['identifier']}"
    if site_of(request).index.snapshot(name) is None:
        raise NotFoundError("no snapshot with this identifier is in this archive")
    return RedirectResponse(f"/snapshot/{name}", 302)

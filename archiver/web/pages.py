"""Pages for people: server-rendered, escaped by default, without any script; each is JSON too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import Response

from archiver.model.moment import to_warc_date
from archiver.web.freshness import checked
from archiver.web.site import site_of

_HERE: Final = Path(__file__).parent
_CACHED: Final = "private, max-age=0, must-revalidate"


def size(count: int) -> str:
    """A number of bytes for people: `91.2 kB`."""
    amount, unit = float(count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if amount < 999.95:
            break
        amount, unit = amount / 1000, larger
    return f"{count} B" if unit == "B" else f"{amount:.1f} {unit}"


def day(moment: datetime) -> str:
    """`14 November 2017`."""
    return f"{moment.day} {moment:%B %Y}"


def clock(moment: datetime) -> str:
    """`10:00:00`, UTC."""
    return f"{moment:%H:%M:%S}"


def short(url: str, length: int = 80) -> str:
    """A URL without its scheme, cut in the middle when it is long."""
    plain = re.sub(r"^https?://(?:www\.)?", "", url)
    return plain if len(plain) <= length else f"{plain[: length * 2 // 3]}\u2026{plain[-length // 3 :]}"


def ago(moment: datetime, now: datetime) -> str:
    """How far a moment lies from now: `3 hours ago`, `in 5 minutes`, `now`."""
    apart = (moment - now).total_seconds()
    for unit, length in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        count = int(abs(apart) // length)
        if count:
            words = f"{count} {unit}{'s' if count > 1 else ''}"
            return f"in {words}" if apart > 0 else f"{words} ago"
    return "now"


_environment = Environment(
    loader=FileSystemLoader(_HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters.update(size=size, day=day, clock=clock, short=short, ago=ago, iso=to_warc_date)


def render(
    request: Request,
    template: str,
    values: Mapping[str, Any],
    status: int = 200,
    *,
    framing: bool = False,
    is_private: bool = False,
) -> Response:
    """The page that `template` makes of `values`; a private one is kept by nobody, and names its origin."""
    replay = site_of(request).origins.replay(request)
    text = page_of(request, template, values)
    frames = replay if framing else "'none'"
    policy = (
        f"default-src 'none'; style-src 'self'; img-src 'self' {replay}; "
        f"frame-src {frames}; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    headers = {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin" if is_private else "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cache-Control": "no-store" if is_private else _CACHED,
    }
    if status == 200 and not is_private:
        return checked(request, text.encode(), "text/html", headers)
    return Response(text, status, headers, media_type="text/html")


def page_of(request: Request, template: str, values: Mapping[str, Any]) -> str:
    """The text of the page that `template` makes of `values`."""
    site = site_of(request)
    return _environment.get_template(template).render(
        archive=site.name, version=site.version, replay=site.origins.replay(request),
        takes_pages=site.desk.is_open, **values,
    )  # fmt: skip

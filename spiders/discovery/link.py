"""References as they stand in feeds, sitemaps and pages become URLs that may be fetched, or nothing."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import SplitResult, urljoin, urlsplit

from courlan import extract_domain

LONGEST_URL = 4096
_DROPPED = re.compile(r"[\t\n\r]+")
_CHARACTERS = r"[!\x24-\x3b=\x3f-Z_a-z~]*"
_PLAIN = re.compile(rf"https?://[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[0-9]{{2,4}})?(?:[/?]{_CHARACTERS})?")
_FROM_ROOT = re.compile(rf"/(?![/.])(?!.*/\.){_CHARACTERS}")
"""The forms that most references have, which need no resolving; for speed alone."""
_ABSOLUTE = re.compile(r"https?:", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_EDGE = "".join(map(chr, range(0x21)))


def absolute_url(base: str, reference: str | None) -> str | None:
    """`reference` resolved against `base` (RFC 3986, 5): http or https with a host, without fragment.

    White space at the ends and line ends inside are dropped, as browsers do (WHATWG URL, 4.4). A
    fragment that is an address of its own (`#!`) stays. None when that gives no fetchable URL.
    """
    if not reference:
        return None
    if len(reference) <= LONGEST_URL and _PLAIN.fullmatch(reference):
        return reference
    if len(reference) <= LONGEST_URL and _FROM_ROOT.fullmatch(reference) and (origin := _origin(base)):
        return origin + reference
    cleaned = _DROPPED.sub("", reference.strip(_EDGE)).replace(" ", "%20")
    if not cleaned or len(cleaned) > LONGEST_URL:
        return None
    try:
        joined = cleaned if _ABSOLUTE.match(cleaned) else urljoin(base, cleaned)
        parts = urlsplit(joined)
        fetchable = _is_fetchable(parts)
    except ValueError:
        return None
    if not fetchable or len(joined) > LONGEST_URL or _CONTROL.search(joined):
        return None
    if "#" in joined and not parts.fragment.startswith("!"):
        joined = joined.partition("#")[0]
    return joined


@lru_cache(maxsize=256)
def _origin(base: str) -> str | None:
    match = _PLAIN.match(base)
    return "/".join(base.split("/", 3)[:3]).partition("?")[0] if match else None


def _is_fetchable(parts: SplitResult) -> bool:
    return (
        parts.scheme in ("http", "https")
        and bool(parts.hostname)
        and "@" not in parts.netloc
        and (parts.port is None or parts.port > 0)
    )


def host_of(url: str) -> str:
    """The host of `url` in lower case without a final dot; empty when there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


@lru_cache(maxsize=4096)
def site_of(host: str) -> str:
    """The registrable domain of `host` (public suffix list); under an unknown suffix the last two labels."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        known = extract_domain(f"https://{host}/") if "." in host else None
        return known or ".".join(host.split(".")[-2:])
    return host


def is_same_site(url: str, other: str) -> bool:
    """Whether both URLs belong to one registrable domain: `www.bbc.co.uk` and `feeds.bbc.co.uk` do."""
    return site_of(host_of(url)) == site_of(host_of(other)) != ""

"""Which addresses are the same article: canonical, AMP, mobile and tracking variants come down to one key.

It errs on the side of two articles: joined by mistake hides one, kept apart only costs a capture. Nothing
is forgotten: an identity lists every address that led to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from archiver.spiders.discovery.link import absolute_url, is_same_site

_TRACKERS = re.compile(
    r"""(?:utm|itm|mtm|pk|piwik|matomo|hsa|oly|vero|mkt|at|ns|stm|wt|guce|soc|sr|onelink|fb_action)[_.].*
    |(?:fb|g|d|ms|y|ys|tw|tt|irc)clid|[gw]braid|gad_source|igsh(?:id)?|li_fat_id|epik|srsltid|mc_[ce]id
    |_g(?:a|l|ac)|_ke|_openstat|_hsenc|_hsmi|trk|trkcampaign|trackingid|s_k?wcid|s_cid|ef_id|xtor|xtref
    |cmp|cmpid|cmp_id|campaign|campaign_id|ito|ocid|smid|smtyp|icid|ncid|sref|srnd|guccounter|tblci|dicbo
    |spm|scm|isappinstalled|__twitter_impression|__tn__|fb_source|fb_ref|ref_src|ref_url|referrer|referer
    |traffic_source|maca|wtmc|wtrid|amp_js_v|amp_gsa|usqp|aoh|share_token|share_from|social_share|sharetype
    |ftag|ftcamp|echobox|mbid|hootpostid|partner_source|newsletter_id|gt_source|wpisrc|wpmm|wprss
    |unlocked_article_code""",
    re.VERBOSE | re.IGNORECASE,
)
_TRACKERS_BY_VALUE = {
    "ref": re.compile(
        r"(?:rss|tw|fb|twitter|facebook|google|share|social|home|hp|nl|newsletter|yahoo)\w*", re.I
    ),
    "source": re.compile(r"(?:rss|tw|fb|twitter|facebook|google|share|social|newsletter|whatsapp)\w*", re.I),
    "from": re.compile(r"(?:rss|timeline|singlemessage|groupmessage|twitter|facebook|google|share)\w*", re.I),
    "partner": re.compile(r"(?:rss|google|yahoo|feed|msn)\w*", re.I),
    "feed": re.compile(r"(?:rss|atom)\w*", re.I),
    "share": re.compile(r"\w*", re.I),
}
_SESSIONS = re.compile(r"phpsessid|jsessionid|aspsessionid\w*|sessionid|session_id|cfid|cftoken|sid|s", re.I)
_SESSION_VALUE = re.compile(r"(?=[A-Za-z-]*\d)(?=[\d-]*[A-Za-z])[A-Za-z0-9-]{16,}|[0-9a-f]{32,}")
_SESSION_IN_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^/?#;]*", re.IGNORECASE)
_AMP_NAMES = frozenset({"outputtype", "type", "view", "output", "platform"})
_AMP_IN_PATH = re.compile(r"(?:/amp(?=/|$)|\.amp(?=\.html?$|$)|(?<=\w)[-_]amp(?=\.html?$))", re.IGNORECASE)
_VARIANT_HOST = re.compile(r"^(?:www\d?|m|mobile|amp|touch|wap|mobil)\.(?=[^.]+\.[^.])")
_CACHE_HOST = re.compile(r"(?:^|\.)(?:cdn\.ampproject\.org|bing-amp\.com)$")
_CACHE_PATH = re.compile(r"^/(?:[acivrw]{1,3}/)?(s/)?([^/]+\.[^/]+/.*)$")
_VIEWER_PATH = re.compile(r"^/amp/(s/)?(.+)$")
_FRONTS = re.compile(r"/(?:index\.\w{2,5}|home/?|[a-z]{2}(?:-[a-z]{2})?/?)?", re.IGNORECASE)
_ESCAPE = re.compile(r"%[0-9A-Fa-f]{2}")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")


@dataclass(frozen=True, slots=True)
class ArticleIdentity:
    """`key` is equal for all addresses of one article; it is no URL. `canonical` is the address to show.

    `urls` are all addresses known for it, the one that was asked for first. `doubts` say in words why a
    claim of the page about its address was not followed.
    """

    key: str
    canonical: str
    urls: tuple[str, ...]
    doubts: tuple[str, ...] = ()


def article_identity(
    url: str,
    *,
    canonical: str | None = None,
    og_url: str | None = None,
    redirected_to: str | None = None,
    amp_url: str | None = None,
) -> ArticleIdentity:
    """The identity of the article at `url`, from what its page says and where the request ended.

    The page says `link rel=canonical`, `og:url` and `link rel=amphtml`. The canonical link decides, then
    `og:url`, then the final address; but a claim that leads to another site, or from an article to a front
    page, is not followed.
    """
    final = redirected_to or url
    chosen, doubts = final, []
    for name, claim in (("og:url", og_url), ("canonical link", canonical)):
        claimed = absolute_url(final, claim)
        if claimed is None:
            continue
        doubt = _doubt(claimed, final)
        if doubt:
            doubts.append(f"the {name} {claimed} {doubt}")
        else:
            chosen = claimed
    shown = strip_tracking(original_of_amp(chosen))
    named = (absolute_url(final, claim) for claim in (canonical, og_url, amp_url))
    urls = dict.fromkeys(address for address in (url, final, shown, *named) if address)
    return ArticleIdentity(identity_key(chosen), shown, tuple(urls), tuple(doubts))


def identity_key(url: str) -> str:
    """A key that is equal for addresses that differ only in what does not matter.

    That is: scheme, `www`, mobile or AMP host, AMP marks, tracking, order of the query, percent-encoding of
    unreserved characters, a final slash, and the fragment.
    """
    stripped = strip_tracking(original_of_amp(url))
    try:
        parts = urlsplit(stripped)
        host = _VARIANT_HOST.sub("", (parts.hostname or "").rstrip("."))
        port = f":{parts.port}" if parts.port not in (None, 80, 443) else ""
    except ValueError:
        return stripped
    path = _ESCAPE.sub(_plain_escape, _AMP_IN_PATH.sub("", parts.path)).rstrip("/") or "/"
    query = "&".join(sorted(pair for pair in _pairs(parts.query) if not _is_amp(pair)))
    bang = f"#{parts.fragment}" if parts.fragment.startswith("!") else ""
    return f"{host}{port}{path}{'?' if query else ''}{_ESCAPE.sub(_plain_escape, query)}{bang}"


def strip_tracking(url: str) -> str:
    """`url` without tracking parameters, session ids and fragment; every other byte stays as it is."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = "&".join(pair for pair in _pairs(parts.query) if not _is_tracking(pair))
    path = _SESSION_IN_PATH.sub("", parts.path) if ";" in parts.path else parts.path
    fragment = parts.fragment if parts.fragment.startswith("!") else ""
    if (path, query, fragment) == (parts.path, parts.query, parts.fragment):
        return url
    return urlunsplit((parts.scheme, parts.netloc, path, query, fragment))


def original_of_amp(url: str) -> str:
    """The publisher's address behind an AMP cache or viewer; any other `url` unchanged."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return url
    match = None
    if _CACHE_HOST.search(host):
        match = _CACHE_PATH.match(parts.path)
    elif host in ("www.google.com", "google.com"):
        match = _VIEWER_PATH.match(parts.path)
    if not match:
        return url
    query = f"?{parts.query}" if parts.query else ""
    return f"{'https' if match[1] else 'http'}://{match[2]}{query}"


def is_front_page(url: str) -> bool:
    """Whether `url` is the front of a site: no path but a language or an index file, and no query."""
    try:
        parts: SplitResult = urlsplit(url)
    except ValueError:
        return False
    return not parts.query and bool(_FRONTS.fullmatch(parts.path))


def _doubt(claimed: str, final: str) -> str | None:
    if is_front_page(claimed) and not is_front_page(final):
        return "is a front page"
    original = original_of_amp(final)
    return None if is_same_site(claimed, original) else "is on another site"


def _pairs(query: str) -> list[str]:
    return query.split("&") if query else []


def _split(pair: str) -> tuple[str, str]:
    name, _, value = pair.partition("=")
    return unquote(name).lower(), unquote(value)


def _is_tracking(pair: str) -> bool:
    name, value = _split(pair)
    if not name and not value:
        return True
    if _TRACKERS.fullmatch(name):
        return True
    if name in _TRACKERS_BY_VALUE:
        return bool(_TRACKERS_BY_VALUE[name].fullmatch(value))
    return bool(_SESSIONS.fullmatch(name) and _SESSION_VALUE.fullmatch(value))


def _is_amp(pair: str) -> bool:
    name, value = _split(pair)
    if name == "amp":
        return value.lower() in ("", "1", "true")
    return (name in _AMP_NAMES and value.lower() == "amp") or (name in ("m", "mobile") and value == "1")


def _plain_escape(match: re.Match[str]) -> str:
    character = chr(int(match[0][1:], 16))
    return character if _UNRESERVED.match(character) else match[0].upper()

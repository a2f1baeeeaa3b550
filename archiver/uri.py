"""One way to write each URL: the ASCII form that WARC-Target-URI holds, and the key that the index sorts by.

The key is the SURT of the Internet Archive (com,example)/path), so that CDX clients and other archives meet
ours under the same keys. It is computed here because the reference library asks the name server about hosts
such as `1.2.3.999`; tests hold the two equal.
"""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Callable, Sequence
from functools import lru_cache
from urllib.parse import quote, unquote_to_bytes, urljoin

import idna

from archiver.errors import UnsafeURLError

MAX_LENGTH = 65_535
"""Longest target URI in characters; longer ones break the header lines of other readers."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_UNRESERVED = r"A-Za-z0-9._~\-"
_ORDINARY = re.compile(
    r"(https?)://((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9])"
    rf"(/[{_UNRESERVED}/%!$&'()*+,;=:@]*(?:\?[{_UNRESERVED}/%!$&()*+,;=:@?]+)?)"
)
_PARTS = re.compile(
    r"(?:([a-zA-Z][a-zA-Z0-9+.-]*):)?(?://([^/?#]*))?([^?#]*)(?:\?([^#]*))?(?:#.*)?", re.DOTALL
)
_PORT = re.compile(r"[0-9]{1,5}(?:[/?#]|$)")
_LINE_BREAKERS = re.compile(r"[\0\t\n\r]")
_NOT_IN_PATH = re.compile(rf"[^{_UNRESERVED}/%!$&'()*+,;=:@?]+")
_NOT_IN_QUERY = re.compile(rf"[^{_UNRESERVED}/%!$&()*+,;=:@?]+")
_NOT_IN_HOST = re.compile(r"[\x00-\x20\x7f\"#%/:<>?@\[\\\]^`{|}]")


def target_uri(url: str) -> str:
    """The ASCII form of an absolute http(s) URL: what is requested, and what WARC-Target-URI holds.

    Scheme and host in lower case, host in punycode (UTS 46), default port, empty query and fragment dropped,
    an empty path is `/`, and what RFC 3986 does not allow is percent-encoded as Scrapy does it. The rest
    stays as it is: no query is sorted, no dot segment resolved. Idempotent. Raises UnsafeURLError for
    anything else.
    """
    if len(url) <= MAX_LENGTH and _ORDINARY.fullmatch(url) and len(url.split("/", 3)[2]) < 254:
        return url
    url = _without_surrogates(url).strip(" ")
    if breaker := _LINE_BREAKERS.search(url):
        raise UnsafeURLError(f"the URL contains a control character ({breaker[0]!r}): {_shown(url)}")
    scheme, authority, path, query = _split(url)
    host, port = _host_and_port(authority, url)
    if port == _DEFAULT_PORTS[scheme]:
        port = None
    path = _NOT_IN_PATH.sub(_percent, path.replace("\\", "/")) or "/"
    uri = f"{scheme}://{host}{'' if port is None else f':{port}'}{path}"
    if query:
        uri += "?" + _NOT_IN_QUERY.sub(_percent, query)
    if len(uri) > MAX_LENGTH:
        raise UnsafeURLError(f"the URL is longer than {MAX_LENGTH:,} characters: {_shown(uri)}")
    return uri


def begins_with_host(url: str) -> bool:
    """Whether what looks like a scheme is a host: `paper.example:8080/a`, `localhost:8080`."""
    before, colon, behind = url.partition(":")
    if not colon or before.lower() in _DEFAULT_PORTS or any(mark in before for mark in "/?#"):
        return False
    return "." in before or _PORT.match(behind) is not None


def with_scheme(url: str) -> str:
    """What a person typed as an absolute URL: `http://` is supplied where there is no scheme."""
    return url if "://" in url else f"http://{url}"


def _split(url: str) -> tuple[str, str, str, str | None]:
    parts = _PARTS.fullmatch(url)
    assert parts is not None, "the pattern matches every text"
    scheme, authority, path, query = parts.groups()
    if scheme is None or begins_with_host(url):
        raise UnsafeURLError(f"not an absolute URL (write http:// or https:// before it): {_shown(url)}")
    if scheme.lower() not in _DEFAULT_PORTS:
        raise UnsafeURLError(f"only http and https URLs can be archived, not {scheme.lower()}: {_shown(url)}")
    if not authority:
        raise UnsafeURLError(f"the URL names no host: {_shown(url)}")
    return scheme.lower(), authority, path, query


def _host_and_port(authority: str, url: str) -> tuple[str, int | None]:
    if "@" in authority:
        raise UnsafeURLError(
            f"a URL with a user name or password is refused: {_shown(url.rpartition('@')[2])}"
        )
    if authority.startswith("["):
        literal, bracket, rest = authority[1:].partition("]")
        if not bracket or (rest and not rest.startswith(":")):
            raise UnsafeURLError(f"the host is not a proper IPv6 address: {_shown(url)}")
        return _ipv6(literal, url), _port(rest[1:], url)
    name, _, digits = authority.partition(":")
    return _ascii_host(name, url), _port(digits, url)


def _port(digits: str, url: str) -> int | None:
    if not digits:
        return None
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 10 and 0 < int(digits) < 65536):
        raise UnsafeURLError(f"the port is not a number from 1 to 65535: {_shown(url)}")
    return int(digits)


def _ipv6(literal: str, url: str) -> str:
    try:
        address = ipaddress.IPv6Address(literal)
    except ValueError:
        raise UnsafeURLError(f"the host is not a proper IPv6 address: {_shown(url)}") from None
    if address.scope_id is not None:
        raise UnsafeURLError(f"an IPv6 address with a zone belongs to one machine only: {_shown(url)}")
    return f"[{address.compressed}]"


def _ascii_host(name: str, url: str) -> str:
    if "%" in name:
        name = unquote_to_bytes(name).decode("utf-8", "replace")
    host = (name if name.isascii() else _punycode(name, url)).lower()
    if not host.strip("."):
        raise UnsafeURLError(f"the URL names no host: {_shown(url)}")
    if _NOT_IN_HOST.search(host) or not host.isascii():
        raise UnsafeURLError(f"the host name contains a character that no host can have: {_shown(url)}")
    labels = host.removesuffix(".").split(".")
    if "" in labels:
        raise UnsafeURLError(f"the host name has an empty part: {_shown(url)}")
    if len(host) > 253 or max(map(len, labels)) > 63:
        raise UnsafeURLError(f"the host name is too long: {_shown(url)}")
    return host


def _punycode(name: str, url: str) -> str:
    try:
        return idna.encode(name, uts46=True).decode("ascii")
    except (
        UnicodeError
    ):  # valid names of IDNA 2003 and of browsers, such as emoji, are not all valid in IDNA 2008
        pass
    try:
        mapped = idna.uts46_remap(name, std3_rules=False)
    except UnicodeError:
        raise UnsafeURLError(
            f"the host name contains a character that no host can have: {_shown(url)}"
        ) from None
    labels = (
        label if label.isascii() else "xn--" + label.encode("punycode").decode("ascii")
        for label in re.split("[.\u3002]", mapped)
    )
    return ".".join(labels)


def _without_surrogates(text: str) -> str:
    if text.isascii():
        return text
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _percent(match: re.Match[str]) -> str:
    return quote(match[0], safe="")


def _shown(url: str) -> str:
    printable = repr(url)[1:-1]
    return printable if len(printable) <= 200 else f"{printable[:200]}..."


_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ABSOLUTE = re.compile(r"https?://", re.IGNORECASE)
_BEFORE_QUERY = re.compile(r"[^?#]*")
_AROUND = "".join(map(chr, range(33)))


def redirect_url(status: int, locations: Sequence[str], base: str) -> str | None:
    """Where an answer to `base` leads: an absolute http(s) URL, or None when it is no redirect or a dead end.

    Crawls follow this and the index names it, so that what is replayed is what was captured. `locations` are
    the Location headers in order, Latin-1; the first counts, as for readers of WARC files. Bytes that are no
    UTF-8 are percent-encoded as they are. What comes back is not proved: `target_uri` may still refuse it.
    """
    if status not in _REDIRECTS or not locations:
        return None
    text = _location(locations[0])
    if not text or _LINE_BREAKERS.search(text):
        return None
    try:
        url = text if _ABSOLUTE.match(text) else urljoin(base, text)
    except ValueError:
        return None
    return url if _ABSOLUTE.match(url) else None


def redirect_target(status: int, locations: Sequence[str], base: str) -> str | None:
    """The same as a target URI; None also for what cannot be one."""
    url = redirect_url(status, locations, base)
    try:
        return target_uri(url) if url else None
    except UnsafeURLError:
        return None


def _location(written: str) -> str:
    """A Location header as a reference in the way that browsers read one."""
    raw = written.encode("latin-1", "replace")
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        text = "".join(chr(byte) if byte < 0x80 else f"%{byte:02X}" for byte in raw)
    text = text.strip(_AROUND)
    end = len(_BEFORE_QUERY.match(text)[0])  # type: ignore[index] # the pattern matches every text
    text = text[:end].replace("\\", "/") + text[end:]
    return "//" + text.lstrip("/") if text.startswith("//") else text


_SCHEMES_RUN = re.compile(r"(?:(https?)://)+")
_BLANKS = " \t\n\r\x0b\x0c"
_LINE_BLANKS = re.compile(r"[\n\r\t]")
_WWW = re.compile(r"www[0-9]*\.")
_NUMERIC_HOST = re.compile(r"[1-9][0-9]*(?:\.[0-9]+){0,3}|0[0-7]*(?:\.[0-7]+){0,3}")
_PLAIN = re.compile(r"[ -$&-~]*")  # printable ASCII without %
_PLAIN_ESCAPES = "!\"$&'()*+,-./:;<=>?@[\\]^_`{|}~"
_PATH_SESSIONS = (
    re.compile(r"(.*/)\((?:[a-z]\([0-9a-z]{24}\))+\)/([^?]+\.aspx.*)", re.IGNORECASE | re.ASCII),
    re.compile(r"(.*/)\([0-9a-z]{24}\)/([^?]+\.aspx.*)", re.IGNORECASE | re.ASCII),
)
_QUERY_SESSIONS = tuple(
    re.compile(rf"(.*)(?:{session})(?:&(.*))?", re.IGNORECASE | re.ASCII)
    for session in (
        "jsessionid=[0-9a-z]{32}",
        "phpsessid=[0-9a-z]{32}",
        "sid=[0-9a-z]{32}",
        "aspsessionid[a-z]{8}=[a-z]{24}",
        "cfid=[^&]+&cftoken=[^&]+",
    )
)
_MAY_HOLD_SESSION = re.compile(r"sid=|sessionid|cfid=", re.IGNORECASE | re.ASCII)
_ESCAPE = re.compile(r"%[0-9A-F]{2}")


@lru_cache(maxsize=4096)
def urlkey(uri: str) -> str:
    """The SURT of an http(s) URI as the Internet Archive and pywb compute it: `com,example)/path?a=1&b=2`.

    Host reversed without `www`, path and query in lower case, query sorted, session ids and the default port
    dropped. Never raises: a URI of another scheme, or one that is past reading, is its own key.
    """
    return _key(uri, _in_lower_case)


@lru_cache(maxsize=4096)
def cased_urlkey(uri: str) -> str:
    """The urlkey of `uri`, but with the letter case of path and query: what tells pages apart.

    The urlkey itself is this in lower case.
    """
    return _key(uri, _in_own_case)


def _in_lower_case(text: str) -> str:
    return text.lower()


def _in_own_case(text: str) -> str:
    return _ESCAPE.sub(lambda escape: escape[0].lower(), text)


def _key(uri: str, cased: Callable[[str], str]) -> str:
    text = _LINE_BLANKS.sub("", uri.strip(_BLANKS))
    if not text.isascii():
        text = _without_surrogates(text).encode("utf-8").decode("latin-1")
    if run := _SCHEMES_RUN.match(text):
        text = f"{run[1]}://{text[run.end() :]}"
    parts = _PARTS.fullmatch(text)
    assert parts is not None, "the pattern matches every text"
    scheme, authority, path, query = parts.groups()
    scheme = (scheme or "").lower()
    if scheme not in _DEFAULT_PORTS:
        return uri
    if not authority:
        authority, _, path = path.lstrip("/").partition("/")
        path = f"/{path}"
    host, port = _key_host(authority.rpartition("@")[2])
    if port == str(_DEFAULT_PORTS[scheme]):
        port = ""
    key = f"{','.join(reversed(host.split('.')))}{port and f':{port}'}){cased(_key_path(path))}"
    query = _key_query(cased(_without_session(_escaped(_unescaped(query))))) if query else ""
    return f"{key}?{query}" if query else key


def host_key(host: str) -> str:
    """The part of a SURT that stands before `)` for the host name `host`, with its port if it has one."""
    return urlkey(f"http://{host}/").partition(")")[0]


def _key_host(authority: str) -> tuple[str, str]:
    authority = authority.rstrip(":")
    if authority.startswith("["):
        host, _, rest = authority[1:].partition("]")
        digits = rest.removeprefix(":")
    else:
        host, _, digits = authority.partition(":")
    port = (
        str(int(digits)) if digits.isascii() and digits.isdigit() and len(digits) < 10 and int(digits) else ""
    )
    host = _unescaped(host.lower())
    if not host.isascii():
        host = _key_idna(host)
    host = host.replace("..", ".").strip(".")
    host = _dotted_quad(host) or _escaped(host.lower())
    return _WWW.sub("", host, count=1) if host.startswith("www") else host, port


def _key_idna(latin: str) -> str:
    """Punycode of a host given as UTF-8 bytes in Latin-1 clothes; as it is where that cannot be."""
    name = latin.encode("latin-1").decode("utf-8", "ignore")
    try:
        return name.encode("idna").decode("ascii")
    except UnicodeError:
        return latin


def _dotted_quad(host: str) -> str | None:
    if not host[:1].isdigit() or not host.isascii():
        return None
    if host.isdigit() and len(host) < 100:
        return socket.inet_ntoa((int(host) & 0xFFFFFFFF).to_bytes(4, "big"))
    if not _NUMERIC_HOST.fullmatch(host):
        return None
    try:
        return socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return None


def _key_path(path: str) -> str:
    path = _escaped(_without_dots(_unescaped(path)))
    if ".aspx" in path.lower():
        for pattern in _PATH_SESSIONS:
            if match := pattern.fullmatch(path):
                path = match[1] + match[2]
    return path[:-1] if path.endswith("/") and len(path) > 1 else path


def _without_dots(path: str) -> str:
    if not path:
        return "/"
    if "/." not in path and "//" not in path:
        return path
    kept: list[str] = []
    for segment in path.split("/")[1:]:
        if segment == ".":
            continue
        if segment != ".." or not kept:
            kept.append(segment)
        else:
            kept.pop()
    if not kept:
        return "/"
    return "/" + "".join(f"{segment}/" for segment in kept[:-1] if segment) + kept[-1]


def _without_session(query: str) -> str:
    if _MAY_HOLD_SESSION.search(query):
        for pattern in _QUERY_SESSIONS:
            if match := pattern.fullmatch(query):
                query = match[1] + (match[2] or "")
    return query


def _key_query(query: str) -> str:
    if len(query) <= 1 or "&" not in query:
        return query
    pairs = (tuple(part.split("=", 1)) for part in query.split("&"))
    return "&".join("=".join(pair) for pair in sorted(pairs, key=_without_case))


def _without_case(pair: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Sorts as the pair in lower case does, which the case decides only where nothing else does."""
    return tuple(part.lower() for part in pair), pair


def _unescaped(text: str) -> str:
    while "%" in text:
        plainer = unquote_to_bytes(text.encode("latin-1")).decode("latin-1")
        if plainer == text:
            break
        text = plainer
    return text


def _escaped(text: str) -> str:
    if _PLAIN.fullmatch(text) and " " not in text and "#" not in text:
        return text
    return quote(text, safe=_PLAIN_ESCAPES, encoding="latin-1")

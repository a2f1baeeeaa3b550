"""The door for XML from strangers: what is too big, too deep or clever is cut off before a parser sees it.

No DTD reaches the parser, so there is nothing to expand and nothing to include; libxml2 ends at 256
levels of nesting. What remains is read with recovery, because many feeds are not well-formed.
"""

from __future__ import annotations

import html
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from html.entities import html5

from lxml import etree
from lxml.etree import _Element as Element

from archiver.errors import DiscoveryError
from archiver.spiders.discovery.charset import decode

_GZIP_MAGIC = b"\x1f\x8b"
_ROOT_START = re.compile(r"<[A-Za-z_]")
_ENDLESS_TAG = re.compile(r"<[A-Za-z][^<>]{65536}")
_NAME = re.compile(r"[^\s<>/]{1,100}")
_ILLEGAL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_FOREIGN_REFERENCE = re.compile(
    r"&(?!(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});)(?:([A-Za-z][A-Za-z0-9]{0,30});)?"
)
_TAG = re.compile(r"<[^<>]*>")
_SUMMARY_READ = 20_000
_LONGEST_SUMMARY = 2000
_BY_NUMBER = (
    ("&amp;", "&#38;"),
    ("&lt;", "&#60;"),
    ("&gt;", "&#62;"),
    ("&quot;", "&#34;"),
    ("&apos;", "&#39;"),
)
_MOST_REPAIRS = 100_000
_MOST_DECLARATIONS = 1000
_JUNK = 8192
_CDATA, _CDATA_END = "<![CDATA[", "]]>"


@dataclass(frozen=True, slots=True)
class Limits:
    """How much of a document is read: bytes after unpacking, and `<` signs (two for most elements)."""

    size: int
    tags: int


@dataclass(frozen=True, slots=True)
class Markup:
    """A document that is safe to walk: `root` is its outermost element."""

    root: Element
    warnings: tuple[str, ...]


def unpack(content: bytes, url: str, limit: int) -> bytes:
    """`content`, gunzipped if it is gzip (RFC 1952). Raises DiscoveryError when that passes `limit` bytes."""
    if not content.startswith(_GZIP_MAGIC):
        return content
    unpacker = zlib.decompressobj(wbits=31)
    try:
        unpacked = unpacker.decompress(content, limit + 1)
    except zlib.error as error:
        raise DiscoveryError(f"{url}: is damaged gzip ({error})") from error
    if len(unpacked) > limit:
        raise DiscoveryError(
            f"{url}: {len(content):,} bytes of gzip unpack to more than {limit:,} bytes; refused"
        )
    return unpacked


def read_text(content: bytes, content_type: str | None, limits: Limits) -> tuple[str, list[str]]:
    """The text of `content` cut at `limits`, without characters that XML forbids, and warnings."""
    warnings = []
    if len(content) > limits.size:
        warnings.append(f"only the first {limits.size:,} of {len(content):,} bytes were read")
        content = content[: limits.size]
    text, warning = decode(content, content_type)
    if warning:
        warnings.append(warning)
    if _ILLEGAL.search(text):
        text = _ILLEGAL.sub("", text)
    return text, warnings


def read_markup(text: str, url: str, limits: Limits) -> Markup:
    """Parse `text` as XML, recovering from what is not well-formed. Raises DiscoveryError when it is none."""
    warnings = []
    start = _start_of_root(text)
    if start is None:
        raise DiscoveryError(f"{url}: is not XML; it begins with {text.lstrip()[:60]!r}")
    if "<!ENTITY" in text[:start]:
        warnings.append("it declares entities; they were not expanded")
    body = text[start:]
    if _ENDLESS_TAG.search(body):
        raise DiscoveryError(f"{url}: has a tag that does not end within 64 KiB; refused")
    end = _position_of(body, "<", limits.tags)
    if end is not None:
        warnings.append(f"it has more than {limits.tags:,} tags; the rest was not read")
        body = body[:end]
    parser = etree.XMLParser(
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )
    try:
        root = etree.fromstring(_plain_references(body).encode("utf-8", "replace"), parser)
    except etree.XMLSyntaxError as error:
        raise DiscoveryError(f"{url}: is not XML ({error})") from error
    if root is None:
        raise DiscoveryError(f"{url}: is not XML; it begins with {body[:60]!r}")
    if end is None and len(parser.error_log):
        first = parser.error_log[0]
        warnings.append(f"it is not well-formed, and was read as far as possible: {first.message.strip()}")
    return Markup(root, tuple(warnings))


def root_name(text: str) -> str:
    """The name of the outermost element as written, without prefix, lower case; empty if there is none."""
    start = _start_of_root(text)
    match = _NAME.match(text, start + 1) if start is not None else None
    return match[0].rpartition(":")[2].lower() if match else ""


def _start_of_root(text: str) -> int | None:
    """Where the outermost element begins, after declarations, comments and whatever a server left there."""
    position = max(text.find("<?xml", 0, _JUNK), 0)
    for _ in range(_MOST_DECLARATIONS):
        opening = text.find("<", position)
        if opening < 0:
            return None
        if text.startswith("<!--", opening):
            end = text.find("-->", opening)
        elif text.startswith("<?", opening):
            end = text.find("?>", opening)
        elif text.startswith("<!", opening):
            end = _end_of_declaration(text, opening)
        elif _ROOT_START.match(text, opening):
            return opening
        else:
            end = opening
        if end < 0:
            return None
        position = end + 1
    return None


def _end_of_declaration(text: str, opening: int) -> int:
    """Where the `<!DOCTYPE` at `opening` ends; its internal subset may hold `>` and quoted brackets."""
    closing = text.find(">", opening)
    bracket = text.find("[", opening, closing if closing >= 0 else None)
    if bracket < 0:
        return closing
    subset_end = re.compile(r"\]\s{0,64}>").search(text, bracket)
    return subset_end.end() - 1 if subset_end else -1


def _position_of(text: str, sign: str, count: int) -> int | None:
    """Where the `count`-th `sign` stands; None when there are fewer."""
    step = 65536
    for start in range(0, len(text), step):
        here = text.count(sign, start, start + step)
        if here >= count:
            position = start - 1
            for _ in range(count):
                position = text.index(sign, position + 1)
            return position
        count -= here
    return None


def _plain_references(text: str) -> str:
    """`text` with HTML's entities as characters and stray ampersands escaped, CDATA sections untouched."""
    if "&" not in text:
        return text
    outside, *sections = text.split(_CDATA)
    pieces = [_repaired(outside)]
    for section in sections:
        inside, end, after = section.partition(_CDATA_END)
        pieces += [_CDATA, inside, end, _repaired(after)]
    return "".join(pieces)


def _repaired(text: str) -> str:
    # After the first error libxml2 drops even the predefined entities, but not characters by number.
    for name, number in _BY_NUMBER:
        text = text.replace(name, number)
    repaired, repairs = _FOREIGN_REFERENCE.subn(_plain_reference, text, count=_MOST_REPAIRS)
    # Nobody makes so many mistakes: from here on it is an attack, and no reference is worth reading.
    return repaired if repairs < _MOST_REPAIRS else text.replace("&", " ")


def _plain_reference(match: re.Match[str]) -> str:
    name = match[1]
    if name is None:
        return "&#38;"
    character = html5.get(name + ";")
    return character if character and character not in "&<" else f"&#38;{name};"


_NAMESPACES = {
    "http://www.w3.org/2005/atom": "atom",
    "http://purl.org/atom/ns": "atom",
    "http://search.yahoo.com/mrss": "media",
    "http://search.yahoo.com/rss": "media",
    "http://video.search.yahoo.com/mrss": "media",
    "http://purl.org/dc/elements/1.1": "dc",
    "http://purl.org/dc/elements/1.0": "dc",
    "http://purl.org/dc/terms": "dcterms",
    "http://purl.org/rss/1.0/modules/content": "content",
    "http://purl.org/rss/1.0/modules/syndication": "sy",
    "http://www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "http://rssnamespace.org/feedburner/ext/1.0": "feedburner",
    "http://www.google.com/schemas/sitemap-news/0.9": "news",
    "http://www.google.com/schemas/sitemap-image/1.1": "image",
    "http://www.w3.org/1999/02/22-rdf-syntax-ns": "rdf",
    "http://www.w3.org/1999/xhtml": "xhtml",
    "http://www.w3.org/xml/1998/namespace": "xml",
    "http://purl.org/rss/1.0": "",
    "http://purl.org/net/rss1.1": "",
    "http://my.netscape.com/rdf/simple/0.9": "",
    "http://channel.netscape.com/rdf/simple/0.9": "",
    "http://backend.userland.com/rss2": "",
    "http://blogs.law.harvard.edu/tech/rss": "",
    "http://cyber.law.harvard.edu/rss": "",
    "http://www.sitemaps.org/schemas/sitemap/0.9": "",
    "https://www.sitemaps.org/schemas/sitemap/0.9": "",
    "http://www.google.com/schemas/sitemap/0.9": "",
    "http://www.google.com/schemas/sitemap/0.84": "",
}


@lru_cache(maxsize=4096)
def name_of(tag: str) -> str:
    """`{namespace}Name` or `prefix:Name` as `prefix:name` with the prefixes of the table, lower case.

    The namespaces of the formats themselves (RSS, sitemaps) have no prefix; an unknown one gives `?:name`.
    """
    if not tag.startswith("{"):
        return tag.lower()
    uri, _, local = tag[1:].partition("}")
    prefix = _NAMESPACES.get(uri.lower().rstrip("/#"), "?")
    return f"{prefix}:{local}".lower() if prefix else local.lower()


def children(element: Element) -> Iterator[tuple[str, Element]]:
    """The child elements of `element`, each with its name as `name_of` writes it."""
    for child in element:
        if isinstance(child.tag, str):
            yield name_of(child.tag), child


def text_of(element: Element) -> str:
    """All text inside `element`, in order, without white space at the ends."""
    if len(element) == 0:
        return (element.text or "").strip()
    return "".join(map(str, element.itertext())).strip()


def plain_text(markup: str | None) -> str | None:
    """`markup` without tags and character references, white space collapsed, at most 2,000 characters."""
    if not markup:
        return None
    text = html.unescape(_TAG.sub(" ", markup[:_SUMMARY_READ])) if "<" in markup or "&" in markup else markup
    return " ".join(text[:_SUMMARY_READ].split())[:_LONGEST_SUMMARY] or None

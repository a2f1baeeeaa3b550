"""Article keys as earlier versions of this program stored them: in lower case, whatever the address was.

Such a key can stand for several articles, so what has it belongs to an article only by its own addresses.
"""

from __future__ import annotations

from collections.abc import Iterable

from archiver.storage.index.rows import url_digest
from archiver.uri import cased_urlkey


def digests_of(key: str) -> list[bytes]:
    """The digests under which what belongs to the article `key` is stored."""
    return [url_digest(each) for each in dict.fromkeys((key, key.lower()))]


def belongs(key: str, stored: str | None, urls: Iterable[str | None]) -> bool:
    """Whether what was stored with the key `stored` belongs to the article `key`, by its own `urls`."""
    return stored == key or any(url and cased_urlkey(url) == key for url in urls)

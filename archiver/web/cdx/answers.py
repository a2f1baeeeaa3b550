"""CDX answers as streams of bytes: the Internet Archive's text and JSON, pywb's CDXJ and JSON lines."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Iterator
from typing import Final
from urllib.parse import quote_plus

from archiver.storage.index import Cursor
from archiver.web.cdx.query import Query
from archiver.web.cdx.row import DUPLICATES, IMPORTED, PYWB_NAMES, RESOLVED, SOURCE, Row
from archiver.web.cdx.selection import Chosen

_FIRST: Final = 100
_LINES: Final = 1_000
"""Lines in one piece; the first piece is smaller, so that something comes at once."""


def columns_of(query: Query) -> tuple[str, ...]:
    """The fields of the answer, with those that parameters add."""
    added = [
        *(RESOLVED if query.resolves_revisits else ()),
        *((DUPLICATES,) if query.shows_duplicates else ()),
    ]
    return (*query.fields, *(name for name in added if name not in query.fields))


def with_resume_key(found: Iterator[Chosen], query: Query) -> tuple[Iterator[Chosen], list[str]]:
    """`found` cut to the limit, and a list that holds the key to go on with once all were gone through."""
    keys: list[str] = []

    def cut() -> Iterator[Chosen]:
        last: Chosen | None = None
        for count, chosen in enumerate(found):
            if query.limit is not None and count >= query.limit:
                if last:
                    keys.append(_resume_key(last))
                return
            last = chosen
            yield chosen

    return cut(), keys


def _resume_key(chosen: Chosen) -> str:
    return quote_plus(str(Cursor.behind(chosen.capture)))


def text_lines(found: Iterable[Chosen], query: Query, keys: list[str]) -> Iterator[str]:
    """Lines of fields; an empty line and the key to go on with if there is more."""
    columns = columns_of(query)
    for chosen in found:
        yield " ".join([chosen.row.get(name, "-") for name in columns]) + "\n"
    for key in keys:
        yield f"\n{key}\n"


def json_lines(found: Iterable[Chosen], query: Query, keys: list[str]) -> Iterator[str]:
    """An array of arrays, the first one the names; `[]` without any, nothing on a page past the last."""
    columns = columns_of(query)
    begun = False
    for chosen in found:
        if not begun:
            yield "[" + json.dumps(columns)
            begun = True
        yield ",\n" + json.dumps([chosen.row.get(name, "-") for name in columns])
    for key in keys:
        yield ",\n[],\n" + json.dumps([key])
    if begun:
        yield "]\n"
    elif query.page is None:
        yield "[]\n"


def cdxj_lines(found: Iterable[Chosen], query: Query, keys: list[str]) -> Iterator[str]:
    """The form of pywb: key, timestamp, and the other fields as an object under pywb's names."""
    del keys
    columns = columns_of(query)
    for chosen in found:
        row = chosen.row
        fields = json.dumps(_named(row, (name for name in columns if name not in ("urlkey", "timestamp"))))
        yield f"{row['urlkey']} {row['timestamp']} {fields}\n"


def object_lines(found: Iterable[Chosen], query: Query, keys: list[str]) -> Iterator[str]:
    """One object a line, under pywb's names."""
    del keys
    columns = columns_of(query)
    for chosen in found:
        yield json.dumps(_named(chosen.row, columns)) + "\n"


def _named(row: Row, columns: Iterable[str]) -> dict[str, str]:
    named = {
        PYWB_NAMES.get(name, name): row.get(name, "-")
        for name in columns
        if name not in ("robotflags",) and not (name == "redirect" and row[name] == "-")
    }
    if "filename" in named and row[SOURCE].startswith(IMPORTED):
        named[SOURCE] = row[SOURCE]
    return named


def pieces(lines: Iterable[str]) -> Iterator[bytes]:
    """The lines gathered into pieces of a size that is worth sending."""
    held: list[str] = []
    size = _FIRST
    for line in lines:
        held.append(line)
        if len(held) >= size:
            yield "".join(held).encode()
            held, size = [], _LINES
    if held:
        yield "".join(held).encode()


def compressed(plain: Iterable[bytes]) -> Iterator[bytes]:
    """gzip, each piece readable as soon as it has come."""
    coder = zlib.compressobj(6, zlib.DEFLATED, 31)
    for piece in plain:
        yield coder.compress(piece) + coder.flush(zlib.Z_SYNC_FLUSH)
    yield coder.flush()

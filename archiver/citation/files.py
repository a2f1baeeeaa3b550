"""Citations that reference managers read: BibTeX, RIS, CSL-JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from archiver.citation.names import Author
from archiver.citation.reference import Citation

_TEX = {
    "\\": r"\textbackslash{}", "{": r"\textbraceleft{}", "}": r"\textbraceright{}", "#": r"\#", "$": r"\$",
    "%": r"\%", "&": r"\&", "_": r"\_", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
    '"': r"\textquotedbl{}",
}  # fmt: skip
"""Braces by name: BibTeX counts even escaped ones."""

_TEX_SPECIAL = re.compile(r'[\\{}#$%&_~^"]')
_NOT_IN_KEY = re.compile(r"[^0-9A-Za-z]+")
_NOT_IN_URL = {"\\": "%5C", "{": "%7B", "}": "%7D", " ": "%20"}
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def bibtex(citation: Citation) -> str:
    """One `@online` entry; text is UTF-8, URLs stand verbatim as biblatex and the url package want them."""
    key = _NOT_IN_KEY.sub("-", citation.identifier)
    lines = [f"  {name} = {value}," for name, value in _bibtex_fields(citation)]
    return "\n".join((f"@online{{{key},", *lines, "}"))


def _bibtex_fields(citation: Citation) -> Iterator[tuple[str, str]]:
    if citation.authors:
        yield "author", f"{{{' and '.join(_bibtex_name(author) for author in citation.authors)}}}"
    yield "title", f"{{{{{_tex(citation.title or f'[Untitled page at {citation.host}]')}}}}}"
    yield "organization", f"{{{_tex(citation.site or citation.host)}}}"
    if citation.published:
        yield "date", f"{{{citation.published.isoformat()}}}"
        yield "year", f"{{{citation.published.year}}}"
        yield "month", _MONTHS[citation.published.month - 1]
    yield "url", f"{{{_verbatim(citation.url)}}}"
    yield "urldate", f"{{{citation.captured.date().isoformat()}}}"
    if citation.archive_url:
        yield "archiveurl", f"{{{_verbatim(citation.archive_url)}}}"
    if citation.language:
        yield "langid", f"{{{_tex(citation.language)}}}"
    if not citation.imported_from:
        yield "eprint", f"{{{citation.identifier}}}"
        yield "eprinttype", "{ark}"
    yield "note", f"{{{_tex(_note(citation))}}}"


def _bibtex_name(author: Author) -> str:
    if author.family is None:
        return f"{{{_tex(author.name)}}}"
    parts = (author.family, author.suffix, author.given)
    return ", ".join(_protected(part) for part in parts if part)


def _protected(part: str) -> str:
    """A part of a name; in braces where BibTeX would find a separator in it."""
    text = _tex(part)
    return f"{{{text}}}" if "," in part or re.search(r"(?i)(^|\s)and(\s|$)", part) else text


def _tex(text: str) -> str:
    return _TEX_SPECIAL.sub(lambda found: _TEX[found[0]], text)


def _verbatim(url: str) -> str:
    return re.sub(r"[\\{} ]", lambda found: _NOT_IN_URL[found[0]], url)


def ris(citation: Citation) -> str:
    """One RIS reference, CR LF line ends as the format has them."""
    return "".join(f"{tag}  - {value}\r\n" for tag, value in _ris_lines(citation))


def _ris_lines(citation: Citation) -> Iterator[tuple[str, str]]:
    yield "TY", "NEWS" if citation.is_news else "ELEC"
    for author in citation.authors:
        yield "AU", author.inverted
    yield "TI", citation.title or f"[Untitled page at {citation.host}]"
    yield "T2", citation.site or citation.host
    if citation.published:
        yield "PY", str(citation.published.year)
        yield "DA", citation.published.strftime("%Y/%m/%d/")
    yield "Y2", citation.captured.strftime("%Y/%m/%d/")
    yield "UR", citation.url
    if citation.archive_url:
        yield "L2", citation.archive_url
    if citation.language:
        yield "LA", citation.language
    if citation.archive:
        yield "DB", citation.archive
    yield "AN", citation.identifier
    yield "N1", _note(citation)
    yield "ER", ""


def csl_json(citation: Citation) -> str:
    """A CSL-JSON list of one reference (schema csl-data 1.0)."""
    return json.dumps([csl_reference(citation)], ensure_ascii=False, indent=2)


def csl_reference(citation: Citation) -> dict[str, Any]:
    """The reference itself; names that are no persons' are `literal`."""
    stated: dict[str, Any] = {
        "id": citation.identifier,
        "type": "article-newspaper" if citation.is_news else "webpage",
        "title": citation.title,
        "author": [_csl_name(author) for author in citation.authors],
        "container-title": citation.site or citation.host,
        "issued": _csl_date(citation.published),
        "accessed": _csl_date(citation.captured.date()),
        "URL": citation.url,
        "archive": citation.archive,
        "archive_location": citation.archived_at,
        "call-number": citation.identifier,
        "language": citation.language,
        "note": _note(citation),
    }
    return {name: value for name, value in stated.items() if value}


def _csl_name(author: Author) -> dict[str, str]:
    if author.family is None:
        return {"literal": author.name}
    parts = {"family": author.family, "given": author.given, "suffix": author.suffix}
    return {name: value for name, value in parts.items() if value}


def _csl_date(day: date | None) -> dict[str, list[list[int]]] | None:
    return {"date-parts": [[day.year, day.month, day.day]]} if day else None


def _note(citation: Citation) -> str:
    return f"Archived {citation.captured_text} at {citation.archived_at} ({citation.evidence})"

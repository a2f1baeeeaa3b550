"""Citations that people read: plain text, APA 7, Chicago 17, MLA 9.

The styles agree on little, so each is written out. All name the original address, the copy, the identifier
and the short digest; what is missing is said or left out as the style's own rules have it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from datetime import date

from archiver.citation.names import Author
from archiver.citation.reference import Citation

_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
    "November", "December",
)  # fmt: skip
_MLA_MONTHS = (
    "Jan.", "Feb.", "Mar.", "Apr.", "May", "June", "July", "Aug.", "Sept.", "Oct.", "Nov.", "Dec.",
)  # fmt: skip
_ENDS_A_SENTENCE = (".", "!", "?", "…", "。", "\uff01", "\uff1f", "؟", "।", "\u06d4")
_APA_MOST, _CHICAGO_MOST = 20, 10
_QUOTED = re.compile(r'"([^"]*)"|“([^“”]*)”')


def plain_text(citation: Citation) -> str:
    """One paragraph for a footnote of any kind."""
    parts = [
        _sentence(_and_list([isolated(author.name) for author in citation.authors], " and ")),
        _in_quotes(citation.title or _untitled(citation)),
        _sentence(", ".join(filter(None, (_site(citation), _day_first(citation.published))))),
        f"{citation.url}.",
        f"Archived {citation.captured_text} at {_copy(citation)}.",
    ]
    return " ".join(filter(None, parts))


def apa(citation: Citation) -> str:
    """APA, 7th edition, webpage on a news website (10.16)."""
    title = isolated(citation.title or f"[Untitled page at {citation.host}]")
    when = f"({_apa_date(citation.published)})."
    authors = _apa_authors(citation.authors)
    opening = [_sentence(authors), when, _sentence(title)] if authors else [_sentence(title), when]
    site = None if _is_sole_author(citation) else _site(citation)
    retrieved = f"Archived {_month_first(citation.captured.date())}, at {citation.archived_at}"
    return " ".join(
        filter(
            None, (*opening, site and _sentence(site), citation.url, f"{retrieved} ({_evidence(citation)})")
        )
    )


def chicago(citation: Citation) -> str:
    """Chicago, 17th edition, bibliography entry for an article on the web (14.191, 14.207)."""
    shown = citation.authors[: 7 if len(citation.authors) > _CHICAGO_MOST else _CHICAGO_MOST]
    names = [isolated(a.inverted if place == 0 else a.name) for place, a in enumerate(shown)]
    authors = (
        _and_list(names, ", and ") if len(shown) == len(citation.authors) else f"{', '.join(names)}, et al."
    )
    parts = [
        _sentence(authors),
        _in_quotes(citation.title or _untitled(citation)),
        _sentence(", ".join(filter(None, (_site(citation), _month_first(citation.published))))),
        f"{citation.url}.",
        f"Archived {_month_first(citation.captured.date())}, at {_copy(citation)}.",
    ]
    return " ".join(filter(None, parts))


def mla(citation: Citation) -> str:
    """MLA, 9th edition: author, title, container, date, location; the copy as the second container."""
    authors = citation.authors
    names = isolated(authors[0].inverted) if authors else ""
    if len(authors) == 2:
        names += f", and {isolated(authors[1].name)}"
    elif len(authors) > 2:
        names += ", et al"
    container = ", ".join(filter(None, (_site(citation), _mla_date(citation.published), citation.url)))
    copy = ", ".join(
        filter(None, (citation.archive, _mla_date(citation.captured.date()), citation.archived_at))
    )
    return " ".join(
        filter(
            None,
            (
                _sentence(names),
                _in_quotes(citation.title or _untitled(citation)),
                f"{container}.",
                f"Archived by {copy} ({_evidence(citation)})." if citation.archive
                else f"Archived {copy} ({_evidence(citation)}).",
            ),
        )
    )  # fmt: skip


def isolated(text: str) -> str:
    """Right-to-left text between marks that keep its neighbours in place (UAX #9, 2.7)."""
    turns = any(unicodedata.bidirectional(character) in ("R", "AL") for character in text)
    return f"\u2068{text}\u2069" if turns else text


def _apa_authors(authors: Sequence[Author]) -> str:
    names = [isolated(_apa_name(author)) for author in authors]
    if len(names) > _APA_MOST:
        return f"{', '.join(names[: _APA_MOST - 1])}, … {names[-1]}"
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])}, & {names[-1]}"


def _apa_name(author: Author) -> str:
    if author.family is None:
        return author.name
    return ", ".join(filter(None, (author.family, author.initials, author.suffix)))


def _apa_date(day: date | None) -> str:
    return f"{day.year}, {_MONTHS[day.month - 1]} {day.day}" if day else "n.d."


def _month_first(day: date | None) -> str:
    return "" if day is None else f"{_MONTHS[day.month - 1]} {day.day}, {day.year}"


def _day_first(day: date | None) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}" if day else "n.d."


def _mla_date(day: date | None) -> str:
    return "" if day is None else f"{day.day} {_MLA_MONTHS[day.month - 1]} {day.year}"


def _and_list(names: Sequence[str], last: str) -> str:
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])}{last}{names[-1]}"


def _in_quotes(title: str) -> str:
    """A title in double quotes: those inside become single; a full stop only where none ends it."""
    inner = _QUOTED.sub(lambda found: f"\u2018{found[1] or found[2] or ''}\u2019", title)
    stop = "" if inner.endswith(_ENDS_A_SENTENCE) else "."
    return f"“{isolated(inner)}{stop}”"


def _sentence(text: str) -> str:
    bare = text.rstrip("\u2069")
    return text if not text or bare.endswith(_ENDS_A_SENTENCE) else f"{text}."


def _site(citation: Citation) -> str:
    return isolated(citation.site) if citation.site else citation.host


def _untitled(citation: Citation) -> str:
    return f"Untitled page at {citation.host}"


def _is_sole_author(citation: Citation) -> bool:
    return len(citation.authors) == 1 and citation.authors[0].name == citation.site


def _copy(citation: Citation) -> str:
    by = f" by {isolated(citation.archive)}" if citation.archive else ""
    return f"{citation.archived_at}{by} ({_evidence(citation)})"


def _evidence(citation: Citation) -> str:
    """Identifier and digest, without the identifier where it already stands for the address."""
    if citation.archive_url:
        return citation.evidence
    return ", ".join(filter(None, (citation.short_digest or citation.identifier, citation.origin)))

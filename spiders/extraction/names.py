"""Cleaning of author names: what stands in a byline or an author property becomes the names in it.

The word lists are of languages, never of single publishers; a name that is in none of them is kept as it is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MOST_NAMES = 30
LONGEST_NAME = 80

_EDGES = ' ,;:|-\u2013\u2014\u00b7\u2022"\u201c\u201d([{\u200b'


def _any_of(words: str) -> str:
    return "(?:" + "|".join(words.split()) + ")"


_BY = _any_of(
    "by von vom par por di door autor oleh przez szerző от від (?-i:da) (?-i:de) (?-i:av) (?-i:af) (?-i:od)"
)
_CREDIT = _any_of(
    "written reported words story text texte texto testo tekst article author authors autor autorin "
    "autoren autore auteur auteure autora autores artikel gastbeitrag kommentar interview analyse "
    "analysis opinion bericht reportage kolumne penulis yazar автор авторы текст reporter"
)
_JOB = _any_of(
    "reporters? correspondents? editors? staff writers? journalist(?:e|en|in|innen|er)? producers? "
    "columnists? contributors? photographers? fotografe?n? photographe redakteur(?:e|in|innen)? "
    "redaktionsleiter(?:in)? redaktør redaktör redakcja redactie redaktion redaktionen redacci[oó]n "
    "redazione rédaction korrespondent(?:en|in)? giornalista journalista periodista reportero reportera "
    "volontär(?:in)? chefredakteur(?:in)? chefredaktör muhabir muhabiri editör wartawan director desk "
    "team freelance freelancer newsroom newsdesk корреспондент обозреватель комментатор журналист"
)
_ORGANISATION_WORD = _any_of(
    "agency agence agenturen? agentur agencia agencias agenzia ajans\u0131 news press presse media medien "
    "editorial verlag gmbh inc ltd llc corp group zeitung tageblatt times post journal magazine magazin "
    "tv radio online services? wires? associated university universität institute institut foundation "
    "stiftung nachrichten noticias notizie actualités"
)
_AGENCY = _any_of("AP AFP DPA dpa APA SDA sda ANSA EFE TASS PA NTB TT BBC CNN AAP ANI IANS UPI")
_INTERFACE = _any_of(
    "read view follow see show more all sign log share email e-mail contact about subscribe latest mehr "
    "alle folgen lire voir leer seguir suivre leggi segui lees volg läs les"
)
_DOMAIN = _any_of(
    "com org net info news co tv de at ch fr es it ru tr za uk pl cz nl be dk se no fi jp kr br mx in lt"
)

_ADDRESS = re.compile(r"\S+@\S+|https?://\S+|\bwww\.\S+|(?<!\w)@\w+")
_BRACKETED = re.compile(r"\s*[(\[{][^)\]}]{0,60}[)\]}]")
_LEADING = re.compile(rf"^\s*(?:{_CREDIT}(?:\s*:\s*|\s+(?={_BY}\s)))?(?:{_BY}\s*:?\s+)?(?=\S)", re.IGNORECASE)
_SEPARATED = re.compile(r"\s*[,;|/\u00b7\u2022&+\u3001\uff0c]\s*|\s+-\s+")
_JOINED = re.compile(
    r"\s+(?:and|und|et|y|e|og|och|en|ve|i|dan|ja|sowie|with|mit|con|avec|và|és|a|si|și|и|\u0456|та|και)\s+",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r"\s+(?:for|für|para|pour|voor)\s+(?:the\s+)?\S.*$|\s+[-\u2013\u2014]\s+.*$"
    r"|\s+(?:in|aus|à|en)\s+[A-ZÄÖÜ]\w+$|\s*:.*$"
)
_JOB_WORD = re.compile(rf"\b{_JOB}\b", re.IGNORECASE)
_TRAILING_JOB = re.compile(rf"(?:\s+{_JOB})+$", re.IGNORECASE)
_ATTACHED_JOB = re.compile(r"\s*(?:기자|특파원|인턴기자|논설위원|記者|记者)\s*$")
_ORGANISATION = re.compile(
    rf"\b{_ORGANISATION_WORD}\b|\.{_DOMAIN}$|^(?:the|der|die|das|les|los|il)\s|^(?:le|la|el)\s\S+$|^{_INTERFACE}\b",
    re.IGNORECASE,
)
_ACRONYM = re.compile(rf"{_AGENCY}|[BCDFGHJKLMNPQRSTVWXZ]{{3,6}}")
_LETTER = re.compile(r"[^\W\d_]")
_SITE = re.compile(r"\w\.\w{2,}$")
_DIGITS = re.compile(r"\d")
_WORDS = re.compile(r"\w[\w'\u2019.\-]*")
_PARTICLES = frozenset(
    {
        *("van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "das", "do", "du", "la", "le"),
        *(
            "el",
            "al",
            "bin",
            "ben",
            "ibn",
            "ter",
            "ten",
            "zu",
            "zur",
            "af",
            "av",
            "y",
            "e",
            "i",
            "jr",
            "sr",
            "o",
        ),
    }
)


def name_key(name: str) -> str:
    """What two writings of one name share."""
    return " ".join(_WORDS.findall(unicodedata.normalize("NFKC", name).casefold().replace(".", "")))


def looks_like_person(name: str) -> bool:
    """Whether `name` has the form of a person's: two to six capitalised words, none of an organisation's."""
    words = _WORDS.findall(name)
    if _DIGITS.search(name) or _ORGANISATION.search(name) or _JOB_WORD.search(name):
        return False
    if any(_ACRONYM.fullmatch(word) for word in words):
        return False
    if _is_ideographic(name):
        return 2 <= len(name.replace(" ", "")) <= 8
    solid = [word for word in words if word.casefold().rstrip(".") not in _PARTICLES]
    capitals = all(word[0].isupper() or not word[0].isalpha() for word in solid)
    return 2 <= len(words) <= 6 and bool(solid) and capitals


def _is_ideographic(name: str) -> bool:
    return any("\u3040" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7af" for letter in name)


def split_names(text: str) -> list[str]:
    """The names in `text`, cleaned of prefixes, jobs, addresses and repetitions.

    Where no person is named, an organisation stays whole; only semicolons part those.
    """
    text = _ADDRESS.sub(" ", unicodedata.normalize("NFC", text))
    text = _LEADING.sub("", _BRACKETED.sub(" ", text)).strip(_EDGES)
    parts = [name for part in _SEPARATED.split(text) for name in _conjoined(part)]
    if any(looks_like_person(part) for part in parts):
        return unique_names(part for part in parts if looks_like_person(part) or _is_agency(part))
    return unique_names(
        whole for part in text.split(";") if (whole := _cleaned(part)) and _LETTER.search(whole)
    )


def unique_names(names: Iterable[str]) -> list[str]:
    """`names` in order, each once however it is written."""
    kept: dict[str, str] = {}
    for name in names:
        key = name_key(name)
        if key and len(kept) < MOST_NAMES:
            kept.setdefault(key, name)
    return list(kept.values())


def _is_agency(part: str) -> bool:
    """Whether `part` of a list of persons is one word in capitals: a news agency among them."""
    return part.isupper() and len(part.split()) == 1 and not _SITE.search(part) and not _is_ideographic(part)


def _conjoined(part: str) -> list[str]:
    """The names joined by a word for "and", if each is a person's: such a word also stands within names."""
    names = [_cleaned(name) for name in _JOINED.split(part)]
    if len(names) > 1 and all(looks_like_person(name) or _JOB_WORD.search(name) for name in names if name):
        return [name for name in names if name]
    whole = _cleaned(part)
    return [whole] if whole else []


def _cleaned(part: str) -> str:
    part = _LEADING.sub("", " ".join(part.split()))
    part = _ATTACHED_JOB.sub("", part)
    for ending in (_TAIL, _TRAILING_JOB):
        shorter = ending.sub("", part)
        part = shorter if looks_like_person(shorter) else part
    part = part.strip(_EDGES)
    return part if 1 < len(part) <= LONGEST_NAME else ""

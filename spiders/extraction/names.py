"""Cleaning of author names: what stands in a byline or an author property becomes the names in it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

MOST_NAMES = 30
LONGEST_NAME = 80

_ADDRESS = re.compile(r"\S+@\S+|https?://\S+|\bwww\.\S+|(?<!\w)@\w+")
_BRACKETED = re.compile(r"\s*[(\[{][^)\]}]{0,60}[)\]}]")
_LEADING = re.compile(
    r"^\s*(?:(?:written|reported|words|story|text|texte|texto|testo|tekst|article|author|authors|autor|autorin|autoren|"
    r"autore|auteur|autora|autores|artikel|ein artikel|gastbeitrag|kommentar|interview|analyse|analysis|opinion|"
    r"bericht|reportage|kolumne|penulis|yazar|автор|авторы|редактор|reporter|redaktion)\s*(?::|by|von|par|por|di|oleh)?\s*[:\-–]?\s+|"
    r"(?:by|von|vom|par|por|di|da|de|door|av|af|od|autor|oleh|przez|szerző|текст|автор|by:|от|від)\b\s*:?\s*)+(?=\S)",
    re.IGNORECASE,
)
_SEPARATED = re.compile(r"\s*[,;|/·•&+、，]\s*|\s+-\s+")
_JOINED = re.compile(
    r"\s+(?:and|und|et|y|e|og|och|en|ve|i|dan|ja|sowie|with|mit|con|avec|và|és|a|si|și|и|і|та|και)\s+", re.IGNORECASE
)
_TAIL = re.compile(
    r"\s+(?:for|für|para|pour|voor)\s+(?:the\s+)?\S.*$|\s+[-–—]\s+.*$|\s+(?:in|aus|à|en)\s+[A-ZÄÖÜ]\w+$|\s*:.*$"
)
_ROLE = re.compile(
    r"\b(?:reporters?|correspondents?|editors?|staff|writers?|journalists?|producers?|columnists?|contributors?|"
    r"photographers?|fotografe?n?|fotograf|photographe|redakteur(?:in|e)?|redaktion|redaktør|redaktör|redactie|"
    r"redacci[oó]n|redazione|rédaction|korrespondent(?:in|en)?|korrespondanse?|journaliste?|journalista|periodista|"
    r"autor(?:in)?|volontär(?:in)?|chefredakteur(?:in)?|muhabir|editör|wartawan|director|chief|desk|team|"
    r"head of|freelance|political|senior|special|national|business|sports?|science|health|climate|culture|"
    r"technology|education|environment|published|updated|posted|last|modified|read|min|uhr|stand|follow|view|bio|"
    r"profile|email|share|комментатор|корреспондент|обозреватель)\b|기자|특파원|記者|記者",
    re.IGNORECASE,
)
_TRAILING_ROLE = re.compile(
    r"(?:\s+(?:journalist(?:in|e)?|reporter(?:in)?|redakteur(?:in)?|redaktør|redaktör|correspondent|korrespondent(?:in)?|editor|"
    r"producer|columnist|staff writer|contributor|autor(?:in)?|periodista|giornalista|journaliste|fotograf))+$",
    re.IGNORECASE,
)
_KOREAN_ROLE = re.compile(r"\s*(?:기자|특파원|인턴기자|논설위원|記者|记者)\s*$")
_ORGANISATION = re.compile(
    r"\b(?:agency|agence|agenturen?|agencia|agencias|agenzia|ajansı|news|press|presse|media|medien|newsroom|redaktion|"
    r"redacci[oó]n|redazione|rédaction|redactie|redaksi|desk|staff|team|editorial|editors|verlag|gmbh|inc|ltd|group|"
    r"zeitung|tageblatt|times|post|journal|magazine|magazin|tv|radio|online|services?|wires?|associated|reuters|afp|"
    r"dpa|apa|sda|ansa|efe|tass|ap|pa|ritzau|ntb|tt|keystone|bbc|cnn|nachrichten|der|die|das|the|le|la|el|com|org|net)\b"
    r"|\.(?:com|org|net|de|at|ch|co|tv|fr|es|it|ru|tr|za|uk)\b",
    re.IGNORECASE,
)
_ACRONYM = re.compile(r"[BCDFGHJKLMNPQRSTVWXZ]{3,6}")
_LETTER = re.compile(r"[^\W\d_]")
_SITE = re.compile(r"\w\.\w{2,}$")
_DIGITS = re.compile(r"\d")
_WORDS = re.compile(r"\w[\w'’.\-]*")
_PARTICLES = frozenset(
    {"van", "von", "de", "der", "den", "del", "della", "di", "da", "dos", "das", "do", "du", "la", "le", "el", "al",
     "bin", "ben", "ibn", "ter", "ten", "zu", "zur", "af", "av", "y", "e", "i", "jr", "sr", "mc", "o"}
)  # fmt: skip


def name_key(name: str) -> str:
    """What two writings of one name share."""
    return " ".join(_WORDS.findall(unicodedata.normalize("NFKC", name).casefold().replace(".", "")))


def looks_like_person(name: str) -> bool:
    """Whether `name` has the form of a person's name: two to five capitalised words, none of an organisation's."""
    words = _WORDS.findall(name)
    if _DIGITS.search(name) or _ORGANISATION.search(name) or _ROLE.search(name):
        return False
    if any(_ACRONYM.fullmatch(word) for word in words):
        return False
    if _is_ideographic(name):
        return 2 <= len(name.replace(" ", "")) <= 8
    solid = [word for word in words if word.casefold().rstrip(".") not in _PARTICLES]
    return 2 <= len(words) <= 6 and bool(solid) and all(word[0].isupper() or not word[0].isalpha() for word in solid)


def _is_ideographic(name: str) -> bool:
    return any("\u3040" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7af" for letter in name)


def split_names(text: str) -> list[str]:
    """The names in `text`, cleaned of prefixes, roles, addresses and repetitions; an organisation stays whole."""
    text = _ADDRESS.sub(" ", unicodedata.normalize("NFC", text))
    text = _LEADING.sub("", _BRACKETED.sub(" ", text)).strip(" ,;:|-–—·•.\u200b")
    parts = [name for part in _SEPARATED.split(text) for name in _conjoined(part)]
    if any(looks_like_person(part) for part in parts):
        return _unique(part for part in parts if looks_like_person(part) or _may_be_name(part))
    return _unique(whole for part in text.split(";") if (whole := _cleaned(part)) and _LETTER.search(whole))


def _may_be_name(part: str) -> bool:
    """Whether `part` of a list of persons can be one too: a single name or an agency, but no role and no site."""
    return len(part.split()) == 1 and not _is_role(part) and not _SITE.search(part) and part.isupper()


def _conjoined(part: str) -> list[str]:
    """The names joined by a word for "and", if each is a person's: it also stands within names."""
    names = [_cleaned(name) for name in _JOINED.split(part)]
    if len(names) > 1 and all(looks_like_person(name) or _is_role(name) for name in names if name):
        return [name for name in names if name]
    whole = _cleaned(part)
    return [whole] if whole else []


def _cleaned(part: str) -> str:
    part = _TRAILING_ROLE.sub("", _KOREAN_ROLE.sub("", _LEADING.sub("", " ".join(part.split()))))
    shorter = _TAIL.sub("", part)
    part = shorter if looks_like_person(shorter) else part
    part = part.strip(" ,;:|-–—·•\"“”([{\u200b")
    return part if 1 < len(part) <= LONGEST_NAME else ""


def _is_role(part: str) -> bool:
    return bool(_ROLE.search(part)) and not looks_like_person(_ROLE.sub("", part))


def _unique(names: Iterable[str]) -> list[str]:
    kept: dict[str, str] = {}
    for name in names:
        key = name_key(name)
        if key and len(kept) < MOST_NAMES:
            kept.setdefault(key, name)
    return list(kept.values())


def unique_names(names: Iterable[str]) -> list[str]:
    """`names` in order, each once however it is written."""
    return _unique(names)

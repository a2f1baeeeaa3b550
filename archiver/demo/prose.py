"""Words that look like news, made from a seed."""

from __future__ import annotations

import random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_NOUNS = _words(
    """council harbour bridge minister school river market railway budget hospital farmer union library court
    storm mayor forest museum airport tunnel election committee factory orchestra strike ferry reservoir"""
)
_VERBS = _words(
    """opens closes delays rejects approves postpones presents questions repairs examines replaces announces
    reviews extends celebrates limits restores measures"""
)
_ADJECTIVES = _words(
    "new old northern public quiet disputed regional early wooden annual hidden narrow modern"
)
_FIRST = _words("Ada Bruno Clara Davit Elin Falk Greta Henrik Ines Jarek Katya Leon Mira Nils Oona Petra")
_LAST = _words("Abel Brandt Corran Dahlen Eskow Farrow Gallen Horvel Ilsen Jorik Kestrel Lomax Marden Norrin")
_ENDINGS = (
    "after months of debate",
    "despite warnings from experts",
    "for the second time this year",
    "without giving a reason",
    "as the season begins",
    "in front of a full hall",
    "with a narrow majority",
)


class Prose:
    """A stream of sentences; the same seed gives the same words in the same order."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)  # noqa: S311 - words, not secrets

    def title(self) -> str:
        """A headline."""
        return self._clause().capitalize()

    def name(self) -> str:
        """A person."""
        return f"{self._random.choice(_FIRST)} {self._random.choice(_LAST)}"

    def sentence(self) -> str:
        """One sentence of 8 to 15 words."""
        return f"{self._clause().capitalize()} {self._random.choice(_ENDINGS)}."

    def paragraph(self) -> str:
        """Three to five sentences, one of them with a number."""
        sentences = [self.sentence() for _ in range(self._random.randint(2, 4))]
        sentences.append(f"In all, {self._random.randint(3, 900)} people were counted.")
        return " ".join(sentences)

    def furniture(self, room: int) -> str:
        """About `room` characters of what surrounds an article: teasers, and a script's state."""
        teasers: list[str] = []
        length = 0
        while length < room // 2:
            teasers.append(self._teaser())
            length += len(teasers[-1])
        markup = f'<section class="more-news">{"".join(teasers)}</section>' if teasers else ""
        left = room - len(markup) - 60
        words = " ".join(self._random.choices(_NOUNS + _VERBS + _ADJECTIVES, k=max(0, left // 8)))
        return f'{markup}<script type="application/json">{{"state": "{words}"}}</script>' if words else markup

    def _teaser(self) -> str:
        return (
            f'<div class="teaser"><span class="label">{self._random.choice(_NOUNS)}</span>'
            f'<h3 class="teaser-title">{self.title()}</h3><span class="more">{self.sentence()}</span></div>\n'
        )

    def _clause(self) -> str:
        pick = self._random.choice
        return f"{pick(_ADJECTIVES)} {pick(_NOUNS)} {pick(_VERBS)} the {pick(_ADJECTIVES)} {pick(_NOUNS)}"

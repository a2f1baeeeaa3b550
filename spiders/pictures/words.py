"""What a page says of a picture: its alt text, caption and credit, and whether a machine wrote the alt text."""

from __future__ import annotations

import re

from archiver.spiders.pictures.group import Group

_AUTOMATIC = re.compile(
    r"""^\s*(?:
        (?:no\s|a?\s*photo\s+description\s+available|image\s+may\s+contain|may\s+be\s+(?:an?\s+)?(?:image|illustration|graphic|meme
          |cartoon|close-up|black-and-white|pop\s+art|art|doodle|anime|tweet|twitter|screenshot|a?\s*selfie|text))
    )""",
    re.VERBOSE | re.IGNORECASE,
)


def is_automatic(alt: str | None) -> bool:
    """Whether the alt text is a social network's image recognition in one of its languages."""
    return bool(alt and _AUTOMATIC.match(alt))


class Words:
    """Reads the words about the pictures of one page."""

    def of(self, group: Group) -> tuple[str | None, str | None, str | None]:
        """Alt text, caption, credit."""
        alt = next((" ".join(s.alt.split()) for s in group.sightings if s.alt and s.alt.strip()), None)
        caption = next((s.caption for s in group.sightings if s.caption), None)
        credit = next((s.credit for s in group.sightings if s.credit), None)
        for sighting in group.sightings:
            if caption or sighting.element is None:
                break
            figure = next(sighting.element.iterancestors("figure"), None)
            found = next(figure.iter("figcaption"), None) if figure is not None else None
            if found is not None:
                caption = " ".join("".join(found.itertext()).split()) or None
        return alt, caption, credit

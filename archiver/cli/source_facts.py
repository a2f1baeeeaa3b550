"""What is known of a source, as the commands tell it: all that is in force, but no value of a header."""

from __future__ import annotations

from collections.abc import Mapping

from archiver.config.schedule import duration_text
from archiver.config.settings import Settings
from archiver.config.source import PictureChoice, Source
from archiver.crawl.sources import settings_for

_ABSENT = {"max_age": "no limit", "revisit": "never"}


def describe(source: Source, settings: Settings) -> dict[str, object]:
    """A source as one JSON object; what it leaves open is as `settings` have it."""
    politeness = settings_for(source, settings).politeness
    pictures = PictureChoice.NONE if settings.pictures.policy == "none" else source.pictures
    return {
        "name": source.name,
        "title": source.title,
        "enabled": source.enabled,
        "country": source.country,
        "languages": list(source.languages),
        "domains": list(source.domains),
        "feeds": list(source.feeds),
        "sitemaps": list(source.sitemaps),
        "listings": list(source.listings),
        "listing_pages": source.listing_pages,
        "pages": list(source.pages),
        "include": [pattern.pattern for pattern in source.include],
        "exclude": [pattern.pattern for pattern in source.exclude],
        "schedule": str(source.schedule),
        "max_age": duration_text(source.max_age) if source.max_age else None,
        "revisit": [duration_text(age) for age in source.revisit],
        "politeness": {
            "delay": politeness.delay,
            "concurrency": politeness.concurrency,
            "obey_robots": politeness.obey_robots,
        },
        "headers": [header.name for header in source.headers],
        "pictures": str(pictures),
        "rendering": source.rendering,
        "checked": str(source.checked) if source.checked else None,
        "notes": source.notes,
    }


def in_words(key: str, fact: object) -> str:
    """One fact of `describe` for people."""
    if isinstance(fact, list):
        text = ", ".join(map(str, fact))
    elif isinstance(fact, Mapping):
        text = ", ".join(f"{name} {in_words(name, each)}" for name, each in fact.items())
    elif isinstance(fact, bool):
        text = str(fact).lower()
    else:
        text = "" if fact is None else str(fact)
    return text or _ABSENT.get(key, "-")

"""The headers that a source sends of its own: who gets them, and which of them nobody else may see."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

SECRET_NAME: Final = re.compile(
    r"authorization|cookie|token|secret|api-?key|password|session", re.IGNORECASE | re.ASCII
)
"""Searched in the name of a header: its value is a secret, whatever it is."""


@dataclass(frozen=True, slots=True)
class OwnHeaders:
    """Headers by name, for the `domains` with everything below them; to no other host.

    `secrets` are the names, in lower case, of those that must not be read by others: they are kept from the
    archive, and go only by the `schemes` by which the source is asked for.
    """

    headers: Mapping[str, str] = field(repr=False)
    secrets: frozenset[str]
    domains: tuple[str, ...]
    schemes: frozenset[str]

    def sent_to(self, url: str) -> dict[str, str]:
        """What a request for `url` gets."""
        if not is_on(url, self.domains):
            return {}
        is_private = url.partition(":")[0].lower() in self.schemes
        return {
            name: value
            for name, value in self.headers.items()
            if is_private or name.lower() not in self.secrets
        }


def is_on(url: str, domains: Iterable[str]) -> bool:
    """Whether the host of `url` is one of the `domains`, or below one."""
    try:
        host = (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return False
    return any(host == domain or host.endswith("." + domain) for domain in domains)

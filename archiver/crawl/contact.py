"""Sites must be able to reach whoever crawls them; only this machine itself may be crawled without."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from archiver.config.settings import Settings
from archiver.errors import ConfigurationError

_TOLD = (
    "sites must be able to reach you before they are crawled: set identity.contact in archiver.toml to your"
    ' URL or mail address, such as "https://example.org/about-our-archive"'
)


def lacks_contact(settings: Settings, urls: Iterable[str]) -> str | None:
    """Why `urls` may not be crawled under `settings`; None when they may."""
    return None if settings.contact() or all(is_loopback(url) for url in urls) else _TOLD


def require_contact(settings: Settings, urls: Iterable[str]) -> None:
    """Raise ConfigurationError, which says how, unless a contact is set or all is on this machine."""
    lack = lacks_contact(settings, urls)
    if lack:
        raise ConfigurationError(lack)


def is_loopback(url: str) -> bool:
    """Whether `url` names this machine."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host.endswith(".localhost") or host.startswith("127.") or host == "::1"

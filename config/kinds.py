"""Checks of single settings; a ValueError says in the user's words what is allowed."""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_interface, ip_network
from pathlib import Path
from urllib.parse import urlsplit

_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_DATABASES = ("sqlite", "postgresql")


def one_line(text: str) -> str:
    """Text that can stand in a header: one line, without control characters."""
    if _CONTROL.search(text):
        raise ValueError("must be one line without control characters")
    return text.strip()


def contact_text(text: str) -> str:
    """Empty, a web address, or a mail address."""
    text = one_line(text)
    if text and not (text.startswith(("https://", "http://")) or re.fullmatch(r"[^@\s()]+@[^@\s()]+", text)):
        raise ValueError("must be a URL (https://...) or a mail address")
    return text


def network_text(text: str) -> str:
    """A network such as 10.0.0.0/8, or one address."""
    try:
        return str(ip_network(text))
    except ValueError:
        pass
    try:
        meant = ip_interface(text).network
    except ValueError:
        raise ValueError("is no network; write it as 192.168.0.0/16 or fd00::/8") from None
    raise ValueError(f"is an address within a network; write {meant}")


def proxy_text(text: str) -> str:
    """Empty, or http://host:port."""
    if not text:
        return text
    try:
        parts = urlsplit(one_line(text))
        usable = parts.scheme == "http" and parts.hostname and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("must be http://host:port, without user name and password")
    return text


def public_address(text: str) -> str:
    """Empty, or a web address that paths are put behind; without a slash at the end."""
    text = one_line(text).rstrip("/")
    try:
        parts = urlsplit(text)
        usable = (
            parts.scheme in ("http", "https") and parts.hostname and not parts.query and not parts.fragment
        )
    except ValueError:
        usable = False
    if text and (not usable or "@" in parts.netloc or not text.isascii() or " " in text):
        raise ValueError("must be a web address such as https://archive.example.org")
    return text


def is_this_machine(address: str) -> bool:
    """Whether a web address leads everybody to the machine that they sit at."""
    host = (urlsplit(address).hostname or "").rstrip(".")
    try:
        found = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return found.is_loopback or found.is_unspecified


def authority_address(text: str) -> str:
    """A web address that is asked as it is written."""
    text = one_line(text)
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable or not text.isascii() or " " in text:
        raise ValueError("must be a web address such as https://freetsa.org/tsr")
    return text


def database_text(text: str) -> str:
    """A database URL of a kind that the archive can use."""
    kind, separator, rest = text.partition("://")
    if kind.partition("+")[0] not in _DATABASES or not separator or not rest:
        raise ValueError("must be sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/NAME")
    if kind.startswith("sqlite") and not rest.strip("/"):
        raise ValueError("names no file; write sqlite:///FILE")
    return text


def optional_path(value: object) -> object:
    """None for an empty text."""
    return None if value == "" else value


def expanded(path: Path) -> Path:
    """`path` with `~` replaced; as it is when there is no such user."""
    try:
        return path.expanduser()
    except RuntimeError:
        return path

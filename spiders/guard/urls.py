"""The URL as written: what is no ordinary web address is refused before the network is asked anything."""

from __future__ import annotations

import re
import socket
from ipaddress import AddressValueError, IPv4Address, IPv6Address

import idna

from archiver.errors import UnsafeURLError
from archiver.model.access import UrlPolicy
from archiver.spiders.guard.addresses import Address
from archiver.spiders.guard.judging import LOCALHOST, check_address, is_opened
from archiver.uri import begins_with_host

MAX_URL_LENGTH = 8192
MAX_HOST_LENGTH = 253

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_PARTS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):(?://([^/?#]*))?(.*)", re.DOTALL)
_HOST_PORT = re.compile(r"(\[[^\]]*\]|[^:\[\]]*)(?::([0-9]*))?")
_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
_ENDS_IN_NUMBER = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)\.?")
_NUMBERS = re.compile(r"(?:0x[0-9a-f]+|[0-9]+)(?:\.(?:0x[0-9a-f]+|[0-9]+)){0,3}")
_PLAIN_PORT = {"http": 80, "https": 443}


def check_url(url: str, policy: UrlPolicy) -> str:
    """`url` with scheme and host in their plain ASCII form, or UnsafeURLError with the reason and the remedy.

    Refused are schemes other than http and https, user names, control characters, ports outside
    `policy.ports`, hosts that are no names, and every spelling of an address that is not public (decimal,
    octal, hexadecimal, short, full-width, circled digits; IPv6 with an IPv4 address inside). Host names are
    not looked up here: that is the resolver's part.
    """
    scheme, authority, rest = _split(url)
    found = _HOST_PORT.fullmatch(authority)
    if found is None:
        raise _refused(url, f"{_shown(authority)} is no host and port")
    host, literal = plain_host(found[1])
    port = int(found[2]) if found[2] else _PLAIN_PORT[scheme]
    if literal is not None:
        check_address(_shown(found[1].strip("[]")), literal, policy)
    _check_port(url, host, port, literal, policy)
    given_port = f":{found[2]}" if found[2] else ""
    return f"{scheme}://{host}{given_port}{rest}"


def plain_host(host: str) -> tuple[str, Address | None]:
    """`host` as lower-case ASCII, and the address that it spells, as a browser and inet_aton would read it.

    IPv6 literals keep their brackets. `localhost` and names below it spell 127.0.0.1 (RFC 6761, 6.3).
    UnsafeURLError when it is no host at all.
    """
    if host.startswith("["):
        return _bracketed(host)
    name = host.lower() if host.isascii() else _to_ascii(host)
    if len(name) > MAX_HOST_LENGTH + 1 or not _NAME.fullmatch(name):
        raise UnsafeURLError(f"{_shown(host)} is no host name, so it is not fetched; check the address")
    bare = name.removesuffix(".")
    if _ENDS_IN_NUMBER.fullmatch(bare):
        address = _numbers(bare)
        return str(address), address
    if bare == "localhost" or bare.endswith(".localhost"):
        return name, LOCALHOST
    return name, None


def _split(url: str) -> tuple[str, str, str]:
    if len(url) > MAX_URL_LENGTH:
        raise _refused(url, f"the address has {len(url)} characters, {MAX_URL_LENGTH} are the most")
    url = url.strip(" ")
    if _CONTROL.search(url):
        raise _refused(url, "the address contains a control character")
    found = _PARTS.fullmatch(url)
    if found is None or begins_with_host(url):
        raise _refused(url, "it is no web address; write http:// or https:// before the host")
    scheme = found[1].lower()
    if scheme not in _PLAIN_PORT:
        raise _refused(url, f"only http and https are archived, not {_shown(scheme)}")
    if not found[2]:
        raise _refused(url, "the address names no host")
    if "@" in found[2]:
        raise UnsafeURLError(
            "not fetched: the address carries a user name or password; remove what is before the @"
        )
    return scheme, found[2], found[3]


def _check_port(url: str, host: str, port: int, literal: Address | None, policy: UrlPolicy) -> None:
    if policy.proxy == (host, port):
        raise _refused(url, "the address is the proxy's own")
    if literal is not None and is_opened(literal, policy):
        return
    if port not in policy.ports:
        ports = ", ".join(map(str, sorted(policy.ports)))
        raise _refused(url, f"port {port} is none of {ports}; to archive it, add it to network.allowed_ports")


def _bracketed(host: str) -> tuple[str, IPv6Address]:
    try:
        address = IPv6Address(host.removeprefix("[").removesuffix("]"))
    except AddressValueError:
        address = None
    if address is None or address.scope_id is not None or not host.endswith("]"):
        raise UnsafeURLError(f"{_shown(host)} is no IPv6 address, so it is not fetched; check the address")
    return f"[{address}]", address


def _to_ascii(host: str) -> str:
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except UnicodeError:
        pass
    try:
        return host.encode("idna").decode("ascii").lower()
    except UnicodeError:
        raise UnsafeURLError(
            f"{_shown(host)} is no host name, so it is not fetched; check the address"
        ) from None


def _numbers(host: str) -> IPv4Address:
    if _NUMBERS.fullmatch(host):
        try:
            return IPv4Address(socket.inet_aton(host))
        except OSError:
            pass
    raise UnsafeURLError(f"{_shown(host)} is no IPv4 address, so it is not fetched; check the address")


def _refused(url: str, why: str) -> UnsafeURLError:
    return UnsafeURLError(f"{_shown(url)} is not fetched: {why}")


def _shown(text: str) -> str:
    shown = text if len(text) <= 120 else f"{text[:117]}..."
    return shown if shown.isprintable() else ascii(shown)

"""Which IP addresses are not on the public internet.

The list is our own: `ipaddress.is_global` of Python 3.11 lets several of these ranges pass. It follows the
IANA special-purpose registries (RFC 6890); for IPv6 only global unicast, 2000::/3, counts as public at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

_RANGES_4 = (
    ("127.0.0.0/8", "loopback"),
    ("10.0.0.0/8", "private"),
    ("172.16.0.0/12", "private"),
    ("192.168.0.0/16", "private"),
    ("169.254.0.0/16", "link-local"),
    ("100.64.0.0/10", "shared by carriers (CGNAT)"),
    ("0.0.0.0/8", "this host"),
    ("192.0.0.0/24", "for protocol assignments"),
    ("192.0.2.0/24", "for documentation"),
    ("198.51.100.0/24", "for documentation"),
    ("203.0.113.0/24", "for documentation"),
    ("192.88.99.0/24", "a 6to4 relay"),
    ("192.52.193.0/24", "a multicast tunnel (AMT)"),
    ("198.18.0.0/15", "for benchmarking"),
    ("168.63.129.16/32", "a cloud platform's host service"),
    ("224.0.0.0/4", "multicast"),
    ("255.255.255.255/32", "broadcast"),
    ("240.0.0.0/4", "reserved"),
)
_RANGES_6 = (
    ("::1/128", "loopback"),
    ("::/128", "unspecified"),
    ("::ffff:0:0/96", "IPv4-mapped"),
    ("::ffff:0:0:0/96", "IPv4-translated"),
    ("::/96", "IPv4-compatible"),
    ("64:ff9b::/96", "NAT64"),
    ("64:ff9b:1::/48", "NAT64"),
    ("100::/64", "for discarding"),
    ("2001::/32", "Teredo"),
    ("2001:2::/48", "for benchmarking"),
    ("2001:10::/28", "ORCHID"),
    ("2001:20::/28", "ORCHID"),
    ("2001::/23", "for protocol assignments"),
    ("2001:db8::/32", "for documentation"),
    ("3fff::/20", "for documentation"),
    ("2002::/16", "6to4"),
    ("3ffe::/16", "of the closed 6bone"),
    ("fc00::/7", "unique local"),
    ("fe80::/10", "link-local"),
    ("fec0::/10", "site-local"),
    ("ff00::/8", "multicast"),
)
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_DENIED_4 = tuple((IPv4Network(text), name) for text, name in _RANGES_4)
_DENIED_6 = tuple((IPv6Network(text), name) for text, name in _RANGES_6)

_LAST_32_BITS = tuple(
    IPv6Network(text) for text in ("::ffff:0:0/96", "::ffff:0:0:0/96", "::/96", "64:ff9b::/96")
)
_NO_CARRIER = (IPv6Address("::"), IPv6Address("::1"))
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")
_SIX_TO_FOUR = IPv6Network("2002::/16")
_TEREDO = IPv6Network("2001::/32")
_ISATAP = (b"\x00\x00\x5e\xfe", b"\x02\x00\x5e\xfe")


@dataclass(frozen=True, slots=True)
class Denial:
    """An address that is not public: the range that it is in, and what that range is for."""

    address: Address
    network: Network
    name: str

    def __str__(self) -> str:
        return f"{self.name} ({self.network})"


def denial(address: Address, allowed: Iterable[Network] = ()) -> Denial | None:
    """Why `address` must not be connected to, or None when it is public or within `allowed`.

    An IPv6 address that carries an IPv4 address (mapped, compatible, NAT64, 6to4, Teredo, ISATAP) must pass
    with both of them.
    """
    allowed = tuple(allowed)
    found = _denied_range(address)
    if found is not None and not any(address in network for network in allowed):
        return found
    if isinstance(address, IPv6Address):
        for inner in embedded(address):
            refused = denial(inner, allowed)
            if refused is not None:
                return refused
    return None


def embedded(address: IPv6Address) -> Iterator[IPv4Address]:
    """The IPv4 addresses that `address` may carry (RFC 4291 2.5.5, 6052, 8215, 3056, 4380, 5214)."""
    packed = address.packed
    if packed[8:12] in _ISATAP:
        yield IPv4Address(packed[12:])
    if address in _SIX_TO_FOUR:
        yield IPv4Address(packed[2:6])
    elif address in _TEREDO:
        yield IPv4Address(packed[4:8])
        yield IPv4Address(bytes(octet ^ 0xFF for octet in packed[12:]))
    elif address in _NAT64_LOCAL:
        candidates = (packed[12:], packed[6:8] + packed[9:11])
        yield from (IPv4Address(octets) for octets in candidates if any(octets))
    elif address not in _NO_CARRIER and any(address in network for network in _LAST_32_BITS):
        yield IPv4Address(packed[12:])


def parse_address(text: str) -> Address | None:
    """The address that `text` spells in the usual way (RFC 4291; a zone id is dropped), or None."""
    try:
        return ip_address(text.partition("%")[0])
    except ValueError:
        return None


def _denied_range(address: Address) -> Denial | None:
    if isinstance(address, IPv4Address):
        return next((Denial(address, net, name) for net, name in _DENIED_4 if address in net), None)
    found = next((Denial(address, net, name) for net, name in _DENIED_6 if address in net), None)
    if found is None and address not in _GLOBAL_UNICAST:
        return Denial(address, IPv6Network(address), "not global unicast")
    return found

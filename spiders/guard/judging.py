"""Holds an address against the policy, and says no in words that name the way out."""

from __future__ import annotations

from ipaddress import IPv4Address

from archiver.errors import UnsafeURLError
from archiver.model.access import UrlPolicy
from archiver.spiders.guard.addresses import Address, denial, parse_address

LOCALHOST = IPv4Address("127.0.0.1")


def is_opened(address: Address, policy: UrlPolicy) -> bool:
    """Whether the operator opened the network of `address` by name."""
    return any(address in network for network in policy.allowed) and denial(address, policy.allowed) is None


def check_address(host: str, address: str | Address, policy: UrlPolicy) -> None:
    """Raise UnsafeURLError when `host` leads to an `address` that is neither public nor opened."""
    parsed = parse_address(address) if isinstance(address, str) else address
    if parsed is None:
        raise UnsafeURLError(f"{host} leads to {address!r}, which is no IP address; it is not fetched")
    refused = denial(parsed, policy.allowed)
    if refused is None:
        return
    found = "is" if host == str(refused.address) else f"leads to {refused.address}, which is"
    raise UnsafeURLError(
        f"{host} {found} {refused}, not on the public internet; "
        f'to archive it, add "{refused.network}" to network.allow_private'
    )

"""The resolver of the whole process: it checks every address and hands out only what it checked.

A connection is made to the very addresses that were judged here, so a name that answers differently a second
time (DNS rebinding) gains nothing. One address that is not public refuses the name. Address literals come
through here too, because Twisted's HostnameEndpoint asks the resolver for them as well.
"""

from __future__ import annotations

import socket
from collections.abc import Sequence
from typing import Any

from scrapy.exceptions import IgnoreRequest
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, fail, succeed
from twisted.internet.interfaces import IHostnameResolver, IHostResolution, IResolverSimple
from twisted.python.failure import Failure
from zope.interface import implementer

from archiver.errors import UnsafeURLError
from archiver.model.access import DNS_TIMEOUT, WEB_PORTS, UrlPolicy
from archiver.spiders.guard.addresses import parse_address
from archiver.spiders.guard.judging import check_address
from archiver.spiders.guard.lookup import GetAddrInfo, Lookups
from archiver.spiders.guard.urls import plain_host

Addresses = tuple[str, ...]


class RefusedRequestError(UnsafeURLError, IgnoreRequest):
    """A request that the guard refused; as an IgnoreRequest it is neither retried nor logged as a crash."""


class UnusableAddress(IPv4Address):
    """Stands where an address would, and raises the `failure` when a connection is about to be made to it.

    IResolutionReceiver has no way to say why a lookup failed, so the reason travels as an address.
    """

    def __init__(self, failure: Failure) -> None:
        super().__init__("TCP", "", 0)
        self.failure = failure

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.failure.getErrorMessage()}>"

    def __getattribute__(self, name: str) -> Any:
        if name == "host":
            self.failure.raiseException()
        return super().__getattribute__(name)


@implementer(IHostResolution)
class _Resolution:
    def __init__(self, name: str) -> None:
        self.name = name

    def cancel(self) -> None:
        """Nothing to do: the answer is dropped by who cancelled."""


@implementer(IHostnameResolver, IResolverSimple)
class GuardedResolver:
    """Resolves names to addresses that `policy` lets through, or fails with RefusedRequestError."""

    def __init__(
        self,
        reactor: Any,
        policy: UrlPolicy,
        getaddrinfo: GetAddrInfo = socket.getaddrinfo,
    ) -> None:
        self.policy = policy
        self._reactor = reactor
        self._lookups = Lookups(reactor, policy.dns_timeout, getaddrinfo)

    @classmethod
    def from_crawler(cls, crawler: Any, reactor: Any) -> GuardedResolver:
        """For `TWISTED_DNS_RESOLVER`; `crawler` is the CrawlerProcess."""
        return cls(reactor, policy_of(crawler.settings))

    def install_on_reactor(self) -> None:
        """From now on every name of this process is resolved here."""
        self._reactor.installNameResolver(self)
        # connectTCP with a name asks the older kind of resolver: answer it without the adapter between,
        # which cannot pass a failure on.
        self._reactor.resolver = self

    def resolve(self, name: str) -> Deferred[Addresses]:
        """All addresses of `name`, each of them checked.

        Fails with RefusedRequestError, or DNSLookupError.
        """
        return self._unchecked(name).addCallback(self._check, name)

    def pinned(self, name: str) -> Addresses:
        """The addresses that DNS last gave for `name`, for the record; empty when it was not asked lately."""
        answer = self._lookups.remembered(name)
        return answer.addresses if answer is not None else ()

    def resolveHostName(  # noqa: N802 - named by Twisted
        self,
        resolutionReceiver: Any,  # noqa: N803
        hostName: str,  # noqa: N803
        portNumber: int = 0,  # noqa: N803
        addressTypes: Sequence[type] | None = None,  # noqa: N803
        transportSemantics: str = "TCP",  # noqa: N803, ARG002
    ) -> Any:
        """See IHostnameResolver: what HostnameEndpoint calls, for names and literals alike."""
        resolution = _Resolution(hostName)
        resolutionReceiver.resolutionBegan(resolution)
        is_proxy = (hostName, portNumber) == self.policy.proxy
        found = self._unchecked(hostName) if is_proxy else self.resolve(hostName)

        def deliver(outcome: Addresses | Failure) -> None:
            for address in _as_twisted(outcome, portNumber):
                if addressTypes is None or type(address) in (*addressTypes, UnusableAddress):
                    resolutionReceiver.addressResolved(address)
            resolutionReceiver.resolutionComplete()

        found.addBoth(deliver)
        return resolution

    def getHostByName(  # noqa: N802 - named by Twisted
        self,
        name: str,
        timeout: Sequence[int] = (),  # noqa: ARG002
    ) -> Deferred[str]:
        """See IResolverSimple: what connectTCP calls for a name, which is how a tunnel finds its proxy."""
        is_proxy = self.policy.proxy is not None and name == self.policy.proxy[0]
        found = self._unchecked(name) if is_proxy else self.resolve(name)
        return found.addCallback(_prefer_ipv4)

    def _unchecked(self, name: str) -> Deferred[Addresses]:
        address = parse_address(name)
        if address is not None:
            return succeed((str(address),))
        try:
            host, literal = plain_host(name)
        except UnsafeURLError as error:
            return fail(RefusedRequestError(str(error)))
        return self._lookups.addresses(host) if literal is None else succeed((str(literal),))

    def _check(self, addresses: Addresses, name: str) -> Addresses:
        try:
            for address in addresses:
                check_address(name, address, self.policy)
        except UnsafeURLError as error:
            raise RefusedRequestError(str(error)) from None
        return addresses


def policy_of(settings: Any) -> UrlPolicy:
    """The policy in Scrapy's settings, as `guard_settings` wrote it; without it, the strict one."""
    return UrlPolicy.of(
        settings.getlist("ARCHIVER_ALLOW_PRIVATE"),
        [int(port) for port in settings.getlist("ARCHIVER_ALLOWED_PORTS", list(WEB_PORTS))],
        settings.get("ARCHIVER_PROXY"),
        settings.getfloat("DNS_TIMEOUT", DNS_TIMEOUT),
    )


def _as_twisted(outcome: Addresses | Failure, port: int) -> list[IPv4Address | IPv6Address]:
    if isinstance(outcome, Failure):
        return [UnusableAddress(outcome)]
    return [
        IPv6Address("TCP", address, port) if ":" in address else IPv4Address("TCP", address, port)
        for address in outcome
    ]


def _prefer_ipv4(addresses: Addresses) -> str:
    return next((address for address in addresses if ":" not in address), addresses[0])

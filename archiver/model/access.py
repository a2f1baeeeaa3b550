"""What the archive may connect to: the settings choose it, the crawler's guard holds it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_network
from urllib.parse import urlsplit

from archiver.errors import ConfigurationError

WEB_PORTS = (80, 443, 8000, 8008, 8080, 8081, 8443, 8888)
DNS_TIMEOUT = 20.0


@dataclass(frozen=True, slots=True)
class UrlPolicy:
    """`allowed` networks are opened although they are not public; `ports` is what a URL may name.

    `proxy` is the host and port of the operator's own proxy, which may be anywhere. `dns_timeout` is how many
    seconds a name server may take.
    """

    allowed: tuple[IPv4Network | IPv6Network, ...] = ()
    ports: frozenset[int] = frozenset(WEB_PORTS)
    proxy: tuple[str, int] | None = None
    dns_timeout: float = DNS_TIMEOUT

    @classmethod
    def of(
        cls,
        allow_private: Iterable[str] = (),
        allowed_ports: Iterable[int] = WEB_PORTS,
        proxy: str | None = None,
        dns_timeout: float = DNS_TIMEOUT,
    ) -> UrlPolicy:
        """The policy for CIDR texts, port numbers and a proxy URL; ConfigurationError when one is none."""
        try:
            allowed = tuple(ip_network(text) for text in allow_private)
        except ValueError as error:
            raise ConfigurationError(f"network.allow_private: {error}; write 192.168.0.0/16") from None
        return cls(allowed, frozenset(allowed_ports), _host_and_port(proxy) if proxy else None, dns_timeout)


def _host_and_port(proxy: str) -> tuple[str, int]:
    try:
        parts = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise ConfigurationError("network.proxy is no proxy address; write http://host:port") from None
    if not parts.hostname:
        raise ConfigurationError("network.proxy names no host; write http://host:port")
    return parts.hostname, port

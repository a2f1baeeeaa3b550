"""How a process puts the guard in force: once on the reactor, and in the settings of every crawl."""

from __future__ import annotations

import sys
from typing import Any

from scrapy.settings.default_settings import DOWNLOAD_HANDLERS_BASE, DOWNLOADER_MIDDLEWARES_BASE

from archiver.model.access import UrlPolicy
from archiver.spiders.guard.resolver import GuardedResolver

FIRST = 10
AFTER_PROXY = 760
PACKAGE = "archiver.spiders.guard"


def install_guard(reactor: Any, policy: UrlPolicy) -> GuardedResolver:
    """Make the guard the resolver of the whole process, for every crawler in it; the last call counts.

    Needed with Scrapy's runners, which install no resolver (its processes install `TWISTED_DNS_RESOLVER`).
    """
    installed = reactor.nameResolver
    if isinstance(installed, GuardedResolver) and installed.policy == policy:
        return installed
    resolver = GuardedResolver(reactor, policy)
    resolver.install_on_reactor()
    return resolver


def resolved_addresses(host: str) -> tuple[str, ...]:
    """What DNS last answered for `host` in this process; empty for an address, or when it was not asked."""
    reactor = sys.modules.get("twisted.internet.reactor")  # importing it would make one
    resolver = getattr(reactor, "resolver", None)
    return resolver.pinned(host) if isinstance(resolver, GuardedResolver) else ()


def guard_settings(policy: UrlPolicy) -> dict[str, Any]:
    """Scrapy settings that put the guard in force; without handlers for anything but http and https.

    The guard goes into the `_BASE` dictionaries, so that a crawl's own DOWNLOADER_MIDDLEWARES and
    DOWNLOAD_HANDLERS add to them and cannot replace it by accident.
    """
    return {
        "TWISTED_DNS_RESOLVER": f"{PACKAGE}.resolver.GuardedResolver",
        "DNS_TIMEOUT": policy.dns_timeout,
        "DOWNLOADER_MIDDLEWARES_BASE": {
            **DOWNLOADER_MIDDLEWARES_BASE,
            f"{PACKAGE}.middleware.UrlGuardMiddleware": FIRST,
            f"{PACKAGE}.middleware.ProxiedNameGuardMiddleware": AFTER_PROXY,
        },
        "DOWNLOAD_HANDLERS_BASE": {scheme: DOWNLOAD_HANDLERS_BASE[scheme] for scheme in ("http", "https")},
        "ARCHIVER_ALLOW_PRIVATE": [str(network) for network in policy.allowed],
        "ARCHIVER_ALLOWED_PORTS": sorted(policy.ports),
        "ARCHIVER_PROXY": _proxy_text(policy),
    }


def _proxy_text(policy: UrlPolicy) -> str | None:
    if policy.proxy is None:
        return None
    host, port = policy.proxy
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"

"""Keeps the crawler out of private networks: no URL, redirect or DNS answer leads it to one.

Three layers, each of which refuses on its own: the URL as written (`urls`), every address that DNS answers
for its host, which are then the only ones connected to (`resolver`), and every request of a crawl, redirects
and robots.txt included (`middleware`). `crawling` puts them into a process.
"""

from archiver.spiders.guard.crawling import guard_settings, install_guard, resolved_addresses
from archiver.spiders.guard.middleware import url_refused
from archiver.spiders.guard.resolver import GuardedResolver, RefusedRequestError
from archiver.spiders.guard.urls import check_url

__all__ = [
    "GuardedResolver",
    "RefusedRequestError",
    "check_url",
    "guard_settings",
    "install_guard",
    "resolved_addresses",
    "url_refused",
]

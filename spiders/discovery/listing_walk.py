"""Follows a listing page by page, and comes to an end whatever the site does."""

from __future__ import annotations

from archiver.spiders.discovery.listing import Listing, ListingEntry


class ListingWalk:
    """Follows the pages of a listing until they end or bring nothing new. A state machine without I/O.

    Use: while `(url := walk.next_url())` fetch it and call `read` with its listing. At most `pages` pages.
    The walk ends early when a page brings no entry that was not seen before, or names itself again.
    """

    def __init__(self, start: str, *, pages: int = 1) -> None:
        self._next: str | None = start
        self._left = pages
        self._visited: set[str] = set()
        self._seen: set[str] = set()

    def next_url(self) -> str | None:
        """The page to fetch now; None when the walk is over."""
        if self._next is None or self._left <= 0 or self._next in self._visited:
            return None
        self._left -= 1
        self._visited.add(self._next)
        url, self._next = self._next, None
        return url

    def read(self, listing: Listing) -> tuple[ListingEntry, ...]:
        """Take in a page: its entries that no earlier page had."""
        fresh = tuple(entry for entry in listing.entries if entry.identity not in self._seen)
        self._seen.update(entry.identity for entry in fresh)
        if fresh:
            self._next = listing.next_page
        return fresh

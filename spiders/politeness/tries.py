"""Counts the attempts at one URL, for whoever decides on another and for whoever tells of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Tries:
    """How many attempts were made at `url`, the last of a chain of redirects."""

    url: str = ""
    count: int = 0

    def add(self, url: str) -> int:
        """One more attempt; the number so far."""
        if url != self.url:
            self.url, self.count = url, 0
        self.count += 1
        return self.count

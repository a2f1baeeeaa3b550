"""Redirects to addresses that no request can be made for: an answer like any other that leads nowhere.

Scrapy's own middleware fails there with the words of Python's URL parser.
"""

from __future__ import annotations

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.http import Response


class TolerantRedirectMiddleware(RedirectMiddleware):
    """Follows what can be followed; whoever asked gets the redirect itself where its address is malformed."""

    def process_response(self, request: Request, response: Response) -> Request | Response:  # type: ignore[override]
        """See Scrapy's downloader middleware."""
        try:
            return super().process_response(request, response)
        except ValueError:  # from taking the address apart; the answer then says what became of the request
            return response

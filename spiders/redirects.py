"""Redirects: a crawl goes where the index will say that the answer led.

Scrapy's own middleware reads the address in its own way, and fails with the words of Python's URL parser
where it cannot.
"""

from __future__ import annotations

from scrapy import Request
from scrapy.downloadermiddlewares.redirect import BaseRedirectMiddleware
from scrapy.http import Response

from archiver.errors import UnsafeURLError
from archiver.spiders.wire.keys import LEADS_TO
from archiver.uri import target_uri


class TolerantRedirectMiddleware(BaseRedirectMiddleware):
    """Follows what can be followed; whoever asked gets the redirect itself where its address is malformed.

    The download handler says where an answer leads. Everything is asked for with GET.
    """

    def process_response(self, request: Request, response: Response) -> Request | Response:
        """See Scrapy's downloader middleware."""
        leads_to: str | None = request.meta.pop(LEADS_TO, None)
        if leads_to is None:
            return response
        try:
            redirected = self._build_redirect_request(request, response, url=_followed(leads_to))
        except ValueError:  # from taking the address apart; the answer then says what became of the request
            return response
        return self._redirect(redirected, request, response.status)


def _followed(url: str) -> str:
    try:
        return target_uri(url)
    except UnsafeURLError:  # the guard refuses it too, and puts on record why
        return url

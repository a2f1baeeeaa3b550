"""The keys of `Request.meta` that the download handler reads and writes."""

from __future__ import annotations

from typing import Final

PURPOSE: Final = "archiver_purpose"
"""In: the `Purpose` of the request. Without it `/robots.txt` is ROBOTS and anything else PAGE."""

VIA: Final = "archiver_via"
"""In: the URI that led here. After a redirect the handler names the redirecting URI itself."""

SOURCE: Final = "archiver_source"
"""In: the name of the source that asked."""

ROBOTS: Final = "archiver_robots"
"""In: the robots.txt decision: `allowed`, `ignored` or `none`."""

KEEP_BODY: Final = "archiver_keep_body"
"""In: how many bytes of the body Scrapy gets, as transmitted and when decoded; the archive gets all.

None means as many as fit in memory (`handler.BODY_LIMIT`)."""

DISCARD_BODY: Final = "archiver_discard_body"
"""In: True sends the body to the archive only; Scrapy gets an empty one (as `KEEP_BODY` 0)."""

EXCHANGES: Final = "archiver_exchanges"
"""Out: UUIDs of all attempts made for this request, before redirects and retries too, oldest first.

A tuple on the request of the last attempt. A list put there beforehand is appended to instead, and so
tells whoever made the request even when it fails after a redirect.
"""

CONDITION: Final = "archiver_condition"
"""In: the `Condition` whose headers the request carries; absent without."""

CRAWL_DELAY: Final = "archiver_crawl_delay"
"""In: seconds between two requests that the robots.txt of the host asks for; absent without."""

OUTCOME: Final = "archiver_outcome"
"""Out: the `Outcome` of the last attempt, for whoever decides on another one."""

TRIES: Final = "archiver_tries"
"""In and out: the `Tries` of this request; put there beforehand, it tells whoever made the request."""

LEADS_TO: Final = "archiver_leads_to"
"""Out: the URL that the last answer redirects to, read from the bytes that are archived; None without."""

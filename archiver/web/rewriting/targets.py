"""Where a reference of an archived document leads: to the copy nearest in time, never to the live web."""

from __future__ import annotations

import re
from urllib.parse import urljoin

from archiver.errors import UnsafeURLError
from archiver.uri import target_uri

_LONGEST = 8_192
_UNSETTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
NOWHERE = "about:invalid"


def settable(text: str) -> str:
    """`text` without what a page can hold but no tree takes back."""
    return _UNSETTABLE.sub("\ufffd", text)


class Targets:
    """The addresses of one document, archived at the 14 digits `timestamp` under `base_url`.

    With `application` the page stands in the frame of that origin, and links leave the frame to there.
    """

    def __init__(self, base_url: str, timestamp: str, application: str | None = None) -> None:
        self.base_url = base_url
        self._timestamp = timestamp
        self._application = application

    def absolute(self, written: str) -> str | None:
        """The http(s) URL that `written` means in the document; None when it is none."""
        if len(written) > _LONGEST:
            return None
        try:
            return target_uri(urljoin(self.base_url, written.strip()))
        except (UnsafeURLError, ValueError):
            return None

    def resource(self, written: str, modifier: str) -> str:
        """What the browser loads in place of `written`; a picture inside the document stays as it is."""
        if written.lstrip()[:11].lower().startswith(("data:image/", "data:font/")):
            return settable(written.strip())
        url = self.absolute(written)
        return f"/web/{self._timestamp}{modifier}/{url}" if url else NOWHERE

    def link(self, written: str) -> str | None:
        """What a link leads to; None when it is no link to a page (`javascript:`, `data:` and the like)."""
        if written.lstrip().startswith("#"):
            return settable(written.strip())
        url = self.absolute(written)
        if url is None:
            return None
        fragment = written.partition("#")[1:]
        place = f"/view/{self._timestamp}" if self._application else f"/web/{self._timestamp}"
        return settable(f"{self._application or ''}{place}/{url}{''.join(fragment)}")

    @property
    def leaves_frame(self) -> bool:
        """Whether links are to be opened outside of the frame."""
        return self._application is not None

"""Whether the service that archives is alive, as far as it let itself be heard of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from archiver.model.moment import to_warc_date
from archiver.web.site import Site


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """When a service was last heard of (None: never, or it ended in order), and whether it is alive."""

    last: datetime | None
    is_alive: bool

    @property
    def words(self) -> str:
        """`ok`, or what is the matter."""
        if self.is_alive:
            return "ok"
        if self.last is None:
            return "the service (archiver run) does not run"
        return f"the service has not been heard of since {to_warc_date(self.last)[:19]}Z"


def heartbeat(site: Site) -> Heartbeat:
    """What the processes of the service said last. Raises IndexUnavailableError."""
    beats = [beat for beat in site.index.operations.beats.all() if beat.role != "stopping"]
    last = max(beats, key=lambda beat: beat.at, default=None)
    if last is None:
        return Heartbeat(None, is_alive=False)
    return Heartbeat(last.at, is_alive=not last.is_silent(datetime.now(UTC)) and not site.is_left())

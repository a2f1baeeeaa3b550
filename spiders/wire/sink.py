"""Where exchanges go: one sink for each crawler, found by the crawler because settings are deep-copied."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from weakref import WeakKeyDictionary

from scrapy.crawler import Crawler

from archiver.errors import ConfigurationError
from archiver.model.exchange import Exchange
from archiver.model.own_headers import OwnHeaders
from archiver.spiders.politeness import DEFAULT_PACE, Manners, Pace
from archiver.spiders.wire.block import MEMORY_LIMIT


class ExchangeSink(Protocol):
    """Takes every exchange and closes its block when done with it."""

    async def accept(self, exchange: Exchange) -> None:
        """Keep `exchange`. The download waits meanwhile, which slows the crawl to what the sink can take.

        An error raised here fails the download: nothing reaches a spider that the archive does not have.
        """
        ...


WaitForRoom = Callable[[Path, int], Awaitable[None]]
"""Returns when so many bytes are free for the folder; raises DiskFullError when that takes too long."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A sink, and where large bodies wait for it: in `folder` from `memory_limit` bytes on.

    With `manners` each request waits for its turn, at the `pace` that this crawl asks for. With `room`, a
    download for which that folder had none is made again when there is some. `own_headers` are sent to the
    hosts that they are for; the secrets among them are not archived.
    """

    sink: ExchangeSink
    folder: Path | None = None
    memory_limit: int = MEMORY_LIMIT
    manners: Manners | None = None
    pace: Pace = DEFAULT_PACE
    room: WaitForRoom | None = None
    own_headers: OwnHeaders | None = None


_ATTACHMENTS: WeakKeyDictionary[Crawler, Attachment] = WeakKeyDictionary()


def attach(
    crawler: Crawler,
    sink: ExchangeSink,
    folder: Path | None = None,
    *,
    memory_limit: int = MEMORY_LIMIT,
    manners: Manners | None = None,
    pace: Pace = DEFAULT_PACE,
    room: WaitForRoom | None = None,
    own_headers: OwnHeaders | None = None,
) -> None:
    """Send every exchange of `crawler` to `sink`. To be called before the crawl starts.

    A body longer than `memory_limit` bytes waits in an unnamed file in `folder` (default: the system's).
    Each request asks `manners` first, so that crawls which share it are polite together, each at its `pace`.
    `room` waits until a full folder has room again; without it, such a download fails. `own_headers` go to
    the hosts that they are for.
    """
    _ATTACHMENTS[crawler] = Attachment(sink, folder, memory_limit, manners, pace, room, own_headers)


def attachment_of(crawler: Crawler) -> Attachment:
    """The attachment of `crawler`. Raises ConfigurationError without one: no crawl goes unarchived."""
    attachment = _ATTACHMENTS.get(crawler)
    if attachment is None:
        raise ConfigurationError("no archive is attached to this crawler: call attach(crawler, sink) first")
    return attachment


def manners_of(crawler: Crawler) -> Manners:
    """The politeness that `crawler` was attached with. Raises ConfigurationError without."""
    manners = attachment_of(crawler).manners
    if manners is None:
        raise ConfigurationError("this crawl has no manners: call attach(crawler, sink, manners=...) first")
    return manners

"""Gives concluded exchanges to the sink: those of the handler, and requests that were refused before it.

A request that the guard refuses by its URL alone never reaches the handler; a redirect into a private
network is a fact about the site all the same, so it is recorded like any other attempt.
"""

from __future__ import annotations

from weakref import WeakSet

from scrapy import Request
from scrapy.crawler import Crawler

from archiver.spiders.guard import url_refused
from archiver.spiders.politeness import Turn, outcome_of
from archiver.spiders.wire.attempt import Attempt
from archiver.spiders.wire.conclusion import conclude
from archiver.spiders.wire.keys import EXCHANGES, OUTCOME
from archiver.spiders.wire.sink import Attachment

_RECORDING: WeakSet[Crawler] = WeakSet()


async def hand_over(
    attachment: Attachment,
    request: Request,
    attempt: Attempt,
    error: BaseException | None,
    turn: Turn | None = None,
) -> None:
    """Make the exchange of `attempt`, name it in `request.meta[EXCHANGES]`, give it to the sink.

    With a `turn`, what came is told there and left in `request.meta[OUTCOME]`. Raises whatever the sink
    raises.
    """
    exchange = conclude(request, attempt, error)
    if turn:
        outcome = outcome_of(exchange, error, exchange.ended_at)
        request.meta[OUTCOME] = outcome
        turn.told(outcome, request.meta.get("download_latency"))
    earlier = request.meta.get(EXCHANGES, ())
    if isinstance(earlier, list):
        earlier.append(exchange.id)
    else:
        request.meta[EXCHANGES] = (*earlier, exchange.id)
    try:
        await attachment.sink.accept(exchange)
    except BaseException:
        if exchange.response is not None:
            exchange.response.block.close()
        raise


def record_refusals(crawler: Crawler, attachment: Attachment) -> None:
    """From now on hand over each request of `crawler` that the guard refuses, as an unanswered attempt.

    May be called again: the schemes of a crawler each have a handler, and a refusal is recorded once.
    """
    if crawler in _RECORDING:
        return
    _RECORDING.add(crawler)

    async def record(request: Request, error: BaseException) -> None:
        await hand_over(attachment, request, Attempt(attachment), error)

    crawler.signals.connect(record, signal=url_refused, weak=False)

"""Gives concluded exchanges to the sink: those of the handler, and requests that were refused before it.

A request that the guard refuses by its URL alone never reaches the handler; a redirect into a private
network is a fact about the site all the same, so it is recorded like any other attempt.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from weakref import WeakSet

from scrapy import Request
from scrapy.crawler import Crawler

from archiver.http_message import parse_head
from archiver.model.exchange import Exchange
from archiver.spiders.guard import url_refused
from archiver.spiders.politeness import Outcome, Trouble, Turn, outcome_of
from archiver.spiders.wire.attempt import Attempt
from archiver.spiders.wire.conclusion import conclude
from archiver.spiders.wire.keys import EXCHANGES, LEADS_TO, OUTCOME
from archiver.spiders.wire.sink import Attachment
from archiver.uri import redirect_url

log = logging.getLogger(__name__)

_RECORDING: WeakSet[Crawler] = WeakSet()


async def hand_over(
    attachment: Attachment,
    request: Request,
    attempt: Attempt,
    error: BaseException | None,
    turn: Turn | None = None,
) -> None:
    """Make the exchange of `attempt`, name it in `request.meta[EXCHANGES]`, give it to the sink.

    Where it redirects to is left in `request.meta[LEADS_TO]`. With a `turn`, what came is told there and
    left in `request.meta[OUTCOME]`; what goes wrong with that is logged and loses no exchange. Raises
    whatever the sink raises.
    """
    exchange = conclude(request, attempt, error, attachment.own_headers)
    if turn:
        request.meta[OUTCOME] = outcome = _outcome(exchange, error)
        _tell(turn, request, outcome)
    earlier = request.meta.get(EXCHANGES, ())
    if isinstance(earlier, list):
        earlier.append(exchange.id)
    else:
        request.meta[EXCHANGES] = (*earlier, exchange.id)
    try:
        request.meta[LEADS_TO] = _leads_to(exchange)
        await attachment.sink.accept(exchange)
    except BaseException:
        if exchange.response is not None:
            exchange.response.block.close()
        raise


def _leads_to(exchange: Exchange) -> str | None:
    """Where the crawl goes on, told as the index will tell it: from the same bytes, by the same rule."""
    response = exchange.response
    if response is None or not 300 <= response.status < 400:
        return None
    start = bytearray()
    for piece in response.block.chunks():
        start += piece
        if len(start) >= response.header_length:
            break
    head = parse_head(bytes(start[: response.header_length]))
    return redirect_url(head.status, head.values("location"), exchange.target_uri)


def _outcome(exchange: Exchange, error: BaseException | None) -> Outcome:
    """What came, or where politeness cannot read it as much of it as the status says."""
    try:
        return outcome_of(exchange, error, exchange.ended_at)
    except Exception:
        log.exception("%s: what the answer says to its visitors cannot be read", exchange.target_uri)
    if exchange.response is None:
        return Outcome()
    status = exchange.response.status
    is_bad = status >= 500 or status == HTTPStatus.TOO_MANY_REQUESTS
    return Outcome(Trouble.ERROR if is_bad else None, True, str(status) if is_bad else "")


def _tell(turn: Turn, request: Request, outcome: Outcome) -> None:
    try:
        turn.told(outcome, request.meta.get("download_latency"))
    except Exception:
        log.exception("%s: what came is not heeded in the treatment of its host", request.url)


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

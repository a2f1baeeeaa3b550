"""Every exchange reaches the sink, whatever else goes wrong on its way there."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, cast

import pytest
from scrapy import Request

from archiver.model.exchange import Exchange
from archiver.spiders.politeness import Turn
from archiver.spiders.politeness.outcome import Outcome, Trouble
from archiver.spiders.wire import delivery
from archiver.spiders.wire.attempt import Attempt
from archiver.spiders.wire.delivery import hand_over
from archiver.spiders.wire.keys import EXCHANGES, OUTCOME
from archiver.spiders.wire.sink import Attachment


class Kept:
    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []

    async def accept(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)


class Told:
    """Stands for a turn; deaf when it cannot take what it is told."""

    def __init__(self, *, deaf: bool = False) -> None:
        self.deaf = deaf
        self.outcomes: list[Outcome] = []

    def told(self, outcome: Outcome, _latency: float | None) -> None:
        if self.deaf:
            raise OverflowError("too much to learn")
        self.outcomes.append(outcome)


def handed_over(turn: Told, retry_after: bytes = b"5") -> tuple[Kept, Request]:
    sink = Kept()
    attempt = Attempt(Attachment(sink))
    answer = b"HTTP/1.1 503 Busy\r\nRetry-After: " + retry_after + b"\r\n\r\n"
    attempt.receive(answer)
    attempt.status_received(503, (1, 1))
    attempt.headers.append((b"Retry-After", retry_after))
    attempt.head_ended(0)
    attempt.end(b"")
    request = Request("http://paper.example/")
    asyncio.run(hand_over(attempt._attachment, request, attempt, None, cast("Turn", turn)))
    return sink, request


@pytest.mark.parametrize(
    "value",
    [b"Mon, 01 Jan 99999999999999999999 00:00:00 GMT", b"Mon, 1 Jan 2024 1:1:1 +99999999999999999999"],
)
def test_an_absurd_retry_after_loses_neither_the_exchange_nor_the_warning(value: bytes) -> None:
    turn = Told()
    sink, request = handed_over(turn, value)
    assert [exchange.id for exchange in sink.exchanges] == list(request.meta[EXCHANGES])
    assert turn.outcomes == [
        Outcome(Trouble.BUSY, True, "503", None, sink.exchanges[0].response.block.length)
    ]  # type: ignore[union-attr]


def test_an_answer_that_politeness_cannot_read_is_kept_and_told_as_an_answer(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> Outcome:
        raise OverflowError("Python int too large to convert to C int")

    monkeypatch.setattr(delivery, "outcome_of", fail)
    turn = Told()
    with caplog.at_level(logging.ERROR):
        sink, request = handed_over(turn)
    assert len(sink.exchanges) == 1
    assert turn.outcomes == [Outcome(Trouble.ERROR, True, "503")] == [request.meta[OUTCOME]]
    assert "http://paper.example/" in caplog.text


def test_an_answer_that_politeness_cannot_take_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.ERROR):
        sink, _ = handed_over(Told(deaf=True))
    assert len(sink.exchanges) == 1
    assert "too much to learn" in caplog.text

"""An attempt collects what one request sends and receives, byte for byte, while Twisted parses it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from archiver.spiders.wire.block import SpooledBlock
from archiver.spiders.wire.payload import RunningPayload
from archiver.spiders.wire.peer import PeerFacts
from archiver.spiders.wire.sink import Attachment

HEADER_LIMIT = 1 << 18
"""Most bytes of status lines and headers, 1xx included, unless told otherwise; browsers stop here too."""

STRAY_LIMIT = 1 << 16


class HeaderTooLongError(Exception):
    """The server sent more bytes of headers than the attempt takes."""


class BodyTooLongError(Exception):
    """The body is longer than DOWNLOAD_MAXSIZE allows."""


class Attempt:
    """One request on its way: the protocol feeds it, the handler makes an `Exchange` of it at the end.

    `receive` takes every piece of data that arrives. While headers are being read it keeps pieces aside;
    as soon as they are complete they go to the block and to the running payload.
    """

    __slots__ = (
        "_attachment", "_head", "_head_length", "_keep", "_maximum", "block", "broken", "complete",
        "delivered", "header_limit", "headers", "informational", "lost", "payload", "peer", "receive",
        "resent", "sent", "started_at", "status", "stray", "version",
    )  # fmt: skip

    def __init__(
        self,
        attachment: Attachment,
        *,
        keep: int | None = None,
        maximum: int = 0,
        header_limit: int = HEADER_LIMIT,
    ) -> None:
        self._attachment = attachment
        self.header_limit = header_limit
        self._keep = keep
        self._maximum = maximum
        self.started_at = datetime.now(UTC)
        self.resent = -1
        self._reset()

    def _reset(self) -> None:
        self.receive: Callable[[bytes], None] = self._receive_head
        self.sent: list[bytes] = []
        self._head: list[bytes] = []
        self._head_length = 0
        self.status = 0
        self.version: tuple[int, int] = (1, 1)
        self.headers: list[tuple[bytes, bytes]] = []
        self.informational: list[bytes] = []
        self.block: SpooledBlock | None = None
        self.payload: RunningPayload | None = None
        self.delivered = 0
        """Bytes of the body, as Twisted decoded them, that went on to Scrapy or were counted for it."""
        self.stray = b""
        self.peer: PeerFacts | None = None
        self.complete = False
        self.broken: BaseException | None = None
        self.lost: BaseException | None = None

    def begin(self) -> None:
        """A connection is about to send the request: the first time, or again on a fresh connection."""
        self.resent += 1
        if self.resent:
            self._reset()

    @property
    def is_informational(self) -> bool:
        """Whether the status read last says that the answer is still to come (RFC 9110, 15.2)."""
        return 100 <= self.status < 200

    def status_received(self, status: int, version: tuple[int, int]) -> None:
        """The status line was understood."""
        self.status = status
        self.version = version

    def head_ended(self, unparsed: int) -> None:
        """The empty line was read; `unparsed` bytes of what was received come after it."""
        received = b"".join(self._head)
        end = len(received) - unparsed
        if self.is_informational:
            self.informational.append(received[:end])
            self._head = [received[end:]]
            self.headers.clear()
            self.status = 0
            return
        self._head = []
        self.block = SpooledBlock(self._attachment.memory_limit, self._attachment.folder)
        self.payload = RunningPayload()
        self.receive = self._receive_response
        self._receive_response(received)

    def tap(self, forward: Callable[[bytes], None]) -> Callable[[bytes], None]:
        """A body callback that counts the transfer-decoded body before it goes on to `forward`.

        With `keep` only so many bytes go on, and the maximum is checked here since Scrapy cannot count.
        """
        if self._keep is not None:
            return self._tap_keeping(forward, self._keep)

        def payload_received(payload: bytes) -> None:
            self.delivered += len(payload)
            forward(payload)

        return payload_received

    def _tap_keeping(self, forward: Callable[[bytes], None], keep: int) -> Callable[[bytes], None]:
        maximum = self._maximum

        def payload_received(payload: bytes) -> None:
            before = self.delivered
            self.delivered = length = before + len(payload)
            if before < keep:
                forward(payload[: keep - before])
            if maximum and length > maximum:
                raise BodyTooLongError(f"the body is longer than {maximum} bytes (DOWNLOAD_MAXSIZE)")

        return payload_received

    def end(self, rest: bytes) -> None:
        """The response is over; `rest` came with its last bytes but is not part of it."""
        self.complete = True
        if rest and self.block is not None:
            self.block.trim(len(rest))
            self.payload = None
            self.stray = rest[:STRAY_LIMIT]

    def close(self) -> None:
        """Take no more: the exchange is made, its block belongs to the sink."""
        self.receive = _drop

    def partial_head(self) -> bytes:
        """What was received of a response whose headers never ended."""
        return b"".join(self._head)

    def finished_payload(self, block: SpooledBlock) -> RunningPayload:
        """The payload of `block`, read again when bytes that do not belong to it were fed."""
        if self.payload is None:
            return RunningPayload.of(block.chunks())
        self.payload.finish()
        return self.payload

    def _receive_response(self, piece: bytes) -> None:
        """The payload first: when the block cannot write `piece` to its folder, it has it all the same."""
        if self.payload is not None:
            self.payload.feed(piece)
        if self.block is not None:
            self.block.write(piece)

    def _receive_head(self, piece: bytes) -> None:
        self._head.append(piece)
        self._head_length += len(piece)
        if self._head_length > self.header_limit:
            raise HeaderTooLongError(f"more than {self.header_limit} bytes of headers came")


def _drop(piece: bytes) -> None:
    """Data that comes after an attempt was concluded, such as after a timeout."""

"""The wire-exact download handler: every byte sent and received, for each attempt."""

from archiver.spiders.wire.block import SpooledBlock
from archiver.spiders.wire.failure import words_of
from archiver.spiders.wire.keys import (
    CONDITION,
    DISCARD_BODY,
    EXCHANGES,
    KEEP_BODY,
    PURPOSE,
    ROBOTS,
    SOURCE,
    TRIES,
    VIA,
)
from archiver.spiders.wire.selftest import self_test, verify_wire
from archiver.spiders.wire.settings import wire_settings
from archiver.spiders.wire.sink import ExchangeSink, WaitForRoom, attach

__all__ = [
    "CONDITION",
    "DISCARD_BODY",
    "EXCHANGES",
    "KEEP_BODY",
    "PURPOSE",
    "ROBOTS",
    "SOURCE",
    "TRIES",
    "VIA",
    "ExchangeSink",
    "SpooledBlock",
    "WaitForRoom",
    "attach",
    "self_test",
    "verify_wire",
    "wire_settings",
    "words_of",
]

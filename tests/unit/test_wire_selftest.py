from __future__ import annotations

import subprocess
import sys

import pytest
from scrapy.core.downloader.handlers.http11 import _LenientHTTPClientParser

from archiver.errors import CaptureSelfTestError
from archiver.spiders.wire import self_test
from archiver.spiders.wire.attempt import Attempt
from archiver.spiders.wire.protocol import WireParser, WireProtocol

IN_A_REACTOR = """
import asyncio, sys, time
from scrapy.utils.reactor import install_reactor
from archiver.spiders.wire import verify_wire, wire_settings
settings = wire_settings()
install_reactor(settings["TWISTED_REACTOR"], settings["ASYNCIO_EVENT_LOOP"])
async def twice():
    await verify_wire()
    started = time.process_time()
    await verify_wire()
    assert time.process_time() - started < 0.3
asyncio.get_event_loop().run_until_complete(twice())
"""
LEAVES_NO_REACTOR = """
import sys
from archiver.spiders.wire import self_test
self_test()
assert "twisted.internet.reactor" not in sys.modules
"""


def test_the_tap_is_exact_with_the_installed_versions() -> None:
    self_test()


@pytest.mark.parametrize("program", [IN_A_REACTOR, LEAVES_NO_REACTOR])
def test_the_process_goes_on_undisturbed(program: str) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert done.stderr == b""
    assert done.returncode == 0


def test_a_lost_byte_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    receive = WireProtocol.dataReceived

    def lossy(self: WireProtocol, data: bytes) -> None:
        receive(self, data)
        if self.attempt and self.attempt.block:
            self.attempt.block.trim(1)

    monkeypatch.setattr(WireProtocol, "dataReceived", lossy)
    with pytest.raises(CaptureSelfTestError, match=r"with scrapy 2\.\d.*twisted.*: /odd-headers: block"):
        self_test()


def test_a_payload_hook_that_is_gone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(WireParser, "switchToBodyMode")
    with pytest.raises(CaptureSelfTestError, match="0 bytes of the payload went through the tap"):
        self_test()


def test_a_private_name_that_is_gone_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(_LenientHTTPClientParser, "lineReceived")
    with pytest.raises(CaptureSelfTestError, match="install the pinned versions"):
        self_test()


def test_a_header_end_in_the_wrong_place_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    head_ended = Attempt.head_ended
    monkeypatch.setattr(Attempt, "head_ended", lambda self, unparsed: head_ended(self, unparsed + 1))
    with pytest.raises(CaptureSelfTestError):
        self_test()

"""Why a page could not be had is told in words, however the server or the address fails."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from polite_crawls import Polite, run
from raw_site import Site
from wire_server import After, Script, WireServer

OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
NOWHERE = "the server answered 302, which leads to nothing that can be fetched"
UNENDED = "the connection ended before the answer was whole"
UNCHUNKED = "the answer is not chunked as its header says"
SENSELESS = "the answer makes no sense: "
RAW = re.compile(r"Error\b|Exception|<[\w.]+ |twisted|Traceback|\bb'|0x[0-9a-f]{6}")
"""What only a reader of Python would understand."""


def to(address: bytes) -> bytes:
    return b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + address + b"\r\n\r\n"


ANSWERS = {
    "/redirect-to-half-an-address": (to(b"http://[::1"), NOWHERE),
    "/redirect-to-half-an-address-beside": (to(b"//[::1"), NOWHERE),
    "/redirect-to-no-port": (to(b"http://x.localhost:99999999/"), NOWHERE),
    "/redirect-to-a-word-as-port": (to(b"http://x.localhost:port/"), NOWHERE),
    "/redirect-to-mail": (to(b"mailto:x@y"), NOWHERE),
    "/redirect-to-odd-letters": (to("http://℀.example/".encode()), NOWHERE),
    "/chunk-endless": (CHUNKED + b"F" * 22 + b"\r\nx", UNENDED),
    "/chunk-too-long": (CHUNKED + b"3\r\nabcdef\r\n0\r\n\r\n", UNCHUNKED),
    "/length-negative": (OK + b"Content-Length: -5\r\n\r\nxxx", f"{SENSELESS}.*'-5'"),
    "/length-twice": (OK + b"Content-Length: 3\r\nContent-Length: 4\r\n\r\nxxxx", f"{SENSELESS}.*"),
    "/length-huge": (OK + b"Content-Length: " + b"9" * 20 + b"\r\n\r\nx", "Expected to receive 9+ bytes .*"),
    "/cut": (OK + b"Content-Length: 30\r\n\r\nxxx", UNENDED),
    "/headers-too-long": (b"HTTP/1.1 200 OK\r\nA: " + b"x" * 400_000, "more than 262144 bytes of .*"),
}
ADDRESSES = {
    "http://[::1": "the host is not a proper IPv6 address: ",
    "http://127.0.0.1:99999999/": "the port is not a number from 1 to 65535: ",
    "http://127.0.0.1:x/": "the port is not a number from 1 to 65535: ",
    "//x": "not an absolute URL (write http:// or https:// before it): ",
    "mailto:x": "only http and https URLs can be archived, not mailto: ",
    "http://127.0.0.1/\udcff": "no request can be made for an address that contains what no address has: ",
}


@cache
def told() -> dict[str, dict[str, Any]]:
    """By path or address, what was told of it; each answer comes from a server of its own."""
    servers = {
        path: WireServer(Site({path: Script(answer, After.HANG if reason == UNCHUNKED else After.CLOSE)}))
        for path, (answer, reason) in ANSWERS.items()
    }
    try:
        urls = {path: f"http://127.0.0.1:{server.__enter__().port}{path}" for path, server in servers.items()}
        wanted = [*urls.values(), *ADDRESSES]
        [result] = run(Polite([wanted], {"delay": 0.0, "backoff": 0.0}, {"timeout": 10}), timeout=60)
    finally:
        for server in servers.values():
            server.__exit__()
    pages: dict[str, dict[str, Any]] = result["pages"]
    return {path: pages[urls[path]] for path in ANSWERS} | {address: pages[address] for address in ADDRESSES}


@pytest.mark.parametrize("path", ANSWERS)
def test_what_a_server_got_wrong_is_told_in_words(path: str) -> None:
    reason = told()[path]["reason"].partition(" after ")[0]
    assert re.fullmatch(ANSWERS[path][1], reason)
    assert not RAW.search(reason)


@pytest.mark.parametrize("path", [path for path in ANSWERS if "redirect" in path])
def test_a_redirect_to_nowhere_is_asked_for_once(path: str) -> None:
    page = told()[path]
    assert (page["status"], page["attempts"], page["exchanges"]) == (302, 1, 1)


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_malformed_address_is_told_once_and_never_tried(address: str) -> None:
    page = told()[address]
    assert page["reason"].startswith(ADDRESSES[address])
    assert not RAW.search(page["reason"])
    assert (page["status"], page["attempts"], page["exchanges"], page["again_at"]) == (0, 0, 0, None)

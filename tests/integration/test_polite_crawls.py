"""Crawls of one process are polite together: what a server sees of them, and what they say of it."""

from __future__ import annotations

import itertools
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest
from polite_crawls import Polite, run
from raw_site import PICTURE, Site, answer, in_turn, page
from wire_server import After, Script, WireServer

PAGES = [f"/page/{number}" for number in range(4)]
LATE = 0.06
"""Seconds by which a request may reach the server early or late on a busy machine."""
RULES = b"User-agent: *\nCrawl-delay: 0.1\nDisallow: /no\n"
LONG_ROBOTS = b"User-agent: *\nDisallow: /early\n" + b"# nothing\n" * 1_000_000 + b"Disallow: /late\n"


def noted(times: list[float], said: bytes) -> Callable[[bytes], Iterator[bytes]]:
    """An answer that notes when it was asked for."""

    def answer_request(_: bytes) -> Iterator[bytes]:
        times.append(time.monotonic())
        yield said

    return answer_request


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def busy(*headers: str) -> bytes:
    return answer(b"too much", "text/plain", *headers, status="503 Service Unavailable")


OOPS = answer(b"oops", "text/plain", status="500 Oops")


@dataclass
class Seen:
    """What the servers saw, and what the crawls said."""

    times: list[float]
    patient: list[float]
    servers: dict[str, WireServer]
    results: dict[str, dict[str, Any]]
    urls: dict[str, str]

    def page(self, plan: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.results[plan]["pages"][self.urls[name]]
        return found


@cache
def seen() -> Seen:
    """All crawls of this module, in one process one after the other."""
    times: list[float] = []
    patient: list[float] = []
    good = answer(page())
    again = in_turn(busy("Retry-After: 1"), good)

    def asks_for_patience(request: bytes) -> Iterator[bytes]:
        patient.append(time.monotonic())
        return again(request)

    together = WireServer({path: Script(noted(times, good)) for path in PAGES})
    robots = WireServer(
        Site(
            {
                "/robots.txt": Script(answer(RULES, "text/plain")),
                **{f"/{number}": Script(good) for number in range(10)},
                "/no": Script(good),
            }
        )
    )
    troubled = WireServer(
        Site(
            {
                "/patient": Script(asks_for_patience),
                "/500": Script(OOPS),
                "/429": Script(answer(b"no", status="429 Too Many Requests")),
                "/503": Script(busy()),
                "/recovers": Script(in_turn(OOPS, OOPS, good)),
                "/cut": Script(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", After.CLOSE),
                "/gone": Script(answer(b"", status="404 Not Found")),
                "/hangs": Script(b"", After.HANG),
                "/ssh": Script(b"SSH-2.0-OpenSSH_9.6\r\n", After.CLOSE),
                "/shows": Script(answer(page("/broken.jpg", "/fine.jpg"))),
                "/broken.jpg": Script(OOPS),
                "/fine.jpg": Script(answer(PICTURE, "image/jpeg")),
            }
        )
    )
    closing = WireServer(
        Site({**{f"/{number}": Script(OOPS) for number in range(12)}, "/well": Script(good)})
    )
    long_rules = WireServer(
        {
            "/robots.txt": Script(answer(LONG_ROBOTS, "text/plain")),
            "/early": Script(good),
            "/late": Script(good),
        }
    )
    resting = WireServer({"/": Script(busy("Retry-After: 3600")), "/2": Script(good)})
    busy_robots = WireServer({"/robots.txt": Script(busy()), "/": Script(good)})
    servers = {
        "together": together, "robots": robots, "troubled": troubled, "closing": closing,
        "long": long_rules, "resting": resting, "busy robots": busy_robots,
    }  # fmt: skip
    with together, robots, troubled, closing, long_rules, resting, busy_robots:
        nobody = f"http://127.0.0.1:{free_port()}/"
        urls = {
            path: troubled.url(path)
            for path in troubled.scripts
            if path not in ("/patient", "/broken.jpg", "/fine.jpg")
        }
        urls |= {
            "nobody": nobody,
            "nowhere": "http://no-such-paper.invalid/",
            "no TLS": f"https://127.0.0.1:{troubled.port}/",
        }
        plans = {
            "together": Polite(
                [[together.url(path) for path in PAGES[:2]], [together.url(path) for path in PAGES[2:]]],
                {"delay": 0.25},
            ),
            "robots": Polite(
                [[robots.url(f"/{n}")] for n in range(10)], {"obey_robots": True}, after=[robots.url("/no")]
            ),
            "retries": Polite([list(urls.values())], {"close_after": 0}, {"timeout": 0.4}),
            "patience": Polite([[troubled.url("/patient")]]),
            "closing": Polite(
                [[closing.url(f"/{n}") for n in range(12)]],
                {"close_after": 3, "closed_seconds": 0.5, "concurrency": 1},
                after=[closing.url("/well")],
            ),
            "long": Polite([[long_rules.url("/early"), long_rules.url("/late")]], {"obey_robots": True}),
            "resting": Polite([[resting.url("/")]], after=[]),
            "busy robots": Polite([[busy_robots.url("/")]], {"obey_robots": True}),
            "nobody": Polite([[nobody]], {"obey_robots": True}),
            "stopped": Polite([[together.url(path) for path in PAGES]], {"delay": 100}, stop_after=0.5),
        }
        results = dict(zip(plans, run(*plans.values()), strict=True))
        for plan in plans.values():
            urls |= {url: url for crawl in [*plan.crawls, plan.after] for url in crawl}
    return Seen(times, patient, servers, results, urls)


def test_two_crawls_of_one_host_keep_its_delay_together() -> None:
    starts = sorted(seen().times[: len(PAGES)])
    gaps = [b - a for a, b in itertools.pairwise(starts)]
    assert all(gap > 0.25 - LATE for gap in gaps), gaps
    pages = seen().results["together"]["pages"]
    assert [each["status"] for each in pages.values()] == [200] * 4


def test_ten_crawls_fetch_one_robots_txt_and_keep_its_delay() -> None:
    result = seen().results["robots"]
    assert len(seen().servers["robots"].requests["/robots.txt"]) == 1
    assert [each["purpose"] for each in result["exchanges"]].count("robots") == 1
    assert result["seconds"] > 9 * 0.1
    excluded = result["pages"][seen().servers["robots"].url("/no")]
    assert excluded["exchanges"] == 0
    assert "robots.txt of 127.0.0.1" in excluded["reason"]
    assert sum(each["status"] == 200 for each in result["pages"].values()) == 10


@pytest.mark.parametrize(
    ("name", "attempts", "reason"),
    [
        ("/500", 3, "the server answered 500 after 3 attempts"),
        ("/429", 3, "the server answered 429 after 3 attempts"),
        ("/503", 3, "the server answered 503 after 3 attempts"),
        ("/cut", 3, " after 3 attempts"),
        ("/hangs", 2, " after 2 attempts"),
        (
            "nobody",
            3,
            "refused: Connection was refused by other side: 111: Connection refused after 3 attempts",
        ),
        (
            "nowhere",
            3,
            "dns: DNS lookup failed: no-such-paper.invalid: Name or service not known after 3 attempts",
        ),
        ("no TLS", 1, "tls: "),
        ("/ssh", 1, "not-http: "),
        ("/gone", 1, "the server answered 404"),
        ("/recovers", 3, ""),
    ],
)
def test_each_trouble_is_tried_as_often_as_it_pays(name: str, attempts: int, reason: str) -> None:
    told = seen().page("retries", name)
    assert (told["attempts"], told["exchanges"]) == (attempts, attempts)
    assert reason in (told["reason"] or "")
    assert ("attempt" in (told["reason"] or "")) == (attempts > 1 and name != "/recovers")


def test_a_picture_is_tried_as_often_as_a_page_and_says_so() -> None:
    broken, fine = seen().page("retries", "/shows")["pictures"]
    assert broken["reason"] == "the server answered 500 after 3 attempts"
    assert (fine["status"], fine["reason"]) == (200, None)


def test_a_retry_after_is_waited_for() -> None:
    first, second = seen().patient
    assert second - first > 1 - LATE
    [told] = seen().results["patience"]["pages"].values()
    assert (told["status"], told["reason"], told["exchanges"]) == (200, None, 2)


def test_a_host_that_asks_for_an_hour_is_closed_and_the_answer_is_kept() -> None:
    result = seen().results["resting"]
    [told] = result["pages"].values()
    assert (told["status"], told["exchanges"]) == (503, 1)
    [state] = result["states"].values()
    assert state == {"closed": True, "reason": "503 once, Retry-After 3600 s"}


def test_a_host_that_fails_is_closed_and_tried_again_later() -> None:
    result = seen().results["closing"]
    server = seen().servers["closing"]
    refused = [each for each in result["pages"].values() if each["exchanges"] == 0]
    assert len(refused) == 9
    for each in refused:
        assert "is left alone until" in each["reason"]
        assert "500 three times" in each["reason"]
        assert each["again_at"]
    assert result["pages"][server.url("/well")]["status"] == 200
    assert result["counts"]["refused"] >= 9


def test_what_comes_of_an_unreachable_host_is_on_record_though_its_robots_txt_cannot_be_had() -> None:
    result = seen().results["nobody"]
    [told] = result["pages"].values()
    assert told["reason"].startswith("refused: Connection was refused by other side")
    robots, asked = result["exchanges"][:-1], result["exchanges"][-1]
    assert [each["purpose"] for each in robots] == ["robots"] * 3
    assert asked["purpose"] == "page"
    assert asked["failure"].startswith("refused: ")
    assert asked["not asked"].startswith("robots.txt of 127.0.0.1:")


def test_a_robots_txt_that_the_server_cannot_give_now_excludes_everything_for_now() -> None:
    result = seen().results["busy robots"]
    [told] = result["pages"].values()
    assert told["exchanges"] == 0
    assert "could not be had (the server answered 503)" in told["reason"]
    assert told["again_at"]
    assert seen().servers["busy robots"].requests["/"] == []


def test_only_the_beginning_of_a_robots_txt_of_10_megabytes_is_read() -> None:
    server = seen().servers["long"]
    pages = seen().results["long"]["pages"]
    assert pages[server.url("/late")]["status"] == 200
    assert pages[server.url("/early")]["exchanges"] == 0


def test_a_crawl_that_is_stopped_does_not_wait_for_its_turn() -> None:
    assert seen().results["stopped"]["seconds"] < 10
    assert seen().results["stopped"]["counts"]["requests"] == 1

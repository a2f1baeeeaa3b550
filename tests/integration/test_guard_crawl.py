"""Whole crawls under the guard, against real servers on loopback: none of them is ever reached."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

CRAWLS = Path(__file__).with_name("guard_crawls.py")
URLS = [
    "http://127.0.0.1:PORT/",
    "http://127.1:PORT/",
    "http://2130706433:PORT/",
    "http://0x7f000001:PORT/",
    "http://0177.0.0.1:PORT/",
    "http://①②⑦.⓪.⓪.①:PORT/",
    "http://127。0。0。1:PORT/",
    "http://127.0.0.1.:PORT/",
    "http://0.0.0.0:PORT/",
    "http://0:PORT/",
    "http://localhost:PORT/",
    "http://news.localhost:PORT/",
    "http://[::1]:PORT/",
    "http://[::ffff:127.0.0.1]:PORT/",
    "http://[64:ff9b::7f00:1]:PORT/",
    "http://news.example:PORT/",
    "http://mixed.example:PORT/",
    "https://127.0.0.1:PORT/",
    "https://news.example:PORT/",
    "http://user:secret@127.0.0.1:PORT/",
    "http://news.example:22/",
    "ftp://127.0.0.1:PORT/x",
    "file:///etc/passwd",
    "data:text/plain,hello",
    "s3://bucket/key",
]


def crawl(way: str, *urls: str) -> dict[str, Any]:
    command = [sys.executable, CRAWLS, way, *urls]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


@pytest.fixture(scope="module", params=["reactor", "asyncio"])
def crawls(request: pytest.FixtureRequest) -> dict[str, Any]:
    """What came of each crawl, under Twisted's reactor and in an asyncio loop that runs already."""
    return crawl(request.param, *URLS)


def test_no_spelling_of_a_private_address_is_connected_to(crawls: dict[str, Any]):
    found = crawls["spellings"]
    assert found["connections"] == 0
    assert len(found["outcome"]) == len(URLS)
    for url, outcome in found["outcome"].items():
        assert outcome.startswith("refused: "), url


def test_no_redirect_robots_file_or_picture_leads_into_a_private_network(crawls: dict[str, Any]):
    found = crawls["hops"]
    base = found["base"]
    assert found["trapped"] == 0
    outcome = {url.removeprefix(base): result for url, result in found["outcome"].items()}
    assert outcome.pop("/") == "200"
    assert "Ignoring non-200 response" in outcome.pop("/to-file")
    assert len(outcome) == 7
    for url, result in outcome.items():
        assert result.startswith("refused: "), url
        assert "network.allow_private" in result
    redirects = [f"/to-{kind}" for kind in ("decimal", "file", "literal", "mixed", "name")]
    assert found["asked"] == ["/", "/hop-1", "/hop-2", "/robots.txt", *redirects]


def test_a_refused_url_is_announced_so_that_the_hop_can_be_recorded(crawls: dict[str, Any]):
    announced = crawls["hops"]["announced"]
    assert any(url.startswith("http://127.0.0.2:") for url in announced)
    assert any(url.startswith("http://[::ffff:127.0.0.2]:") for url in announced)


def test_without_the_resolver_nothing_is_fetched_at_all(crawls: dict[str, Any]):
    found = crawls["unguarded"]
    assert found["connections"] == 0
    assert [("call install_guard first" in outcome) for outcome in found["outcome"].values()] == [True]


def test_one_guard_holds_for_all_crawlers_of_a_process(crawls: dict[str, Any]):
    found = crawls["two_crawlers"]
    for crawler in ("first", "second"):
        outcome = found[crawler]
        assert outcome[f"http://news.example:{found['port']}/"] == "200"
        evil = outcome[f"http://evil.example:{found['port']}/"]
        assert evil.startswith("refused: evil.example leads to 127.0.0.2")


def test_what_dns_answered_is_known_for_the_record(crawls: dict[str, Any]):
    resolved = crawls["two_crawlers"]["resolved"]
    assert resolved == {"news.example": ["127.0.0.1"], "never-asked.example": [], "127.0.0.1": []}


def test_behind_a_proxy_names_are_judged_before_the_proxy_is_asked(crawls: dict[str, Any]):
    found = crawls["proxied"]
    outcome = dict(found["outcome"])
    assert outcome.pop("http://only-the-proxy-knows.example/") == "200"
    assert found["asked"] == ["http://only-the-proxy-knows.example/"]
    assert len(outcome) == 3
    assert all(result.startswith("refused: ") for result in outcome.values())


def test_scrapys_own_process_installs_the_guard_from_its_settings():
    outcome = crawl("scrapy")["outcome"]
    assert outcome["http://evil.example/"].startswith("refused: evil.example leads to 127.0.0.2")
    assert outcome["http://127.1.1.1/"].startswith("refused: 127.1.1.1 is loopback")
    assert "nowhere.example: Name or service not known" in outcome["http://nowhere.example/"]

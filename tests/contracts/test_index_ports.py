"""A host on a port of its own: found by the host's name when every port is asked for, and only then."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from index_examples import capture

from archiver.storage.index import Index, on_any_port

PLAIN = "https://news.example/a"
WITH_PORT = "http://news.example:8080/b"
OTHER_PORT = "http://news.example:9/c"
BELOW = "http://m.news.example:8080/d"
NEIGHBOUR = "http://news.examples/e"
HOST = "news.example"


@pytest.fixture
def index(url: str) -> Iterator[Index]:
    with Index.open(url) as opened:
        opened.record([capture(each) for each in (PLAIN, WITH_PORT, OTHER_PORT, BELOW, NEIGHBOUR)])
        yield opened


@pytest.mark.parametrize(
    ("match", "asked", "found"),
    [
        ("host", HOST, {PLAIN}),
        ("host", on_any_port(HOST), {PLAIN, WITH_PORT, OTHER_PORT}),
        ("host", on_any_port(f"https://{HOST}/a?b=c:d"), {PLAIN, WITH_PORT, OTHER_PORT}),
        ("host", on_any_port(f"{HOST}:8080"), {WITH_PORT}),
        ("host", on_any_port("[::1]"), set()),
        ("domain", HOST, {PLAIN, WITH_PORT, OTHER_PORT, BELOW}),
    ],
)
def test_a_host_is_found_on_the_ports_that_are_meant(
    index: Index, match: str, asked: str, found: set[str]
) -> None:
    for descending in (False, True):
        listed = [each.target_uri for each in index.captures(match, asked, descending=descending)]
        assert set(listed) == found
        assert len(listed) == len(found)
    assert index.count(match, asked) == len(found)


def test_the_order_holds_over_all_ports(index: Index) -> None:
    keys = [each.urlkey for each in index.captures("host", on_any_port(HOST))]
    assert keys == sorted(keys)
    assert [each.urlkey for each in index.captures("host", on_any_port(HOST), descending=True)] == keys[::-1]

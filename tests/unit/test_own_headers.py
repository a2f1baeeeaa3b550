from __future__ import annotations

import pytest

from archiver.model.own_headers import OwnHeaders, is_on

HEADERS = {"X-Key": "abc", "Accept-Language": "de"}


def own(*schemes: str) -> OwnHeaders:
    return OwnHeaders(HEADERS, frozenset({"x-key"}), ("paper.example",), frozenset(schemes))


@pytest.mark.parametrize(
    "url",
    [
        "https://paper.example/", "https://www.paper.example:8443/a", "https://PAPER.example./",
    ],
)  # fmt: skip
def test_the_hosts_of_a_source_get_all(url: str) -> None:
    assert own("https").sent_to(url) == HEADERS


@pytest.mark.parametrize(
    "url",
    [
        "https://other.example/", "https://notpaper.example/", "https://paper.example.evil.example/",
        "https://evil.example/paper.example", "https://paper.example@evil.example/", "https://[bad/", "",
    ],
)  # fmt: skip
def test_other_hosts_get_nothing(url: str) -> None:
    assert not is_on(url, ("paper.example",))
    assert own("https").sent_to(url) == {}


def test_a_secret_goes_over_plain_http_only_where_the_source_is_asked_so() -> None:
    assert own("https").sent_to("http://paper.example/") == {"Accept-Language": "de"}
    assert own("https", "http").sent_to("http://paper.example/") == HEADERS


def test_the_values_do_not_show_where_the_object_is_written_out() -> None:
    assert "abc" not in repr(own("https"))

"""Addresses of one article come down to one key; addresses of two articles never do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.spiders.discovery.identity import (
    article_identity,
    identity_key,
    original_of_amp,
    strip_tracking,
)

ARTICLE = "https://www.news.example/world/bridge-falls?id=7"


@pytest.mark.parametrize(
    "variant",
    [
        "http://www.news.example/world/bridge-falls?id=7",
        "https://news.example/world/bridge-falls?id=7",
        "https://m.news.example/world/bridge-falls?id=7",
        "https://amp.news.example/world/bridge-falls?id=7",
        "https://www.news.example:443/world/bridge-falls/?id=7",
        "https://WWW.News.Example/world/bridge-falls?id=7",
        "https://www.news.example/world/bridge%2Dfalls?id=7",
        "https://www.news.example/world/bridge-falls?id=7#comments",
        "https://www.news.example/world/bridge-falls?utm_source=rss&id=7&fbclid=abc&at_medium=RSS",
        "https://www.news.example/world/bridge-falls/amp?id=7",
        "https://www.news.example/world/bridge-falls?id=7&amp=1",
        "https://www.news.example/world/bridge-falls?outputType=amp&id=7",
        "https://www.news.example/world/bridge-falls;jsessionid=0A1B?id=7",
        "https://www.news.example/world/bridge-falls?id=7&ref=rss_home",
        "https://www-news-example.cdn.ampproject.org/c/s/www.news.example/world/bridge-falls?id=7",
        "https://www.google.com/amp/s/www.news.example/world/bridge-falls?id=7",
    ],
)
def test_a_variant_has_the_key_of_the_article(variant):
    assert identity_key(variant) == identity_key(ARTICLE)


@pytest.mark.parametrize(
    "other",
    [
        "https://www.news.example/world/bridge-falls?id=8",
        "https://www.news.example/world/bridge-falls",
        "https://www.news.example/world/Bridge-falls?id=7",
        "https://www.news.example:8080/world/bridge-falls?id=7",
        "https://en.news.example/world/bridge-falls?id=7",
        "https://www.news.example/world/bridge-falls?id=7#!/part/2",
        "https://www.news.example/world/bridge-falls?id=7&cid=12",
        "https://www.news.example/world/bridge-falls?id=7&sid=104",
        "https://www.news.example/world/bridge-falls?id=7&source=12",
        "https://www.news.example/world/bridge-falls?id=7&page=2",
    ],
)
def test_another_article_has_another_key(other):
    assert identity_key(other) != identity_key(ARTICLE)


def test_nothing_but_tracking_is_stripped():
    assert (
        strip_tracking("https://a.example/x?b=%C3%A9&utm_source=x&a=1+2&c#d")
        == "https://a.example/x?b=%C3%A9&a=1+2&c"
    )
    assert strip_tracking("https://a.example/x?b&&c=") == "https://a.example/x?b&c="
    assert strip_tracking("https://a.example/x?PHPSESSID=0123456789abcdef0") == "https://a.example/x"
    assert strip_tracking("http://[::1") == "http://[::1"


@given(st.text(max_size=80))
def test_no_text_raises_and_a_second_time_changes_nothing(text):
    for url in (text, f"https://a.example/{text}"):
        once = strip_tracking(url)
        assert strip_tracking(once) == once
        assert identity_key(url) == identity_key(once)
        original_of_amp(url)


def test_the_canonical_link_decides():
    identity = article_identity(
        "https://t.example/x",
        redirected_to="https://m.news.example/world/bridge-falls?id=7&utm_source=t",
        canonical="https://www.news.example/world/bridge-falls?id=7",
        og_url="https://www.news.example/world/og",
        amp_url="/amp/7",
    )
    assert identity.key == identity_key(ARTICLE)
    assert identity.canonical == ARTICLE
    assert identity.urls == (
        "https://t.example/x",
        "https://m.news.example/world/bridge-falls?id=7&utm_source=t",
        ARTICLE,
        "https://www.news.example/world/og",
        "https://m.news.example/amp/7",
    )
    assert identity.doubts == ()


@pytest.mark.parametrize(
    ("claim", "doubt"),
    [
        ("https://www.news.example/", "is a front page"),
        ("https://www.news.example/en/", "is a front page"),
        ("https://evil.example.org/world/bridge-falls", "is on another site"),
    ],
)
def test_a_claim_that_cannot_be_right_is_doubted_not_followed(claim, doubt):
    identity = article_identity(ARTICLE, canonical=claim)
    assert identity.key == identity_key(ARTICLE)
    assert identity.doubts == (f"the canonical link {claim} {doubt}",)
    assert claim in identity.urls


def test_an_amp_cache_may_name_the_publisher():
    cached = "https://www-news-example.cdn.ampproject.org/v/s/www.news.example/a.amp.html"
    identity = article_identity(cached, canonical="https://www.news.example/a.html")
    assert identity.canonical == "https://www.news.example/a.html"
    assert identity.doubts == ()

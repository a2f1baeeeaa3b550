from dataclasses import replace

import pytest
from version_builders import KEY, URL, article, snapshot

from archiver.model.article import ArticleField, Finding
from archiver.versions import address_key, article_key, key_of
from archiver.versions.identity import is_front_of


@pytest.mark.parametrize(
    "variant",
    [
        f"{URL}?utm_source=feed&fbclid=x",
        f"{URL}/amp",
        f"{URL}?outputType=amp",
        f"{URL}#comments",
        URL.replace("https://news", "http://www.news"),
        URL.replace("https://news", "https://m.news"),
        URL.replace("https://", "https://news-example.cdn.ampproject.org/c/s/"),
    ],
)
def test_amp_mobile_and_tracking_addresses_meet(variant: str) -> None:
    assert article_key(None, variant, variant) == article_key(article(), URL, URL) == KEY
    assert address_key(variant) == KEY


def test_the_canonical_address_decides() -> None:
    read = article(canonical_url="https://news.example/p/12345")
    assert article_key(read, URL, URL) == "example,news)/p/12345"


@pytest.mark.parametrize(
    "claim",
    [
        "https://news.example/",
        "https://news.example/politics",
        "https://other.example/politics/the-bridge-is-closed-1",
    ],
)
def test_a_canonical_address_that_is_a_front_or_on_another_site_is_not_believed(claim: str) -> None:
    assert article_key(article(canonical_url=claim), URL, URL) == KEY


def test_og_url_helps_where_the_canonical_address_leads_to_another_site() -> None:
    stated = Finding(ArticleField.CANONICAL_URL, "https://news.example/own/777", "og:url")
    read = article(canonical_url="https://agency.example/wire/1", disagreeing=(stated,))
    assert article_key(read, URL, URL) == "example,news)/own/777"


def test_a_redirect_to_the_front_page_keeps_the_key_of_what_was_asked_for() -> None:
    front = article(canonical_url="https://news.example/")
    assert article_key(front, "https://news.example/", URL) == KEY


def test_a_redirect_to_another_address_of_the_article_gives_its_key() -> None:
    assert article_key(article(), URL, "https://news.example/?p=12345") == KEY


@pytest.mark.parametrize(
    ("url", "front"),
    [
        ("https://news.example/", True),
        ("https://news.example/de", True),
        ("https://news.example/politics/", True),
        ("https://news.example/sport", False),
        ("https://news.example/politics/the-bridge-is-closed-12345/page/2", False),
        (URL, False),
        ("http://[", False),
    ],
)
def test_fronts_of_sections_are_known_by_their_place(url: str, front: bool) -> None:
    assert is_front_of(url, URL) is front


def test_an_article_is_not_the_front_of_its_own_pages() -> None:
    assert not is_front_of(
        "https://news.example/stories/3376705/", "https://news.example/stories/3376705/slug"
    )


def test_letter_case_tells_two_articles() -> None:
    one, other = "https://news.example/i/KzAbQ1", "https://News.Example/i/kZaBq1"
    assert article_key(None, one, one) == "example,news)/i/KzAbQ1"
    assert article_key(None, other, other) == "example,news)/i/kZaBq1"


def test_a_key_that_was_stored_without_case_is_read_with_it() -> None:
    url = "https://news.example/i/KzAbQ1"
    shown = snapshot(key="example,news)/i/kzabq1")
    stored = replace(shown, seed=url, page=replace(shown.page, target_uri=url), article=None)
    assert key_of(stored) == "example,news)/i/KzAbQ1"
    assert key_of(replace(stored, article_key="example,news)/other")) == "example,news)/other"
    assert key_of(replace(stored, article_key=None)) is None

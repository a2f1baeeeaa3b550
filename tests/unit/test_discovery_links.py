"""References become URLs that may be fetched, or nothing."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.spiders.discovery.link import absolute_url, is_same_site, site_of

BASE = "https://news.example/world/"


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("bridge", "https://news.example/world/bridge"),
        ("/bridge?id=7", "https://news.example/bridge?id=7"),
        ("/a/../b", "https://news.example/b"),
        ("//cdn.example/a", "https://cdn.example/a"),
        ("https://news.example/a;b=1?c[]=%C3%A9", "https://news.example/a;b=1?c[]=%C3%A9"),
        (" https://news.example/a#part ", "https://news.example/a"),
        ("https://news.example/#!/a", "https://news.example/#!/a"),
        ("HTTPS://News.Example/Á", "HTTPS://News.Example/Á"),
        ("https://news.example:8443/a", "https://news.example:8443/a"),
        ("https://[2001:db8::1]/a", "https://[2001:db8::1]/a"),
        ("ht\ntps://news.example/a\tb c", "https://news.example/ab%20c"),
        ("", None),
        (None, None),
        ("javascript:alert(1)", None),
        ("JaVaScRiPt:alert(1)", None),
        ("data:text/html,a", None),
        ("file:///etc/passwd", None),
        ("mailto:a@news.example", None),
        ("https://user@news.example/", None),
        ("https://", None),
        ("https:///a", None),
        ("https://news.example:0/", None),
        ("https://news.example:99999/", None),
        ("https://[::1", None),
        ("/a\x00b", None),
        ("/a\udcff", None),
        ("/" + "a" * 5000, None),
    ],
)
def test_a_reference_is_resolved_or_refused(reference, url):
    assert absolute_url(BASE, reference) == url


@given(
    st.from_regex(r"/?[a-z0-9./?=&%~_-]{0,30}", fullmatch=True),
    st.sampled_from([BASE, "http://a.example/b/c?d=/e"]),
)
def test_the_short_way_gives_what_the_standard_gives(reference, base):
    found = absolute_url(base, reference)
    # An empty query stays (WHATWG URL, 4.4); urljoin drops it.
    assert found is None or found.rstrip("?") == urljoin(base, reference).rstrip("?")


@given(st.text(max_size=60))
def test_no_text_gives_a_url_that_cannot_be_fetched(text):
    url = absolute_url(BASE, text)
    assert url is None or (
        url.lower().startswith(("http://", "https://")) and url.isprintable() | (not url.isascii())
    )


def test_a_site_is_its_registrable_domain():
    assert site_of("www.bbc.co.uk") == "bbc.co.uk"
    assert site_of("127.0.0.1") == "127.0.0.1"
    assert site_of("localhost") == "localhost"
    assert is_same_site("https://feeds.bbc.co.uk/x", "http://www.bbc.co.uk/")
    assert not is_same_site("https://guardian.co.uk/", "https://bbc.co.uk/")
    assert not is_same_site("nonsense", "nonsense")

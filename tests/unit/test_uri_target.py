from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from w3lib.url import safe_url_string

from archiver.errors import UnsafeURLError
from archiver.uri import MAX_LENGTH, target_uri


@pytest.mark.parametrize(
    ("url", "uri"),
    [
        ("http://example.com", "http://example.com/"),
        ("HTTP://Example.COM:80/A?b=C", "http://example.com/A?b=C"),
        ("https://example.com:443", "https://example.com/"),
        ("https://example.com:80/", "https://example.com:80/"),
        ("http://example.com:/", "http://example.com/"),
        ("http://example.com?a=1", "http://example.com/?a=1"),
        ("http://example.com/?", "http://example.com/"),
        ("http://example.com/a#part", "http://example.com/a"),
        ("http://example.com/?z=1&a=2&a=1", "http://example.com/?z=1&a=2&a=1"),
        ("http://example.com/a/../b/./c//d", "http://example.com/a/../b/./c//d"),
        ("http://example.com/%7euser/%zz", "http://example.com/%7euser/%zz"),
        ("  http://example.com/a b  ", "http://example.com/a%20b"),
        ("http://example.com/ä?ö=ü", "http://example.com/%C3%A4?%C3%B6=%C3%BC"),
        ("http://example.com/\x07\x7f", "http://example.com/%07%7F"),
        ("http://example.com/\ud800", "http://example.com/%EF%BF%BD"),
        ("http://example.com/\ud83d\ude00", "http://example.com/%F0%9F%98%80"),
        ("http://example.com/a\\b", "http://example.com/a/b"),
        ('http://example.com/"<>`{}', "http://example.com/%22%3C%3E%60%7B%7D"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://faß.de/", "http://xn--fa-hia.de/"),
        ("http://☃.net/", "http://xn--n3h.net/"),
        ("http://日本語。jp/", "http://xn--wgv71a119e.jp/"),
        ("http://b%C3%BCcher.example/", "http://xn--bcher-kva.example/"),
        ("http://\uff45\uff58ample.com/", "http://example.com/"),
        ("http://①②⑦.⓪.⓪.①/", "http://127.0.0.1/"),
        ("http://under_score.example.com/", "http://under_score.example.com/"),
        ("http://example.com./", "http://example.com./"),
        ("http://localhost:8000/", "http://localhost:8000/"),
        ("http://[2001:DB8:0::1]:8080/", "http://[2001:db8::1]:8080/"),
    ],
)
def test_a_url_has_one_ascii_form(url: str, uri: str) -> None:
    assert target_uri(url) == uri


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "not an absolute URL"),
        ("example.com", "not an absolute URL"),
        ("example.com:8080/a", "not an absolute URL"),
        ("//example.com/", "not an absolute URL"),
        ("/news", "not an absolute URL"),
        ("ftp://example.com/", "not ftp"),
        ("file:///etc/passwd", "not file"),
        ("data:text/plain,x", "not data"),
        ("javascript:alert(1)", "not javascript"),
        ("http:example.com", "names no host"),
        ("http:/example.com/", "names no host"),
        ("http://", "names no host"),
        ("http:///path", "names no host"),
        ("http://:80/", "names no host"),
        ("http://./", "names no host"),
        ("http://user@example.com/", "user name or password"),
        ("http://user:secret@example.com/", "user name or password"),
        ("http://good.example\\@evil.example/", "user name or password"),
        ("http://good.example\\.evil.example/", "no host can have"),
        ("http://a b/", "no host can have"),
        ("http://a%00b/", "no host can have"),
        ("http://a%2fb/", "no host can have"),
        ("http://a%ff/", "no host can have"),
        ("http://a..b/", "empty part"),
        ("http://.a/", "empty part"),
        (f"http://{'a' * 64}.de/", "too long"),
        (f"http://{'a.' * 130}de/", "too long"),
        ("http://example.com:port/", "port"),
        ("http://example.com:0/", "port"),
        ("http://example.com:65536/", "port"),
        ("http://example.com:-1/", "port"),
        ("http://example.com:٣/", "port"),
        ("http://[::1/", "IPv6"),
        ("http://[::1]x/", "IPv6"),
        ("http://[nonsense]/", "IPv6"),
        ("http://[fe80::1%25eth0]/", "IPv6"),
        ("http://example.com/\r\nSet-Cookie: a", "control character"),
        ("http://example.com/\n", "control character"),
        ("http://exa\tmple.com/", "control character"),
        ("http://example.com/\0", "control character"),
        ("http://example.com/" + "a" * MAX_LENGTH, "longer than"),
        ("http://example.com/" + "ä" * (MAX_LENGTH // 5), "longer than"),
    ],
)
def test_what_is_no_proper_http_url_is_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(UnsafeURLError, match=reason) as caught:
        target_uri(url)
    message = str(caught.value)
    assert message.isprintable()
    assert len(message) < 400
    assert "secret" not in message


urls = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["http://", "HTTPS://", "https://", "http:", "ftp://", ""]),
        st.text(max_size=20) | st.from_regex(r"[a-z0-9.:\[\]%ÄäßＡ①@_-]{1,20}", fullmatch=True),
        st.sampled_from(["", "/", ":80", ":8080/", "/?", "?", "#"]),
        st.text(max_size=20),
    ),
)


@given(urls)
@example("http://%EF%BC%85%EF%BC%94%EF%BC%91.de/")
@example("http://xn--.de/")
@example("http://a%25b/")
def test_the_form_is_ascii_stays_itself_and_is_what_scrapy_requests(url: str) -> None:
    try:
        uri = target_uri(url)
    except UnsafeURLError:
        return
    assert uri.isascii()
    assert uri.isprintable()
    assert " " not in uri
    assert target_uri(uri) == uri
    assert safe_url_string(uri) == uri

from __future__ import annotations

import socket
import warnings

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from archiver.errors import UnsafeURLError
from archiver.uri import cased_urlkey, host_key, target_uri, urlkey

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the reference is older than today's Python
    from surt import surt


@pytest.fixture(autouse=True)
def no_name_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reference asks the resolver about numeric hosts; here it gets what the C library reads."""

    def read(host: bytes) -> tuple[bytes, list[bytes], list[str]]:
        try:
            return host, [], [socket.inet_ntoa(socket.inet_aton(host.decode("ascii")))]
        except OSError:
            raise socket.gaierror(f"not an address: {host!r}") from None

    monkeypatch.setattr(socket, "gethostbyname_ex", read)


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("http://www.example.com/", "com,example)/"),
        ("https://example.com", "com,example)/"),
        ("http://www2.example.com:80/News/", "com,example)/news"),
        ("https://news.example.co.uk:8443/a?B=2&a=1", "uk,co,example,news:8443)/a?a=1&b=2"),
        ("http://example.com/?", "com,example)/"),
        ("http://example.com/a;b?c=d=e&c", "com,example)/a;b?c&c=d=e"),
        ("http://example.com/%41%2520b", "com,example)/a%20b"),
        ("http://example.com/a?x=1&PHPSESSID=0123456789abcdef0123456789abcdef", "com,example)/a?&x=1"),
        ("http://127.0.0.1:8000/x", "1,0,0,127:8000)/x"),
        ("http://2130706433/", "1,0,0,127)/"),
        ("http://1.2.3.999/", "999,3,2,1)/"),
        ("http://xn--bcher-kva.example/", "example,xn--bcher-kva)/"),
        ("https://youtu.be/AbC", "be,youtu)/abc"),
        ("dns:example.com", "dns:example.com"),
        ("urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8", "urn:uuid:6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
        ("", ""),
    ],
)
def test_the_key_is_the_one_of_the_internet_archive(uri: str, key: str) -> None:
    assert urlkey(uri) == key


hosts = st.one_of(
    st.from_regex(r"(www[0-9]?\.)?[a-z0-9_-]{1,6}(\.[a-z0-9-]{1,6}){0,3}\.?", fullmatch=True),
    st.from_regex(r"[0-9]{1,11}(\.[0-9]{1,4}){0,4}", fullmatch=True),
)
ends = st.from_regex(r"(:[0-9]{0,5})?(/[ -~]{0,25})?(\?[ -~]{0,30})?(#[ -~]{0,5})?", fullmatch=True)
sessions = st.sampled_from(
    [
        "",
        "/a?jsessionid=0123456789ABCDEF0123456789abcdef",
        "/a?x=y&sid=0123456789abcdef0123456789abcdef&z",
        "/?ASPSESSIONIDabcdEFGH=abcdefghijklmnopqrstuvwx&b",
        "/?CFID=1&CFTOKEN=2&c",
        "/x/(0123456789abcdef01234567)/y.aspx",
        "/x/(a(0123456789abcdef01234567)b(0123456789abcdef01234567))/Y.ASPX?q",
        "/%2e%2E/a/./..//b/%252F/",
    ]
)


@given(st.sampled_from(["http://", "https://", "HTTP://"]), hosts, sessions | ends)
@example("http://", "a.de", "/?&=&==&%26")
@example("http://", "a.de", "//////a///")
@example("http://", "a.de", "/..")
@example("http://", "www.de", "/")
@example("https://", "a.de", ":80/")
def test_the_key_equals_the_reference(scheme: str, host: str, end: str) -> None:
    uri = f"{scheme}{host}{end}"
    try:
        expected = surt(uri)
    except ValueError:  # the reference refuses a port over 65535; here it has still a key
        assume(False)
    assert urlkey(uri) == expected


@given(st.text(max_size=60) | st.text(max_size=40).map("http://".__add__))
@example("http://[::1")
@example("http://[v1.x]:99999999999/")
@example("http://\udcff/\ud800")
@example("http://" + "9" * 5_000)
def test_every_text_has_a_key(text: str) -> None:
    assert isinstance(urlkey(text), str)


@given(hosts, ends)
def test_all_ways_to_write_a_url_have_one_key(host: str, end: str) -> None:
    url = f"http://{host}{end}"
    assume("\\" not in end)  # browsers and Scrapy read it as a slash, the Internet Archive does not
    try:
        uri = target_uri(url)
    except UnsafeURLError:
        assume(False)
    assert urlkey(uri).isascii()
    assert urlkey(uri) == urlkey(url)
    assert (
        urlkey(uri.replace("http://", "https://www.", 1)).partition(")")[2] == urlkey(uri).partition(")")[2]
    )


def test_the_key_of_a_host_ends_before_the_bracket() -> None:
    assert host_key("www.Example.com") == "com,example"
    assert host_key("example.com:8080") == "com,example:8080"


@given(hosts, ends)
def test_a_cased_key_is_the_urlkey_but_for_its_case(host: str, end: str) -> None:
    url = f"http://{host}{end}"
    assert cased_urlkey(url).lower() == urlkey(url)


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://WWW.Example.com:443/I/KzAb?B=2&a=1", "com,example)/I/KzAb?a=1&B=2"),
        ("http://example.com/%C3%89t%c3%a9/", "com,example)/%c3%89t%c3%a9"),
        ("http://example.com/a?x=%2F&X=1", "com,example)/a?x=/&X=1"),
        ("http://e.com/(S(aBcdefghijklmnopqrstuvwx))/Page.ASPX", "com,e)/Page.ASPX"),
    ],
)
def test_a_cased_key_keeps_the_case_of_path_and_query_only(url: str, key: str) -> None:
    assert cased_urlkey(url) == key
    assert urlkey(url) == key.lower()

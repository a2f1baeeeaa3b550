import re
import socket
from ipaddress import IPv4Address, IPv4Network, ip_address

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.errors import ConfigurationError, UnsafeURLError
from archiver.model.access import UrlPolicy
from archiver.spiders.guard.addresses import denial
from archiver.spiders.guard.urls import MAX_URL_LENGTH, check_url, plain_host
from archiver.uri import target_uri

STRICT = UrlPolicy()
LOOPBACK = UrlPolicy.of(["127.0.0.0/8"])
CIRCLED = str.maketrans("0123456789", "⓪①②③④⑤⑥⑦⑧⑨")
FULL_WIDTH = str.maketrans({character: chr(ord(character) + 0xFEE0) for character in "0123456789.l"})
IDEOGRAPHIC_STOP = str.maketrans(".", "。")

LOOPBACK_SPELLINGS = [
    "127.0.0.1",
    "127.1",
    "127.0.1",
    "2130706433",
    "017700000001",
    "0x7f000001",
    "0X7F000001",
    "0x7f.1",
    "0177.0.0.1",
    "0177.0.0.01",
    "127.0.0.0x1",
    "127.0x0001",
    "0000177.0.0.1",
    "127.0.0.1.",
    "①②⑦.⓪.⓪.①",
    "127.0.0.1".translate(FULL_WIDTH),
    "127。0。0。1",
    "127｡0.0.1",
    "\u200b127.0.0.1",
    "12\u00ad7.0.0.1",
    "⓪x7f.1",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000::0001]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[2002:7f00:1::]",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "www.localhost",
    "localhost".translate(FULL_WIDTH),
    "loc\u00adalhost",
]


def spellings(address: IPv4Address) -> list[str]:
    """Every way in which inet_aton or a browser reads `address`."""
    a, b, c, d = address.packed
    value = int(address)
    numbers = [
        str(address),
        str(value),
        hex(value),
        f"0{value:o}",
        f"{a}.{value & 0xFFFFFF}",
        f"{a}.{b}.{value & 0xFFFF}",
        f"{a:#x}.{b:#x}.{c:#x}.{d:#x}",
        f"0{a:o}.0{b:o}.0{c:o}.0{d:o}",
        f"{a:#x}.{b}.0{value & 0xFFFF:o}",
        f"0x{a:08X}.{b}.{c}.{d}",
        f"{address}.",
    ]
    wide = [number.translate(table) for number in numbers[:3] for table in (CIRCLED, FULL_WIDTH)]
    stops = [str(address).translate(IDEOGRAPHIC_STOP)]
    six = [
        f"[::ffff:{address}]",
        f"[::{address}]",
        f"[64:ff9b::{address}]",
        f"[2002:{value >> 16:x}:{value & 0xFFFF:x}::]",
    ]
    return numbers + wide + stops + six


@pytest.mark.parametrize("host", LOOPBACK_SPELLINGS)
@pytest.mark.parametrize(
    "form", ["http://{}/", "https://{}", "HTTP://{}:8080/feed.xml?x=1#top", "http://{}?q"]
)
def test_every_spelling_of_loopback_is_refused_and_the_remedy_named(host: str, form: str):
    with pytest.raises(UnsafeURLError, match=r"network\.allow_private") as refusal:
        check_url(form.format(host), STRICT)
    assert "\n" not in str(refusal.value)


DENIED_4 = [
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12",
    "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
]  # fmt: skip
denied_addresses = st.sampled_from([IPv4Network(text) for text in DENIED_4]).flatmap(
    lambda network: st.integers(int(network[0]), int(network[-1])).map(IPv4Address)
)


@given(denied_addresses)
@settings(max_examples=60)
def test_no_spelling_of_a_denied_address_passes(address: IPv4Address):
    for host in spellings(address):
        with pytest.raises(UnsafeURLError):
            check_url(f"http://{host}/", STRICT)


@given(st.ip_addresses(v=4))
@settings(max_examples=100)
def test_a_spelling_is_read_as_the_address_that_it_stands_for(address: IPv4Address):
    for host in spellings(address)[:-4]:
        assert plain_host(host) == (str(address), address)


@given(st.text("0123456789abcdefx.", min_size=1, max_size=20))
@settings(max_examples=300)
def test_whatever_inet_aton_reads_as_an_address_is_read_as_the_same_one(host: str):
    try:
        expected = IPv4Address(socket.inet_aton(host))
    except OSError:
        return
    assert plain_host(host)[1] == expected


def checked_or_reason(url: str) -> tuple[str | None, str]:
    try:
        return check_url(url, STRICT), ""
    except UnsafeURLError as refusal:
        return None, str(refusal)


@given(st.text(max_size=40))
@settings(max_examples=300)
def test_any_text_is_either_an_ascii_web_address_or_refused(text: str):
    for url in (text, f"http://{text}", f"http://{text}/page"):
        checked, reason = checked_or_reason(url)
        assert reason.isprintable()
        if checked is not None:
            assert checked.startswith(("http://", "https://"))
            authority = re.split("[/?#]", checked)[2]
            assert authority.isascii()
            assert "@" not in authority


@pytest.mark.parametrize(
    "scheme", ["file", "ftp", "data", "gopher", "javascript", "ws", "dict", "s3", "about", "blob"]
)
def test_other_schemes_are_refused(scheme: str):
    for url in (f"{scheme}://example.com/", f"{scheme}:text/plain,hello", f"{scheme}:///etc/passwd"):
        with pytest.raises(UnsafeURLError, match=f"only http and https are archived, not {scheme}"):
            check_url(url, STRICT)


@pytest.mark.parametrize(
    "url",
    [
        "paper.example:8080/a",
        "paper.example:8080",
        "localhost:80/",
        "intranet:8080?a",
        "a.b:c",
        "1.2.3.4:80/",
    ],
)
def test_a_host_is_not_taken_for_a_scheme(url: str):
    with pytest.raises(UnsafeURLError, match="write http:// or https:// before"):
        check_url(url, STRICT)
    with pytest.raises(UnsafeURLError, match="write http:// or https:// before"):
        target_uri(url)


@pytest.mark.parametrize(
    "url",
    [
        "http://user@example.com/",
        "http://user:secret@example.com/",
        "http://example.com@127.0.0.1/",
        "http://example.com\\@127.0.0.1/",
        "http://@example.com/",
        "http://:@example.com/",
    ],
)
def test_user_names_are_refused_and_never_repeated(url: str):
    with pytest.raises(UnsafeURLError, match="user name or password") as refusal:
        check_url(url, STRICT)
    assert "secret" not in str(refusal.value)


@pytest.mark.parametrize(
    "port", [0, 1, 21, 22, 23, 25, 110, 143, 3306, 5432, 6379, 9200, 11211, 65535, 65536, 99999999]
)
def test_odd_ports_are_refused_and_the_allowed_ones_named(port: int):
    with pytest.raises(UnsafeURLError, match=r"80, 443.*network\.allowed_ports"):
        check_url(f"http://example.com:{port}/", STRICT)


@pytest.mark.parametrize(
    "url", ["http://example.com:80/", "https://example.com:8443/", "http://example.com:/x"]
)
def test_web_ports_pass(url: str):
    assert check_url(url, STRICT) == url.replace(":/x", "/x")


@pytest.mark.parametrize("character", ["\r", "\n", "\0", "\t", "\x7f", "\x85", "\u2028", "\x1b"])
def test_control_characters_are_refused_wherever_they_stand(character: str):
    for url in (
        f"http://example.com/{character}x",
        f"http://exa{character}mple.com/",
        f"http://example.com/{character}",
    ):
        with pytest.raises(UnsafeURLError) as refusal:
            check_url(url, STRICT)
        assert character not in str(refusal.value)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "example.com",
        "//example.com/",
        "/page",
        "http:",
        "http:/example.com",
        "http://",
        "http:///page",
        "http://:80/",
        "http://?q",
        "http://exa mple.com/",
        "http://example.com%00/",
        "http://%31%32%37.0.0.1/",
        "http://example..com/",
        "http://.example.com/",
        "http://example.com:port/",
        "http://example.com:80:80/",
        "http://example.com:80/".translate(FULL_WIDTH),
        "http://[::1",
        "http://::1/",
        "http://[::1]x/",
        "http://[v1.x]/",
        "http://[example.com]/",
        "http://[fe80::1%25eth0]/",
        "http://[fe80::1%eth0]/",
        "http://[2606:4700::1111%251]/",
        "http://256.1.1.1/",
        "http://1.2.3.4.5/",
        "http://4294967296/",
        "http://0x1ffffffff/",
        "http://1.2.3.0x/",
        "http://09.1.1.1/",
        "http://example.123/",
        "http://example.com\\evil/",
        f"http://{'a' * 64}.com/",
        f"http://{'a.' * 127}com/",
        "http://-①.例え..jp/",
    ],
)
def test_what_is_no_web_address_is_refused(url: str):
    with pytest.raises(UnsafeURLError) as refusal:
        check_url(url, STRICT)
    assert str(refusal.value).isprintable()
    assert len(str(refusal.value)) < 300


def test_an_over_long_address_is_refused_without_being_repeated():
    url = "http://example.com/" + "a" * MAX_URL_LENGTH
    with pytest.raises(UnsafeURLError, match=f"{MAX_URL_LENGTH} are the most") as refusal:
        check_url(url, STRICT)
    assert len(str(refusal.value)) < 300


@pytest.mark.parametrize(
    ("url", "plain"),
    [
        ("http://example.com/a?b#c", "http://example.com/a?b#c"),
        ("HTTPS://Example.COM/A", "https://example.com/A"),
        (" http://example.com/ ", "http://example.com/"),
        ("http://example.com./", "http://example.com./"),
        ("http://my_blog.example.com/", "http://my_blog.example.com/"),
        ("http://foo-.example.com/", "http://foo-.example.com/"),
        ("http://xn--bcher-kva.example/", "http://xn--bcher-kva.example/"),
        ("http://bücher.example/ü", "http://xn--bcher-kva.example/ü"),
        ("http://BÜCHER.example/", "http://xn--bcher-kva.example/"),
        ("http://straße.example/", "http://xn--strae-oqa.example/"),
        ("http://例え.jp/", "http://xn--r8jz45g.jp/"),
        ("http://i❤.ws/", "http://xn--i-7iq.ws/"),
        ("http://1e100.net/", "http://1e100.net/"),
        ("http://1.1.1.1/", "http://1.1.1.1/"),
        ("http://0x08.010.2056/", "http://8.8.8.8/"),
        ("http://[2606:4700:0:0::1111]/", "http://[2606:4700::1111]/"),
        ("http://notlocalhost/", "http://notlocalhost/"),
        ("http://localhost.example.com/", "http://localhost.example.com/"),
        ("http://example.com/http://127.0.0.1/@x", "http://example.com/http://127.0.0.1/@x"),
        ("http://example.com/a b|c", "http://example.com/a b|c"),
    ],
)
def test_an_ordinary_address_comes_back_in_its_plain_form(url: str, plain: str):
    assert check_url(url, STRICT) == plain


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:40123/", "http://2130706433:5/", "http://localhost:40123/", "http://a.localhost:1/"],
)
def test_an_opened_literal_may_have_any_port(url: str):
    check_url(url, LOOPBACK)


def test_an_opened_network_does_not_open_ports_of_names():
    with pytest.raises(UnsafeURLError, match="port 40123"):
        check_url("http://example.com:40123/", LOOPBACK)


def test_a_public_literal_keeps_the_port_rule_when_everything_is_opened():
    check_url("http://8.8.8.8:40123/", UrlPolicy.of(["0.0.0.0/0"]))
    with pytest.raises(UnsafeURLError, match="port 40123"):
        check_url("http://8.8.8.8:40123/", STRICT)


def test_the_proxy_itself_is_no_page():
    policy = UrlPolicy.of(proxy="http://proxy.example:8080")
    with pytest.raises(UnsafeURLError, match="proxy"):
        check_url("http://proxy.example:8080/", policy)
    check_url("http://proxy.example/", policy)


def test_the_reason_names_the_address_its_range_and_the_setting():
    with pytest.raises(UnsafeURLError) as refusal:
        check_url("http://0x7f.1/", STRICT)
    assert str(refusal.value) == (
        "0x7f.1 leads to 127.0.0.1, which is loopback (127.0.0.0/8), not on the public internet; "
        'to archive it, add "127.0.0.0/8" to network.allow_private'
    )


def test_the_suggested_network_opens_the_address():
    for host in ("10.1.2.3", "[fd00::1]", "[5f00::1]", "169.254.169.254", "[ff02::1]"):
        refused = denial(ip_address(host.strip("[]")))
        assert refused is not None
        check_url(f"http://{host}:9999/", UrlPolicy.of([str(refused.network)]))


@pytest.mark.parametrize("proxy", ["http://", "http://h:x", "http://[::1", ":80"])
def test_a_policy_with_a_proxy_that_is_none_is_a_configuration_error(proxy: str):
    with pytest.raises(ConfigurationError, match=r"network\.proxy .*write http://host:port"):
        UrlPolicy.of(proxy=proxy)


@pytest.mark.parametrize(("proxy", "place"), [("h", ("h", 80)), ("http://[::1]:8", ("::1", 8)), (None, None)])
def test_a_policy_knows_the_place_of_the_proxy(proxy: str | None, place: tuple[str, int] | None):
    assert UrlPolicy.of(proxy=proxy).proxy == place


def test_a_policy_with_a_network_that_is_none_is_a_configuration_error():
    with pytest.raises(ConfigurationError, match=r"network\.allow_private"):
        UrlPolicy.of(["10/8"])

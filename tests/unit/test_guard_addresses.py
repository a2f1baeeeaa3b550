from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.spiders.guard.addresses import denial, embedded

DENIED = {
    "127.0.0.1": "loopback",
    "127.255.255.254": "loopback",
    "10.0.0.1": "private",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.168.1.1": "private",
    "169.254.169.254": "link-local",
    "100.64.0.1": "CGNAT",
    "100.100.100.200": "CGNAT",
    "0.0.0.0": "this host",
    "0.1.2.3": "this host",
    "192.0.0.192": "protocol assignments",
    "192.0.2.1": "documentation",
    "198.51.100.7": "documentation",
    "203.0.113.9": "documentation",
    "192.88.99.1": "6to4 relay",
    "198.18.0.1": "benchmarking",
    "198.19.255.255": "benchmarking",
    "168.63.129.16": "cloud",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "broadcast",
    "::": "unspecified",
    "::1": "loopback",
    "::ffff:127.0.0.1": "IPv4-mapped",
    "::ffff:8.8.8.8": "IPv4-mapped",
    "::ffff:0:127.0.0.1": "IPv4-translated",
    "::127.0.0.1": "IPv4-compatible",
    "64:ff9b::7f00:1": "NAT64",
    "64:ff9b:1::a00:1": "NAT64",
    "100::1": "discarding",
    "2001::1": "Teredo",
    "2001:2::1": "benchmarking",
    "2001:10::1": "ORCHID",
    "2001:20::1": "ORCHID",
    "2001:1::1": "protocol assignments",
    "2001:db8::1": "documentation",
    "3fff::1": "documentation",
    "2002:7f00:1::": "6to4",
    "3ffe::1": "6bone",
    "fc00::1": "unique local",
    "fd00:ec2::254": "unique local",
    "fe80::1": "link-local",
    "febf::1": "link-local",
    "fec0::1": "site-local",
    "ff02::1": "multicast",
    "5f00::1": "not global unicast",
    "4000::1": "not global unicast",
    "8000::": "not global unicast",
}
PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.1",
    "169.253.255.255",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2001:200::1",
    "2606:4700::1111",
    "2a00:1450:4001:82a::200e",
]


@pytest.mark.parametrize(("address", "name"), DENIED.items())
def test_an_address_that_is_not_public_is_denied_with_what_it_is_for(address: str, name: str):
    refused = denial(ip_address(address))
    assert refused is not None
    assert name in refused.name
    assert refused.address in refused.network


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_let_through(address: str):
    assert denial(ip_address(address)) is None


@pytest.mark.parametrize(
    ("address", "opened"),
    [
        ("127.0.0.1", "127.0.0.0/8"),
        ("127.0.0.1", "127.0.0.1/32"),
        ("10.1.2.3", "0.0.0.0/0"),
        ("::1", "::1/128"),
        ("fd12::1", "fc00::/7"),
    ],
)
def test_an_opened_network_is_let_through(address: str, opened: str):
    assert denial(ip_address(address), [ip_network(opened)]) is None


def test_opening_one_network_opens_no_other():
    opened = [ip_network("127.0.0.0/8"), ip_network("fc00::/7")]
    for address in ("10.0.0.1", "::1", "::ffff:127.0.0.1", "169.254.169.254", "fe80::1"):
        assert denial(ip_address(address), opened) is not None


@pytest.mark.parametrize(
    ("address", "carried"),
    [
        ("::ffff:10.0.0.1", ["10.0.0.1"]),
        ("::10.0.0.1", ["10.0.0.1"]),
        ("64:ff9b::a00:1", ["10.0.0.1"]),
        ("64:ff9b:1::a00:1", ["10.0.0.1"]),
        ("64:ff9b:1:a00:0:100::", ["10.0.0.1"]),
        ("2002:a00:1::5", ["10.0.0.1"]),
        ("2001:0:a00:1::f5ff:fffe", ["10.0.0.1", "10.0.0.1"]),
        ("2606:4700::5efe:a00:1", ["10.0.0.1"]),
        ("2606:4700::200:5efe:a00:1", ["10.0.0.1"]),
        ("2606:4700::1111", []),
    ],
)
def test_the_ipv4_address_within_an_ipv6_address_is_seen(address: str, carried: list[str]):
    assert list(embedded(IPv6Address(address))) == [IPv4Address(inner) for inner in carried]


@pytest.mark.parametrize(
    ("prefix", "address"),
    [
        ("64:ff9b::/96", "64:ff9b::a00:1"),
        ("2002::/16", "2002:a00:1::5"),
        ("::ffff:0:0/96", "::ffff:10.0.0.1"),
        ("64:ff9b:1::/48", "64:ff9b:1:a00:0:100::"),
    ],
)
def test_an_opened_translation_prefix_does_not_open_the_private_networks_behind_it(prefix: str, address: str):
    opened = [ip_network(prefix)]
    refused = denial(ip_address(address), opened)
    assert refused is not None
    assert refused.address == IPv4Address("10.0.0.1")


def test_an_opened_translation_prefix_leads_to_public_addresses():
    assert denial(ip_address("64:ff9b::808:808"), [ip_network("64:ff9b::/96")]) is None


def test_a_global_prefix_with_an_isatap_interface_to_a_private_address_is_denied():
    assert denial(ip_address("2606:4700::5efe:a00:1")) is not None


@given(st.ip_addresses(v=4))
def test_every_ipv4_address_that_the_standard_library_calls_special_is_denied(address: IPv4Address):
    special = address.is_private or address.is_loopback or address.is_multicast or address.is_reserved
    if special or address.is_link_local or address.is_unspecified:
        assert denial(address) is not None


@given(st.ip_addresses(v=6))
def test_an_ipv6_address_outside_global_unicast_is_denied(address: IPv6Address):
    if address not in ip_network("2000::/3"):
        assert denial(address) is not None


@given(st.ip_addresses(v=4), st.sampled_from(["::ffff:{}", "::{}", "64:ff9b::{}", "64:ff9b:1::{}"]))
def test_no_ipv6_form_of_a_private_address_passes_even_when_the_form_is_opened(
    address: IPv4Address, form: str
):
    if denial(address) is None or not int(address):
        return
    opened = [ip_network(prefix) for prefix in ("::/96", "::ffff:0:0/96", "64:ff9b::/96", "64:ff9b:1::/48")]
    assert denial(ip_address(form.format(address)), opened) is not None

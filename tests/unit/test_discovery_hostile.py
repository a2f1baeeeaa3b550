"""Feeds and sitemaps made to do harm: each is over in a second, reads no file and asks no server."""

from __future__ import annotations

import contextlib
import gzip
import socket
import time
from datetime import UTC, datetime

import pytest

from archiver.errors import DiscoveryError
from archiver.spiders.discovery.feed import parse_feed
from archiver.spiders.discovery.sitemap import parse_sitemap

NOW = datetime(2017, 11, 15, tzinfo=UTC)
URL = "https://news.example/feed"
SECRET = "the text of a local file"
MB = 1024 * 1024
ENTRY = "<rss><channel><item><link>/a</link><title>&{};</title></item></channel></rss>"


def laughs() -> bytes:
    levels = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    return f'<!DOCTYPE rss [<!ENTITY l0 "ha">{levels}]>{ENTRY.format("l11")}'.encode()


def blowup() -> bytes:
    return (
        b'<!DOCTYPE rss [<!ENTITY a "' + b"x" * 100_000 + b'">]><rss><channel><item><link>/a</link><title>'
        + b"&a;" * 100_000 + b"</title></item></channel></rss>"
    )  # fmt: skip


HOSTILE = {
    "billion laughs": laughs(),
    "quadratic blowup": blowup(),
    "recursive entity": b'<!DOCTYPE r [<!ENTITY a "&b;"><!ENTITY b "&a;">]>' + ENTRY.format("a").encode(),
    "parameter entities": b"<!DOCTYPE r [<!ENTITY % a '<!ENTITY b \"x\">'>%a;%a;]>"
    + ENTRY.format("b").encode(),
    "10 MB of nesting": b"<rss>" + b"<a>" * (10 * MB // 3),
    "nested items": b"<rss>" + b"<item>" * (4 * MB // 6),
    "nested media": b"<rss><item><link>/a</link>" + b"<media:group>" * (4 * MB // 13),
    "a million entries": b"<rss>" + b"".join(b"<item><link>/%d</link></item>" % n for n in range(1_000_000)),
    "many children": b"<rss><item><link>/a</link>" + b"<media:content url='/a.jpg'/>" * 150_000,
    "many attributes": b"<rss " + b" ".join(b'a%d="x"' % n for n in range(300_000)) + b"/>",
    "many namespaces": b"<rss>" + b"".join(b'<a xmlns:n%d="u:%d"/>' % (n, n) for n in range(50_000)),
    "4 MB of white space": b"<?xml version='1.0'?>" + b"\n" * (4 * MB) + b"<rss/>",
    "4 MB of brackets": b"<" * (4 * MB),
    "4 MB of ampersands": b"<rss><item><link>/a</link><title>" + b"&" * (4 * MB),
    "4 MB of references": b"<rss><item><link>/a</link><title>" + b"&nbsp;" * (4 * MB // 6),
    "open comments": b"<!--" * (4 * MB // 4),
    "open CDATA": b"<rss><item><title>" + b"<![CDATA[" * (4 * MB // 9),
    "open declarations": b"<!DOCTYPE a [" * (4 * MB // 13),
    "open img": b"<rss><item><link>/a</link><description>" + b"&lt;img src=" * (4 * MB // 12),
    "long dates": b"<rss>" + b"<item><link>/a</link><pubDate>" + b"1" * (4 * MB) + b"</pubDate></item></rss>",
    "4 MB of one line": b"http://a/" * (4 * MB // 9),
    "deep JSON": b'{"items":' + b"[" * (3 * MB),
    "wide JSON": b'{"items":[' + b"{}," * MB + b"{}]}",
    "NUL": b"<rss>\0<item>\0<link>/a\0</link></item></rss>\0" * 50_000,
    "gzip bomb": gzip.compress(b"<rss>" + b" " * (60 * MB)),
    "gzip in gzip": gzip.compress(gzip.compress(b"<rss/>")),
    "sitemap of nothing": b"<urlset>" + b"<url/>" * 300_000,
    "sitemap of pictures": b"<urlset><url><loc>/a</loc>"
    + b"<image:image><image:loc>/i</image:loc></image:image>" * 100_000,
}


@pytest.fixture
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


@pytest.mark.usefixtures("_no_network")
@pytest.mark.parametrize("parser", [parse_feed, parse_sitemap])
@pytest.mark.parametrize("name", HOSTILE)
def test_it_is_over_within_a_second(name, parser):
    began = time.process_time()
    entries = ()
    with contextlib.suppress(DiscoveryError):
        entries = parser(HOSTILE[name], URL, None, NOW).entries
    assert time.process_time() - began < 1.0
    assert len(entries) <= 50_000
    assert all(len(entry.title or "") <= 2000 for entry in entries)


@pytest.mark.usefixtures("_no_network")
@pytest.mark.parametrize("parser", [parse_feed, parse_sitemap])
@pytest.mark.parametrize("attack", ["file", "http", "parameter", "dtd", "xinclude"])
def test_no_file_and_no_server_is_read(attack, parser, tmp_path):
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    declared = {
        "file": f'<!DOCTYPE rss [<!ENTITY x SYSTEM "{secret.as_uri()}">]>',
        "http": '<!DOCTYPE rss [<!ENTITY x SYSTEM "http://127.0.0.1:9/x">]>',
        "parameter": f'<!DOCTYPE rss [<!ENTITY % p SYSTEM "{secret.as_uri()}"> %p;]>',
        "dtd": f'<!DOCTYPE rss SYSTEM "{secret.as_uri()}">',
        "xinclude": "",
    }[attack]
    include = (
        f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{secret.as_uri()}" parse="text"/>'
    )
    body = f"<title>t &x; {include}</title><link>/a&x;</link><description>&x;</description>"
    document = f"{declared}<rss><channel><title>&x;</title><item>{body}</item></channel></rss>"
    parsed = parser(document.encode(), URL, None, NOW)
    assert len(parsed.entries) == 1
    assert SECRET not in repr(parsed)


def test_declared_entities_are_left_as_they_stand_and_said():
    feed = parse_feed(laughs(), URL, None, NOW)
    assert feed.entries[0].title == "&l11;"
    assert "it declares entities; they were not expanded" in feed.warnings


def test_a_bomb_is_refused_before_it_is_unpacked():
    with pytest.raises(DiscoveryError, match="unpack to more than"):
        parse_sitemap(HOSTILE["gzip bomb"], URL, None, NOW)

"""The local sites that stand in for the live web: the story in stages, and sites of any size from a seed."""

from __future__ import annotations

import gzip
import re
import socket
import struct
import zlib
from collections.abc import Iterator
from hashlib import sha256
from http.client import HTTPConnection, IncompleteRead
from importlib.resources import files
from typing import NamedTuple
from xml.etree import ElementTree

import pytest

from archiver.demo.generated import Change, GeneratedSite
from archiver.demo.process import SiteProcess
from archiver.demo.resource import Fault, Resource
from archiver.demo.server import LocalSite, LoggedRequest, Served
from archiver.demo.site import COURIER, MINISTRY, PICTURES, POST, DemoSite, Stage
from archiver.errors import UsageError

ARTICLE = "/politics/orvel-pass-convoy.html"
CONVOY = "/courier/w_1200,q_80/convoy.jpg"
DEPOT = "/courier/w_1200,q_80/depot.jpg"
CRATES = "/courier/w_1200,q_80/crates.jpg"


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()


def ask(port: int, host: str, path: str, method: str = "GET", **headers: str) -> Reply:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        return ask_on(connection, port, host, path, method, **headers)
    finally:
        connection.close()


def ask_on(
    connection: HTTPConnection, port: int, host: str, path: str, method: str = "GET", **headers: str
) -> Reply:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, headers={"Host": f"{host}:{port}", **named})
    response = connection.getresponse()
    return Reply(response.status, {k.lower(): v for k, v in response.getheaders()}, response.read())


def path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3]


@pytest.fixture
def site() -> Iterator[DemoSite]:
    with DemoSite() as site:
        site.stage = Stage.PUBLISHED
        yield site


def get(site: LocalSite, host: str, path: str, **headers: str) -> Reply:
    return ask(site.port, host, path, **headers)


def picture_urls(page: str) -> set[str]:
    return set(re.findall(r"/courier/w_1200,q_80/[a-z-]+\.(?:jpg|png)", page))


def test_a_year_before_only_the_other_paper_has_the_picture() -> None:
    with DemoSite() as site:
        assert site.stage is Stage.A_YEAR_BEFORE
        assert get(site, POST, path_of(site.earlier_url)).status == 200
        assert get(site, POST, "/img/convoy-1200.jpg").status == 200
        assert get(site, COURIER, ARTICLE).status == 404
        assert get(site, PICTURES, CONVOY).status == 404
        assert get(site, MINISTRY, path_of(site.statement_url)).status == 404


def test_ministry_newspaper_and_the_paper_of_a_year_before_serve_identical_bytes(site: DemoSite) -> None:
    bodies = {
        get(site, MINISTRY, "/media/convoy-1200.jpg").body,
        get(site, PICTURES, CONVOY).body,
        get(site, POST, "/img/convoy-1200.jpg").body,
    }
    assert len(bodies) == 1
    assert bodies.pop().startswith(b"\xff\xd8\xff")


def test_the_article_has_five_pictures_that_answer_and_one_that_does_not(site: DemoSite) -> None:
    page = get(site, COURIER, ARTICLE).text
    figures = re.findall(r"<figure>.*?</figure>", page, re.S)
    assert len(figures) == 6
    answers = {path: get(site, PICTURES, path).status for path in picture_urls("".join(figures))}
    assert sorted(answers.values()) == [200, 200, 200, 200, 200, 404]
    assert answers["/courier/w_1200,q_80/papers.jpg"] == 404


def test_the_article_shows_pictures_in_every_common_way(site: DemoSite) -> None:
    page = get(site, COURIER, ARTICLE).text
    assert re.search(
        r'srcset="//[^"]+w_600,q_80/convoy\.jpg 600w, //[^"]+w_1200,q_80/convoy\.jpg 1200w"', page
    )
    assert re.search(r'<picture>\s*<source media="[^"]+" srcset="[^"]+map\.png">', page)
    assert re.search(r'data-src="[^"]+depot\.jpg"', page)
    assert re.search(r'<noscript><img src="[^"]+depot\.jpg"', page)
    assert re.search(r'property="og:image" content="http://pictures\.localhost:\d+/courier', page)
    assert 'name="twitter:image"' in page
    assert '"@type": "NewsArticle"' in page
    assert re.search(r"style=\"background-image: url\('http://pictures[^']+pass-dawn\.jpg'\)\"", page)
    assert 'alt="Image may contain: outdoor"' in page
    assert '<span class="credit">Photo: Ministry of Public Safety</span>' in page
    assert 'url("/assets/skyline.svg")' in get(site, COURIER, "/assets/courier.css").text


def test_every_reference_of_every_page_answers_but_for_the_missing_picture(site: DemoSite) -> None:
    site.stage = Stage.EDITED
    connection = HTTPConnection("127.0.0.1", site.port, timeout=10)
    pages = []
    for host in (COURIER, POST, MINISTRY):
        sitemap = ElementTree.fromstring(ask_on(connection, site.port, host, "/sitemap-articles.xml").body)
        pages += [(host, "/")] + [
            (host, path_of(e.text or "")) for e in sitemap.iter() if e.tag.endswith("loc")
        ]
    assert len(pages) >= 14
    missing = set()
    for host, path in pages:
        page = ask_on(connection, site.port, host, path).text
        for found in re.findall(r'(?:src|data-src|href)="([^"#]+)"', page):
            if found.startswith("data:"):
                continue
            where = re.match(r"(?:http:)?//([a-z.]+):\d+(/.*)", found)
            asked = where.groups() if where else (host, found)
            if ask_on(connection, site.port, *asked).status != 200:
                missing.add(asked)
    connection.close()
    assert missing == {
        (PICTURES, "/courier/w_1200,q_80/papers.jpg"),
        (PICTURES, "/courier/w_600,q_80/papers.jpg"),
    } - {(PICTURES, "/courier/w_600,q_80/papers.jpg")}


def test_hours_later_two_pictures_are_replaced_at_the_same_url(site: DemoSite) -> None:
    paths = sorted(picture_urls(get(site, COURIER, ARTICLE).text))
    before = {path: get(site, PICTURES, path) for path in paths}
    site.advance()
    after = {path: get(site, PICTURES, path) for path in paths}
    assert sorted(picture_urls(get(site, COURIER, ARTICLE).text)) == paths
    changed = {path for path in paths if before[path].body != after[path].body}
    assert changed == {DEPOT, CRATES}
    for path in changed:
        assert before[path].headers["etag"] != after[path].headers["etag"]
        assert before[path].headers["last-modified"] != after[path].headers["last-modified"]


def test_hours_later_title_number_and_a_sentence_are_edited_without_a_word(site: DemoSite) -> None:
    before = get(site, COURIER, ARTICLE).text
    site.advance()
    after = get(site, COURIER, ARTICLE).text
    assert "<h1>Ministry shows pictures of arms convoy at Orvel Pass</h1>" in before
    assert "<h1>Ministry shows pictures of convoy near Orvel Pass</h1>" in after
    assert "Eleven lorries crossed" in before
    assert "Seven lorries crossed" in after
    assert "leven lorries" not in after
    assert "The ministry did not say what the crates contained" in after
    admitted = [re.findall(r'"dateModified": "([^"]+)"', page) for page in (before, after)]
    assert admitted[0] == admitted[1] != []


def test_the_ministry_takes_the_old_picture_down(site: DemoSite) -> None:
    statement = path_of(site.statement_url)
    assert "/media/convoy-1200.jpg" in get(site, MINISTRY, statement).text
    site.advance()
    assert "/media/convoy-1200.jpg" not in get(site, MINISTRY, statement).text
    assert get(site, MINISTRY, "/media/convoy-1200.jpg").status == 404


def test_on_the_next_day_the_pages_are_gone_and_no_list_knows_them(site: DemoSite) -> None:
    site.stage = Stage.GONE
    assert get(site, COURIER, ARTICLE).status == 410
    assert get(site, MINISTRY, path_of(site.statement_url)).status == 404
    for path in ("/", "/feeds/rss.xml", "/sitemap-news.xml"):
        assert ARTICLE not in get(site, COURIER, path).text
    with pytest.raises(UsageError):
        site.advance()


def test_an_old_address_leads_to_the_article(site: DemoSite) -> None:
    reply = get(site, COURIER, "/news/48211")
    assert reply.status == 301
    assert reply.headers["location"] == site.article_url


def test_conditional_requests_answer_304_until_the_version_changes(site: DemoSite) -> None:
    for host, path in ((COURIER, ARTICLE), (PICTURES, DEPOT)):
        first = get(site, host, path)
        for condition in (
            {"If_None_Match": first.headers["etag"]},
            {"If_Modified_Since": first.headers["last-modified"]},
            {"If_None_Match": f'"other", {first.headers["etag"]}', "If_Modified_Since": "nonsense"},
        ):
            again = get(site, host, path, **condition)
            assert (again.status, again.body) == (304, b"")
            assert again.headers["etag"] == first.headers["etag"]
        site.advance()
        assert get(site, host, path, If_None_Match=first.headers["etag"]).status == 200
        assert get(site, host, path, If_Modified_Since=first.headers["last-modified"]).status == 200
        site.stage = Stage.PUBLISHED


def test_an_entity_tag_that_differs_goes_before_a_date_that_agrees(site: DemoSite) -> None:
    first = get(site, PICTURES, DEPOT)
    reply = get(
        site, PICTURES, DEPOT, If_None_Match='"other"', If_Modified_Since=first.headers["last-modified"]
    )
    assert reply.status == 200


def test_a_page_differs_at_every_visit_though_nothing_was_edited(site: DemoSite) -> None:
    one, two = (get(site, COURIER, ARTICLE) for _ in range(2))
    assert one.body != two.body
    assert one.headers["etag"] == two.headers["etag"]
    articles = [re.search(r"<article>.*</article>", page.text, re.S) for page in (one, two)]
    assert articles[0] is not None
    assert articles[1] is not None
    assert articles[0][0] == articles[1][0]


def test_the_same_visits_give_the_same_bytes_in_every_run() -> None:
    with DemoSite() as site:
        port = site.port
        first = [get(site, POST, "/"), get(site, POST, "/"), get(site, POST, "/atom.xml")]
    with DemoSite(port=port) as site:
        assert [get(site, POST, "/"), get(site, POST, "/"), get(site, POST, "/atom.xml")] == first


def test_gzip_is_sent_to_those_who_ask(site: DemoSite) -> None:
    plain = get(site, COURIER, "/assets/courier.css")
    coded = get(site, COURIER, "/assets/courier.css", Accept_Encoding="gzip, deflate")
    assert "content-encoding" not in plain.headers
    assert coded.headers["content-encoding"] == "gzip"
    assert plain.headers["vary"] == coded.headers["vary"] == "Accept-Encoding"
    assert gzip.decompress(coded.body) == plain.body
    assert plain.headers["etag"] != coded.headers["etag"]
    tag = coded.headers["etag"]
    assert get(site, COURIER, "/assets/courier.css", Accept_Encoding="gzip", If_None_Match=tag).status == 304
    assert "content-encoding" not in get(site, PICTURES, DEPOT, Accept_Encoding="gzip").headers


def test_head_gives_the_headers_of_get_without_a_body(site: DemoSite) -> None:
    full = get(site, PICTURES, DEPOT)
    head = ask(site.port, PICTURES, DEPOT, "HEAD")
    assert (head.status, head.headers, head.body) == (200, full.headers, b"")


def test_feeds_and_sitemaps_list_the_articles(site: DemoSite) -> None:
    rss = ElementTree.fromstring(get(site, COURIER, "/feeds/rss.xml").body)
    links = [link.text for link in rss.iter("link")]
    assert site.article_url in links
    assert len(links) - 1 >= 7
    media = rss.find(".//{http://search.yahoo.com/mrss/}content")
    assert media is not None
    assert get(site, PICTURES, path_of(media.attrib["url"])).status == 200
    atom = ElementTree.fromstring(get(site, POST, "/atom.xml").body)
    hrefs = [e.attrib["href"] for e in atom.findall(".//{*}entry/{*}link")]
    assert all("utm_source=" in href for href in hrefs)
    assert all(get(site, POST, path_of(href)).status == 200 for href in hrefs)
    robots = get(site, COURIER, "/robots.txt").text
    index_url = re.search(r"^Sitemap: (.+)$", robots, re.M)
    assert index_url is not None
    index = ElementTree.fromstring(get(site, COURIER, path_of(index_url[1])).body)
    parts = [e.text or "" for e in index.findall(".//{*}loc")]
    listed = [
        {
            e.text
            for e in ElementTree.fromstring(get(site, COURIER, path_of(p)).body).findall("./{*}url/{*}loc")
        }
        for p in parts
    ]
    assert listed[0] == listed[1]
    assert site.article_url in listed[0]


def test_every_host_has_a_robots_file(site: DemoSite) -> None:
    for host in (COURIER, POST, MINISTRY, PICTURES):
        assert get(site, host, "/robots.txt").text.startswith("User-agent: *")


def test_an_unknown_host_is_told_so_and_the_bare_address_lists_the_hosts(site: DemoSite) -> None:
    assert get(site, "elsewhere.localhost", "/").status == 421
    assert get(site, "127.0.0.1", "/").text.splitlines()[0] == site.url("ministry")


def test_one_connection_carries_many_requests_and_pipelined_ones(site: DemoSite) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        one = f"GET {CRATES} HTTP/1.1\r\nHost: {PICTURES}:{site.port}\r\n\r\n".encode()
        last = one.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n")
        connection.sendall(one + one[:20])
        connection.sendall(one[20:] + last)
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert received.count(b"Connection: close\r\n") == 1


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/2.0\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 413),
        (b"GET / HTTP/1.1\r\nX: " + b"x" * 70_000, 431),
    ],
)
def test_a_malformed_request_is_refused_and_the_connection_closed(
    site: DemoSite, sent: bytes, status: int
) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        connection.sendall(sent)
        assert connection.recv(65536).startswith(f"HTTP/1.1 {status} ".encode())
        assert connection.recv(65536) == b""


def test_only_get_and_head_are_served(site: DemoSite) -> None:
    assert ask(site.port, COURIER, "/", "POST", Content_Length="0").status == 405


def test_every_request_is_logged(site: DemoSite) -> None:
    tag = get(site, PICTURES, DEPOT).headers["etag"]
    get(site, PICTURES, DEPOT, If_None_Match=tag)
    ask(site.port, COURIER, "/nowhere?x=1", "HEAD")
    assert site.requests == (
        LoggedRequest("GET", PICTURES, DEPOT, 200, False),
        LoggedRequest("GET", PICTURES, DEPOT, 304, True),
        LoggedRequest("HEAD", COURIER, "/nowhere?x=1", 404, False),
    )
    site.forget_requests()
    assert site.requests == ()


def test_every_version_that_was_sent_is_known(site: DemoSite) -> None:
    url = site.url(COURIER, ARTICLE)
    pages = [get(site, COURIER, ARTICLE), get(site, COURIER, ARTICLE, Accept_Encoding="gzip")]
    site.stage = Stage.GONE
    pages.append(get(site, COURIER, ARTICLE))
    assert site.served == {Served(url, sha256(page.body).hexdigest(), page.status) for page in pages}
    assert len(site.served) == 3


def test_a_taken_port_is_said_in_one_line(site: DemoSite) -> None:
    with pytest.raises(UsageError, match=f"port {site.port} on 127.0.0.1 cannot be used"):
        DemoSite(port=site.port).start()


def test_a_stopped_site_closes_its_connections_and_its_port() -> None:
    with DemoSite() as site:
        connection = socket.create_connection(("127.0.0.1", site.port), timeout=10)
        address = connection.getpeername()
    with connection:
        assert connection.recv(1) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(address, timeout=10)


def test_a_generated_site_answers_every_url_it_lists() -> None:
    with GeneratedSite(hosts=3, articles=10, pictures_per_article=2, seed=4) as site:
        connection = HTTPConnection("127.0.0.1", site.port, timeout=10)
        expected = set()
        urls = [*site.article_urls, *site.feed_urls, *site.sitemap_urls]
        urls += [url for number in range(10) for url in site.picture_urls(number)]
        for url in urls:
            host = url.split("/")[2].partition(":")[0]
            reply = ask_on(connection, site.port, host, path_of(url))
            assert reply.status == 200
            expected.add(Served(url, sha256(reply.body).hexdigest(), 200))
        connection.close()
        assert len(site.hosts) == 3
        assert len(expected) == 10 + 3 + 3 + 20
        assert site.served == expected


def test_a_generated_page_names_its_pictures_and_has_the_size_asked_for() -> None:
    with GeneratedSite(hosts=2, articles=4, page_bytes=50_000, picture_bytes=9_000) as site:
        page = get(site, site.hosts[1], path_of(site.article_urls[1]))
        assert 45_000 < len(page.body) < 55_000
        sources = re.findall(r'<figure><img src="([^"]+)"', page.text)
        assert [site.url(site.hosts[1], path) for path in sources] == list(site.picture_urls(1))
        picture = get(site, site.hosts[1], sources[0]).body
        assert 8_900 < len(picture) <= 9_000
        assert png_chunks(picture) == [b"IHDR", b"fiLl", b"IDAT", b"IEND"]


def png_chunks(content: bytes) -> list[bytes]:
    """The names of the chunks; checks every checksum."""
    assert content.startswith(b"\x89PNG\r\n\x1a\n")
    names, at = [], 8
    while at < len(content):
        (length,) = struct.unpack_from(">I", content, at)
        chunk = content[at + 4 : at + 8 + length]
        assert zlib.crc32(chunk) == struct.unpack_from(">I", content, at + 8 + length)[0]
        names.append(chunk[:4])
        at += length + 12
    return names


def test_the_logo_is_the_same_file_on_every_host_and_every_picture_its_own() -> None:
    with GeneratedSite(hosts=3, articles=6, pictures_per_article=3) as site:
        assert len({get(site, host, "/logo.png").body for host in site.hosts}) == 1
        pictures = [
            get(site, site.hosts[number % 3], path_of(url)).body
            for number in range(6)
            for url in site.picture_urls(number)
        ]
        assert len(set(pictures)) == 18


def test_the_same_seed_makes_the_same_site_and_another_seed_another() -> None:
    def pages(seed: int, port: int) -> tuple[list[bytes], int]:
        with GeneratedSite(hosts=2, articles=4, seed=seed, port=port) as site:
            bodies = [
                get(site, site.hosts[n % 2], path_of(url)).body for n, url in enumerate(site.article_urls)
            ]
            return bodies, site.port

    first, port = pages(1, 0)
    assert pages(1, port)[0] == first
    assert not set(pages(2, port)[0]) & set(first)


def test_a_mutation_changes_what_it_says_and_nothing_else() -> None:
    with GeneratedSite(hosts=2, articles=30, pictures_per_article=2) as site:
        hosts = {url: site.hosts[number % 2] for number, url in enumerate(site.article_urls)}

        def state() -> dict[str, tuple[bytes, bytes]]:
            return {
                url: (
                    get(site, hosts[url], path_of(url)).body,
                    get(site, hosts[url], path_of(site.picture_urls(number)[0])).body,
                )
                for number, url in enumerate(site.article_urls)
            }

        before = state()
        mutations = site.mutate(0.2)
        after = state()
    assert {mutation.change for mutation in mutations} == set(Change)
    pages = {url for url in before if before[url][0] != after[url][0]}
    pictures = {url for url in before if before[url][1] != after[url][1]}
    assert pages == {m.url for m in mutations if m.change is not Change.PICTURE}
    assert pictures == {m.url for m in mutations if m.change is Change.PICTURE}
    assert len(pages | pictures) == 6


def test_a_changed_page_answers_a_conditional_request_in_full() -> None:
    with GeneratedSite(hosts=1, articles=1, pictures_per_article=0) as site:
        path = path_of(site.article_urls[0])
        tag = get(site, site.hosts[0], path).headers["etag"]
        assert get(site, site.hosts[0], path, If_None_Match=tag).status == 304
        site.mutate(1.0)
        assert get(site, site.hosts[0], path, If_None_Match=tag).status == 200


def faulty_site(fault: Fault, **options: float) -> GeneratedSite:
    return GeneratedSite(hosts=1, articles=1, pictures_per_article=1, faults={fault: 1.0}, **options)


@pytest.mark.parametrize(("fault", "status"), [(Fault.BUSY, 429), (Fault.UNAVAILABLE, 503)])
def test_a_busy_url_asks_to_come_back_and_then_answers(fault: Fault, status: int) -> None:
    with faulty_site(fault, retry_after=7) as site:
        path = path_of(site.picture_urls(0)[0])
        assert site.faulty == {site.picture_urls(0)[0]: fault}
        first = get(site, site.hosts[0], path)
        assert (first.status, first.headers["retry-after"]) == (status, "7")
        assert get(site, site.hosts[0], path).status == 200


def test_a_missing_picture_answers_404() -> None:
    with faulty_site(Fault.MISSING) as site:
        assert get(site, site.hosts[0], path_of(site.picture_urls(0)[0])).status == 404


def test_a_truncated_body_is_half_of_what_was_announced_and_is_booked_as_sent() -> None:
    with faulty_site(Fault.TRUNCATED) as site:
        with pytest.raises(IncompleteRead) as cut:
            get(site, site.hosts[0], path_of(site.picture_urls(0)[0]))
        half = cut.value.partial
        assert len(half) in (cut.value.expected, (cut.value.expected or 0) - 1)
        assert site.served == {Served(site.picture_urls(0)[0], sha256(half).hexdigest(), 200)}


def test_a_hanging_url_never_answers_and_is_logged_with_status_0() -> None:
    with faulty_site(Fault.HANG) as site:
        connection = HTTPConnection("127.0.0.1", site.port, timeout=0.2)
        connection.request("GET", path_of(site.picture_urls(0)[0]), headers={"Host": site.hosts[0]})
        with pytest.raises(TimeoutError):
            connection.getresponse()
        connection.close()
        assert [entry.status for entry in site.requests] == [0]
        assert site.served == frozenset()


def test_a_slow_answer_keeps_its_place_in_the_order_of_the_connection() -> None:
    with faulty_site(Fault.SLOW, delay=0.05) as site:
        slow = f"GET {path_of(site.picture_urls(0)[0])} HTTP/1.1\r\nHost: {site.hosts[0]}\r\n\r\n"
        quick = f"GET /robots.txt HTTP/1.1\r\nHost: {site.hosts[0]}\r\nConnection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
            connection.sendall((slow + quick).encode())
            received = b"".join(iter(lambda: connection.recv(65536), b""))
        assert received.index(b"image/png") < received.index(b"text/plain")


def test_a_site_in_its_own_process_obeys_and_ends_with_its_parent() -> None:
    with SiteProcess("generated", "--articles", "10", "--hosts", "2", "--faults", "missing=0.5") as site:
        urls = site.tell("urls")
        assert len(urls) == 10
        assert urls[0].startswith(site.url("outlet0"))
        body = ask(site.port, "outlet0.localhost", path_of(urls[0])).body
        assert site.served() == {Served(urls[0], sha256(body).hexdigest(), 200)}
        assert [entry.status for entry in site.requests()] == [200]
        assert len(site.mutate(0.5)) == 5
        for nonsense in ("advance", "mutate much", "mutate 7"):
            with pytest.raises(UsageError):
                site.tell(nonsense)
        child = site._child
    assert child is not None
    assert child.returncode == 0


def test_every_bundled_picture_is_small_and_part_of_the_story() -> None:
    folder = files("archiver.demo") / "site" / "pictures"
    bundled = {file.name: file.read_bytes() for file in folder.iterdir()}
    with DemoSite() as site:
        served = {
            resource.body
            for table in site._tables.values()
            for resource in table.values()
            if isinstance(resource, Resource)
        }
    assert len(bundled) > 30
    assert {name for name, content in bundled.items() if content not in served} == set()
    assert max(map(len, bundled.values())) <= 60_000


def test_an_http_1_0_client_gets_no_chunks(site: DemoSite) -> None:
    with socket.create_connection(("127.0.0.1", site.port), timeout=10) as connection:
        connection.sendall(f"GET {ARTICLE} HTTP/1.0\r\nHost: {COURIER}\r\n\r\n".encode())
        received = b"".join(iter(lambda: connection.recv(65536), b""))
    head, _, body = received.partition(b"\r\n\r\n")
    assert b"Transfer-Encoding" not in head
    assert f"Content-Length: {len(body)}\r\n".encode() in head
    assert get(site, COURIER, ARTICLE).headers["transfer-encoding"] == "chunked"

"""The crawls of test_guard_crawl, in processes of their own because a reactor starts once; prints all."""

import asyncio
import json
import socket
import sys
from typing import Any

SITE, TRAP = "127.0.0.1", "127.0.0.2"
NAMES = {
    "news.example": [SITE],
    "evil.example": [TRAP],
    "mixed.example": [SITE, TRAP],
}
SYSTEM_GETADDRINFO = socket.getaddrinfo


def getaddrinfo(host: Any, *args: Any, **kwargs: Any) -> list[tuple[Any, ...]]:
    if isinstance(host, str) and host.endswith(".example"):
        if host not in NAMES:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in NAMES[host]]
    return SYSTEM_GETADDRINFO(host, *args, **kwargs)


socket.getaddrinfo = getaddrinfo

from scrapy import Request, Spider  # noqa: E402
from scrapy.crawler import AsyncCrawlerProcess, AsyncCrawlerRunner  # noqa: E402
from scrapy.utils.reactor import install_reactor  # noqa: E402

from archiver.errors import UnsafeURLError  # noqa: E402
from archiver.model.access import UrlPolicy  # noqa: E402
from archiver.spiders.guard import guard_settings, install_guard, resolved_addresses, url_refused  # noqa: E402

REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"


class Listener:
    """An HTTP server that remembers what it was asked, and counts connections."""

    def __init__(self) -> None:
        self.connections = 0
        self.asked: list[str] = []
        self.redirects: dict[str, str] = {}

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        head = await reader.readuntil(b"\r\n\r\n")
        path = head.split(b" ")[1].decode()
        self.asked.append(path)
        location = self.redirects.get(path)
        status = f"302 Found\r\nLocation: {location}" if location else "200 OK"
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok".encode())
        writer.close()

    async def listen(self, address: str) -> int:
        server = await asyncio.start_server(self.answer, address, 0)
        return int(server.sockets[0].getsockname()[1])


class Visits(Spider):
    name = "visits"
    custom_settings = {"RETRY_TIMES": 1}  # noqa: RUF012

    def __init__(
        self, requests: list[tuple[str, dict[str, Any]]], outcome: dict[str, Any], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.requests = requests
        self.outcome = outcome

    async def start(self):
        for url, meta in self.requests:
            meta = {**meta, "asked": url}
            yield Request(url, self.came, errback=self.failed, meta=meta, dont_filter=True)

    async def came(self, response: Any) -> None:
        self.outcome[response.meta["asked"]] = f"{response.status}"

    def failed(self, failure: Any) -> None:
        kind = "refused" if failure.check(UnsafeURLError) else failure.type.__name__
        self.outcome[failure.request.meta["asked"]] = f"{kind}: {failure.getErrorMessage()}"


def base_settings(robots: bool = False) -> dict[str, Any]:
    return {
        "ROBOTSTXT_OBEY": robots,
        "LOG_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "TWISTED_REACTOR": REACTOR,
    }


async def visit(settings: dict[str, Any], requests: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    """Crawl in the loop that runs; what came of each URL, and the announced refusals."""
    outcome: dict[str, Any] = {}
    announced: list[str] = []
    runner = AsyncCrawlerRunner(settings)
    crawler = runner.create_crawler(Visits)

    async def on_refused(request: Request, error: UnsafeURLError) -> None:
        await asyncio.sleep(0)
        announced.append(request.url)

    crawler.signals.connect(on_refused, signal=url_refused)
    await runner.crawl(crawler, requests=requests, outcome=outcome)
    return {"outcome": outcome, "announced": announced}


async def spellings(urls: list[str]) -> dict[str, Any]:
    """Each URL, with PORT replaced by that of a server on loopback."""
    from twisted.internet import reactor

    listener = Listener()
    port = await listener.listen(SITE)
    policy = UrlPolicy.of(allowed_ports=[80, port])
    install_guard(reactor, policy)
    requests = [(url.replace("PORT", str(port)), {}) for url in urls]
    found = await visit({**base_settings(robots=True), **guard_settings(policy)}, requests)
    return {**found, "connections": listener.connections}


async def hops() -> dict[str, Any]:
    """A site that may be fetched, and that leads to a server which may not, in every way."""
    from twisted.internet import reactor

    site, trap = Listener(), Listener()
    site_port, trap_port = await site.listen(SITE), await trap.listen(TRAP)
    policy = UrlPolicy.of(["127.0.0.1/32"], [80, site_port, trap_port])
    install_guard(reactor, policy)
    base = f"http://news.example:{site_port}"
    site.redirects = {
        "/to-literal": f"http://{TRAP}:{trap_port}/secret",
        "/to-decimal": f"http://2130706434:{trap_port}/secret",
        "/to-name": f"http://evil.example:{trap_port}/secret",
        "/to-mixed": f"http://mixed.example:{trap_port}/secret",
        "/to-file": "file:///etc/passwd",
        "/robots.txt": f"http://evil.example:{trap_port}/robots.txt",
        "/hop-1": f"{base}/hop-2",
        "/hop-2": f"http://[::ffff:127.0.0.2]:{trap_port}/secret",
    }
    paths = ["/", "/to-literal", "/to-decimal", "/to-name", "/to-mixed", "/to-file", "/hop-1"]
    requests = [(base + path, {}) for path in paths]
    requests += [
        (f"http://evil.example:{trap_port}/picture.jpg", {}),
        (f"https://evil.example:{trap_port}/", {}),
    ]
    found = await visit({**base_settings(robots=True), **guard_settings(policy)}, requests)
    return {**found, "trapped": trap.connections, "asked": sorted(site.asked), "base": base}


async def unguarded() -> dict[str, Any]:
    """The settings of the guard, but nobody installed its resolver."""
    listener = Listener()
    port = await listener.listen(SITE)
    policy = UrlPolicy.of(["127.0.0.0/8"], [port])
    found = await visit({**base_settings(), **guard_settings(policy)}, [(f"http://news.example:{port}/", {})])
    return {**found, "connections": listener.connections}


async def two_crawlers() -> dict[str, Any]:
    """Two crawls at once under one guard; a custom resolver setting of one of them changes nothing."""
    from twisted.internet import reactor

    listener = Listener()
    port = await listener.listen(SITE)
    policy = UrlPolicy.of(["127.0.0.1/32"], [port])
    install_guard(reactor, policy)
    settings = {**base_settings(), **guard_settings(policy)}
    urls = [(f"http://news.example:{port}/", {}), (f"http://evil.example:{port}/", {})]
    plain = {**settings, "TWISTED_DNS_RESOLVER": "scrapy.resolver.CachingThreadedResolver"}
    first, second = await asyncio.gather(visit(settings, urls), visit(plain, urls))
    names = ("news.example", "never-asked.example", SITE)
    resolved = {name: resolved_addresses(name) for name in names}
    return {"first": first["outcome"], "second": second["outcome"], "port": port, "resolved": resolved}


async def proxied() -> dict[str, Any]:
    """Everything goes through a proxy on loopback, which itself is no page."""
    from twisted.internet import reactor

    proxy = Listener()
    port = await proxy.listen(SITE)
    policy = UrlPolicy.of((), [80, port], proxy=f"http://{SITE}:{port}")
    install_guard(reactor, policy)
    meta = {"proxy": f"http://{SITE}:{port}"}
    urls = [
        "http://only-the-proxy-knows.example/",
        "http://evil.example/",
        "http://10.0.0.1/",
        f"http://{SITE}:{port}/",
    ]
    found = await visit({**base_settings(), **guard_settings(policy)}, [(url, meta) for url in urls])
    return {**found, "asked": proxy.asked, "port": port}


def in_process() -> dict[str, Any]:
    """Scrapy's own process, which installs the resolver that the settings name."""
    policy = UrlPolicy.of(["127.0.0.1/32"])
    process = AsyncCrawlerProcess({**base_settings(), **guard_settings(policy)})
    outcome: dict[str, Any] = {}
    requests = [("http://evil.example/", {}), ("http://127.1.1.1/", {}), ("http://nowhere.example/", {})]
    process.crawl(Visits, requests=requests, outcome=outcome)
    process.start()
    return {"outcome": outcome}


async def everything(urls: list[str]) -> dict[str, Any]:
    return {
        "unguarded": await unguarded(),
        "spellings": await spellings(urls),
        "hops": await hops(),
        "two_crawlers": await two_crawlers(),
        "proxied": await proxied(),
    }


def under_reactor(urls: list[str]) -> dict[str, Any]:
    """In Twisted's reactor, run as Twisted runs it."""
    install_reactor(REACTOR)
    from twisted.internet import reactor

    found: list[dict[str, Any]] = []

    async def main() -> None:
        try:
            found.append(await everything(urls))
        finally:
            reactor.callLater(0, reactor.stop)

    reactor.callWhenRunning(lambda: asyncio.ensure_future(main()))
    reactor.run()
    return found[0]


def under_asyncio(urls: list[str]) -> dict[str, Any]:
    """In a loop that runs already, with a reactor that nobody ever starts."""
    from twisted.internet import asyncioreactor

    async def main() -> dict[str, Any]:
        asyncioreactor.install(asyncio.get_running_loop())
        return await everything(urls)

    return asyncio.run(main())


def under_scrapy(_urls: list[str]) -> dict[str, Any]:
    """In Scrapy's own process."""
    return in_process()


if __name__ == "__main__":
    ways = {"reactor": under_reactor, "asyncio": under_asyncio, "scrapy": under_scrapy}
    print(json.dumps(ways[sys.argv[1]](sys.argv[2:])))

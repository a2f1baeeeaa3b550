"""The guarded resolver under Twisted's own endpoints and HTTP agent, with real sockets on loopback."""

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from twisted.internet.asyncioreactor import AsyncioSelectorReactor
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.error import DNSLookupError
from twisted.internet.protocol import ClientFactory, Factory, Protocol
from twisted.web.client import Agent, ResponseNeverReceived

from archiver.errors import UnsafeURLError
from archiver.model.access import UrlPolicy
from archiver.spiders.guard import GuardedResolver, install_guard

STRICT = UrlPolicy()
LOOPBACK = UrlPolicy.of(["127.0.0.0/8"])


def answering(answers: dict[str, list[str]]) -> Callable[..., list[tuple[Any, ...]]]:
    """A getaddrinfo with these answers, which counts its calls."""

    def getaddrinfo(host: str, *args: Any, **kwargs: Any) -> list[tuple[Any, ...]]:
        getaddrinfo.asked.append(host)
        if host not in answers:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [(0, socket.SOCK_STREAM, 6, "", (address, 0)) for address in answers[host]]

    getaddrinfo.asked = []
    return getaddrinfo


class Listener:
    """Counts the connections that reach it."""

    def __init__(self) -> None:
        self.connections = 0
        self.port = 0

    async def _accept(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        writer.close()


@asynccontextmanager
async def listening() -> AsyncIterator[Listener]:
    listener = Listener()
    server = await asyncio.start_server(listener._accept, "127.0.0.1", 0)
    listener.port = server.sockets[0].getsockname()[1]
    async with server:
        yield listener


@pytest.fixture
async def reactor():
    loop = asyncio.get_running_loop()
    reactor = AsyncioSelectorReactor(loop)
    yield reactor
    for reader in reactor.removeAll():
        reader.connectionLost(None)
    reactor._asyncioEventloop = loop
    for call in reactor.getDelayedCalls():
        call.cancel()


def guarded(reactor: Any, policy: UrlPolicy, answers: dict[str, list[str]] | None = None) -> GuardedResolver:
    resolver = GuardedResolver(reactor, policy, answering(answers or {}))
    resolver.install_on_reactor()
    return resolver


async def connect(reactor: Any, host: str, port: int) -> str:
    """The address that an endpoint connected to."""
    factory = Factory.forProtocol(Protocol)
    protocol = (
        await HostnameEndpoint(reactor, host, port).connect(factory).asFuture(asyncio.get_running_loop())
    )
    peer = protocol.transport.getPeer().host
    protocol.transport.abortConnection()
    return str(peer)


ANSWERS = {
    "evil.example": ["127.0.0.1"],
    "mixed.example": ["93.184.216.34", "127.0.0.1"],
    "six.example": ["2606:4700::1111", "::1"],
    "mapped.example": ["::ffff:127.0.0.1"],
    "nat64.example": ["64:ff9b::7f00:1"],
    "metadata.example": ["169.254.169.254"],
    "zoned.example": ["fe80::1%eth0"],
}
HOSTS = [
    *ANSWERS, "127.0.0.1", "127.1", "2130706433", "0x7f000001", "0177.0.0.1", "::1", "::ffff:127.0.0.1",
    "64:ff9b::7f00:1", "localhost", "a.localhost", "LOCALHOST.", "127.0.0.1.", "0", "0.0.0.0",
]  # fmt: skip


@pytest.mark.parametrize("host", HOSTS)
async def test_no_connection_is_made_to_an_address_that_is_not_public(reactor, host: str):
    guarded(reactor, STRICT, ANSWERS)
    async with listening() as listener:
        with pytest.raises(UnsafeURLError, match="not on the public internet"):
            await connect(reactor, host, listener.port)
        assert listener.connections == 0


@pytest.mark.parametrize("scheme", [b"http", b"https"])
async def test_the_refusal_reaches_who_uses_the_http_agent(reactor, scheme: bytes):
    guarded(reactor, STRICT, ANSWERS)
    async with listening() as listener:
        for host in (b"evil.example", b"127.0.0.1", b"[::1]", b"2130706433"):
            url = b"%b://%b:%d/" % (scheme, host, listener.port)
            with pytest.raises(UnsafeURLError, match=r"network\.allow_private"):
                await Agent(reactor).request(b"GET", url).asFuture(asyncio.get_running_loop())
        assert listener.connections == 0


async def test_an_opened_address_is_connected_to(reactor):
    guarded(reactor, LOOPBACK, ANSWERS)
    async with listening() as listener:
        for host in ("evil.example", "127.0.0.1", "127.1", "localhost", "news.localhost"):
            assert await connect(reactor, host, listener.port) == "127.0.0.1"
        url = b"http://evil.example:%d/" % listener.port
        with pytest.raises(ResponseNeverReceived):
            await Agent(reactor).request(b"GET", url).asFuture(asyncio.get_running_loop())
        assert listener.connections == 6


async def test_a_name_is_refused_when_one_of_its_addresses_is_not_opened(reactor):
    guarded(reactor, LOOPBACK, {"mixed.example": ["127.0.0.1", "10.0.0.1"]})
    async with listening() as listener:
        with pytest.raises(UnsafeURLError, match=r"mixed\.example leads to 10\.0\.0\.1"):
            await connect(reactor, "mixed.example", listener.port)
        assert listener.connections == 0


async def test_localhost_names_are_not_asked_of_dns(reactor):
    resolver = guarded(reactor, LOOPBACK, {"localhost": ["93.184.216.34"]})
    assert await resolver.resolve("localhost").asFuture(asyncio.get_running_loop()) == ("127.0.0.1",)
    assert await resolver.resolve("x.localhost").asFuture(asyncio.get_running_loop()) == ("127.0.0.1",)


async def test_a_name_that_changes_its_answer_does_not_lead_elsewhere(reactor):
    """DNS rebinding: what was judged is what is connected to, and every later answer is judged too."""
    flips = iter([["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1"]])

    def getaddrinfo(*args: Any, **kwargs: Any) -> list[tuple[Any, ...]]:
        return [(0, 0, 0, "", (address, 0)) for address in next(flips)]

    resolver = GuardedResolver(reactor, LOOPBACK, getaddrinfo)
    resolver.install_on_reactor()
    async with listening() as listener:
        assert await connect(reactor, "flip.example", listener.port) == "127.0.0.1"
        resolver._lookups._answers.clear()
        with pytest.raises(UnsafeURLError, match=r"10\.0\.0\.1"):
            await connect(reactor, "flip.example", listener.port)
        assert listener.connections == 1


async def test_each_name_is_asked_once_at_a_time_and_then_remembered(reactor):
    getaddrinfo = answering({"news.example": ["93.184.216.34"]})
    resolver = GuardedResolver(reactor, STRICT, getaddrinfo)
    assert resolver.pinned("news.example") == ()
    loop = asyncio.get_running_loop()
    answers = await asyncio.gather(*(resolver.resolve("news.example").asFuture(loop) for _ in range(50)))
    assert set(answers) == {("93.184.216.34",)}
    assert resolver.pinned("news.example") == ("93.184.216.34",)
    await resolver.resolve("NEWS.example").asFuture(loop)
    assert getaddrinfo.asked == ["news.example"]


async def test_a_name_without_an_address_fails_with_the_reason(reactor):
    resolver = guarded(reactor, STRICT, {"empty.example": []})
    with pytest.raises(DNSLookupError, match=r"nowhere\.example: Name or service not known"):
        await connect(reactor, "nowhere.example", 80)
    with pytest.raises(DNSLookupError, match=r"empty\.example: no address"):
        await resolver.getHostByName("empty.example").asFuture(asyncio.get_running_loop())


@pytest.mark.parametrize(
    "host", ["exa mple.example", "a..example", "x" * 64 + ".example", "a\r\nb", "fe80::1%eth0x y"]
)
async def test_what_is_no_name_is_never_asked(reactor, host: str):
    getaddrinfo = answering({})
    resolver = GuardedResolver(reactor, STRICT, getaddrinfo)
    with pytest.raises(UnsafeURLError):
        await resolver.resolve(host).asFuture(asyncio.get_running_loop())
    assert getaddrinfo.asked == []


async def test_a_name_server_that_hangs_is_given_up_on(reactor):
    release = threading.Event()

    def hanging(*args: Any, **kwargs: Any) -> list[tuple[Any, ...]]:
        release.wait(20)
        return [(0, 0, 0, "", ("93.184.216.34", 0))]

    resolver = GuardedResolver(reactor, UrlPolicy.of(dns_timeout=0.05), hanging)
    resolver.install_on_reactor()
    with pytest.raises(DNSLookupError, match=r"slow\.example: no answer from DNS in 0\.05 s"):
        await connect(reactor, "slow.example", 80)
    waiting = resolver.resolve("slow.example").asFuture(asyncio.get_running_loop())
    release.set()
    assert await waiting == ("93.184.216.34",)


async def test_hanging_lookups_are_bounded_and_the_rest_waits_its_turn(reactor):
    release = threading.Event()
    at_once: list[int] = []

    def hanging(host: str, *args: Any, **kwargs: Any) -> list[tuple[Any, ...]]:
        at_once.append(sum(thread.name.startswith("dns ") for thread in threading.enumerate()))
        release.wait(20)
        return [(0, 0, 0, "", ("93.184.216.34", 0))]

    resolver = GuardedResolver(reactor, STRICT, hanging)
    loop = asyncio.get_running_loop()
    answers = [resolver.resolve(f"n{number}.example").asFuture(loop) for number in range(100)]
    release.set()
    await asyncio.gather(*answers)
    assert len(at_once) == 100
    assert max(at_once) <= 32


async def test_the_older_resolver_interface_is_guarded_too(reactor):
    """connectTCP with a name asks this one."""
    guarded(reactor, STRICT, ANSWERS)
    failed = asyncio.get_running_loop().create_future()

    class Client(ClientFactory):
        def clientConnectionFailed(self, _connector: Any, reason: Any) -> None:  # noqa: N802
            failed.set_result(reason.value)

    async with listening() as listener:
        reactor.connectTCP("evil.example", listener.port, Client())
        assert isinstance(await failed, UnsafeURLError)
        assert listener.connections == 0


async def test_the_operators_proxy_may_be_on_a_private_address_but_nothing_else_is(reactor):
    async with listening() as listener:
        policy = UrlPolicy.of(proxy=f"http://proxy.example:{listener.port}")
        resolver = guarded(reactor, policy, {"proxy.example": ["127.0.0.1"], "alias.example": ["127.0.0.1"]})
        assert await connect(reactor, "proxy.example", listener.port) == "127.0.0.1"
        tunnel = await resolver.getHostByName("proxy.example").asFuture(asyncio.get_running_loop())
        assert tunnel == "127.0.0.1"
        for host in ("alias.example", "127.0.0.1"):
            with pytest.raises(UnsafeURLError):
                await connect(reactor, host, listener.port)
        with pytest.raises(UnsafeURLError):
            await connect(reactor, "proxy.example", listener.port + 1)


async def test_a_guard_is_installed_once_for_a_policy_and_replaced_by_another(reactor):
    first = install_guard(reactor, STRICT)
    assert install_guard(reactor, UrlPolicy.of()) is first
    second = install_guard(reactor, LOOPBACK)
    assert reactor.nameResolver is second
    assert second.policy is LOOPBACK


async def test_the_system_resolver_is_asked_for_names(reactor):
    """getaddrinfo itself: the name is either unknown to this machine, or has an address."""
    resolver = install_guard(reactor, STRICT)
    with pytest.raises(DNSLookupError, match=r"no-such-name\.invalid: \S+"):
        await resolver.resolve("no-such-name.invalid").asFuture(asyncio.get_running_loop())

"""DNS lookups that neither block the event loop nor keep the process from ending.

The system resolver is asked, in daemon threads: a reactor's own threads wait for a reactor that was started
by `run()`, are shared with other work, and cannot be abandoned when a name server hangs.
"""

from __future__ import annotations

import socket
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from threading import Thread
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.error import DNSLookupError

MAX_THREADS = 32
MAX_REMEMBERED = 10_000
REMEMBER_SECONDS = 300.0
REMEMBER_FAILURE_SECONDS = 10.0

GetAddrInfo = Callable[..., list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What DNS said: the addresses, in the order in which they are to be tried, or why there are none."""

    addresses: tuple[str, ...]
    failure: str | None
    expires: float


class Lookups:
    """Looks names up, each once at a time, and remembers the answers of the last minutes."""

    def __init__(self, reactor: Any, timeout: float, getaddrinfo: GetAddrInfo = socket.getaddrinfo) -> None:
        self._reactor = reactor
        self._timeout = timeout
        self._getaddrinfo = getaddrinfo
        self._answers: OrderedDict[str, Answer] = OrderedDict()
        self._waiting: dict[str, list[Deferred[tuple[str, ...]]]] = {}
        self._queue: deque[str] = deque()
        self._threads = 0

    def remembered(self, name: str) -> Answer | None:
        """The answer of an earlier lookup that still holds."""
        answer = self._answers.get(name)
        return answer if answer is not None and answer.expires > time.monotonic() else None

    def addresses(self, name: str) -> Deferred[tuple[str, ...]]:
        """All addresses of `name`; fails with DNSLookupError when there is none or no answer came in time."""
        waiter: Deferred[tuple[str, ...]] = Deferred()
        answer = self.remembered(name)
        if answer is not None:
            _deliver(waiter, name, answer)
            return waiter
        late = self._reactor.callLater(self._timeout, self._give_up, name, waiter)
        waiter.addBoth(_cancel_call, late)
        if name in self._waiting:
            self._waiting[name].append(waiter)
        else:
            self._waiting[name] = [waiter]
            self._queue.append(name)
            self._start_threads()
        return waiter

    def _start_threads(self) -> None:
        while self._queue and self._threads < MAX_THREADS:
            name = self._queue.popleft()
            self._threads += 1
            try:
                Thread(target=self._ask, args=(name,), name=f"dns {name}", daemon=True).start()
            except RuntimeError as error:
                self._reactor.callLater(0, self._finish, name, (), str(error))

    def _ask(self, name: str) -> None:
        addresses: tuple[str, ...] = ()
        failure = None
        try:
            found = self._getaddrinfo(name, None, type=socket.SOCK_STREAM)
            addresses = tuple(dict.fromkeys(entry[4][0] for entry in found))
        except socket.gaierror as error:
            failure = error.strerror or str(error)
        except (OSError, ValueError) as error:
            failure = str(error)
        # RuntimeError: the loop was closed meanwhile, nobody waits any more.
        with suppress(RuntimeError):
            self._reactor.callFromThread(self._finish, name, addresses, failure)

    def _finish(self, name: str, addresses: tuple[str, ...], failure: str | None) -> None:
        self._threads -= 1
        if not addresses and failure is None:
            failure = "no address"
        answer = Answer(
            addresses,
            failure,
            time.monotonic() + (REMEMBER_SECONDS if addresses else REMEMBER_FAILURE_SECONDS),
        )
        self._answers[name] = answer
        self._answers.move_to_end(name)
        while len(self._answers) > MAX_REMEMBERED:
            self._answers.popitem(last=False)
        for waiter in self._waiting.pop(name, ()):
            _deliver(waiter, name, answer)
        self._start_threads()

    def _give_up(self, name: str, waiter: Deferred[tuple[str, ...]]) -> None:
        with suppress(KeyError, ValueError):
            self._waiting[name].remove(waiter)
        waiter.errback(DNSLookupError(f"{name}: no answer from DNS in {self._timeout:g} s"))


def _deliver(waiter: Deferred[tuple[str, ...]], name: str, answer: Answer) -> None:
    if answer.failure is None:
        waiter.callback(answer.addresses)
    else:
        waiter.errback(DNSLookupError(f"{name}: {answer.failure}"))


def _cancel_call(result: Any, call: Any) -> Any:
    if call.active():
        call.cancel()
    return result

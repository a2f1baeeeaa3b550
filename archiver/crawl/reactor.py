"""Runs a coroutine under Twisted's asyncio reactor, which Scrapy needs; once in a process."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, cast

from scrapy.utils.reactor import install_reactor, is_reactor_installed
from twisted.logger import ILogObserver, STDLibLogObserver, globalLogBeginner

ASYNCIO_REACTOR = "twisted.internet.asyncioreactor.AsyncioSelectorReactor"
EVENT_LOOP = "uvloop.Loop"
R = TypeVar("R")


def run_under_reactor(
    main: Callable[[], Coroutine[object, object, R]], *, stop: asyncio.Event | None = None
) -> R:
    """The result of `main()`, run until it is done. SIGINT and SIGTERM cancel it, so that it can close.

    With `stop`, the first signal sets that instead, and only the next one cancels. A reactor cannot be
    started twice: this can be called once in a process. What Twisted has to say goes to Python's logging.
    """
    if not is_reactor_installed():
        install_reactor(ASYNCIO_REACTOR, EVENT_LOOP)
        # zope.interface says that it is an observer, where no type checker looks
        observer = cast("ILogObserver", STDLibLogObserver())
        globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False, discardBuffer=True)
    from twisted.internet import reactor as installed

    reactor: Any = installed

    outcome: list[asyncio.Task[R]] = []

    def begin() -> None:
        loop = asyncio.get_event_loop()
        task = loop.create_task(main())
        outcome.append(task)

        def told() -> None:
            if stop is None or stop.is_set():
                task.cancel()
            else:
                stop.set()

        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, told)
        task.add_done_callback(lambda _task: reactor.stop())

    reactor.callWhenRunning(begin)
    reactor.run(installSignalHandlers=False)
    task = outcome[0]
    if task.cancelling():  # even if something on the way took the cancelling for a normal end
        if not task.cancelled() and (error := task.exception()):
            raise error
        raise KeyboardInterrupt
    return task.result()

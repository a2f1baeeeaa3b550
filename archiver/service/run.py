"""The service as a whole: one process a home, one leader an archive, the web beside it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, nullcontext
from datetime import UTC, datetime

from archiver.config.home import Home
from archiver.config.settings import Settings
from archiver.crawl.archive import Archive, open_archive
from archiver.crawl.contact import lacks_contact
from archiver.crawl.extracting import Extractor
from archiver.crawl.reactor import run_under_reactor
from archiver.errors import AlreadyRunningError, IndexDamagedError, IndexUnavailableError
from archiver.service.clock_watch import ClockWatch
from archiver.service.pulse import LEADER, STANDBY, STOPPING, Pulse
from archiver.service.shift import LEADERSHIP_EVERY, AllDone, Orders, Shift
from archiver.service.source_files import SourceFiles
from archiver.service.web_process import keep_web_running
from archiver.storage.home_lock import sole_service
from archiver.storage.index import Index
from archiver.storage.operations.leadership import Leadership

log = logging.getLogger(__name__)


def run_service(
    home: Home, settings: Settings, *, web: Sequence[str] = (), clock: ClockWatch | None = None
) -> None:
    """Run until SIGTERM or SIGINT; `web` are the arguments of the command that serves, none for no web.

    Runs Twisted's reactor, which a process can do once. Raises AlreadyRunningError, ConfigurationError for
    sources that may not be crawled without a contact, and what makes the archive unusable.
    """
    files = _files(home, settings)
    orders = Orders()

    async def run() -> None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, orders.reload.set)
        async with _web_beside(web):
            await _lead_and_work(home, settings, files, orders, clock)

    with _lock(home, settings):
        run_under_reactor(run, stop=orders.stop)


def run_once(home: Home, settings: Settings) -> AllDone:
    """One pass over every source and every article that is due; what it came to.

    Raises as `run_service`.
    """
    files = _files(home, settings)
    orders = Orders()

    async def run() -> AllDone:
        index = Index.open(settings.database_url(home))
        pulse = Pulse(role=LEADER)
        with contextlib.closing(index), index.operations.leadership(pulse.owner) as leadership:
            if not await asyncio.to_thread(leadership.try_acquire):
                raise AlreadyRunningError("another service leads this archive; it does what is due")
            await asyncio.to_thread(_succeed, index, pulse.owner)
            try:
                async with _opened(home, settings, orders) as archive:
                    with Extractor(1) as extractor:
                        shift = Shift(archive, extractor, files, pulse, leadership.is_held)
                        return await shift.work_once(orders)
            finally:
                await _take_leave(index, pulse)

    with _lock(home, settings):
        return run_under_reactor(run, stop=orders.stop)


async def _lead_and_work(
    home: Home, settings: Settings, files: SourceFiles, orders: Orders, clock: ClockWatch | None
) -> None:
    pulse = Pulse(role="")
    index = Index.open(settings.database_url(home))
    with contextlib.closing(index), index.operations.leadership(pulse.owner) as leadership:
        while not orders.stop.is_set():
            if not await _become_leader(index, leadership, pulse, orders):
                continue
            try:
                async with _opened(home, settings, orders) as archive:
                    with Extractor(1) as extractor:
                        await Shift(archive, extractor, files, pulse, leadership.is_held, clock).work(orders)
            except IndexDamagedError:
                raise
            except IndexUnavailableError as error:
                log.warning("%s; trying again", error)
                await _pause(orders)
            pulse.role = STOPPING if orders.stop.is_set() else STANDBY
        await _take_leave(index, pulse)
    log.info("stopped")


async def _take_leave(index: Index, pulse: Pulse) -> None:
    index.hurry()
    with contextlib.suppress(IndexUnavailableError):  # it is found to be silent soon enough
        await asyncio.to_thread(pulse.end, index)


@asynccontextmanager
async def _opened(home: Home, settings: Settings, orders: Orders) -> AsyncIterator[Archive]:
    """The archive, which waits for a full disk or an absent database until somebody wants an end."""

    async def hurry(archive: Archive) -> None:
        await orders.stop.wait()
        await asyncio.sleep(settings.service.grace)
        archive.hurry()

    async with AsyncExitStack() as around:
        archive = await around.enter_async_context(open_archive(home, settings, patience=float("inf")))
        hurrying = asyncio.create_task(hurry(archive))
        try:
            yield archive
            await around.aclose()  # waits too
        finally:
            hurrying.cancel()


async def _become_leader(index: Index, leadership: Leadership, pulse: Pulse, orders: Orders) -> bool:
    """Try to lead; False after a short wait when another process does, or the database is away."""
    try:
        leads = await asyncio.to_thread(leadership.try_acquire)
        role = LEADER if leads else STANDBY
        if role != pulse.role or leads:
            log.info("this process %s", "leads" if leads else "waits: another one leads")
        pulse.role = role
        await asyncio.to_thread(pulse.beat, index)
        if leads:
            await asyncio.to_thread(_succeed, index, pulse.owner)
    except IndexUnavailableError as error:
        log.warning("%s", error)
        leads = False
    if not leads:
        await _pause(orders)
    return leads


def _succeed(index: Index, owner: str) -> None:
    """Take over from whoever led before; who holds the lock of a home knows that nobody else works there."""
    operations = index.operations
    operations.beats.forget_other_leaders(owner)
    if index.is_local:
        operations.sources.release_others(owner)
        operations.submissions.release_others(owner, datetime.now(UTC))


async def _pause(orders: Orders) -> None:
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(orders.stop.wait(), LEADERSHIP_EVERY)


@asynccontextmanager
async def _web_beside(arguments: Sequence[str]) -> AsyncIterator[None]:
    """The web in a process of its own, until the end of the block."""
    if not arguments:
        yield
        return
    ending = asyncio.Event()
    web = asyncio.create_task(keep_web_running(arguments, ending))
    try:
        yield
    finally:
        ending.set()
        await web


def _files(home: Home, settings: Settings) -> SourceFiles:
    """The source files, read once.

    Sources that would be crawled without a contact are refused, those without a secret left out.
    """
    files = SourceFiles(
        home.sources,
        refuses=lambda source: lacks_contact(settings, source.urls),
        lacks=lambda source: source.lacks(os.environ),
    )
    files.reload()
    if not files.sources and not files.left_out:
        log.warning("no source is enabled; name one in %s with enabled: true", home.sources)
    return files


def _lock(home: Home, settings: Settings) -> AbstractContextManager[None]:
    """An archive with a database of its own has one service; a PostgreSQL server knows who leads."""
    is_file = settings.database_url(home).startswith("sqlite")
    return sole_service(home.root) if is_file else nullcontext()

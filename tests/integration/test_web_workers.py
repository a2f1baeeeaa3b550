"""Several processes serve one address: one that dies is replaced, and all end with the first."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx2 as httpx
import pytest
from web_server import Running, serving

from archiver.config.home import Home, create_home
from archiver.web.workers import run_workers


@pytest.fixture
def running(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    create_home(Home(tmp_path / "home"))
    monkeypatch.setenv("ARCHIVER_WEB__WORKERS", "2")
    with serving(tmp_path / "home") as server:
        yield server


def workers(first: int) -> set[int]:
    """The children of a process."""
    return {int(one) for one in Path(f"/proc/{first}/task/{first}/children").read_text().split()}


def is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def until(is_so: Callable[[], bool]) -> None:
    """Wait for a condition; at most 15 seconds."""
    end = time.monotonic() + 15
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_one_that_dies_is_begun_again_while_the_other_serves_and_all_end_on_sigterm(running: Running) -> None:
    before = workers(running.process.pid)
    assert len(before) == 2
    os.kill(min(before), signal.SIGKILL)
    until(lambda: len(workers(running.process.pid) - before) == 1)
    now = workers(running.process.pid)
    assert max(before) in now

    def answers() -> bool:
        try:
            return httpx.get(f"{running.application}/readyz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    for _ in range(8):  # each a connection of its own, which the system gives to either
        until(answers)
    assert running.stop() == 0
    assert not any(is_alive(process) for process in now)


def test_no_worker_outlives_the_first_process(running: Running) -> None:
    before = workers(running.process.pid)
    running.process.kill()
    until(lambda: not any(is_alive(process) for process in before))


def test_a_worker_that_cannot_begin_ends_all_at_once() -> None:
    def work(number: int, ready: Callable[[], None]) -> None:
        if number == 1:
            raise OSError("no more files")
        ready()
        signal.pause()

    said: list[str] = []
    assert run_workers(2, work, lambda: said.append("ready")) == 1
    assert said == []

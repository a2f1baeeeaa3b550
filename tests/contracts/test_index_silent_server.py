"""A PostgreSQL server that keeps its connections and does not answer: stopped, swapping, or cut off."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait

import pytest
from database_line import Line

from archiver.errors import IndexUnavailableError
from archiver.storage.index import Index
from archiver.storage.index import engine as engine_module


def test_who_may_not_be_kept_waiting_gives_up(line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_module, "_PROMPT", 0.5)
    with Index.open(line.url) as index:
        jobs = index.job_store()
        assert jobs.get_all_jobs() == []
        line.hold()
        with pytest.raises(IndexUnavailableError, match="cannot be reached"):
            jobs.get_all_jobs()
        line.mend()
        assert jobs.get_all_jobs() == []


def test_others_wait_until_somebody_wants_an_end(line: Line) -> None:
    with Index.open(line.url) as index, ThreadPoolExecutor(1) as thread:
        line.hold()
        asking = thread.submit(index.stats)
        assert wait([asking], timeout=engine_module.HURRIED + 0.3).not_done
        index.hurry()
        with pytest.raises(IndexUnavailableError, match="cannot be reached"):
            asking.result(10)


def test_a_new_connection_is_not_waited_for_long_either(line: Line) -> None:
    with Index.open(line.url) as index:
        index.close()
        index.hurry()
        line.hold()
        with pytest.raises(IndexUnavailableError, match="cannot be reached"):
            index.stats()


def test_what_was_asked_of_a_slow_server_is_answered(line: Line) -> None:
    with Index.open(line.url) as index, ThreadPoolExecutor(1) as thread:
        line.hold()
        asking = thread.submit(index.stats)
        assert wait([asking], timeout=0.3).not_done
        line.mend()
        assert asking.result(10).total.captures == 0

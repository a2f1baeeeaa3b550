"""A rebuild beside processes that go on recording: nothing that they were acknowledged is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from index_examples import capture

from archiver.errors import IndexUnavailableError
from archiver.storage.index import Index


def test_nothing_is_lost_that_is_recorded_while_a_rebuild_is_put_in_place(
    url: str, opened: Callable[[str], Index]
) -> None:
    index, writing = opened(url), opened(url)
    recorded = []
    stop = threading.Event()

    def record() -> None:
        while not stop.is_set():
            one = capture(f"https://paper.example/{len(recorded)}", len(recorded))
            for _ in range(20):  # as the ingest does when the database refuses
                try:
                    writing.record([one])
                    break
                except IndexUnavailableError:
                    continue
            recorded.append(one.record_id)

    writer = threading.Thread(target=record)
    writer.start()
    try:
        for _ in range(5):
            with index.rebuild() as fresh:
                fresh.record(list(index.captures("domain", "https://paper.example/")))
    finally:
        stop.set()
        writer.join()
    found = {one.record_id for one in index.captures("domain", "https://paper.example/")}
    assert found == set(recorded)
    assert index.stats().total.captures == len(recorded)


def test_a_second_rebuild_at_the_same_time_is_refused(url: str, opened: Callable[[str], Index]) -> None:
    first, second = opened(url), opened(url)
    first.record([capture("https://paper.example/")])
    with first.rebuild() as fresh:
        with pytest.raises(IndexUnavailableError, match="being rebuilt by another process"), second.rebuild():
            pytest.fail("two rebuilds at once")
        fresh.record([capture("https://paper.example/")])
    with second.rebuild():
        pass
    assert list(second.captures("domain", "https://paper.example/")) == []

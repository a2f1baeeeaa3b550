"""Finished pages are held for a while, within a bound, the latest asked for longest."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import UUID

import pytest

from archiver.web.finished import LIFETIME, Finished, FinishedKey, FinishedPages


def key(number: int, modifier: str = "") -> FinishedKey:
    return FinishedKey(UUID(int=number), modifier, "20171114100000", None)


def page(size: int = 10) -> Finished:
    return Finished(b"x" * size, "text/html; charset=utf-8", is_cut=False)


def test_what_was_put_is_had_under_its_key_only() -> None:
    pages = FinishedPages()
    made = page()
    pages.put(key(1), made)
    assert pages.get(key(1)) is made
    assert pages.get(key(1, "mp_")) is None
    assert pages.get(key(2)) is None


def test_all_pages_together_stay_within_the_bound_and_the_one_not_asked_for_goes() -> None:
    pages = FinishedPages(limit=100)
    for number in range(10):
        pages.put(key(number), page(10))
    pages.get(key(0))
    pages.put(key(10), page(10))
    assert pages.get(key(0)) is not None
    assert pages.get(key(1)) is None
    assert sum(pages.get(key(number)) is not None for number in range(11)) == 10


def test_putting_a_page_again_does_not_count_it_twice() -> None:
    pages = FinishedPages(limit=100)
    for _ in range(50):
        pages.put(key(1), page(10))
    pages.put(key(2), page(10))
    assert pages.get(key(1)) is not None
    assert pages.get(key(2)) is not None


def test_a_page_that_would_push_out_most_others_is_not_held() -> None:
    pages = FinishedPages(limit=100)
    pages.put(key(1), page(13))
    assert pages.get(key(1)) is None


def test_a_page_that_many_ask_for_at_once_is_made_once() -> None:
    pages = FinishedPages()
    asked, made = Barrier(8), []

    def make() -> Finished:
        made.append(page())
        return made[-1]

    def ask(_: int) -> Finished:
        asked.wait(10)
        return pages.made(key(1), make)

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert len(made) == 1
    assert all(one is made[0] for one in found)


def test_a_page_that_could_not_be_made_is_tried_again() -> None:
    pages = FinishedPages()

    def fail() -> Finished:
        raise OSError("no disk")

    with pytest.raises(OSError, match="no disk"):
        pages.made(key(1), fail)
    assert pages.made(key(1), page) is pages.get(key(1))


def test_a_page_is_made_anew_after_its_lifetime() -> None:
    now = [0.0]
    pages = FinishedPages(clock=lambda: now[0])
    pages.put(key(1), page())
    now[0] = LIFETIME
    assert pages.get(key(1)) is not None
    now[0] = LIFETIME + 1
    assert pages.get(key(1)) is None

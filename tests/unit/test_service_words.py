"""What the service says of a pass in its log."""

from __future__ import annotations

from collections import Counter

import pytest

from archiver.crawl.keeping import Outcome
from archiver.crawl.sources import SourceResult
from archiver.service.crawling import _in_words, _problem

BROUGHT = Counter({Outcome.NEW: 2, Outcome.GONE: 1})


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (SourceResult("s"), "nothing new"),
        (SourceResult("s", BROUGHT), "1 gone, 2 new"),
        (SourceResult("s", problems=["refused"]), "its list could not be read"),
        (SourceResult("s", problems=["refused", "404"]), "2 lists could not be read"),
        (SourceResult("s", entries=4, known=4, problems=["404"]), "nothing new, 1 list could not be read"),
        (SourceResult("s", unwanted=4, problems=["404"]), "nothing new, 1 list could not be read"),
        (SourceResult("s", BROUGHT, problems=["404"]), "1 gone, 2 new, 1 list could not be read"),
    ],
)
def test_a_list_that_cannot_be_read_is_not_told_as_nothing_new(result: SourceResult, words: str) -> None:
    assert _in_words(result) == words


@pytest.mark.parametrize(
    ("result", "problem"),
    [
        (SourceResult("s"), None),
        (SourceResult("s", Counter({Outcome.FAILED: 1}), failures=["/a: 404"]), "/a: 404"),
        (SourceResult("s", Counter({Outcome.FAILED: 1}), entries=5, known=4, failures=["/a: 404"]), None),
        (SourceResult("s", Counter({Outcome.FAILED: 1, Outcome.NEW: 1}), failures=["/a: 404"]), None),
        (SourceResult("s", BROUGHT, problems=["no feed"]), "no feed"),
    ],
)
def test_a_dead_link_among_known_pages_is_no_problem_of_the_source(
    result: SourceResult, problem: str | None
) -> None:
    assert _problem(result) == problem

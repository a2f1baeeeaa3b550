"""The date of publication in citations: stated and believed, or none."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from version_builders import article, snapshot

from archiver.citation.reference import citation_of
from archiver.model.article import ArticleField, Doubt, Finding, StatedTime, TimePrecision

DAY = StatedTime(
    datetime(2026, 1, 1, tzinfo=UTC), "2026-01-01", zone_stated=False, precision=TimePrecision.DAY
)


def stated(origin, doubt=None):
    finding = Finding(ArticleField.PUBLISHED, DAY.written, origin, doubt)
    return snapshot(article(published=replace(DAY, doubt=doubt), origins=(finding,)))


@pytest.mark.parametrize("origin", ["article:published_time", "byline", "time", "text"])
def test_the_day_that_a_page_states_is_cited(origin):
    assert citation_of(stated(origin)).published == date(2026, 1, 1)


def test_a_doubtful_day_is_not_cited():
    assert citation_of(stated("article:published_time", Doubt.FUTURE)).published is None


def test_a_day_that_an_old_extractor_had_guessed_is_not_cited():
    assert citation_of(stated("htmldate")).published is None

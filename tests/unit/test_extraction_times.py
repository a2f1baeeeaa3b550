"""Publication and modification: many ways to write them, zones, doubts."""

import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.model.article import ArticleField, Doubt, TimePrecision
from archiver.spiders.extraction import extract
from archiver.spiders.extraction.times import read_time

URL = "https://example.org/a"
NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)


def published(head: str, body: str = "<h1>A title of a page</h1>"):
    return extract(f"<head>{head}</head><body>{body}</body>".encode(), URL, captured_at=NOW)


def linked(**fields: object) -> str:
    return f'<script type="application/ld+json">{json.dumps({"@type": "NewsArticle", **fields})}</script>'


@pytest.mark.parametrize(
    ("written", "moment", "zone_stated", "precision"),
    [
        ("2024-04-30T14:05:09+02:00", "2024-04-30T14:05:09+02:00", True, TimePrecision.SECOND),
        ("2024-04-30T14:05:09.123+0200", "2024-04-30T14:05:09.123+02:00", True, TimePrecision.SECOND),
        ("2024-04-30T14:05Z", "2024-04-30T14:05+00:00", True, TimePrecision.MINUTE),
        ("2024-04-30 14:05:09", "2024-04-30T14:05:09+00:00", False, TimePrecision.SECOND),
        ("2024-04-30 14:05:09 +02:00", "2024-04-30T14:05:09+02:00", True, TimePrecision.SECOND),
        ("2024-04-30T14:05:09-0330", "2024-04-30T14:05:09-03:30", True, TimePrecision.SECOND),
        ("2024-04-30T14:05:09.1234567Z", "2024-04-30T14:05:09.123456+00:00", True, TimePrecision.SECOND),
        ("2024-04-30", "2024-04-30T00:00+00:00", False, TimePrecision.DAY),
        ("20240430", "2024-04-30T00:00+00:00", False, TimePrecision.DAY),
        ("20240430T140509Z", "2024-04-30T14:05:09+00:00", True, TimePrecision.SECOND),
        ("30.04.2024, 14:05 Uhr", "2024-04-30T14:05+00:00", False, TimePrecision.MINUTE),
        ("Published 30/4/2024", "2024-04-30T00:00+00:00", False, TimePrecision.DAY),
        ("2024.04.30 14:05", "2024-04-30T14:05+00:00", False, TimePrecision.MINUTE),
        ("1714478709", "2024-04-30T12:05:09+00:00", True, TimePrecision.SECOND),
        ("1714478709000", "2024-04-30T12:05:09+00:00", True, TimePrecision.SECOND),
        ("Tue, 30 Apr 2024 14:05:09 +0200", "2024-04-30T14:05:09+02:00", True, TimePrecision.SECOND),
        ("Tue Apr 30 14:05:09 EDT 2024", "2024-04-30T14:05:09-04:00", True, TimePrecision.SECOND),
    ],
)
def test_a_time_is_read_as_written(written, moment, zone_stated, precision):
    stated = read_time(written)
    assert stated is not None
    assert stated.moment.isoformat() == datetime.fromisoformat(moment).isoformat()
    assert (stated.zone_stated, stated.precision, stated.written) == (zone_stated, precision, written)


@pytest.mark.parametrize(
    "written", ["", "yesterday", "2024-13-45", "0000-00-00", "99.99.2024", "T12:00", "{{date}}"]
)
def test_what_is_no_time_is_none(written):
    assert read_time(written) is None


@given(st.text())
def test_reading_a_time_never_raises(text):
    read_time(text)


@given(
    st.datetimes(min_value=datetime(1700, 1, 1), max_value=datetime(9000, 1, 1)),  # noqa: DTZ001 - drawn without
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_every_iso_time_comes_back_with_its_offset(moment, minutes):
    stated_moment = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    stated = read_time(stated_moment.isoformat())
    assert stated is not None
    assert stated.moment == stated_moment
    assert stated.moment.utcoffset() == stated_moment.utcoffset()


def test_json_ld_comes_before_open_graph_and_the_other_is_kept():
    article = published(
        linked(datePublished="2024-05-01T10:00:00+02:00")
        + '<meta property="article:published_time" content="2024-05-01T10:00:00Z">'
    )
    assert article.published is not None
    assert article.published.moment.isoformat() == "2024-05-01T10:00:00+02:00"
    kept = [finding for finding in article.disagreeing if finding.field is ArticleField.PUBLISHED]
    assert [finding.origin for finding in kept] == ["article:published_time"]


def test_a_wall_clock_without_zone_takes_the_zone_of_one_that_agrees():
    article = published(
        '<meta property="article:published_time" content="2024-05-01T10:00:00">',
        '<h1>A title</h1><time class="published" datetime="2024-05-01T10:00:00+02:00">10:00</time>',
    )
    assert article.published is not None
    assert article.published.zone_stated
    assert article.published.moment.utcoffset() == timedelta(hours=2)


def test_a_day_is_made_exact_by_a_time_on_that_day_only():
    day = '<meta name="date" content="2024-05-01">'
    same = published(day + '<meta property="article:published_time" content="2024-05-01T10:00:00Z">')
    other = published(
        linked(datePublished="2024-05-01") + '<meta name="date" content="2024-05-02T10:00:00Z">'
    )
    assert same.published is not None
    assert same.published.precision is TimePrecision.SECOND
    assert other.published is not None
    assert other.published.precision is TimePrecision.DAY


def test_a_time_in_the_future_is_passed_over_for_another():
    article = published(
        linked(datePublished="2031-01-01T00:00:00Z") + '<meta name="date" content="2024-05-01T08:00:00Z">'
    )
    assert article.published is not None
    assert article.published.moment == datetime(2024, 5, 1, 8, tzinfo=UTC)
    assert any(finding.doubt is Doubt.FUTURE for finding in article.disagreeing)


def test_a_time_in_the_future_stands_with_its_doubt_where_there_is_no_other():
    article = published(linked(datePublished="2031-01-01T00:00:00Z"))
    assert article.published is not None
    assert article.published.doubt is Doubt.FUTURE


def test_a_modification_before_the_publication_is_kept_and_doubted():
    article = published(linked(datePublished="2024-05-02T10:00:00Z", dateModified="2024-05-01T10:00:00Z"))
    assert article.modified is not None
    assert article.modified.doubt is Doubt.BEFORE_PUBLISHED


def test_a_page_that_declares_no_time_is_read_beside_its_headline():
    article = published(
        "", '<article><h1>A title of it</h1><p class="article-date">01.05.2024 - 10:30</p></article>'
    )
    assert article.published is not None
    assert article.published.moment == datetime(2024, 5, 1, 10, 30, tzinfo=UTC)
    assert not article.published.zone_stated
    assert article.origin(ArticleField.PUBLISHED) == "text"


def test_the_date_in_the_data_of_a_script_is_found():
    article = published('<script>var page = {"publishedAt":"2024-05-01T10:30:00Z","x":1}</script>')
    assert article.published is not None
    assert article.published.moment == datetime(2024, 5, 1, 10, 30, tzinfo=UTC)


def test_a_page_without_any_time_has_none():
    article = published("", "<h1>A title</h1><p>text</p>")
    assert article.published is None
    assert article.modified is None


@pytest.mark.parametrize(
    "footer",
    [
        "<footer>© 2024 Local Herald</footer>",
        "<footer>Copyright 2019-2024 Local Herald</footer>",
        "<div class='meta'>© 2024 Local Herald</div>",
        "<p>On 3 March 2023 the bridge was closed.</p>",
        "<p>The bridge was closed on 3 March 2023</p>",
        "<p>3 March 2023 was a cold day</p>",
        "<p class='publication'>On 3 March 2023 the bridge was closed</p>",
        "<p>It was closed on 2023-03-03 and on 03.04.2023 again.</p>",
        "<footer><p>3 March 2023</p></footer>",
        "<p>Updated 3 March 2023</p>",
        "<p class='date'>Last modified: March 3, 2023</p>",
        "<p class='meta'>On 03.04.2023 the bridge was closed.</p>",
        "<p class='date'>Aktualisiert: 03.04.2023</p>",
        "<p class='date'>Last updated 03.04.2023</p>",
        "<p>The report was published on 3 March 2023</p>",
        "<p>Jane Doe - 03/04/2023</p>",
        "<p>Published in March 2023</p>",
        "<img src='/2023/03/03/a.jpg'>",
        f"<p>{'They met again. ' * 10}</p><p>{'Nobody came. ' * 20}</p><p>Another Story | 3 March 2023</p>",
    ],
)
def test_a_date_that_the_page_does_not_state_as_its_own_is_not_taken(footer):
    article = published("", f"<h1>A title of a page</h1><p>Some text of it.</p>{footer}")
    assert article.published is None
    assert not [found for found in article.disagreeing if found.field is ArticleField.PUBLISHED]


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ("3 March 2023", "3 March 2023"),
        ("By Jane Doe, 3 March 2023", "3 March 2023"),
        ("By Jane Doe | March 3rd, 2023 10:15 am", "March 3rd, 2023"),
        ("Published on Friday, 3 March 2023", "3 March 2023"),
        ("Von Erika Musterfrau · 3. März 2023, 10:15 Uhr", "3. März 2023"),
        ("Publié le 3 mars 2023 à 10h15", "3 mars 2023"),
        ("Publicado el 3 de marzo de 2023", "3 de marzo de 2023"),
        ("2023年3月3日", "2023年3月3日"),
        ("Published: 2023-03-03", "2023-03-03"),
        ("Posted on March 3, 2023 by Jane Doe", "March 3, 2023"),
        ("Posted by Jane Doe on 3 March 2023", "3 March 2023"),
        ("Jane Doe - 03/03/2023", "03/03/2023"),
    ],
)
def test_a_byline_without_any_markup_states_a_day_and_no_more(line, written):
    article = published("", f"<h1>A title of a page</h1><p>{line}</p><p>On 1 May 2021 it was built.</p>")
    assert article.published is not None
    assert article.published.moment == datetime(2023, 3, 3, tzinfo=UTC)
    assert (article.published.precision, article.published.doubt) == (TimePrecision.DAY, None)
    assert article.published.written == written
    assert article.origin(ArticleField.PUBLISHED) == "byline"


def test_a_month_in_words_is_read_where_markup_states_a_date():
    stated = [
        published('<meta name="date" content="March 3, 2023">'),
        published("", "<h1>A title of a page</h1><time>3 March 2023</time>"),
        published("", "<h1>A title of a page</h1><p class='article-date'>3 March 2023, 5 min read</p>"),
    ]
    assert [article.published and article.published.moment for article in stated] == 3 * [
        datetime(2023, 3, 3, tzinfo=UTC)
    ]
    assert [article.origin(ArticleField.PUBLISHED) for article in stated] == ["date", "time", "text"]


def test_a_doubtful_date_of_the_metadata_is_kept_with_its_doubt_rather_than_replaced_by_another():
    article = published(
        '<meta property="article:published_time" content="2024-12-24T08:00:00Z">',
        "<h1>A title of a page</h1><p>Some text.</p><p class='date'>3 March 2023</p><p>© 2024 Herald</p>",
    )
    assert article.published is not None
    assert article.published.written == "2024-12-24T08:00:00Z"
    assert article.published.doubt is Doubt.FUTURE
    assert article.origin(ArticleField.PUBLISHED) == "article:published_time"

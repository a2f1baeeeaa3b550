"""Dates in every form that feeds write them in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.spiders.discovery.dates import doubts_about, parse_date

TEN = datetime(2017, 11, 14, 10, 0, tzinfo=UTC)
DAY = datetime(2017, 11, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "language", "moment"),
    [
        ("Tue, 14 Nov 2017 11:00:00 +0100", None, TEN),
        ("Tue, 14 Nov 2017 10:00:00 GMT", None, TEN),
        ("Tue, 14 Nov 17 10:00:00 GMT", None, TEN),
        ("14 Nov 2017 10:00", None, TEN),
        ("Tue, 14 Nov 2017 05:00:00 EST", None, TEN),
        ("Tue, 14 Nov 2017 11:00:00 CET", None, TEN),
        ("Tue, 14 Nov 2017 15:30:00 IST", None, TEN),
        ("Tue Nov 14 10:00:00 2017", None, TEN),
        ("Tue Nov 14 10:00:00 +0000 2017", None, TEN),
        ("2017-11-14T10:00:00Z", None, TEN),
        ("2017-11-14T10:00:00.000Z", None, TEN),
        ("2017-11-14T15:30:00+05:30", None, TEN),
        ("2017-11-14T11:00:00+0100", None, TEN),
        ("2017-11-14 11:00:00 +0100", None, TEN),
        ("2017-11-14 10:00:00", None, TEN),
        ("20171114T100000Z", None, TEN),
        ("2017-11-14", None, DAY),
        ("20171114", None, DAY),
        ("1510653600", None, TEN),
        ("1510653600000", None, TEN),
        ("14/11/2017 10:00", None, TEN),
        ("11/14/2017 10:00 AM", None, TEN),
        ("14.11.2017 - 10:00 Uhr", "de", TEN),
        ("2017年11月14日 10:00", "ja", TEN),
        ("2017. 11. 14. 10:00", "ko", TEN),
        ("November 14, 2017 10:00 am", "en", TEN),
        ("November 14, 2017 10:00 PM", "en", TEN + timedelta(hours=12)),
        ("mar., 14 novembre 2017 11:00:00 +0100", "fr", TEN),
        ("вт, 14 ноября 2017 10:00", "ru", TEN),
        ("14 de noviembre de 2017, 10:00", "es", TEN),
        ("14 tháng 11, 2017 10:00", "vi", TEN),
        ("\u0661\u0664 نوفمبر \u0662\u0660\u0661\u0667 \u0661\u0660:\u0660\u0660", "ar", TEN),
        ("14 listopada 2017", "pl", DAY),
        ("14 listopada 2017", "hr", datetime(2017, 10, 14, tzinfo=UTC)),
    ],
)
def test_a_date_is_read(text, language, moment):
    assert parse_date(text, language) == moment


@pytest.mark.parametrize(
    "text",
    [
        None,
        "",
        "yesterday",
        "0001-01-01T00:00:00Z",
        "Mon, 32 Foo 2017",
        "2017-13-45",
        "0000-00-00",
        "1396/08/23",
        "9" * 10_000,
        "2017-11-14T99:00:00Z",
        "14 Nov 2017 10:00 +9999",
        "99999999999999999999",
    ],
)
def test_what_names_no_moment_is_none(text):
    assert parse_date(text) is None


@given(st.text(max_size=80))
def test_no_text_raises(text):
    moment = parse_date(text)
    assert moment is None or moment.tzinfo is UTC


_MOMENTS = st.integers(0, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
_ZONES = st.integers(-12 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(_MOMENTS, _ZONES)
def test_the_standard_forms_survive_a_round_trip(moment, zone):
    local = moment.astimezone(zone)
    assert parse_date(local.isoformat()) == local
    assert parse_date(format_datetime(local)) == local


def test_dates_that_contradict_each_other_are_doubted():
    assert doubts_about(TEN, None, TEN) == ()
    assert doubts_about(TEN + timedelta(days=1), None, TEN) == ()
    assert doubts_about(TEN + timedelta(days=9), None, TEN) == ("published lies 9 days in the future",)
    assert doubts_about(TEN, TEN - timedelta(hours=1), TEN) == ("updated before it was published",)

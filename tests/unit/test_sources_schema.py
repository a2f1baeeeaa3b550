"""A source file says what it means, or is told exactly what is wrong with it."""

from __future__ import annotations

import contextlib
import time
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.config.schedule import DENSE, SPARSE, duration_text, parse_duration, parse_schedule
from archiver.config.source import Header, PictureChoice, Politeness, Source
from archiver.config.sources import SourceFileError, validate_source_file
from archiver.config.strict_yaml import YAMLProblem, parse_mapping
from archiver.errors import ConfigurationError

LEAST = """title: Example News
domains: [news.example]
country: NO
languages: [nb, no]
feeds:
  - https://news.example/rss
"""
FULL = (
    LEAST
    + """name: example-news
sitemaps: https://www.news.example/sitemap.xml
listings: [https://news.example/world]
pages: [https://news.example/about]
include: ['/20[0-9]{2}/']
exclude: ['/live/']
schedule: "*/10 6-22 * * mon-fri"
max_age: 30 d
listing_pages: 3
politeness: {delay: 2.5, concurrency: 1, obey_robots: true}
pictures: all
revisit: [1 h, 1 d, 7 d]
headers:
  Accept-Language: nb
  Authorization: ${EXAMPLE_TOKEN}
rendering: none
enabled: true
checked: 2025-06-30
notes: >
  Two lines
  of text.
"""
)


def read(tmp_path: Path, text: str, name: str = "example-news.yaml") -> Source:
    path = tmp_path / name
    path.write_text(text, encoding="utf-8")
    return validate_source_file(path)


def problems(tmp_path: Path, text: str, name: str = "example-news.yaml") -> list[str]:
    with pytest.raises(SourceFileError) as caught:
        read(tmp_path, text, name)
    return [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems]


def test_the_least_file_has_defaults_and_norwegian_is_no_falsehood(tmp_path):
    source = read(tmp_path, LEAST)
    assert (source.name, source.country, source.languages) == ("example-news", "NO", ("nb", "no"))
    assert (source.enabled, source.checked, source.pictures) == (False, None, PictureChoice.BEST)
    assert source.schedule.interval == timedelta(minutes=15)
    assert source.revisit == SPARSE
    assert source.politeness == Politeness()


def test_every_key_is_read(tmp_path):
    source = read(tmp_path, FULL)
    assert source.sitemaps == ("https://www.news.example/sitemap.xml",)
    assert source.schedule.cron == "*/10 6-22 * * mon-fri"
    assert source.max_age == timedelta(days=30)
    assert source.listing_pages == 3
    assert source.politeness == Politeness(delay=2.5, concurrency=1, obey_robots=True)
    assert source.revisit == (timedelta(hours=1), timedelta(days=1), timedelta(days=7))
    assert source.headers == (
        Header("Accept-Language", "nb"),
        Header("Authorization", variable="EXAMPLE_TOKEN"),
    )
    assert (source.enabled, source.checked) == (True, date(2025, 6, 30))
    assert source.notes == "Two lines of text."
    assert len(source.urls) == 4


def test_a_source_owns_its_domains_and_wants_what_it_includes(tmp_path):
    source = read(tmp_path, FULL)
    assert source.owns("https://www.news.example/x")
    assert not source.owns("https://fakenews.example/x")
    assert source.wants("https://news.example/2017/bridge")
    assert not source.wants("https://news.example/2017/live/bridge")
    assert not source.wants("https://news.example/bridge")
    assert not source.wants("https://elsewhere.example/2017/bridge")


def test_a_secret_header_comes_from_the_environment(tmp_path):
    source = read(tmp_path, FULL)
    assert source.request_headers({"EXAMPLE_TOKEN": "Bearer x"}) == {
        "Accept-Language": "nb",
        "Authorization": "Bearer x",
    }
    with pytest.raises(ConfigurationError, match="environment variable EXAMPLE_TOKEN, which is not set"):
        source.request_headers({})
    with pytest.raises(ConfigurationError, match="cannot be a header"):
        source.request_headers({"EXAMPLE_TOKEN": "a\r\nb"})


def test_what_comes_from_the_environment_is_a_secret_whatever_its_name(tmp_path):
    own = read(tmp_path, FULL).own_headers({"EXAMPLE_TOKEN": "Bearer x"})
    assert own.secrets == {"authorization"}
    assert own.sent_to("https://elsewhere.example/") == {}
    with_odd = FULL.replace("Authorization:", "X-Odd:")
    assert with_odd != FULL
    assert read(tmp_path, with_odd).own_headers({"EXAMPLE_TOKEN": "x"}).secrets == {"x-odd"}


def test_a_secret_never_shows_in_a_message(tmp_path):
    (problem,) = problems(tmp_path, LEAST + "headers: {Authorization: Bearer geheim}\n")
    assert problem.startswith("example-news.yaml:7: headers.Authorization: expected ${VARIABLE}")
    assert "geheim" not in problem


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("feed: [https://news.example/x]", "7: feed: is no key of a source (did you mean feeds?)"),
        ("zzz: red", "7: zzz: is no key of a source (there are name, title,"),
        ("enabled: yes", "7: enabled: expected true or false, found 'yes'"),
        ('enabled: "true"', "7: enabled: expected true or false, found 'true'"),
        ("checked: 30.6.2025", "7: checked: expected a date such as 2025-06-30, or null, found '30.6.2025'"),
        ("schedule: hourly", "7: schedule: expected an interval such as 15 min, or five cron fields"),
        ("schedule: 10 s", "7: schedule: expected an interval from 1 min to 31 d, found '10 s'"),
        ('schedule: "* * * * 1"', "7: schedule: expected the weekday as a name"),
        ('schedule: "99 * * * *"', "7: schedule: expected five cron fields such as"),
        ('schedule: "0 0 31 2 *"', "7: schedule: expected cron fields that fit some day"),
        ('schedule: "0 0 * * * *"', "7: schedule: expected an interval such as 15 min, or five cron fields"),
        ("include: ['(']", "7: include: expected a regular expression (missing )"),
        ("include: ['(a+)+']", "7: include: expected a pattern without a repetition inside a repetition"),
        ("include: ['.*']", "7: include: expected a pattern that does not match everything"),
        (f"include: ['{'a' * 600}']", "7: include: expected a pattern of at most 500 characters"),
        (
            "politeness: {dealy: 1}",
            "7: politeness: expected one of delay, concurrency, obey_robots (did you mean delay?)",
        ),
        ("politeness: {delay: -1}", "7: politeness.delay: expected a number from 0 to 3600, found '-1'"),
        (
            "politeness:\n  concurrency: 1.5",
            "8: politeness.concurrency: expected a whole number from 1 to 16, found '1.5'",
        ),
        ("pictures: al", "7: pictures: expected best or all or none (did you mean all?), found 'al'"),
        ("rendering: browser", "7: rendering: expected none, found 'browser'"),
        ("max_age: 36501 d", "7: max_age: expected a duration of at most 36500 d, or null, found '36501 d'"),
        (
            "revisit: [1 h, 36501 d]",
            "7: revisit: expected ages from young to old, the first at least 5 min, the last",
        ),
        ("revisit: often", "7: revisit: expected sparse, dense, none, or a list of ages"),
        ("revisit: [1 d, 1 h]", "7: revisit: expected ages from young to old"),
        ("headers: {Host: a}", "7: headers.Host: expected a header that the archive does not set itself"),
        ('headers: {X-A: "a\\r\\nb"}', "7: headers.X-A: expected a header value in one line of ASCII"),
        ("headers: {Cookie: a=1}", "7: headers.Cookie: expected ${VARIABLE}"),
        (
            "pages: [http://elsewhere.example/]",
            "7: pages: expected an address on news.example, found 'http://elsewhere",
        ),
        ("pages: [ftp://news.example/]", "7: pages: expected a URL that begins with https:// or http://"),
        ("pages: ['https://a:b@news.example/']", "7: pages: expected a URL without name and password"),
        ("pages: [https://news.example/a, https://news.example/a]", "7: pages: expected each value once"),
        ("notes: {a: b}", "7: notes: expected text, found a mapping"),
        ("name: other", "7: name: expected 'example-news' as the file is called, found 'other'"),
        ("title: Twice", "7: title was given before, in line 1; keep one of them"),
        ("notes: !!python/object/apply:os.system [ls]", "7: tags are refused"),
        ("notes: &a x", "7: anchors are refused: remove `&a`"),
        ("notes: *a", "7: aliases are refused"),
        ("? [a, b]\n: c", "7: expected a word as key"),
        ("<<: {notes: x}", "7: <<: is no key of a source"),
        ("notes: 'x", "is not YAML"),
        ("---\na: b", "expected one document"),
        ("notes: " + "[" * 100, "is nested too deep"),
        ("notes: \x07", "is not YAML"),
    ],
)
def test_a_wrong_line_is_told_with_its_number_and_what_is_expected(tmp_path, lines, message):
    found = problems(tmp_path, LEAST + lines + "\n")
    assert message in found[0]
    assert found[0].startswith("example-news.yaml:")
    assert len(found) == 1


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("country: NO", "country: UK", "3: country: expected a country code of ISO 3166-1 such as DE"),
        ("country: NO", "country: UK", "(did you mean GB?), found 'UK'"),
        ("country: NO", "country: no", "(did you mean NO?)"),
        ("country: NO\n", "", "1: country: is missing"),
        ("[nb, no]", "[english]", "4: languages: expected a language tag of BCP 47 such as en, pt-BR"),
        ("[nb, no]", "[]", "4: languages: expected at least one, found none"),
        ("[news.example]", "[https://news.example/]", "2: domains: expected a domain such as example.org"),
        ("[news.example]", "['*.news.example']", "2: domains: expected a domain such as example.org"),
        ("title: Example News", "title:", "1: title: expected one line of text, found nothing"),
        ("feeds:\n  - https://news.example/rss\n", "", "expected at least one of feeds, sitemaps"),
    ],
)
def test_a_wrong_value_of_what_is_required_is_told(tmp_path, old, new, message):
    found = problems(tmp_path, LEAST.replace(old, new))
    assert message in found[0]


def test_all_problems_of_a_file_are_told_in_order(tmp_path):
    found = problems(tmp_path, LEAST.replace("NO", "XY") + "enabeld: true\nschedule: never\n")
    assert [line.split(":")[1] for line in found] == ["3", "7", "8"]


def test_a_file_that_is_no_text_is_told(tmp_path):
    path = tmp_path / "example-news.yaml"
    path.write_bytes(b"title: x\nnotes: \xff\n")
    with pytest.raises(SourceFileError, match=r"yaml:2: is not UTF-8 text"):
        validate_source_file(path)
    with pytest.raises(SourceFileError, match="cannot be read: No such file"):
        validate_source_file(tmp_path / "none.yaml")
    assert "expected a file name such as" in problems(tmp_path, LEAST, "Bad Name.yaml")[0]


def test_a_domain_beyond_ascii_is_stored_as_dns_has_it(tmp_path):
    text = LEAST.replace("[news.example]", "[новости.example]").replace(
        "news.example", "xn--b1amnebsh.example"
    )
    assert read(tmp_path, text).domains == ("xn--b1amnebsh.example",)


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "[" * 100_000,
        "a: " + "{b: " * 100_000,
        "\n".join(f"k{n}: [{', '.join('x' * 9)}]" for n in range(5_000)),
        "x: &a [1,1]\ny: &b [*a,*a]\n",
        "a: '" + "x" * 300_000 + "'",
        "- " * 100_000,
    ],
)
def test_hostile_yaml_is_refused_in_a_second(text):
    began = time.process_time()
    with pytest.raises(YAMLProblem):
        parse_mapping(text, "f.yaml")
    assert time.process_time() - began < 1.0


@given(st.text(max_size=200))
def test_no_text_makes_anything_but_a_mapping_or_a_problem(text):
    with contextlib.suppress(YAMLProblem):
        assert parse_mapping(text, "f.yaml").mark.file == "f.yaml"


@given(st.integers(1, 999_999).map(lambda seconds: timedelta(seconds=seconds)))
def test_a_duration_survives_a_round_trip(duration):
    assert parse_duration(duration_text(duration)) == duration


def test_schedules_give_triggers():
    assert str(parse_schedule("every 15 minutes").trigger()) == "interval[0:15:00]"
    trigger = parse_schedule("0 6 * * mon").trigger(jitter=30)
    assert str(trigger) == "cron[month='*', day='*', day_of_week='mon', hour='6', minute='0']"
    assert str(parse_schedule("2 h")) == "2 h"
    assert list(DENSE) == sorted(DENSE)

"""JSON-LD as pages really write it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.spiders.extraction.jsonld import parse_tolerantly, read_linked, types_of

ARTICLE = {"@type": "NewsArticle", "headline": "x"}


@pytest.mark.parametrize(
    "script",
    [
        '{"@type":"NewsArticle","headline":"x"}',
        '\n<!--\n{"@type":"NewsArticle","headline":"x"}\n-->\n',
        '//<![CDATA[\n{"@type":"NewsArticle","headline":"x"}\n//]]>',
        '{"@type":"NewsArticle","headline":"x",}',
        '{"@type":"NewsArticle","headline":"x"};',
        "{&quot;@type&quot;:&quot;NewsArticle&quot;,&quot;headline&quot;:&quot;x&quot;}",
    ],
)
def test_common_damage_is_forgiven(script):
    assert parse_tolerantly(script) == [ARTICLE]


def test_a_raw_line_break_in_a_string_is_forgiven():
    assert parse_tolerantly('{"headline":"one\ntwo\tthree"}') == [{"headline": "one\ntwo\tthree"}]


def test_several_documents_in_one_script_are_all_read():
    assert parse_tolerantly('{"a":1}{"b":2},\n[3]') == [{"a": 1}, {"b": 2}, [3]]


@pytest.mark.parametrize("script", ["", "not json", "{", "[" * 100_000, '{"a":' * 50_000])
def test_what_cannot_be_read_is_nothing(script):
    assert parse_tolerantly(script) == []


@pytest.mark.parametrize(
    "document",
    [
        ARTICLE,
        [ARTICLE],
        {"@graph": [{"@type": "WebPage"}, ARTICLE]},
        {"@type": "WebPage", "mainEntity": ARTICLE},
    ],
)
def test_the_article_is_found_wherever_it_stands(document):
    assert read_linked([json.dumps(document)]).articles == [ARTICLE]


def test_the_outermost_and_fullest_article_comes_first():
    full = {**ARTICLE, "author": "Jane", "datePublished": "2024"}
    live = {
        "@type": "LiveBlogPosting",
        "headline": "live",
        "liveBlogUpdate": [{"@type": "BlogPosting", "headline": "n"}],
    }
    assert read_linked([json.dumps([ARTICLE, full])]).articles == [full, ARTICLE]
    assert read_linked([json.dumps(live)]).articles == [live]


@pytest.mark.parametrize(
    "kind", ["NewsArticle", "http://schema.org/NewsArticle", "schema:NewsArticle", ["Thing", "NewsArticle"]]
)
def test_a_type_is_known_in_every_writing(kind):
    assert "newsarticle" in types_of({"@type": kind})


def test_a_reference_is_resolved_to_the_fullest_node():
    linked = read_linked(
        [json.dumps({"@graph": [{"@id": "#a"}, {"@id": "#a", "@type": "Person", "name": "Jane"}]})]
    )
    assert linked.resolve({"@id": "#a"}) == {"@id": "#a", "@type": "Person", "name": "Jane"}
    assert linked.resolve("Jane") == "Jane"


def test_very_many_nodes_are_cut():
    linked = read_linked([json.dumps([ARTICLE] * 20_000)])
    assert len(linked.articles) <= 4_000


@given(st.text())
def test_no_script_makes_it_raise(script):
    read_linked([script])

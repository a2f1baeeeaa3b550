"""The title: which of a page's variants is taken, and what is stripped from it."""

import json

import pytest

from archiver.model.article import ArticleField
from archiver.spiders.extraction import extract

URL = "https://www.daily-example.org/news/one.html"


def page(head: str, body: str = "") -> bytes:
    return f"<html><head>{head}</head><body>{body}</body></html>".encode()


def linked(**fields: object) -> str:
    article = {"@context": "https://schema.org", "@type": "NewsArticle", **fields}
    return f'<script type="application/ld+json">{json.dumps(article)}</script>'


def test_the_headline_declared_for_machines_comes_first_and_the_others_are_kept():
    article = extract(
        page(
            linked(headline="Mayor resigns after audit") + '<meta property="og:title" content="Mayor quits">',
            "<h1>The mayor has resigned</h1>",
        ),
        URL,
    )
    assert article.title == "Mayor resigns after audit"
    assert article.origin(ArticleField.TITLE) == "json-ld:NewsArticle.headline"
    others = {finding.value for finding in article.disagreeing if finding.field is ArticleField.TITLE}
    assert others == {"Mayor quits", "The mayor has resigned"}


@pytest.mark.parametrize(
    "written",
    [
        "Mayor resigns after audit | Daily Example",
        "Mayor resigns after audit - Daily Example",
        "Daily Example | Mayor resigns after audit",
        "Mayor resigns after audit \u2013 Daily Example \u2013 13.06.2023",
        "Mayor resigns after audit | daily-example.org",
        "Mayor resigns after audit\uff5cDaily Example",
    ],
)
def test_the_name_of_the_site_is_stripped(written):
    head = f'<meta property="og:site_name" content="Daily Example"><meta name="og:title" content="{written}">'
    assert extract(page(head), URL).title == "Mayor resigns after audit"


def test_a_section_is_stripped_where_the_heading_ends_before_it():
    head = '<meta property="og:title" content="Missiles hit the capital - National | Somebody Else">'
    assert extract(page(head, "<h1>Missiles hit the capital</h1>"), URL).title == "Missiles hit the capital"


def test_a_separator_inside_the_title_is_left():
    head = '<meta property="og:title" content="Berlin - Paris by night train | Daily Example">'
    assert extract(page(head), URL).title == "Berlin - Paris by night train"


def test_the_fuller_form_that_page_and_network_show_wins_over_a_part_of_it():
    head = (
        linked(headline="Unions march together")
        + '<meta property="og:title" content="Rally / Unions march together">'
    )
    article = extract(page(head, "<h1><span>Rally</span><br>Unions march together</h1>"), URL)
    assert article.title == "Rally / Unions march together"


def test_character_references_written_twice_are_decoded():
    article = extract(page(linked(headline="Rock &amp;#8216;n&amp;#8217; roll &quot;live&quot;")), URL)
    assert article.title == 'Rock \u2018n\u2019 roll "live"'


def test_of_several_first_level_headings_the_one_of_the_article_is_taken():
    body = "<h1>Daily Example</h1><h1>Log in</h1><h1>Storm floods the old harbour</h1>"
    assert extract(page("<title>Storm floods the old harbour | x</title>", body), URL).title == (
        "Storm floods the old harbour"
    )


def test_a_page_that_is_only_named_after_its_site_keeps_that_name():
    assert extract(page("<title>Daily Example</title>"), URL).title == "Daily Example"


def test_a_page_without_title_has_none():
    article = extract(b"<p>nothing</p>", URL)
    assert article.title is None
    assert article.origin(ArticleField.TITLE) is None


def test_the_article_of_the_page_is_told_from_those_that_it_links_to():
    others = [
        linked(headline=f"Something else, number {n}", author="x", datePublished="2024") for n in range(3)
    ]
    head = "".join(others) + linked(headline="Storm floods the old harbour")
    article = extract(page(head + "<title>Storm floods the harbour - Daily Example</title>"), URL)
    assert article.title == "Storm floods the old harbour"


def test_the_headline_of_another_article_in_the_data_is_not_taken():
    first = {
        "@type": "NewsArticle",
        "headline": "The article of this page",
        "author": "x",
        "datePublished": "2024",
    }
    teaser = {"@type": "NewsArticle", "headline": "Something else"}
    head = linked(**first, hasPart=[teaser])
    assert extract(page(head), URL).title == "The article of this page"

"""Authors: names out of what is written, and who is believed when page and data disagree."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.model.article import ArticleField
from archiver.spiders.extraction import extract
from archiver.spiders.extraction.names import looks_like_person, name_key, split_names

URL = "https://daily-example.org/news/one"


def linked(author: object, **fields: object) -> str:
    article = {"@type": "NewsArticle", "headline": "A storm floods the harbour", "author": author, **fields}
    return f'<script type="application/ld+json">{json.dumps(article)}</script>'


def authors(head: str, body: str = "") -> tuple[str, ...]:
    page = f"<head>{head}</head><body><h1>A storm floods the harbour</h1>{body}</body>"
    return extract(page.encode(), URL).authors


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("By Jane Doe", ["Jane Doe"]),
        ("By JANE DOE and JOHN ROE", ["JANE DOE", "JOHN ROE"]),
        ("Von Anna Müller, Redakteurin", ["Anna Müller"]),
        ("Jane Doe, John Roe, Ann Poe and Max Moe", ["Jane Doe", "John Roe", "Ann Poe", "Max Moe"]),
        ("María García, Juan Pérez y Ana Ruiz", ["María García", "Juan Pérez", "Ana Ruiz"]),
        ("Par Jean Dupont et Anne Petit", ["Jean Dupont", "Anne Petit"]),
        ("Jan de Vries en Piet Jansen", ["Jan de Vries", "Piet Jansen"]),
        ("Trine Holm og Per Lund", ["Trine Holm", "Per Lund"]),
        ("di Luca Rossi", ["Luca Rossi"]),
        ("Иван Петров и Анна Смирнова", ["Иван Петров", "Анна Смирнова"]),
        ("구현모 기자", ["구현모"]),
        ("José Ortega y Gasset", ["José Ortega y Gasset"]),
        ("Oscar de la Renta", ["Oscar de la Renta"]),
        ("Jane Doe (jd)", ["Jane Doe"]),
        ("Jane Doe jane.doe@example.org", ["Jane Doe"]),
        ("Jane Doe for Example.com", ["Jane Doe"]),
        ("Jane Doe | Political Correspondent", ["Jane Doe"]),
        ("Jane Doe, Jane  Doe", ["Jane Doe"]),
        ("Jane Doe, AFP", ["Jane Doe", "AFP"]),
        ("Associated Press", ["Associated Press"]),
        ("News Team", ["News Team"]),
        ("", []),
        ("105092", []),
    ],
)
def test_names_are_read_out_of_what_is_written(written, names):
    assert split_names(written) == names


@pytest.mark.parametrize(
    "name", ["Jane Doe", "Ursula von der Leyen", "Max Read", "李小龙", "J. R. Hartley", "Seán O\u2019Neill"]
)
def test_a_person_is_told_by_the_form_of_the_name(name):
    assert looks_like_person(name)


@pytest.mark.parametrize(
    "name",
    ["Reuters", "The Daily Example", "Read More", "News Desk", "MDR THÜRINGEN", "daily.org", "Le Jour"],
)
def test_what_is_no_person_is_told_too(name):
    assert not looks_like_person(name)


@given(st.text(max_size=300))
def test_splitting_names_never_raises_and_never_repeats(text):
    names = split_names(text)
    assert len({name_key(name) for name in names}) == len(names)


@pytest.mark.parametrize(
    "declared",
    [
        "Jane Doe",
        {"@type": "Person", "name": "Jane Doe"},
        {"@type": "Person", "givenName": "Jane", "familyName": "Doe"},
        [{"@type": "Person", "name": ["Jane Doe"]}],
        {"@type": "Person", "name": "By Jane Doe, Staff Writer"},
    ],
)
def test_an_author_is_read_in_every_form_of_json_ld(declared):
    assert authors(linked(declared)) == ("Jane Doe",)


def test_an_author_given_by_reference_is_looked_up():
    graph = {
        "@graph": [
            {"@type": "NewsArticle", "headline": "x", "author": {"@id": "#jane"}},
            {"@type": "Person", "@id": "#jane", "name": "Jane Doe"},
        ]
    }
    assert authors(f'<script type="application/ld+json">{json.dumps(graph)}</script>') == ("Jane Doe",)


def test_the_byline_is_believed_where_only_the_publisher_is_declared():
    head = linked({"@type": "Organization", "name": "Daily Example"}, publisher={"name": "Daily Example"})
    body = '<div class="article-byline">By <a href="/author/jane-doe">Jane Doe</a></div>'
    article = extract(f"<head>{head}</head><h1>A storm floods the harbour</h1>{body}".encode(), URL)
    assert article.authors == ("Jane Doe",)
    assert article.origin(ArticleField.AUTHORS) == "byline"
    assert "Daily Example" in {finding.value for finding in article.disagreeing}


def test_the_publisher_stays_where_nobody_else_is_named():
    assert authors(linked({"@type": "Organization", "name": "Daily Example"})) == ("Daily Example",)


def test_a_byline_that_names_the_declared_author_and_more_is_the_fuller_one():
    body = '<p class="authors">By <a href="/author/1">Jane Doe</a>, <a href="/author/2">John Roe</a></p>'
    assert authors(linked("Jane Doe"), body) == ("Jane Doe", "John Roe")


def test_a_byline_of_others_does_not_replace_the_declared_author():
    body = '<div class="author-box">Ann Poe</div>'
    assert authors(linked("Jane Doe"), body) == ("Jane Doe",)


@pytest.mark.parametrize(
    "byline",
    [
        '<a rel="author" href="/x">Jane Doe</a>',
        '<span itemprop="author">Jane Doe</span>',
        '<span class="byline__name">Jane Doe</span>',
        '<p class="autor">Von Jane Doe</p>',
        '<p data-testid="author">Jane Doe, Reporter</p>',
        '<p><a href="/auteur/jane-doe">Jane Doe</a></p>',
        '<div class="byline">Jane Doe Published Jul 17, 2024, 11:21am</div>',
    ],
)
def test_a_byline_is_found_by_what_marks_it(byline):
    assert authors("", f"<div>{byline}</div>") == ("Jane Doe",)


@pytest.mark.parametrize(
    "elsewhere",
    [
        '<figure><figcaption class="author">Jane Doe</figcaption></figure>',
        '<div class="comments"><span class="author">Jane Doe</span></div>',
        '<aside><span class="author">Jane Doe</span></aside>',
        '<div class="related-teaser"><a href="/author/x">Jane Doe</a></div>',
        f'<p>{"A long sentence that goes on. " * 20}<a href="/author/x">Jane Doe</a></p>',
    ],
)
def test_the_author_of_something_else_on_the_page_is_none(elsewhere):
    assert authors("", f"<article>{elsewhere}</article>") == ()


def test_addresses_and_numbers_in_author_fields_are_no_names():
    head = '<meta property="article:author" content="https://social.example/daily">'
    head += '<meta name="author" content="4711">'
    assert authors(head) == ()


def test_microdata_names_the_author_inside_the_article_only():
    body = (
        '<div itemscope itemtype="https://schema.org/NewsArticle"><div itemprop="author" itemscope '
        'itemtype="https://schema.org/Person"><span itemprop="name">Jane Doe</span> Editor</div></div>'
        '<div itemscope itemtype="https://schema.org/Comment"><b itemprop="author">Troll Person</b></div>'
    )
    assert authors("", body) == ("Jane Doe",)


@pytest.mark.parametrize(
    "line",
    [
        "<p>By Jane Doe</p>",
        "<div>Von Jane Doe, 30.04.2024</div>",
        "<div><span>Jane Doe |</span> <span>30.04.2024 - Update: 30.04.2024</span></div>",
        "<ul><li><strong>Author</strong> Jane Doe</li></ul>",
    ],
)
def test_a_byline_without_any_mark_is_read_as_a_last_resort(line):
    assert authors('<meta name="author" content="Daily Example GmbH">', f"<div>{line}</div>") == ("Jane Doe",)


@pytest.mark.parametrize(
    "line",
    [
        "<p>By then the water had risen.</p>",
        "<p>Last Updated: 30.04.2024</p>",
        "<p>Daily News | 30.04.2024</p>",
        "<p>by</p>",
    ],
)
def test_a_line_that_only_looks_like_a_byline_names_nobody(line):
    assert authors("", f"<div>{line}</div>") == ()


def test_the_name_of_the_site_with_an_address_is_no_person():
    head = '<meta name="author" content="Daily Courier (www.courier.example)">'
    head += '<meta property="og:site_name" content="Daily Courier">'
    assert authors(head, "<p>By Jane Doe</p>") == ("Jane Doe",)

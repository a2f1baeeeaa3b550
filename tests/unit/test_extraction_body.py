"""The text: standfirst, furniture, repetitions, and the pages that the text finder cannot read."""

import json

from archiver.model.article import ArticleField, ParagraphKind
from archiver.spiders.extraction import body as body_module
from archiver.spiders.extraction import extract

URL = "https://example.org/a"
SENTENCE = "The council met for six hours and decided nothing that anybody could remember on the next day. "


def read(article: str, head: str = ""):
    return extract(f"<html><head>{head}</head><body>{article}</body></html>".encode(), URL)


def texts(article: str, head: str = "") -> list[str]:
    return [paragraph.text for paragraph in read(article, head).paragraphs]


def test_the_standfirst_that_equals_the_description_is_part_of_the_text():
    standfirst = "Six hours of talk, and nothing to show for it."
    found = texts(
        f"<header><h1>Council meets</h1><div><div><div><p>{standfirst}</p></div></div></div></header>"
        f"<main><article><p>{SENTENCE * 4}</p><p>More. {SENTENCE * 4}</p></article></main>",
        f'<meta name="description" content="{standfirst}">',
    )
    assert found[0] == standfirst
    assert len(found) == 3


def test_a_description_that_the_page_does_not_show_is_no_text():
    found = texts(
        f"<h1>Council meets</h1><article><p>{SENTENCE * 4}</p><p>More. {SENTENCE * 4}</p></article>",
        '<meta name="description" content="A text that was written for search engines alone.">',
    )
    assert not any("search engines" in text for text in found)


def test_a_byline_or_a_date_is_no_standfirst():
    found = texts(
        '<article><h1>Council</h1><div class="byline">By Jane Doe, our correspondent at the city hall</div>'
        f"<p>{SENTENCE * 4}</p><p>More. {SENTENCE * 4}</p></article>"
    )
    assert found[0].startswith("The council met")


def test_a_line_of_links_is_furniture_and_a_link_in_a_sentence_is_not():
    found = texts(
        f'<h1>Council meets</h1><article><p>{SENTENCE * 3}<a href="/x">A source</a> says so.</p>'
        f'<p><a href="/y">Ten things you never knew about it</a></p><p>More. {SENTENCE * 3}</p></article>'
    )
    assert any("A source says so." in text for text in found)
    assert not any("Ten things" in text for text in found)


def test_the_title_and_repeated_paragraphs_are_left_out():
    paragraph = f"<p>{SENTENCE * 2}</p>"
    found = texts(
        f"<article><h1>Council meets</h1><h2>Council meets</h2>{paragraph * 3}"
        f"<p>End. {SENTENCE}</p></article>"
    )
    assert found == [(SENTENCE * 2).strip(), f"End. {SENTENCE}".strip()]


def test_line_breaks_part_paragraphs():
    found = texts(f"<h1>x</h1><article><p>{SENTENCE * 2}<br><br>Second. {SENTENCE * 2}</p></article>")
    assert len(found) == 2


def test_reader_comments_are_no_text():
    comments = f'<div id="comments"><div class="comment"><p>First! {SENTENCE * 3}</p></div></div>'
    article = f"<article><h1>x</h1><p>{SENTENCE * 5}</p><p>End. {SENTENCE * 5}</p></article>"
    assert "First!" not in read(article + comments).text


def test_a_page_without_text_takes_the_body_declared_for_machines():
    body = "\n".join([SENTENCE * 2, "Second. " + SENTENCE * 2])
    data = json.dumps({"@type": "NewsArticle", "headline": "Council meets", "articleBody": body})
    article = read("<h1>Council meets</h1>", f'<script type="application/ld+json">{data}</script>')
    assert [p.text for p in article.paragraphs] == [
        (SENTENCE * 2).strip(),
        ("Second. " + SENTENCE * 2).strip(),
    ]
    assert article.origin(ArticleField.BODY) == "json-ld:articleBody"


def test_a_page_drawn_by_script_is_read_from_its_data():
    html = f"<h2>Inside</h2><p>{SENTENCE * 2}</p><p>Second. {SENTENCE * 2}</p>"
    inner = json.dumps({"props": {"contentHtml": html}}).replace("<", "\\u003c")
    for script in (f"window.__DATA__ = {inner}", f"self.push([1,{json.dumps(inner)}])"):
        article = read(f"<div id=root></div><script>{script}</script>")
        assert article.origin(ArticleField.BODY) == "script"
        assert [p.kind for p in article.paragraphs] == [
            ParagraphKind.HEADING,
            ParagraphKind.PARAGRAPH,
            ParagraphKind.PARAGRAPH,
        ]


def test_a_failing_text_finder_is_reported_and_the_page_still_read(monkeypatch):
    def fails(*_):
        raise RecursionError("too deep")

    monkeypatch.setattr(body_module, "_main_text", fails)
    article = read(f"<h1>x</h1><article><p>{SENTENCE * 5}</p></article>")
    assert article.text == (SENTENCE * 5).strip()
    assert article.origin(ArticleField.BODY) == "p"
    assert article.limits == (
        "text read from paragraph elements only: the text finder failed with RecursionError",
    )

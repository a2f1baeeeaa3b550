"""Citations in every style, for pages that state all, little or nothing, in any script."""

# ruff: noqa: RUF001 - letters of other scripts are what is tested here

from __future__ import annotations

import html.parser
import json
import re
from dataclasses import replace
from datetime import UTC, date, datetime

import bibtexparser
import pytest
import rispy
from hypothesis import given
from hypothesis import strategies as st

from archiver.citation.names import Author, parse_author
from archiver.citation.reference import Citation, one_line
from archiver.citation.styles import STYLES
from archiver.model.digest import Digest

ARK = "ark:99999/b2c3d4f5g6h7"
URL = "https://courier.example/world/depot?id=7&x=1_2#top".removesuffix("#top")
COPY = f"https://archive.example/web/20171114101500/{URL}"
FULL = Citation(
    authors=(parse_author("Mary-Jane Q. van der Berg"), parse_author("Ministry of Defence")),
    title='"Indisputable" proof: 100% of it & more',
    site="The Courier",
    published=date(2017, 11, 14),
    captured=datetime(2017, 11, 14, 10, 15, 0, 5, UTC),
    url=URL,
    archive_url=COPY,
    identifier=ARK,
    digest=Digest.of(b"page"),
    language="en-GB",
    archive="News Archive",
    is_news=True,
)
BARE = replace(
    FULL, authors=(), title=None, site=None, published=None, archive_url=None, language=None, archive=None,
    is_news=False,
)  # fmt: skip
ARABIC = replace(
    FULL, authors=(Author("محمد الأحمد"),), title="وزارة الدفاع: صور؟", site="الجزيرة", language="ar"
)


def shown(style: str, citation: Citation) -> str:
    return STYLES[style](citation)


def test_plain_text():
    assert shown("text", FULL) == (
        "Mary-Jane Q. van der Berg and Ministry of Defence. “‘Indisputable’ proof: 100% of it & more.” "
        f"The Courier, 14 November 2017. {URL}. Archived 2017-11-14T10:15:00Z at {COPY} by News Archive "
        f"({ARK}, {FULL.short_digest})."
    )


def test_apa():
    assert shown("apa", FULL) == (
        "van der Berg, M.-J. Q., & Ministry of Defence. (2017, November 14). "
        f'"Indisputable" proof: 100% of it & more. The Courier. {URL} '
        f"Archived November 14, 2017, at {COPY} ({ARK}, {FULL.short_digest})"
    )


def test_chicago():
    assert shown("chicago", FULL) == (
        "van der Berg, Mary-Jane Q., and Ministry of Defence. “‘Indisputable’ proof: 100% of it & more.” "
        f"The Courier, November 14, 2017. {URL}. Archived November 14, 2017, at {COPY} by News Archive "
        f"({ARK}, {FULL.short_digest})."
    )


def test_mla():
    assert shown("mla", FULL) == (
        "van der Berg, Mary-Jane Q., and Ministry of Defence. “‘Indisputable’ proof: 100% of it & more.” "
        f"The Courier, 14 Nov. 2017, {URL}. Archived by News Archive, 14 Nov. 2017, {COPY} "
        f"({ARK}, {FULL.short_digest})."
    )


def test_wikipedia_news():
    assert shown("wikipedia", FULL) == (
        "{{cite news |last1=van der Berg |first1=Mary-Jane Q. |author2=Ministry of Defence "
        '|title="Indisputable" proof: 100% of it &amp; more '
        f"|url={URL} |work=The Courier |date=2017-11-14 |language=en |archive-url={COPY} "
        f"|archive-date=2017-11-14 |url-status=live |id={ARK}, {FULL.short_digest}}}}}"
    )


def test_wikipedia_of_a_page_that_is_gone_says_dead():
    assert "|url-status=dead" in shown("wikipedia", replace(FULL, is_dead=True))


def test_wikipedia_of_another_script_names_its_language():
    assert "|script-title=ar:وزارة الدفاع: صور؟ " in shown("wikipedia", ARABIC)


def test_wikipedia_without_an_address_of_the_copy_has_no_archive_fields():
    text = shown("wikipedia", BARE)
    assert text.startswith("{{cite web |title=Untitled page at courier.example |url=")
    assert "archive-url" not in text
    assert "url-status" not in text
    assert f"|access-date=2017-11-14 |id={ARK}" in text


def test_robust_link():
    text = shown("robust-link", FULL)
    assert 'href="https://courier.example/world/depot?id=7&amp;x=1_2"' in text
    assert f'data-versionurl="{COPY.replace("&", "&amp;")}"' in text
    assert 'data-versiondate="2017-11-14"' in text
    assert '<bdi lang="en-GB">&quot;Indisputable&quot; proof: 100% of it &amp; more</bdi>' in text


def test_right_to_left_text_is_isolated_so_that_its_neighbours_stay_in_place():
    for style in ("text", "apa", "chicago", "mla"):
        text = shown(style, ARABIC)
        assert "\u2068محمد الأحمد\u2069" in text
        assert "\u2068وزارة الدفاع: صور؟\u2069" in text
        assert "؟\u2069.”" not in text, "the question mark ends the title"
    assert "\u2068" not in shown("bibtex", ARABIC) + shown("ris", ARABIC) + shown("csl-json", ARABIC)


@pytest.mark.parametrize("style", STYLES)
@pytest.mark.parametrize("citation", [FULL, BARE, ARABIC], ids=["full", "bare", "arabic"])
def test_every_style_names_the_identifier_the_short_digest_and_the_original(style, citation):
    text = shown(style, citation)
    assert ARK in text
    assert citation.short_digest in text
    assert citation.url in text.replace("&amp;", "&")


def test_what_is_missing_is_said_in_the_way_of_the_style():
    assert shown("apa", BARE).startswith("[Untitled page at courier.example]. (n.d.). courier.example.")
    assert shown("text", BARE).startswith("“Untitled page at courier.example.” courier.example, n.d.")
    assert shown("mla", BARE).startswith("“Untitled page at courier.example.” courier.example, https://")
    assert "None" not in "".join(shown(style, BARE) for style in STYLES)


@pytest.mark.parametrize(
    ("byline", "inverted"),
    [
        ("Ludwig van Beethoven", "van Beethoven, Ludwig"),
        ("Jean-Luc Godard", "Godard, Jean-Luc"),
        ("Clark, Stephen", "Clark, Stephen"),
        ("John Smith Jr.", "Smith, John, Jr."),
        ("Анна Иванова", "Иванова, Анна"),
        ("Reuters", "Reuters"),
        ("Agence France-Presse", "Agence France-Presse"),
        ("Ministry of Defence of the Russian Federation", "Ministry of Defence of the Russian Federation"),
        ("BBC NEWS", "BBC NEWS"),
        ("村上 春樹", "村上 春樹"),
        ("محمد الأحمد", "محمد الأحمد"),
        ("The Courier", "The Courier"),
        ("Madonna", "Madonna"),
    ],
)
def test_only_what_is_surely_a_person_is_taken_apart(byline, inverted):
    assert parse_author(byline, site="The Courier").inverted == inverted


def test_more_than_twenty_authors_are_cut_as_apa_has_it():
    many = replace(
        FULL, authors=tuple(parse_author(f"Ann {'B' * (n % 5 + 1)}{chr(97 + n)}") for n in range(22))
    )
    text = shown("apa", many)
    assert ", … " in text
    assert text.count("A.") == 20


def test_more_than_ten_authors_are_cut_as_chicago_has_it():
    many = replace(FULL, authors=tuple(parse_author(f"Ann Bo{chr(97 + n)}") for n in range(11)))
    assert "Ann Bog, et al. “" in shown("chicago", many)


def test_bibtex_is_read_back_by_a_library():
    library = bibtexparser.parse_string(shown("bibtex", FULL))
    assert not library.failed_blocks
    (entry,) = library.entries
    assert entry.entry_type == "online"
    assert entry["url"] == URL
    assert entry["year"] == "2017"
    assert entry["month"] == "nov"
    assert entry["eprint"] == ARK
    assert entry["author"] == "van der Berg, Mary-Jane Q. and {Ministry of Defence}"
    assert entry["title"] == r"{\textquotedbl{}Indisputable\textquotedbl{} proof: 100\% of it \& more}"


def test_ris_is_read_back_by_a_library():
    (entry,) = rispy.loads(shown("ris", FULL))
    assert entry["type_of_reference"] == "NEWS"
    assert entry["authors"] == ["van der Berg, Mary-Jane Q.", "Ministry of Defence"]
    assert entry["title"] == FULL.title
    assert entry["year"] == "2017"
    assert entry["urls"] == [URL]
    assert entry["accession_number"] == ARK
    assert COPY in entry["notes"][0]


CSL_TEXTS = frozenset(
    ["title", "container-title", "URL", "archive", "archive_location", "call-number", "language", "note"]
)


def assert_csl(reference: dict[str, object]) -> None:
    """What the schema csl-data 1.0.2 demands of the variables that are used here, and no others are."""
    assert (
        {"id", "type", "accessed"}
        <= set(reference)
        <= CSL_TEXTS | {"id", "type", "author", "issued", "accessed"}
    )
    assert all(isinstance(reference[name], str) for name in {*CSL_TEXTS & set(reference), "id"})
    assert reference["type"] in ("article-newspaper", "webpage")
    for name in reference.get("author", []):
        assert set(name) <= {"family", "given", "suffix", "literal"}
        assert all(isinstance(part, str) for part in name.values())
    for day in (reference["accessed"], reference.get("issued", {"date-parts": [[2017, 1, 1]]})):
        assert set(day) == {"date-parts"}
        ((year, month, date_),) = day["date-parts"]
        assert all(isinstance(part, int) for part in (year, month, date_))


@pytest.mark.parametrize("citation", [FULL, BARE, ARABIC, replace(BARE, imported_from="crawl-2009")])
def test_csl_json_is_as_the_schema_has_it(citation):
    (reference,) = json.loads(shown("csl-json", citation))
    assert_csl(reference)


def test_who_is_no_person_is_a_literal_name_in_csl_json():
    (reference,) = json.loads(shown("csl-json", FULL))
    assert reference["author"][1] == {"literal": "Ministry of Defence"}


class _Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.seen.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


hostile = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(
    [
        "}} {{evil}}", "a|b=c", "[[x]]", "'''bold'''", "<ref>", "</a><script>", '"><img>', "{", "}", "\\",
        "%", "TY  - BOOK\r\nER  - ", "a\nAU  - X", "x and y", "a, b", "~~~~", "#REDIRECT",
        "\u202egnp.exe", "__TOC__",
    ]
)  # fmt: skip


@given(title=hostile, name=hostile, site=hostile)
def test_no_title_or_name_breaks_out_of_its_field(title, name, site):
    safe = one_line(name)
    citation = replace(
        FULL, title=one_line(title), site=one_line(site), authors=(parse_author(safe),) if safe else ()
    )
    wiki = shown("wikipedia", citation)
    assert wiki.replace("{{!}}", "").count("{{") == 1
    assert wiki.replace("{{!}}", "").count("}}") == 1
    assert set(re.findall(r"\|([a-z0-9-]+)=", wiki)) <= {
        "last", "first", "author", "title", "script-title", "url", "work", "date", "language", "archive-url",
        "archive-date", "url-status", "id",
    }  # fmt: skip
    (entry,) = rispy.loads(shown("ris", citation))
    assert entry["accession_number"] == ARK
    library = bibtexparser.parse_string(shown("bibtex", citation))
    assert not library.failed_blocks
    assert library.entries[0]["eprint"] == ARK
    (reference,) = json.loads(shown("csl-json", citation))
    assert_csl(reference)
    assert reference.get("title") == citation.title
    tags = _Tags()
    tags.feed(shown("robust-link", citation))
    tags.close()
    assert [tag for tag, _ in tags.seen] == ["a", "bdi"]
    assert (citation.title or "Untitled page") in tags.text


def test_a_link_is_never_made_of_what_a_browser_would_run():
    assert 'href="' not in shown("robust-link", replace(FULL, url="javascript:alert(1)"))


def test_marks_that_turn_the_direction_of_text_are_taken_out():
    assert one_line("a\u202eb\u2066c\x00d\r\ne") == "abc d e"

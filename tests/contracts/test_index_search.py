"""Full-text search finds the same in both databases, in scripts with and without spaces between words."""

from __future__ import annotations

from dataclasses import replace

import pytest
from index_examples import at, capture, snapshot

from archiver.model.article import ExtractedArticle, Paragraph
from archiver.model.capture import RecordLocation
from archiver.storage.index import Index, Sought

TEXTS = {
    "convoy": (
        "Ministry shows pictures of convoy",
        ("Ana Ruiz",),
        "Eleven lorries crossed the pass at dawn.",
    ),
    "harbour": ("Harbour opens", ("Jo März",), "The café at the harbour opens; O'Neil's \"table\" is free."),
    "tokyo": ("東京都で地震", ("山田",), "今日は東京都で大きな地震がありました。"),
    "moscow": ("Колонна на перевале", (), "Колонна грузовиков пересекла перевал на рассвете."),
}


@pytest.fixture
def filled(index: Index) -> Index:
    for number, (name, (title, authors, body)) in enumerate(TEXTS.items()):
        article = ExtractedArticle("u", "1", title=title, authors=authors, paragraphs=(Paragraph(body),))
        one = replace(snapshot(name, capture(f"http://news.example/{number}", number)), article=article)
        index.record([], {}, [(one, RecordLocation("A.warc.gz", number, 1))])
    return index


def found(index: Index, **sought: object) -> list[str]:
    return [hit.snapshot.id for hit in index.search(Sought(**sought))]  # type: ignore[arg-type]


@pytest.mark.parametrize(("words", "names"), [
    ("lorries", ["convoy"]), ("CONVOY dawn", ["convoy"]), ("convoy harbour", []), ("cafe", ["harbour"]),
    ("CAFÉ", ["harbour"]), ("地震", ["tokyo"]), ("震地", []), ("перевал", ["moscow"]), ("marz", ["harbour"]),
    ('"at the harbour"', ["harbour"]), ('"harbour the at"', []), ("o'neil's", ["harbour"]),
    ("", ["moscow", "tokyo", "harbour", "convoy"]),
])  # fmt: skip
def test_words_are_found_whatever_their_case_accents_and_script(
    filled: Index, words: str, names: list[str]
) -> None:
    assert found(filled, words=words) == names


@pytest.mark.parametrize("words", [
    '" OR 1=1 --', "authors : x", "a AND NOT b", "NEAR(a b)", "*", "(", "'; DROP TABLE snapshots; --",
    "a:b | c & !d",
    "\0", "%", "words MATCH", "\ud800", '"' * 50, "x " * 5_000,
])  # fmt: skip
def test_no_text_is_read_as_an_operator(filled: Index, words: str) -> None:
    found(filled, words=words)
    assert len(found(filled)) == 4


def test_author_source_and_dates_narrow_it(filled: Index) -> None:
    assert found(filled, author="ruiz") == ["convoy"]
    assert found(filled, author="lorries") == []
    assert found(filled, source="nobody") == []
    assert found(filled, from_=at(1), to=at(2)) == ["tokyo", "harbour"]
    assert found(filled, words="convoy", from_=at(1)) == []


def test_a_search_goes_on_behind_its_last_hit(filled: Index) -> None:
    first = filled.search(Sought(), limit=3)
    rest = filled.search(Sought(), limit=3, behind=first[-1].place)
    assert [hit.snapshot.id for hit in rest] == ["convoy"]


def test_a_rebuilt_index_finds_what_the_old_one_found(filled: Index) -> None:
    with filled.rebuild() as fresh:
        for hit in filled.search(Sought(words="convoy")):
            fresh.record([], {}, [(hit.snapshot, RecordLocation("A.warc.gz", 1, 1))])
    assert "convoy" in found(filled, words="convoy")

from hypothesis import given
from hypothesis import strategies as st

from archiver.model.version import ParagraphChange, ParagraphChangeKind
from archiver.versions.textdiff import Span, SpanKind, align, as_html, as_text, spans

KIND = ParagraphChangeKind
LINES = ["a b c d", "a b c e", "x y z w", "one", "two", "one two three", "a x one", "b y two"]
REPEATED = st.lists(st.sampled_from(LINES), max_size=9)
DISTINCT = st.lists(st.sampled_from(LINES), unique=True)


def replay(before: list[str], changes: tuple[ParagraphChange, ...]) -> list[str]:
    """The later text, made from the earlier one and the changes alone."""
    left = list(before)
    places = {change.position for change in changes if change.kind is not KIND.REMOVED}
    for change in changes:
        if change.before is not None:
            left.remove(change.before)
    arrived = {change.position: change.after for change in changes if change.after is not None}
    assert places == set(arrived)
    rest = iter(left)
    return [arrived[n] if n in arrived else next(rest) for n in range(len(left) + len(arrived))]  # type: ignore[misc]


@given(DISTINCT, DISTINCT)
def test_the_changes_applied_to_the_earlier_text_give_the_later(before: list[str], after: list[str]) -> None:
    assert replay(before, align(before, after)) == after


@given(REPEATED, REPEATED)
def test_repeated_paragraphs_are_counted(before: list[str], after: list[str]) -> None:
    assert sorted(replay(before, align(before, after))) == sorted(after)


@given(REPEATED)
def test_a_text_does_not_differ_from_itself(text: list[str]) -> None:
    assert align(text, text) == ()


@given(st.text(max_size=80), st.text(max_size=80))
def test_the_spans_hold_both_texts_whole(before: str, after: str) -> None:
    parts = spans(before, after)
    assert "".join(part.text for part in parts if part.kind is not SpanKind.INSERT) == before
    assert "".join(part.text for part in parts if part.kind is not SpanKind.DELETE) == after


def test_an_edited_paragraph_is_paired_with_what_it_was() -> None:
    (change,) = align(["She will resign on Monday."], ["She will not resign on Monday."])
    assert change.kind is KIND.EDITED
    assert (change.before, change.after) == ("She will resign on Monday.", "She will not resign on Monday.")


def test_paragraphs_with_nothing_in_common_are_removed_and_added() -> None:
    changes = align(["Rain fell all day."], ["The minister has left office"])
    assert {change.kind for change in changes} == {KIND.REMOVED, KIND.ADDED}


def test_a_paragraph_in_another_place_moved() -> None:
    (change,) = align(["first one", "second one", "third one"], ["second one", "third one", "first one"])
    assert (change.kind, change.before, change.position) == (KIND.MOVED, "first one", 2)


def test_a_removed_paragraph_stands_where_it_was() -> None:
    changes = align(
        ["one", "gone entirely", "three four", "five"], ["one", "three four", "something new", "five"]
    )
    assert [change.kind for change in changes] == [KIND.REMOVED, KIND.ADDED]


def test_white_space_and_composed_letters_make_no_difference_but_punctuation_and_case_do() -> None:
    assert align(["caf\u00e9  au lait"], ["cafe\u0301 au\nlait"]) == ()
    assert align(["Yes, he said"], ["Yes he said"])
    assert align(["The Pope"], ["The pope"])


def test_words_are_compared_whole_and_scripts_without_spaces_by_character() -> None:
    assert as_text(spans("She said no.", "She said nothing.")) == "She said [-no-]{+nothing+}."
    assert as_text(spans("北京今天下雨", "北京昨天下雨")) == "北京[-今-]{+昨+}天下雨"
    assert as_text(spans("Он сказал да", "Он сказал нет")) == "Он сказал [-да-]{+нет+}"


def test_the_html_is_escaped() -> None:
    assert as_html([Span(SpanKind.INSERT, "<b>"), Span(SpanKind.EQUAL, "&")]) == "<ins>&lt;b&gt;</ins>&amp;"


def test_thousands_of_paragraphs_in_reverse_order_are_aligned_at_once() -> None:
    text = [f"paragraph number {number}" for number in range(3000)]
    changes = align(text, text[::-1])
    assert len(changes) == 2999
    assert {change.kind for change in changes} == {KIND.MOVED}

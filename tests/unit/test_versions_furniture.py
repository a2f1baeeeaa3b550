from dataclasses import replace
from datetime import timedelta

from version_builders import NOON, TEXT, article, snapshot

from archiver.model.version import ChangeKind, Noise
from archiver.spiders.extraction import paragraph_digest
from archiver.versions import Changed, compare, furniture_of

BOX = "Our reporters follow the election all night, from every corner of the country."
NEXT_BOX = "The big summer quiz is here, and it has two hundred questions about the sea."


def sibling(number: int, *paragraphs: str):
    text = (f"An article about subject {number}.", f"Its second paragraph, number {number}.", *paragraphs)
    return replace(snapshot(article(*text)), article_key=f"example,news)/sibling-{number}")


def visits(after_box: str = NEXT_BOX):
    return snapshot(article(TEXT[0], BOX, *TEXT[1:])), snapshot(
        article(TEXT[0], after_box, *TEXT[1:]), hours=1
    )


def test_what_stands_on_two_siblings_is_furniture() -> None:
    before, after = visits()
    siblings = [sibling(1, BOX, NEXT_BOX), sibling(2, BOX), sibling(3, NEXT_BOX)]
    comparison = compare(before, after, furniture_of(before, after, siblings))
    assert comparison.kinds == (ChangeKind.FURNITURE_ONLY,)
    assert {change.noise for change in comparison.paragraphs} == {Noise.SIBLINGS}


def test_what_stands_on_one_sibling_may_be_background_that_is_repeated() -> None:
    before, after = visits()
    furniture = furniture_of(before, after, [sibling(1, BOX, NEXT_BOX)])
    assert compare(before, after, furniture).kinds == (ChangeKind.TEXT_EDITED,)


def test_copies_and_other_snapshots_of_the_article_are_no_siblings() -> None:
    before, after = visits()
    copies = [replace(before, article_key=f"example,news)/copy-{number}") for number in (1, 2)]
    assert furniture_of(before, after, [*copies, before, after]).paragraphs == frozenset()


def test_what_came_and_went_on_a_sibling_in_the_same_hour_is_furniture() -> None:
    before, after = visits()
    boxes = frozenset(map(paragraph_digest, (BOX, NEXT_BOX)))
    near = Changed("example,news)/sibling-1", after.captured_at + timedelta(minutes=50), boxes)
    assert not compare(before, after, furniture_of(before, after, [], [near])).is_change
    far = replace(near, at=NOON + timedelta(hours=9))
    assert compare(before, after, furniture_of(before, after, [], [far])).is_change


def test_an_edit_of_what_stands_on_siblings_is_an_edit() -> None:
    before, after = visits(BOX.replace("all night", "all day"))
    furniture = furniture_of(before, after, [sibling(1, BOX), sibling(2, BOX)])
    assert compare(before, after, furniture).kinds == (ChangeKind.TEXT_EDITED,)


def test_an_advertisement_mark_that_ran_into_a_paragraph_is_noise() -> None:
    before, after = snapshot(), snapshot(article(f"{TEXT[0]}Anzeige", *TEXT[1:]), hours=1)
    comparison = compare(before, after)
    assert comparison.kinds == (ChangeKind.FURNITURE_ONLY,)
    assert comparison.paragraphs[0].noise is Noise.LABEL


def test_fragments_after_the_text_are_noise_and_between_sentences_are_text() -> None:
    assert not compare(snapshot(), snapshot(article(*TEXT, "Basketball Ann Lee"), hours=1)).is_change
    between = article(TEXT[0], "Basketball Ann Lee", *TEXT[1:])
    assert compare(snapshot(), snapshot(between, hours=1)).is_change

from dataclasses import replace
from datetime import timedelta

import pytest
from version_builders import NOON, TEXT, article, picture, snapshot

from archiver.errors import IncomparableError
from archiver.model.article import ArticleField, Finding, Paragraph, ParagraphKind, StatedTime, TimePrecision
from archiver.model.picture import PictureRole, SnapshotPicture
from archiver.model.version import ChangeKind, Noise, PictureChangeKind
from archiver.versions import compare, first_seen, has_changed, needs_reextraction, pictures_through
from archiver.versions.words import details

URL = "https://media.example/bridge-123456.jpg"


def kinds(before, after):
    return compare(snapshot(before), snapshot(after, hours=1)).kinds


def edited(old: str, new: str):
    return article(*(paragraph.replace(old, new) for paragraph in TEXT))


def test_the_first_snapshot_is_first_seen() -> None:
    comparison = first_seen(snapshot())
    assert comparison.kinds == (ChangeKind.FIRST_SEEN,)
    assert comparison.is_change


def test_the_same_bytes_are_identical_and_other_bytes_that_say_the_same_are_bytes_only() -> None:
    one, same = snapshot(page=b"x"), snapshot(page=b"x", hours=1)
    assert compare(one, same).kinds == (ChangeKind.IDENTICAL,)
    assert compare(one, snapshot(page=b"y")).kinds == (ChangeKind.BYTES_ONLY,)
    assert not compare(one, snapshot(page=b"y")).is_change


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("would not", "would"),
        ("3 cracks", "4 cracks"),
        ("autumn,", "autumn"),
        ("mayor", "Mayor"),
        ("closed", "shut"),
    ],
)
def test_one_word_a_negation_a_number_a_comma_and_a_capital_are_edits(old: str, new: str) -> None:
    assert kinds(article(), edited(old, new)) == (ChangeKind.TEXT_EDITED,)


def test_added_removed_and_moved_paragraphs_are_edits() -> None:
    for text in (TEXT[:2], (*TEXT, "A new paragraph was added."), TEXT[::-1]):
        assert kinds(article(), article(*text)) == (ChangeKind.TEXT_EDITED,)


def test_a_picture_replaced_on_an_identical_page_is_a_change_of_pictures() -> None:
    before = snapshot(page=b"x", pictures=(picture(URL, b"one"),))
    after = snapshot(page=b"x", pictures=(picture(URL, b"two"),))
    assert compare(before, after).kinds == (ChangeKind.PICTURES_CHANGED,)


def test_pictures_around_the_article_are_furniture() -> None:
    before = snapshot(pictures=(picture(URL, b"one", role=PictureRole.FURNITURE),))
    comparison = compare(before, snapshot(hours=1))
    assert comparison.kinds == (ChangeKind.FURNITURE_ONLY,)
    assert comparison.pictures[0].noise is Noise.ROLE


def test_a_picture_that_failed_at_one_visit_is_told_without_alarm() -> None:
    before = snapshot(pictures=(picture(URL, b"one"),))
    comparison = compare(before, snapshot(hours=1, pictures=(picture(URL, None, reason="503"),)))
    assert not comparison.is_change
    assert comparison.pictures[0].after == "503"


def test_a_picture_that_is_gone_is_a_change_of_pictures_and_of_the_lead_picture_too() -> None:
    for role in (PictureRole.ARTICLE, PictureRole.LEAD):
        before = snapshot(page=b"x", pictures=(picture(URL, b"one", role=role),))
        after = snapshot(page=b"x", hours=1, pictures=(picture(URL, None, answered=404, role=role),))
        assert compare(before, after).kinds == (ChangeKind.PICTURES_CHANGED,)


def test_a_page_with_a_picture_that_a_second_look_finds_still_gone_is_identical() -> None:
    gone = picture(URL, None, answered=404)
    visits = [
        snapshot(page=b"x", hours=hours, pictures=(state,))
        for hours, state in ((0, picture(URL, b"one")), (1, gone), (8, gone))
    ]
    known = pictures_through(visits)
    comparison = compare(visits[1], visits[2], pictures=(known[visits[1].id], known[visits[2].id]))
    assert comparison.kinds == (ChangeKind.IDENTICAL,)
    assert [change.kind for change in comparison.pictures] == [PictureChangeKind.STILL_GONE]
    assert details(comparison) == [f"picture still gone: {URL} answers 404, seen twice"]


def test_a_changed_title_is_a_title_edit_also_when_only_search_engines_see_it() -> None:
    assert kinds(article(), article(title="The bridge is open")) == (ChangeKind.TITLE_EDITED,)
    hidden = article(disagreeing=(Finding(ArticleField.TITLE, "Bridge: 10 facts", "og:title"),))
    comparison = compare(snapshot(), snapshot(hidden, hours=1))
    assert comparison.kinds == (ChangeKind.TITLE_EDITED,)
    assert comparison.fields[0].after == "Bridge: 10 facts"


def test_stated_facts_are_compared_by_meaning() -> None:
    at = StatedTime(NOON, "x", zone_stated=True, precision=TimePrecision.MINUTE)
    other_zone = replace(at, moment=NOON.astimezone(tz=None), written="y")
    one = article(authors=("Ann  Lee",), keywords=("Bridge", "City"), published=at)
    assert kinds(one, replace(one, authors=("Ann Lee",), keywords=("city", "bridge"))) == (
        ChangeKind.BYTES_ONLY,
    )
    assert kinds(one, replace(one, published=other_zone)) == (ChangeKind.BYTES_ONLY,)
    assert kinds(one, replace(one, authors=("Bo Chan",))) == (ChangeKind.METADATA,)
    later = replace(at, moment=NOON + timedelta(minutes=1))
    assert kinds(one, replace(one, published=later)) == (ChangeKind.METADATA,)


def test_a_page_that_calls_each_visit_its_last_change_was_not_changed() -> None:
    def at(hours: float):
        moment = NOON + timedelta(hours=hours)
        stated = StatedTime(moment, "now", zone_stated=True, precision=TimePrecision.SECOND)
        return snapshot(article(modified=stated), hours=hours)

    comparison = compare(at(0), at(5))
    assert comparison.kinds == (ChangeKind.FURNITURE_ONLY,)
    assert comparison.fields[0].noise is Noise.RENDERED


def test_an_article_cut_behind_a_wall_is_walled_and_not_edited() -> None:
    comparison = compare(snapshot(), snapshot(article(*TEXT[:1], free=False), hours=1))
    assert ChangeKind.WALLED in comparison.kinds
    assert ChangeKind.TEXT_EDITED not in comparison.kinds
    assert len(comparison.paragraphs) == 2


def test_an_edit_behind_a_new_wall_is_still_an_edit() -> None:
    after = article(TEXT[0].replace("3", "4"), free=False)
    assert ChangeKind.TEXT_EDITED in kinds(article(), after)


def test_another_key_means_that_the_article_moved() -> None:
    assert ChangeKind.MOVED in compare(snapshot(), snapshot(hours=1, key="example,news)/other")).kinds


@pytest.mark.parametrize(
    ("noisy", "noise"),
    [
        (Paragraph("Floods: what to do if the water comes", linked=0.9), Noise.LINKS),
        (Paragraph("3 hours ago"), Noise.CLOCK),
        (Paragraph("128 comments"), Noise.CLOCK),
        (Paragraph("Related stories:"), Noise.LABEL),
        (Paragraph("Advertisement"), Noise.LABEL),
        (Paragraph("Sign up for the morning letter and never miss a thing."), Noise.LABEL),
    ],
)
def test_what_stands_between_the_paragraphs_is_told_as_noise(noisy: Paragraph, noise: Noise) -> None:
    comparison = compare(snapshot(), snapshot(article(TEXT[0], noisy, *TEXT[1:]), hours=1))
    assert comparison.kinds == (ChangeKind.FURNITURE_ONLY,)
    assert comparison.paragraphs[0].noise is noise


def test_noise_does_not_hide_an_edit() -> None:
    before = article(Paragraph("2 hours ago"), *TEXT)
    after = article(Paragraph("5 hours ago"), *edited("3 cracks", "9 cracks").paragraphs)
    comparison = compare(snapshot(before), snapshot(after, hours=3))
    assert comparison.kinds == (ChangeKind.TEXT_EDITED,)
    assert [change.noise for change in comparison.paragraphs] == [Noise.CLOCK, None]


@pytest.mark.parametrize(
    ("before", "after", "language"),
    [
        ("Aktualisiert vor 3 Stunden", "Aktualisiert vor 2 Tagen", "de"),
        ("il y a 5 minutes", "il y a 2 heures", "fr-FR"),
        ("3 часа назад", "5 часов назад", "ru"),
        ("3小时前", "5小时前", "zh"),
        ("Updated 14:05", "Updated 15:10", "en"),
        ("(12)", "(14)", None),
        ("5 min read, 12 views", "5 min read, 800 views", "xx-unknown"),
    ],
)
def test_clocks_and_counters_are_noise(before: str, after: str, language: str | None) -> None:
    one, other = (article(TEXT[0], line, *TEXT[1:], language=language) for line in (before, after))
    assert kinds(one, other) == (ChangeKind.FURNITURE_ONLY,)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("12 people died in the flood", "14 people died in the flood"),
        ("The trial begins at 14:05 on Monday", "The trial begins at 15:05 on Monday"),
        ("The train left the station 3 hours ago, and it has not arrived yet, the company told the press.",
         "The train left the station 4 hours ago, and it has not arrived yet, the company told the press."),
        ("Read more books, the minister said to pupils", "Read fewer books, the minister said to pupils"),
    ],
)  # fmt: skip
def test_a_number_or_time_that_the_article_states_is_text(before: str, after: str) -> None:
    heading = ParagraphKind.HEADING
    one, other = (article(TEXT[0], Paragraph(line, heading), *TEXT[1:]) for line in (before, after))
    assert kinds(one, other) == (ChangeKind.TEXT_EDITED,)


def test_extractor_versions_are_never_mixed() -> None:
    other = snapshot(article(extractor_version="2"), hours=1)
    assert needs_reextraction(snapshot(), other)
    with pytest.raises(IncomparableError, match="read both again"):
        compare(snapshot(), other)


@pytest.mark.parametrize(
    ("shown", "page", "changed"),
    [
        (picture(URL, b"one"), b"x", False),
        (picture(URL, None, reason="timeout"), b"x", False),
        (picture(URL, b"two"), b"x", True),
        (picture(URL, None, answered=404), b"x", True),
        (picture(URL, b"one"), b"y", True),
    ],
)
def test_after_an_upgrade_of_the_extractor_the_bytes_of_page_and_pictures_tell_whether_it_changed(
    shown: SnapshotPicture, page: bytes, changed: bool
) -> None:
    before = snapshot(page=b"x", pictures=(picture(URL, b"one"),))
    after = snapshot(article(extractor_version="2"), hours=1, page=page, pictures=(shown,))
    known = pictures_through([before, after])
    assert has_changed(before, after, (known[before.id], known[after.id])) is changed


def test_pages_that_are_no_articles_are_compared_by_their_bytes() -> None:
    one = replace(snapshot(page=b"x"), article=None)
    assert compare(one, replace(snapshot(page=b"y"), article=None)).kinds == (ChangeKind.BYTES_ONLY,)
    assert needs_reextraction(one, snapshot())

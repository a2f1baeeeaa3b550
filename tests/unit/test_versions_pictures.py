import itertools
from dataclasses import replace

import pytest
from version_builders import picture, snapshot

from archiver.model.digest import Digest
from archiver.model.picture import FetchedRendition, PictureRole, PictureStatus, SnapshotPicture
from archiver.model.version import Noise, PictureChange, PictureChangeKind
from archiver.versions import pictures_through
from archiver.versions.pictures import compare_pictures as compare_seen
from archiver.versions.seen import without_cache_key
from archiver.versions.words import picture_line

KIND = PictureChangeKind
URL = "https://media.example/2026/bridge-123456.jpg"
OTHER = "https://media.example/2026/mayor-654321.jpg"


def visits(*states: SnapshotPicture, hours: float = 1) -> list[list[PictureChange]]:
    """What each visit to a page with one picture found against the one before, `hours` apart."""
    snapshots = [snapshot(hours=number * hours, pictures=(state,)) for number, state in enumerate(states)]
    known = pictures_through(snapshots)
    seen = [known[each.id] for each in snapshots]
    return [list(compare_seen(one, other)) for one, other in itertools.pairwise(seen)]


def compare_pictures(
    before: list[SnapshotPicture], after: list[SnapshotPicture]
) -> tuple[PictureChange, ...]:
    one, other = snapshot(pictures=tuple(before)), snapshot(hours=1, pictures=tuple(after))
    known = pictures_through([one, other])
    return compare_seen(known[one.id], known[other.id])


def gone(url: str = URL, status: int = 404, role: PictureRole = PictureRole.ARTICLE) -> SnapshotPicture:
    return picture(url, None, answered=status, reason=f"the server answered {status}", role=role)


HAD = picture(URL, b"one")
FAILED = picture(URL, None, reason="timeout after 30 s")


def test_other_bytes_at_the_same_address_are_a_replaced_picture() -> None:
    (change,) = compare_pictures([picture(URL, b"one", alt="Bridge")], [picture(URL, b"two", alt="Bridge")])
    assert change.kind is KIND.REPLACED
    assert change.noise is None
    assert (change.before_digest, change.after_digest) == (Digest.of(b"one"), Digest.of(b"two"))
    assert change.alt == "Bridge"


def test_the_same_bytes_at_another_address_are_no_change() -> None:
    moved = "https://cdn.example/x/99.jpg"
    assert compare_pictures([picture(URL, b"one")], [picture(moved, b"one")]) == ()


def test_another_cache_key_with_the_same_bytes_is_no_change() -> None:
    assert compare_pictures([picture(f"{URL}?v=1", b"one")], [picture(f"{URL}?v=2", b"one")]) == ()


def test_another_cache_key_with_other_bytes_is_a_replaced_picture() -> None:
    (change,) = compare_pictures([picture(f"{URL}?v=1", b"one")], [picture(f"{URL}?v=2", b"two")])
    assert change.kind is KIND.REPLACED


def test_another_size_of_the_picture_cannot_be_compared_and_raises_no_alarm() -> None:
    (change,) = compare_pictures([picture(f"{URL}?w=640", b"small")], [picture(f"{URL}?w=1280", b"large")])
    assert (change.kind, change.noise) == (KIND.RENDITION, Noise.RENDITION)


def test_a_picture_that_could_not_be_fetched_is_not_removed() -> None:
    (change,) = compare_pictures([picture(URL, b"one")], [picture(URL, None, reason="timeout after 30 s")])
    assert (change.kind, change.noise) == (KIND.NOT_HAD, Noise.NOT_HAD)
    assert change.after == "timeout after 30 s"


def test_pictures_that_came_and_went_are_told() -> None:
    before, after = picture(URL, b"one", alt="old"), picture("https://media.example/new-777777.jpg", b"two")
    added, removed = compare_pictures([before], [after])
    assert (added.kind, added.after_digest) == (KIND.ADDED, Digest.of(b"two"))
    assert (removed.kind, removed.before_digest, removed.alt) == (KIND.REMOVED, Digest.of(b"one"), "old")


def test_a_picture_outside_the_article_is_noise() -> None:
    advert = picture("https://ads.example/1.gif", b"buy", role=PictureRole.FURNITURE)
    (change,) = compare_pictures([], [advert])
    assert (change.kind, change.noise) == (KIND.ADDED, Noise.ROLE)


def test_changed_words_of_a_picture_are_told_each() -> None:
    before = picture(URL, b"one", alt="A bridge", caption="The bridge on Monday")
    after = picture(URL, b"one", alt="The bridge", caption="The bridge on Tuesday")
    assert [(c.kind, c.before, c.after) for c in compare_pictures([before], [after])] == [
        (KIND.ALT, "A bridge", "The bridge"),
        (KIND.CAPTION, "The bridge on Monday", "The bridge on Tuesday"),
    ]


def test_a_picture_replaced_by_the_bytes_of_another_one_is_not_missed() -> None:
    before = [picture(URL, b"bridge"), picture(OTHER, b"mayor")]
    after = [picture(URL, b"mayor"), picture(OTHER, b"mayor")]
    (change,) = compare_pictures(before, after)
    assert (change.kind, change.url) == (KIND.REPLACED, URL)


def test_only_cache_keys_are_taken_from_an_address() -> None:
    assert without_cache_key(f"{URL}?id=7&w=640&ts=99&1700000000") == f"{URL}?id=7&w=640"
    assert without_cache_key(URL) == URL
    assert without_cache_key("http://[bad?v=1") == "http://[bad?v=1"


@pytest.mark.parametrize("status", [404, 410, 451])
def test_a_picture_that_was_had_and_answers_that_it_is_gone_is_gone(status: int) -> None:
    [[change]] = visits(HAD, gone(status=status))
    assert (change.kind, change.noise, change.confirmed) == (KIND.GONE, None, False)
    assert (change.before_digest, change.after_digest) == (Digest.of(b"one"), None)
    line = f"picture gone: {URL} answers {status}, seen once; a second look is due"
    assert picture_line(change) == line


@pytest.mark.parametrize("status", [0, 200, 401, 403, 408, 429, 500, 503])
def test_any_other_answer_or_none_is_no_evidence_of_a_deletion(status: int) -> None:
    [[change]] = visits(HAD, picture(URL, None, answered=status, reason="not now"))
    assert (change.kind, change.noise, change.after) == (KIND.NOT_HAD, Noise.NOT_HAD, "not now")


def test_a_picture_that_was_never_had_is_not_gone() -> None:
    assert visits(gone(), gone(status=410), FAILED, gone()) == [[], [], []]
    [[change]] = visits(gone(), HAD)
    assert (change.kind, change.noise) == (KIND.NOT_HAD, Noise.NOT_HAD)


def test_a_picture_around_the_article_is_treated_as_not_had() -> None:
    furniture = PictureRole.FURNITURE
    [[change]] = visits(picture(URL, b"one", role=furniture), gone(role=furniture))
    assert (change.kind, change.noise) == (KIND.NOT_HAD, Noise.ROLE)


def test_a_second_look_six_hours_later_confirms_that_a_picture_is_gone_and_is_told_once() -> None:
    _, too_early, later = visits(HAD, gone(), gone(), gone(), hours=5.999)
    assert (too_early, [change.kind for change in later]) == ([], [KIND.STILL_GONE])
    first, late, after = visits(HAD, gone(), gone(status=410), gone(), hours=6)
    assert (first[0].confirmed, late[0].confirmed, after) == (False, True, [])
    assert picture_line(late[0]) == f"picture still gone: {URL} answers 410, seen twice"


def test_a_second_look_without_an_answer_confirms_nothing() -> None:
    first, failed, confirmed = visits(HAD, gone(), FAILED, gone(), hours=7)
    assert [first[0].kind, failed, confirmed[0].kind] == [KIND.GONE, [], KIND.STILL_GONE]


def test_a_picture_that_was_gone_and_has_the_same_bytes_is_back_again() -> None:
    for between in ((), (FAILED,), (gone(),)):
        [change] = visits(HAD, gone(), *between, HAD)[-1]
        assert (change.kind, change.noise) == (KIND.BACK_AGAIN, None)
        assert change.before_digest == change.after_digest == Digest.of(b"one")
        assert picture_line(change) == f"picture back again: {URL}"


def test_a_picture_that_was_gone_and_has_other_bytes_is_replaced() -> None:
    [change] = visits(HAD, gone(), picture(URL, b"two"))[-1]
    assert (change.kind, change.noise) == (KIND.REPLACED, None)
    assert (change.before_digest, change.after_digest) == (Digest.of(b"one"), Digest.of(b"two"))


def test_a_failure_in_between_hides_neither_a_deletion_nor_a_replacement() -> None:
    assert [change.kind for change in visits(HAD, FAILED, gone())[-1]] == [KIND.GONE]
    assert [change.kind for change in visits(HAD, FAILED, picture(URL, b"two"))[-1]] == [KIND.REPLACED]
    assert [change.kind for change in visits(HAD, FAILED, HAD)[-1]] == [KIND.NOT_HAD]


def test_a_picture_is_not_gone_while_one_of_its_addresses_gives_it_or_gives_no_answer() -> None:
    def sizes(*fetched: FetchedRendition) -> SnapshotPicture:
        return SnapshotPicture(HAD.found, max(one.status for one in fetched), fetched, "some reason")

    lost, small = gone().fetched[0], picture(OTHER, b"small").fetched[0]
    failed = FetchedRendition(OTHER, PictureStatus.MISSING, reason="timeout")
    both = sizes(HAD.fetched[0], small)
    assert visits(both, sizes(lost, small)) == [[]]
    assert [change.kind for change in visits(both, sizes(lost, failed))[0]] == [KIND.NOT_HAD]
    assert [change.kind for change in visits(both, sizes(lost, gone(OTHER).fetched[0]))[0]] == [KIND.GONE]


def test_an_address_that_never_gave_the_picture_says_nothing_of_it() -> None:
    [[change]] = visits(picture(f"{URL}?w=640", b"small"), gone(f"{URL}?w=1280"))
    assert (change.kind, change.noise) == (KIND.NOT_HAD, Noise.NOT_HAD)
    [[change]] = visits(picture(f"{URL}?v=1", b"small"), gone(f"{URL}?v=2"))
    assert (change.kind, change.noise) == (KIND.NOT_HAD, Noise.NOT_HAD)


@pytest.mark.parametrize(
    ("had", "asked"),
    [
        ("/image.php?key=17", "/image.php?key=18"),
        ("/image?17", "/image?18"),
        ("/a.jpg?expires=1&sig=aa", "/a.jpg?expires=2&sig=bb"),
    ],
)
def test_an_address_with_another_key_never_says_that_a_picture_is_gone(had: str, asked: str) -> None:
    had, asked = f"https://media.example{had}", f"https://media.example{asked}"
    first, *later = visits(picture(had, b"one"), gone(asked), gone(asked), gone(asked, 410), hours=7)
    assert [(change.kind, change.noise) for change in first] == [(KIND.NOT_HAD, Noise.NOT_HAD)]
    assert later == [[], []]


def test_an_address_with_another_key_confirms_no_deletion() -> None:
    had, other = f"{URL}?key=17", f"{URL}?key=18"
    first, other_key, again = visits(picture(had, b"one"), gone(had), gone(other), gone(had), hours=7)
    assert [(change.kind, change.url) for change in first] == [(KIND.GONE, had)]
    assert other_key == []
    assert [(change.kind, change.url) for change in again] == [(KIND.STILL_GONE, had)]


def test_a_picture_that_gave_way_to_another_is_not_gone_when_that_one_is() -> None:
    had, other = f"{URL}?key=17", f"{URL}?key=18"
    states = (picture(had, b"one"), picture(other, b"two"), gone(other))
    snapshots = [snapshot(hours=number, pictures=(state,)) for number, state in enumerate(states)]
    known = pictures_through(snapshots)
    first, middle, last = (known[each.id] for each in snapshots)
    assert [change.kind for change in compare_seen(first, last)] == [KIND.REPLACED]
    [change] = compare_seen(middle, last)
    assert (change.kind, change.url, change.before_digest) == (KIND.GONE, other, Digest.of(b"two"))


def test_a_deletion_names_the_bytes_that_its_address_gave() -> None:
    states = (
        picture(f"{URL}?sig=1", b"one"),
        picture(f"{URL}?sig=2", b"one"),
        gone(f"{URL}?sig=2"),
    )
    snapshots = [snapshot(hours=number, pictures=(state,)) for number, state in enumerate(states)]
    known = pictures_through(snapshots)
    [change] = compare_seen(known[snapshots[0].id], known[snapshots[2].id])
    assert (change.kind, change.before_digest) == (KIND.GONE, Digest.of(b"one"))


def test_a_picture_that_the_page_shows_at_another_address_is_not_gone() -> None:
    changes = compare_pictures([HAD], [gone(), picture(OTHER, b"one")])
    assert KIND.GONE not in {change.kind for change in changes}
    assert KIND.ADDED not in {change.kind for change in changes}


ONE, TWO = "https://media.example/gallery/1-1.png", "https://media.example/gallery/1-2.png"


def test_another_picture_with_a_name_like_a_size_was_added_and_the_other_removed() -> None:
    added, removed = compare_pictures([picture(ONE, b"one")], [picture(TWO, b"two")])
    assert (added.kind, added.url, removed.kind, removed.url) == (KIND.ADDED, TWO, KIND.REMOVED, ONE)


def test_a_case_of_letters_tells_two_pictures() -> None:
    upper, lower = ("https://media.example/p/Aa.png", "https://media.example/p/aA.png")
    changes = compare_pictures([picture(upper, b"one")], [picture(lower, b"two")])
    assert [change.kind for change in changes] == [KIND.ADDED, KIND.REMOVED]


def as_one() -> SnapshotPicture:
    """Two pictures as an earlier version of the program kept them: as renditions of one."""
    first, second = picture(ONE, b"one", alt="First"), picture(TWO, b"two", alt="Second")
    found = replace(
        first.found,
        renditions=(*first.found.renditions, *second.found.renditions),
        fetch=(*first.found.fetch, *second.found.fetch),
    )
    return replace(first, found=found, fetched=(*first.fetched, *second.fetched))


def test_pictures_that_were_kept_as_one_and_are_two_now_are_no_change() -> None:
    news = [picture(ONE, b"one", alt="First"), picture(TWO, b"two", alt="Second")]
    assert compare_pictures([as_one()], news) == ()


def test_of_pictures_that_were_kept_as_one_it_is_seen_when_the_second_is_replaced_or_gone() -> None:
    first = picture(ONE, b"one", alt="First")
    (change,) = compare_pictures([as_one()], [first, picture(TWO, b"other", alt="Second")])
    assert (change.kind, change.url, change.before_digest) == (KIND.REPLACED, TWO, Digest.of(b"two"))
    (change,) = compare_pictures([as_one()], [first, gone(TWO)])
    assert (change.kind, change.url, change.before_digest) == (KIND.GONE, TWO, Digest.of(b"two"))


def test_a_picture_that_was_kept_with_another_stays_gone_and_comes_back() -> None:
    first = picture(ONE, b"one", alt="First")
    states = [(as_one(),), (first, gone(TWO)), (first, gone(TWO)), (first, picture(TWO, b"two"))]
    snapshots = [snapshot(hours=7 * number, pictures=state) for number, state in enumerate(states)]
    known = pictures_through(snapshots)
    seen = [known[each.id] for each in snapshots]
    kinds = [[change.kind for change in compare_seen(*both)] for both in itertools.pairwise(seen)]
    assert kinds == [[KIND.GONE], [KIND.STILL_GONE], [KIND.BACK_AGAIN]]


def joined(*parts: SnapshotPicture, alt: str | None) -> SnapshotPicture:
    """Pictures as a version of the program keeps them that knows them as renditions of one."""
    first = parts[0]
    renditions = tuple(rendition for part in parts for rendition in part.found.renditions)
    fetch = tuple(url for part in parts for url in part.found.fetch)
    found = replace(first.found, renditions=renditions, fetch=fetch, alt=alt)
    return replace(first, found=found, fetched=tuple(each for part in parts for each in part.fetched))


PREVIEW, SHOWN = picture(ONE, b"one", role=PictureRole.LEAD), picture(TWO, b"two", alt="Ships")


def test_pictures_that_were_kept_as_two_and_are_one_now_are_no_change() -> None:
    for parts in itertools.permutations([PREVIEW, SHOWN]):
        assert compare_pictures([PREVIEW, SHOWN], [joined(*parts, alt="Ships")]) == ()
        assert compare_pictures([SHOWN, PREVIEW], [joined(*parts, alt="Ships")]) == ()
        assert compare_pictures([joined(*parts, alt="Ships")], [PREVIEW, SHOWN]) == ()


def test_a_picture_that_is_listed_as_a_rendition_of_another_one_now_is_not_removed() -> None:
    whole = joined(PREVIEW, SHOWN, alt="Ships")
    whole = replace(whole, fetched=SHOWN.fetched, found=replace(whole.found, fetch=(TWO,)))
    assert compare_pictures([PREVIEW, SHOWN], [whole]) == ()
    assert compare_pictures([whole], [PREVIEW, SHOWN]) == ()


def test_of_pictures_that_are_one_now_it_is_seen_when_either_was_replaced() -> None:
    for parts, url, before in (
        ([picture(ONE, b"other"), SHOWN], ONE, b"one"),
        ([PREVIEW, picture(TWO, b"other")], TWO, b"two"),
    ):
        (change,) = compare_pictures([PREVIEW, SHOWN], [joined(*parts, alt="Ships")])
        assert (change.kind, change.url, change.noise) == (KIND.REPLACED, url, None)
        assert (change.before_digest, change.after_digest) == (Digest.of(before), Digest.of(b"other"))


def test_of_pictures_that_are_one_now_it_is_seen_when_all_are_gone_and_told_once() -> None:
    states = [(PREVIEW, SHOWN), (joined(gone(ONE), gone(TWO), alt="Ships"),)]
    snapshots = [
        snapshot(hours=7 * number, pictures=state) for number, state in enumerate([*states, states[1]])
    ]
    known = pictures_through(snapshots)
    first, second = (compare_seen(*both) for both in itertools.pairwise(known[each.id] for each in snapshots))
    assert [change.kind for change in first if not change.noise] == [KIND.GONE]
    assert [change.kind for change in second] == [KIND.STILL_GONE]


def test_a_picture_that_is_not_among_the_renditions_of_any_other_one_is_removed() -> None:
    third = picture(OTHER, b"three")
    (change,) = compare_pictures([PREVIEW, SHOWN, third], [joined(PREVIEW, SHOWN, alt="Ships")])
    assert (change.kind, change.url, change.before_digest) == (KIND.REMOVED, OTHER, Digest.of(b"three"))
    (change,) = compare_pictures([joined(PREVIEW, SHOWN, alt="Ships")], [PREVIEW, SHOWN, third])
    assert (change.kind, change.url) == (KIND.ADDED, OTHER)


def test_words_of_pictures_that_were_joined_or_split_are_compared_together() -> None:
    whole = joined(PREVIEW, SHOWN, alt="Ships")
    other = replace(SHOWN, found=replace(SHOWN.found, alt="Boats"))
    silent = replace(SHOWN, found=replace(SHOWN.found, alt=None))
    for before, after, words in (
        ([PREVIEW, SHOWN], [joined(PREVIEW, SHOWN, alt=None)], ("Ships", None)),
        ([PREVIEW, SHOWN], [joined(PREVIEW, SHOWN, alt="Boats")], ("Ships", "Boats")),
        ([whole], [PREVIEW, other], ("Ships", "Boats")),
        ([whole], [PREVIEW, silent], ("Ships", None)),
        ([joined(PREVIEW, SHOWN, alt=None)], [PREVIEW, SHOWN], (None, "Ships")),
    ):
        (change,) = compare_pictures(before, after)
        assert (change.kind, change.before, change.after, change.noise) == (KIND.ALT, *words, None)

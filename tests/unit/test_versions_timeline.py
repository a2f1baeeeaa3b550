import itertools

from hypothesis import given
from hypothesis import strategies as st
from version_builders import NOON, TEXT, article, picture, snapshot

from archiver.model.article import Paragraph
from archiver.model.version import ChangeKind
from archiver.versions import fold

STATES = {
    "A": TEXT,
    "B": (TEXT[0].replace("3", "4"), *TEXT[1:]),
    "C": TEXT[:2],
    "D": (*TEXT, "A paragraph that was added later on, with the reply of the company."),
}

PICTURE = "https://media.example/bridge-123456.jpg"
SHOWN = {
    "x": picture(PICTURE, b"x"),
    "y": picture(PICTURE, b"y"),
    "g": picture(PICTURE, None, answered=404, reason="the server answered 404"),
    "f": picture(PICTURE, None, reason="timeout after 30 s"),
}
"""One picture with these bytes, with others, gone, and failed."""


def visits(states: str):
    return [snapshot(article(*STATES[state]), hours=hour) for hour, state in enumerate(states)]


def test_a_then_b_then_a_is_two_versions_and_the_first_has_two_times() -> None:
    timeline = fold(visits("ABA"))
    assert [[seen.captured_at.hour - NOON.hour for seen in v.seen] for v in timeline.versions] == [
        [0, 2],
        [1],
    ]
    assert timeline.versions[0].number == 1
    assert [c.kinds for c in timeline.comparisons] == [
        (ChangeKind.FIRST_SEEN,),
        (ChangeKind.TEXT_EDITED,),
        (ChangeKind.TEXT_EDITED,),
    ]


def test_visits_that_differ_in_noise_are_one_version() -> None:
    noisy = [
        snapshot(article(Paragraph(f"{hour} hours ago"), *TEXT), hours=hour, page=b"%d" % hour)
        for hour in range(2, 9)
    ]
    timeline = fold(noisy)
    assert len(timeline.versions) == 1
    assert len(timeline.versions[0].seen) == 7


def test_the_order_in_which_snapshots_are_given_does_not_matter() -> None:
    assert fold(visits("ABCA")[::-1]) == fold(visits("ABCA"))


def test_nothing_gives_an_empty_timeline() -> None:
    assert fold([]).versions == ()


@given(st.text(alphabet="ABCD", max_size=12))
def test_there_is_a_version_for_each_distinct_state_and_each_visit_is_in_one(states: str) -> None:
    snapshots = visits(states)
    timeline = fold(snapshots)
    assert len(timeline.versions) == len(set(states))
    assert sum(len(version.seen) for version in timeline.versions) == len(states)
    for state, visit in zip(states, snapshots, strict=True):
        version = timeline.version_of(visit.id)
        assert version is not None
        assert version.number == 1 + "".join(dict.fromkeys(states)).index(state)


def test_a_snapshot_of_another_article_is_in_no_version() -> None:
    assert fold(visits("A")).version_of("ark:99999/none") is None


def visits_to_a_picture(states: str, text: str = ""):
    """Visits an hour apart; `text` says which state of the text each shows."""
    texts = text or "A" * len(states)
    return [
        snapshot(article(*STATES[words]), hours=hour, page=words.encode(), pictures=(SHOWN[state],))
        for hour, (state, words) in enumerate(zip(states, texts, strict=True))
    ]


def numbers(timeline, snapshots) -> list[int]:
    return [version.number for each in snapshots if (version := timeline.version_of(each.id))]


def test_a_picture_that_is_gone_and_back_again_is_two_versions() -> None:
    snapshots = visits_to_a_picture("xggx")
    timeline = fold(snapshots)
    assert numbers(timeline, snapshots) == [1, 2, 2, 1]
    assert [comparison.kinds for comparison in timeline.comparisons] == [
        (ChangeKind.FIRST_SEEN,),
        (ChangeKind.PICTURES_CHANGED,),
        (ChangeKind.IDENTICAL,),
        (ChangeKind.PICTURES_CHANGED,),
    ]


def test_a_picture_that_was_missing_had_and_is_gone_is_two_versions() -> None:
    snapshots = visits_to_a_picture("gxgxg")
    assert numbers(fold(snapshots), snapshots) == [1, 1, 2, 1, 2]


@given(
    st.lists(st.sampled_from([a + b for a in "xygf" for b in "AC"]), max_size=10).map(
        lambda tail: ["xA", *tail]
    )
)
def test_a_visit_shows_the_version_with_its_text_and_what_was_last_known_of_its_picture(
    states: list[str],
) -> None:
    snapshots = visits_to_a_picture(*("".join(part) for part in zip(*states, strict=True)))
    known, last = [], "x"
    for picture_state, words in states:
        last = last if picture_state == "f" else picture_state
        known.append(last + words)
    order = list(dict.fromkeys(known))
    timeline = fold(snapshots[::-1])
    assert numbers(timeline, snapshots) == [1 + order.index(state) for state in known]
    changes = [comparison.is_change for comparison in timeline.comparisons[1:]]
    assert changes == [one != other for one, other in itertools.pairwise(known)]

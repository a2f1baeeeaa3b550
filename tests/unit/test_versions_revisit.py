from datetime import timedelta

from version_builders import NOON, picture, snapshot

from archiver.versions import pictures_through
from archiver.versions.revisit import next_look

URL = "https://media.example/bridge-123456.jpg"
HAD = picture(URL, b"one")
GONE = picture(URL, None, answered=404)
FAILED = picture(URL, None, reason="timeout after 30 s")


def look_after(*visits: tuple[float, object]):
    """Hours from the first visit to the next look, where each of `visits` has an hour and a picture."""
    snapshots = [snapshot(hours=hours, pictures=(shown,)) for hours, shown in visits]
    due = next_look(pictures_through(snapshots)[snapshots[-1].id], snapshots[-1].captured_at)
    return due and (due - NOON) / timedelta(hours=1)


def test_a_second_look_is_due_six_hours_after_the_first_however_often_the_page_is_visited() -> None:
    first, minute = (1, GONE), 1 / 60
    for more in ((), ((2, GONE),), ((2, GONE), (6.5, FAILED))):
        assert look_after((0, HAD), first, *more) == 7 + minute


def test_no_look_is_due_for_a_picture_that_is_confirmed_or_back_or_was_never_had() -> None:
    assert look_after((0, HAD), (1, GONE), (8, GONE)) is None
    assert look_after((0, HAD), (1, GONE), (2, HAD)) is None
    assert look_after((0, GONE), (1, GONE)) is None
    assert look_after((0, HAD), (1, FAILED)) is None


def test_a_second_look_that_had_no_answer_is_made_up_for_ever_more_rarely() -> None:
    assert look_after((0, HAD), (1, GONE), (8, FAILED)) == 15
    assert look_after((0, HAD), (1, GONE), (8, FAILED), (15, FAILED)) == 29

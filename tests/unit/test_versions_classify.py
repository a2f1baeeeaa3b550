from dataclasses import replace

import pytest
from version_builders import KEY, TEXT, URL, article, capture, snapshot

from archiver.model.version import ArticleEvent, ChangeKind
from archiver.versions import Outcome, Visit, classify
from archiver.versions.identity import address_key

GONE, WALLED, MOVED, BACK = ChangeKind.GONE, ChangeKind.WALLED, ChangeKind.MOVED, ChangeKind.BACK_AGAIN


def look(
    status: int = 200, *, final: str = URL, read=None, hours: float = 1, earlier=(), known=None
) -> Outcome:
    page = capture(final, status, hours=hours)
    hops = () if final == URL else (capture(URL, 302, hours=hours, redirect=final),)
    return classify(Visit(URL, page, hops, read), known or snapshot(), earlier)


def event_of(outcome: Outcome) -> ArticleEvent:
    assert outcome.event is not None
    return outcome.event


@pytest.mark.parametrize(
    ("status", "kind"), [(404, GONE), (410, GONE), (451, GONE), (401, WALLED), (402, WALLED), (403, WALLED)]
)
def test_a_refusal_is_an_event_with_its_own_capture_as_evidence(status: int, kind: ChangeKind) -> None:
    page = capture(URL, status)
    outcome = classify(Visit(URL, page), snapshot())
    event = event_of(outcome)
    assert (event.kind, event.status, event.record_id, event.article_key) == (
        kind,
        status,
        page.record_id,
        KEY,
    )
    assert not event.confirmed
    assert not outcome.comparable


def test_gone_is_confirmed_by_a_second_look_six_hours_after_the_first() -> None:
    first = event_of(look(404, hours=1))
    second = event_of(look(404, hours=6.9, earlier=[first]))
    third = event_of(look(410, hours=7, earlier=[first, second]))
    assert [first.confirmed, second.confirmed, third.confirmed] == [False, False, True]


def test_looks_before_the_article_came_back_do_not_count() -> None:
    first = event_of(look(404, hours=1))
    back = event_of(look(200, read=article(), hours=3, earlier=[first]))
    assert (back.kind, back.confirmed) == (BACK, True)
    assert not event_of(look(404, hours=8, earlier=[first, back])).confirmed


@pytest.mark.parametrize("status", [0, 429, 500, 502, 503])
def test_a_failing_server_says_nothing_of_the_article(status: int) -> None:
    assert look(status) == Outcome()


def test_an_ordinary_visit_is_compared() -> None:
    assert look(200, read=article()) == Outcome(comparable=True)


def test_not_modified_means_that_the_article_is_back() -> None:
    gone = event_of(look(404))
    assert event_of(look(304, hours=2, earlier=[gone])).kind is BACK
    assert look(304, hours=3) == Outcome()


@pytest.mark.parametrize(
    ("final", "kind"),
    [
        ("https://news.example/", GONE),
        ("https://news.example/politics/", GONE),
        ("https://news.example/error/404.html", GONE),
        ("https://consent.news.example/collect?to=x", WALLED),
        ("https://news.example/consent?return=/politics", WALLED),
        ("https://login.news.example/start", WALLED),
        ("https://news.example/subscribe/now", WALLED),
    ],
)
def test_a_redirect_elsewhere_tells_what_became_of_the_article(final: str, kind: ChangeKind) -> None:
    front = article("Today's news in brief.", title="News", canonical_url=final)
    assert event_of(look(200, final=final, read=front)).kind is kind


def test_a_redirect_to_another_article_is_a_move_and_says_whether_the_text_is_the_same() -> None:
    target = "https://news.example/city/bridge-closed-after-cracks-were-found-77777"
    same = look(200, final=target, read=article(canonical_url=target))
    assert (event_of(same).kind, event_of(same).confirmed, same.comparable) == (MOVED, True, True)
    assert "the same text" in event_of(same).detail
    other = article(
        "Another story, long enough to be told from the first one by anybody.", canonical_url=target
    )
    assert "another text" in event_of(look(200, final=target, read=other)).detail


def test_a_move_is_told_once_however_often_the_redirect_is_followed() -> None:
    target = "https://news.example/city/bridge-closed-after-cracks-were-found-77777"
    moved = article(canonical_url=target)
    first = event_of(look(200, final=target, read=moved))
    assert look(200, final=target, read=moved, earlier=[first]) == Outcome(comparable=True)
    elsewhere = target.replace("77777", "88888")
    assert event_of(look(200, final=elsewhere, read=moved, earlier=[first])).kind is MOVED


def test_another_canonical_address_is_a_move() -> None:
    moved = article(canonical_url="https://news.example/city/bridge-closed-after-cracks-77777")
    assert event_of(look(200, read=moved)).kind is MOVED


CANONICAL = "https://news.example/city/bridge-closed-after-cracks-77777"
UNREAD = replace(snapshot(), article=None)


def test_a_page_whose_text_could_not_be_read_before_has_not_moved_by_its_canonical_address() -> None:
    outcome = look(200, read=article(canonical_url=CANONICAL), known=UNREAD)
    assert outcome == Outcome(comparable=True)


def test_a_claim_that_was_not_believed_before_is_no_move_when_it_is_made_again() -> None:
    claiming = article(canonical_url=CANONICAL)
    assert look(200, read=claiming, known=snapshot(claiming)) == Outcome(comparable=True)


def test_a_page_whose_text_cannot_be_read_now_has_not_moved() -> None:
    known = snapshot(article(canonical_url=CANONICAL), key=address_key(CANONICAL))
    assert look(200, known=known) == Outcome()


def test_a_redirect_is_a_move_also_where_no_text_could_be_read_and_nothing_is_said_of_the_text() -> None:
    target = "https://news.example/city/bridge-closed-after-cracks-were-found-77777"
    before = event_of(look(200, final=target, read=article(canonical_url=target), known=UNREAD))
    now = event_of(look(200, final=target))
    for event in (before, now):
        assert (event.kind, event.detail) == (MOVED, f"redirected to {target}")


def test_a_redirect_that_was_there_before_is_no_move_when_the_text_could_not_be_read_once() -> None:
    target = "https://news.example/city/bridge-closed-after-cracks-were-found-88888"
    read = article(canonical_url=CANONICAL)
    there = snapshot(read, key=address_key(CANONICAL))
    there = replace(there, page=replace(there.page, target_uri=target))
    unread = replace(there, article=None, article_key=address_key(target))
    assert look(200, final=target, read=read, known=unread) == Outcome(comparable=True)
    assert look(200, final=target, known=there) == Outcome()


def test_a_redirect_to_a_variant_of_the_address_is_no_move() -> None:
    assert look(200, final=f"{URL}/?utm_source=x", read=article()) == Outcome(comparable=True)


@pytest.mark.parametrize(
    "title",
    [
        "404",
        "Page not found",
        "Seite nicht gefunden",
        "Page introuvable",
        "Страница не найдена",
        "页面不存在",
        "Sayfa bulunamad\u0131",
    ],
)
def test_a_page_that_answers_200_and_says_not_found_is_gone(title: str) -> None:
    soft = article("Try the search.", title=title, canonical_url=None)
    outcome = look(200, read=soft)
    assert event_of(outcome).kind is GONE
    assert not outcome.comparable


def test_an_article_about_something_not_found_is_not_gone() -> None:
    read = article("Nothing.", title="Lost aircraft not found")
    assert look(200, read=read, known=snapshot(read)) == Outcome(comparable=True)
    assert look(200, read=article(*TEXT, title="Lost aircraft not found")) == Outcome(comparable=True)


def test_a_page_that_asks_for_proof_of_being_human_is_walled() -> None:
    asked = article("Checking your browser.", title="Just a moment...", canonical_url=None)
    assert event_of(look(200, read=asked)).kind is WALLED


def test_an_article_that_is_no_longer_free_is_walled_at_once_and_still_compared() -> None:
    outcome = look(200, read=article(*TEXT[:1], free=False))
    assert (event_of(outcome).kind, event_of(outcome).confirmed, outcome.comparable) == (WALLED, True, True)


def test_a_wall_that_stays_is_not_back_again_and_one_that_falls_is() -> None:
    walled = article(*TEXT[:1], free=False)
    event = event_of(look(200, read=walled))
    known = snapshot(walled, hours=1)
    assert look(200, read=walled, hours=2, known=known, earlier=[event]) == Outcome(comparable=True)
    assert event_of(look(200, read=article(), hours=3, known=known, earlier=[event])).kind is BACK


def test_an_article_never_seen_before_can_be_gone_too() -> None:
    event = event_of(classify(Visit(URL, capture(URL, 410)), None))
    assert (event.kind, event.article_key) == (GONE, None)


def test_an_article_that_lies_under_a_word_of_walls_is_not_walled() -> None:
    seed = "https://abo.example/subscribe/why-papers-ask-for-money-12345"
    page = capture(f"{seed}-2")
    read = replace(article(), canonical_url=f"{seed}-2")
    assert event_of(classify(Visit(seed, page, (), read), snapshot())).kind is MOVED


def test_a_key_that_was_stored_without_letter_case_is_no_move() -> None:
    url = "https://news.example/i/KzAbQ1"
    read = article(canonical_url=url)
    stored = replace(snapshot(read, key="example,news)/i/kzabq1"), seed=url)
    assert classify(Visit(url, capture(url), (), read), stored) == Outcome(comparable=True)

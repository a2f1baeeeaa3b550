from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime
from operator import attrgetter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from index_examples import SEGMENT, at, capture, failure, id_of, not_modified, revisit

from archiver.model.capture import Capture, RecordLocation, RecordType
from archiver.model.digest import EMPTY, Digest
from archiver.model.exchange import Purpose, Truncation
from archiver.storage.index import Index, tallies
from archiver.uri import target_uri

PAGE = "https://www.example.com/news/1"


def test_a_capture_comes_back_as_it_was_recorded(index: Index) -> None:
    whole = capture(
        PAGE + "?q=%C3%BC",
        1.234567,
        method="POST",
        status=302,
        mime="application/pdf",
        truncated=Truncation.TIME,
        redirect="https://example.com/elsewhere",
        location=RecordLocation("other.warc.gz", 2**40, 2**33),
        payload_length=2**34,
        purpose=Purpose.PICTURE,
    )
    silent = failure(PAGE, 2)
    index.record([whole, silent])
    assert index.capture(whole.record_id) == whole
    assert index.capture(silent.record_id) == silent


def test_an_unknown_record_id_gives_nothing(index: Index) -> None:
    assert index.capture(id_of(7)) is None
    assert index.closest(PAGE) is None
    assert index.unchanged_since(PAGE) is None
    assert index.original([EMPTY]) == {}
    assert index.original([]) == {}


def test_recording_twice_changes_nothing(index: Index) -> None:
    batch = [capture(PAGE, second) for second in range(3)]
    index.record([*batch, batch[0]], {SEGMENT: 100})
    before = list(index.dump())
    index.record(batch, {SEGMENT: 100})
    index.record([capture(PAGE, 9, record_id=batch[0].record_id)])
    assert list(index.dump()) == before
    assert index.stats().total.captures == 3


def test_an_indexed_end_never_moves_back(index: Index) -> None:
    index.record([], {SEGMENT: 500})
    index.record([], {SEGMENT: 300, "other.warc.gz": 10})
    assert index.indexed_end(SEGMENT) == 500
    assert index.indexed_end("other.warc.gz") == 10
    assert index.indexed_end("unknown.warc.gz") == 0


def test_an_empty_batch_is_no_error(index: Index) -> None:
    index.record([])
    assert index.stats().total.captures == 0


def test_a_failed_batch_leaves_nothing_behind(index: Index) -> None:
    broken = capture(PAGE, 1, payload_length="many")
    with pytest.raises(Exception, match=r"."):
        index.record([capture(PAGE), broken], {SEGMENT: 77})
    assert list(index.dump()) == []


@pytest.mark.parametrize(
    ("wanted", "second"), [(-5, 10), (10, 10), (14, 10), (16, 20), (15, 10), (25, 20), (26, 30), (99, 30)]
)
def test_the_closest_capture_is_found_the_earlier_at_equal_distance(
    index: Index, wanted: int, second: int
) -> None:
    index.record([capture(PAGE, each) for each in (30, 10, 20)])
    found = index.closest(PAGE, at(wanted))
    assert found
    assert found.captured_at == at(second)


def test_without_a_moment_the_latest_is_meant(index: Index) -> None:
    index.record([capture(PAGE, each) for each in (30, 10, 20)])
    found = index.closest(PAGE)
    assert found
    assert found.captured_at == at(30)


def test_captures_before_1970_and_far_ahead_are_found(index: Index) -> None:
    early = capture(PAGE, captured_at=datetime(1, 1, 1, tzinfo=UTC))
    late = capture(PAGE, captured_at=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC))
    index.record([early, late])
    assert index.closest(PAGE, datetime(1950, 1, 1, tzinfo=UTC)) == early
    assert index.closest(PAGE) == late


def test_the_exact_url_is_preferred_to_a_closer_one_of_the_same_key(index: Index) -> None:
    upper, lower = capture("https://youtu.be/AbC", 0), capture("https://youtu.be/abc", 50)
    index.record([upper, lower])
    assert index.closest("https://youtu.be/AbC", at(49)) == upper
    assert index.closest("https://youtu.be/aBC", at(49)) == lower
    assert index.closest("http://www.youtu.be/ABC/", at(2)) == upper


def test_other_urls_of_the_key_count_only_where_they_may(index: Index) -> None:
    other = capture("http://www.example.org/Page", 10)
    index.record([other])
    assert index.closest("http://example.org/page") == other
    assert index.closest("http://example.org/page", same_url=True) is None
    assert index.closest("http://www.example.org/Page", same_url=True) == other


def test_the_closest_of_a_key_is_chosen_among_all_its_urls(index: Index) -> None:
    urls = ["http://example.com/", "https://example.com/", "https://www.example.com/"]
    index.record([capture(url, 10 * place) for place, url in enumerate(urls)])
    found = index.closest("http://www.example.com", at(12))
    assert found
    assert found.target_uri == "https://example.com/"


def test_a_url_is_looked_up_in_the_form_that_is_stored(index: Index) -> None:
    stored = capture(target_uri("https://bücher.example/ä b"))
    index.record([stored])
    assert index.closest("HTTPS://BÜCHER.example:443/ä b#part") == stored


def test_a_failure_counts_only_when_asked_for(index: Index) -> None:
    answered, silent = capture(PAGE, 0, status=503), failure(PAGE, 10)
    index.record([answered, silent])
    assert index.closest(PAGE, at(10)) == answered
    assert index.closest(PAGE, at(10), failures=True) == silent


def test_a_limit_on_the_status_skips_error_pages(index: Index) -> None:
    good, gone = capture(PAGE, 0), capture(PAGE, 10, status=404)
    index.record([good, gone])
    assert index.closest(PAGE) == gone
    assert index.closest(PAGE, below=400) == good


def test_a_revisit_knows_where_its_original_is(index: Index) -> None:
    first = capture(PAGE)
    again, unchanged = revisit(first, 10, url="https://cdn.example.com/x"), not_modified(first, 20)
    index.record([first, again, unchanged])
    assert index.capture(again.record_id) == again
    assert index.closest(PAGE) == unchanged


def test_an_original_may_be_indexed_after_its_revisit(index: Index) -> None:
    first = capture(PAGE)
    again = revisit(first, 10)
    index.record([again])
    before = index.capture(again.record_id)
    assert before
    assert before.original is None
    index.record([first])
    assert index.capture(again.record_id) == again


def test_a_revisit_with_an_unknown_original_takes_one_with_the_same_payload(index: Index) -> None:
    first = capture(PAGE)
    again = revisit(first, 10)
    lost = revisit(capture(PAGE, 5, payload_digest=first.payload_digest), 20)
    index.record([first, again, lost])
    found = index.capture(lost.record_id)
    assert found
    assert found.original == again.original
    assert [each.original for each in index.captures("exact", PAGE)] == [None, *[again.original] * 2]


def test_a_revisit_of_a_revisit_is_led_to_the_payload(index: Index) -> None:
    first = capture(PAGE)
    again = revisit(first, 10)
    third = revisit(again, 20)
    index.record([first, again, third])
    found = index.capture(third.record_id)
    assert found
    assert found.original == again.original


def test_the_original_is_the_earliest_complete_response(index: Index) -> None:
    digest = Digest.of(b"payload")
    cut = capture(PAGE, 0, payload_digest=digest, truncated=Truncation.LENGTH)
    other = revisit(cut, 1)
    later = capture(PAGE, 3, payload_digest=digest, record_id=id_of(1))
    earliest = capture("https://example.org/", 2, payload_digest=digest, record_id=id_of(2))
    index.record([cut, other, later, earliest])
    assert index.original([digest, Digest.of(b"unknown")]) == {digest: earliest}


@pytest.mark.parametrize("count", [1, 2, 5, 17, 257, 600])
def test_many_originals_are_found_at_once(index: Index, count: int) -> None:
    batch = [capture(f"{PAGE}/{number}") for number in range(count)]
    index.record(batch)
    wanted = [each.payload_digest for each in batch if each.payload_digest]
    assert index.original(wanted) == dict(zip(wanted, batch, strict=True))


def test_what_a_304_refers_to_is_the_latest_complete_200(index: Index) -> None:
    older, latest = capture(PAGE, 0), capture(PAGE, 10)
    index.record(
        [
            older,
            latest,
            capture(PAGE, 20, truncated=Truncation.DISCONNECT),
            capture(PAGE, 30, status=404),
            not_modified(latest, 40),
            failure(PAGE, 50),
            capture("http://example.com/news/1", 60),
        ]
    )
    assert index.unchanged_since(PAGE) == latest


def test_a_304_that_stands_for_nothing_hides_no_capture_that_can_be_given_out(index: Index) -> None:
    good = capture(PAGE, 0)
    hollow = replace(not_modified(good, 10), original=None)
    index.record([hollow])
    assert index.closest(PAGE) == hollow
    index.record([good])
    assert index.closest(PAGE) == index.closest(PAGE, at(10)) == good
    assert index.closest(PAGE, failures=True) == hollow
    assert list(index.captures("exact", PAGE)) == [good, hollow]
    assert list(index.captures("exact", PAGE, hollow=False)) == [good]
    assert list(index.captures("exact", PAGE, hollow=False, descending=True, limit=1)) == [good]


def test_a_200_whose_payload_was_stored_earlier_can_be_asked_about_too(index: Index) -> None:
    elsewhere, cut = capture("https://other.example/1"), capture("https://other.example/2", 5)
    repeated = revisit(elsewhere, 20, url=PAGE)
    index.record([elsewhere, cut, capture(PAGE, 10), repeated])
    assert index.unchanged_since(PAGE) == repeated
    index.record([revisit(cut, 30, url=PAGE, original=None)])
    assert index.unchanged_since(PAGE) == repeated


def test_urls_too_long_for_a_database_key_are_found(index: Index) -> None:
    base = "https://example.com/" + "a" * 5_000
    one, two = capture(base + "?x=1"), capture(base + "?x=2")
    index.record([one, two])
    assert index.closest(base + "?x=1") == one
    assert index.closest((base + "?x=2").replace("https", "http")) == two
    assert list(index.captures("exact", base + "?x=1")) == [one]
    assert set(index.captures("prefix", base)) == {one, two}
    assert list(index.captures("prefix", base + "?x=2")) == [two]
    assert set(index.captures("host", "example.com")) == {one, two}


def test_text_that_a_database_refuses_is_stored_without_it(index: Index) -> None:
    odd = capture(
        "urn:odd\0\ud800", mime="text/\0html", failure="dns: \ud800", redirect="http://x/\0", source="a\0"
    )
    index.record([odd])
    found = index.capture(odd.record_id)
    assert found
    assert found.mime == "text/\ufffdhtml"
    assert found.failure == "dns: \ufffd"
    assert found.target_uri == "urn:odd\ufffd\ufffd"


def test_many_threads_ask_while_one_records(index: Index) -> None:
    pages = [f"{PAGE}/{number}" for number in range(20)]
    wrong: list[str] = []

    def ask() -> None:
        for page in pages * 5:
            found = index.closest(page)
            if found and found.target_uri != page:
                wrong.append(page)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for page in pages:
        index.record([capture(page)])
    for thread in threads:
        thread.join()
    assert not wrong
    assert all(index.closest(page) for page in pages)


moments = st.integers(min_value=0, max_value=40)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(moments, st.sampled_from([0, 200, 304, 404]), st.booleans())),
    moments,
    st.booleans(),
)
def test_the_closest_capture_is_what_a_search_of_all_would_choose(
    index: Index, seen: list[tuple[int, int, bool]], wanted: int, failures: bool
) -> None:
    index.clear()
    batch = [
        capture(PAGE if exact else PAGE.replace("www.", ""), second, status=status, record_id=id_of(number))
        for number, (second, status, exact) in enumerate(seen)
    ]
    index.record(batch)
    answering = [each for each in batch if each.status or failures]
    solid = [each for each in answering if each.status != 304 or failures]
    groups = ([each for each in some if each.target_uri == PAGE] or some for some in (solid, answering))
    candidates = next(filter(None, groups), [])
    found = index.closest(PAGE, at(wanted), failures=failures)
    if not candidates:
        assert found is None
        return
    assert found
    assert (found.captured_at, found.target_uri) in {
        (each.captured_at, each.target_uri) for each in candidates
    }
    assert _rank(found, wanted) == min(_rank(each, wanted) for each in candidates)


def _rank(found: Capture, wanted: int) -> tuple[float, datetime]:
    return abs((found.captured_at - at(wanted)).total_seconds()), found.captured_at


def test_ties_are_broken_the_same_way_each_time(index: Index) -> None:
    twins = [capture(PAGE, 5, record_id=id_of(number)) for number in (3, 1, 2)]
    index.record(twins)
    assert index.closest(PAGE, at(5)) == index.closest(PAGE, at(9)) == max(twins, key=attrgetter("record_id"))
    assert list(index.captures("exact", PAGE)) == sorted(twins, key=attrgetter("record_id"))
    assert index.closest(PAGE, at(0)) == min(twins, key=attrgetter("record_id"))


def test_only_a_response_record_is_an_original(index: Index) -> None:
    foreign = capture(PAGE, record_type=RecordType.RESOURCE)
    index.record([foreign])
    assert foreign.payload_digest
    assert index.original([foreign.payload_digest]) == {}


@pytest.mark.parametrize("since", range(8))
def test_what_came_since_a_moment_is_summed_from_the_newest_on(
    index: Index, monkeypatch: pytest.MonkeyPatch, since: int
) -> None:
    monkeypatch.setattr(tallies, "_PAGE", 2)
    assert index.received_since(at(0)) == 0
    index.record([capture(f"{PAGE}/{second}", second, payload_length=10**second) for second in range(7)])
    imported = capture(f"{PAGE}/imported", -1_000_000, payload_length=5)
    index.record([imported])
    stored = 500
    assert index.received_since(at(since)) == sum(max(stored, 10**second) for second in range(since, 7))


def test_with_letter_case_no_url_counts_that_may_be_another_page(index: Index) -> None:
    other = capture("https://example.com/i/KzAb?q=A", 10)
    index.record([other])
    assert index.closest("https://example.com/i/kZaB?q=A", same_case=True) is None
    assert index.closest("https://example.com/i/KzAb?q=a", same_case=True) is None
    assert index.closest("http://www.Example.com/i/KzAb/?q=A", same_case=True) == other
    later = capture("http://www.example.com/i/KzAb?q=A", 50)
    index.record([later])
    assert index.closest("http://example.com/i/KzAb/?q=A", at(40), same_case=True) == later
    assert index.closest("http://example.com/i/KzAb/?q=A", at(20), same_case=True) == other
    assert index.closest(other.target_uri, at(60), same_case=True) == other

"""What the running of the archive is stored in keeps its word in both databases."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from archiver.errors import UsageError
from archiver.model.operations import Beat, HostState, PassCounts, SourceState
from archiver.storage.index import Index
from archiver.storage.operations import tables

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
HOSTILE = ["x'; DROP TABLE source_states; --", '" OR 1=1', "%", "../x", "", "n\0l", "\ud800", "名前"]


def minutes(count: float) -> datetime:
    """The moment so many minutes after NOW."""
    return NOW + timedelta(minutes=count)


def test_nothing_is_known_of_a_source_that_was_never_worked_on(index: Index) -> None:
    assert index.operations.sources.get("daily") == SourceState("daily")
    assert index.operations.sources.all() == []
    assert index.operations.sources.unfinished() == []


def test_only_one_of_many_gets_the_lease_of_a_source(
    index: Index, url: str, opened: Callable[[str], Index]
) -> None:
    stores = [index.operations.sources, opened(url).operations.sources]

    def claim(number: int) -> bool:
        return stores[number % 2].claim("daily", f"owner-{number}", NOW, minutes(1))

    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            won = [number for number, got in enumerate(pool.map(claim, range(8))) if got]
            assert len(won) == 1
            assert index.operations.sources.get("daily").lease_owner == f"owner-{won[0]}"
            index.operations.sources.release("daily", f"owner-{won[0]}")


def test_a_lease_is_free_when_it_ended_and_stays_with_who_renews_it(index: Index) -> None:
    sources = index.operations.sources
    assert sources.claim("daily", "a", NOW, minutes(1))
    assert sources.claim("daily", "a", NOW, minutes(2))
    assert not sources.claim("daily", "b", minutes(1), minutes(9))
    sources.renew("a", minutes(5))
    sources.renew("b", minutes(99))
    assert not sources.claim("daily", "b", minutes(4), minutes(9))
    sources.release("daily", "b")
    assert sources.get("daily").lease_until == minutes(5)
    assert sources.claim("daily", "b", minutes(5), minutes(9))
    assert sources.get("daily").lease_owner == "b"


def test_a_lease_that_was_taken_under_a_clock_that_was_ahead_holds_nothing(index: Index) -> None:
    sources, tomorrow = index.operations.sources, NOW + timedelta(days=1)
    assert sources.claim("daily", "a", tomorrow, tomorrow + timedelta(minutes=1))
    assert sources.unfinished(NOW) == ["daily"]
    assert sources.claim("daily", "b", NOW, minutes(1))
    assert sources.unfinished(NOW) == []
    submissions = index.operations.submissions
    asked = submissions.add("https://news.example/1", None, NOW)
    assert submissions.are_claimable(NOW)
    assert submissions.claim("a", tomorrow, tomorrow + timedelta(minutes=1), 9)
    assert submissions.are_claimable(NOW)
    assert [each.id for each in submissions.claim("b", NOW, minutes(1), 9)] == [asked.id]
    assert not submissions.are_claimable(NOW)
    assert submissions.claim("c", NOW, minutes(1), 9) == []
    assert submissions.are_claimable(minutes(1)), "its worker died"


def test_who_is_alone_takes_over_at_once_what_others_were_working_on(index: Index) -> None:
    sources, submissions = index.operations.sources, index.operations.submissions
    for name, owner in (("lost", "dead"), ("mine", "me")):
        assert sources.claim(name, owner, NOW, minutes(1))
    asked = [submissions.add(f"https://news.example/{number}", None, NOW) for number in range(2)]
    submissions.claim("dead", NOW, minutes(1), 1)
    submissions.claim("me", NOW, minutes(1), 1)
    sources.release_others("me")
    submissions.release_others("me", NOW)
    assert sources.unfinished(NOW) == ["lost"]
    assert [each.id for each in submissions.claim("me", NOW, minutes(1), 9)] == [asked[0].id]


def test_counts_add_up_whoever_did_the_work(index: Index) -> None:
    sources = index.operations.sources
    first, second = PassCounts(new=3, pictures=9, failed=1), PassCounts(new=1, unchanged=4, left_out=2)
    sources.claim("daily", "a", NOW, minutes(1))
    sources.finished("daily", "a", minutes(1), first, None, is_pass=True)
    sources.claim("daily", "b", minutes(2), minutes(3), is_pass=False)
    sources.finished("daily", "b", minutes(3), second, None, is_pass=False)
    state = sources.get("daily")
    assert (state.last, state.total) == (first, first + second)
    assert (state.started_at, state.finished_at, state.succeeded_at) == (minutes(2), minutes(1), minutes(1))
    assert (state.lease_owner, state.lease_until) == (None, None)
    assert state.total == PassCounts(new=4, unchanged=4, failed=1, left_out=2, pictures=9), (
        "each count has a place of its own"
    )


def test_counts_of_many_at_once_are_all_added(index: Index) -> None:
    one = PassCounts(new=1, missing=2)

    def work(number: int) -> None:
        index.operations.sources.finished("daily", str(number), NOW, one, "a 404", is_pass=True)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(24)))
    state = index.operations.sources.get("daily")
    assert (state.total, state.failures) == (PassCounts(new=24, missing=48), 24)


def test_problems_are_counted_until_a_pass_has_none(index: Index) -> None:
    sources = index.operations.sources
    for minute, problem in enumerate((None, "the feed\nis gone", "the feed is gone")):
        sources.finished("daily", "a", minutes(minute), PassCounts(), problem, is_pass=True)
    state = sources.get("daily")
    assert (state.failures, state.problem) == (2, "the feed is gone")
    assert (state.succeeded_at, state.finished_at) == (NOW, minutes(2))
    sources.finished("daily", "a", minutes(3), PassCounts(), None, is_pass=True)
    state = sources.get("daily")
    assert (state.failures, state.problem, state.succeeded_at) == (0, None, minutes(3))


def test_who_lost_the_lease_can_neither_end_the_pass_nor_give_the_lease_back(index: Index) -> None:
    sources = index.operations.sources
    sources.claim("daily", "slow", NOW, minutes(1))
    assert sources.claim("daily", "next", minutes(2), minutes(9))
    sources.finished("daily", "slow", minutes(3), PassCounts(new=5), "late", is_pass=True)
    state = sources.get("daily")
    assert (state.lease_owner, state.finished_at, state.problem) == ("next", None, None)
    assert state.total.new == 5


def test_a_pass_that_never_ended_is_named_once_nobody_holds_it(index: Index) -> None:
    sources = index.operations.sources
    for name in ("crashed", "held", "ended", "stopped", "revisited"):
        is_pass = name != "revisited"
        until = minutes(10) if name == "held" else minutes(1)
        sources.claim(name, "a", NOW, until, is_pass=is_pass)
    sources.finished("ended", "a", minutes(1), PassCounts(), "whatever", is_pass=True)
    sources.release("stopped", "a")
    assert sources.unfinished(minutes(2)) == ["crashed", "stopped"]
    assert sources.unfinished(minutes(11)) == ["crashed", "held", "stopped"]
    assert "crashed" in sources.unfinished()


def test_a_pass_that_waits_for_its_turn_is_unfinished_until_it_has_ended(index: Index) -> None:
    sources = index.operations.sources
    sources.want("daily", NOW)
    sources.want("daily", minutes(1))
    assert sources.unfinished(minutes(1)) == ["daily"]
    assert sources.claim("daily", "a", minutes(1), minutes(2), is_pass=False)
    sources.finished("daily", "a", minutes(2), PassCounts(), None, is_pass=False)
    assert sources.unfinished(minutes(2)) == ["daily"]
    assert sources.claim("daily", "a", minutes(3), minutes(9))
    sources.want("daily", minutes(4))
    sources.finished("daily", "a", minutes(5), PassCounts(), None, is_pass=True)
    assert sources.unfinished(minutes(5)) == []


def test_what_a_batch_of_revisits_came_to_is_told_when_it_failed(index: Index) -> None:
    sources = index.operations.sources
    sources.finished("daily", "a", NOW, PassCounts(), None, is_pass=True)
    sources.finished(
        "daily", "a", NOW, PassCounts(new=1), "no secret", is_pass=False, counted=PassCounts(new=1)
    )
    sources.brought({"daily": PassCounts(changed=2), "weekly": PassCounts(new=3)})
    state = sources.get("daily")
    assert (state.problem, state.failures, state.succeeded_at) == ("no secret", 0, NOW)
    assert state.total == PassCounts(changed=2)
    assert sources.get("weekly").total == PassCounts(new=3)


def test_revisits_between_do_not_hide_a_pass_that_never_ended(index: Index) -> None:
    sources = index.operations.sources
    sources.claim("daily", "a", NOW, minutes(1))
    sources.claim("daily", "b", minutes(2), minutes(3), is_pass=False)
    sources.finished("daily", "b", minutes(3), PassCounts(), None, is_pass=False)
    assert sources.unfinished(minutes(4)) == ["daily"]
    sources.claim("other", "b", minutes(2), minutes(3))  # whoever does not say that these are revisits
    sources.finished("other", "b", minutes(3), PassCounts(), None, is_pass=False)
    assert sources.unfinished(minutes(4)) == ["daily"]


def test_pausing_and_resuming_twice_is_once(index: Index) -> None:
    sources = index.operations.sources
    sources.plan("daily", minutes(30), timedelta(minutes=15))
    sources.pause("daily", NOW, "the site asked")
    sources.pause("daily", minutes(1), None)
    state = sources.get("daily")
    assert (state.paused_at, state.paused_reason) == (NOW, "the site asked")
    assert (state.next_run_at, state.interval) == (minutes(30), timedelta(minutes=15))
    for _ in range(2):
        sources.resume("daily")
        assert sources.get("daily").paused_at is None
    sources.resume("unknown")
    assert [state.name for state in sources.all()] == ["daily"]


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_is_only_a_name(index: Index, name: str) -> None:
    sources, tokens = index.operations.sources, index.operations.tokens
    sources.pause(name, NOW, name)
    assert sources.claim(name, "a", NOW, minutes(1))
    sources.finished(name, "a", NOW, PassCounts(new=1), name, is_pass=True)
    assert sources.get(name).total.new == 1
    assert len(sources.all()) == 1
    token = tokens.add(name, ["capture"], bytes(32), NOW)
    assert not tokens.revoke("nobody' OR '1'='1", NOW)
    asked = index.operations.submissions.add(f"https://example.org/{name}", token.id, NOW)
    assert index.operations.submissions.get(asked.id) == asked
    assert tokens.revoke(name, NOW)


def host(name: str, closed_until: datetime | None, failures: int = 0) -> HostState:
    return HostState(name, closed_until, "answered 429" if closed_until else None, failures, 1.5, NOW)


def test_hosts_are_known_while_they_are_closed_or_failed(index: Index) -> None:
    hosts = index.operations.hosts
    hosts.put([])
    hosts.put([host("b.example", minutes(5), 3), host("a.example", minutes(9)), host("c.example", None, 1)])
    assert hosts.all() == [
        host("a.example", minutes(9)), host("b.example", minutes(5), 3), host("c.example", None, 1)
    ]  # fmt: skip
    assert [each.host for each in hosts.closed(minutes(5))] == ["a.example"]
    hosts.put([host("a.example", None), host("b.example", minutes(20), 4), host("unknown.example", None)])
    assert hosts.all() == [host("b.example", minutes(20), 4), host("c.example", None, 1)]


def beat(owner: str, minute: int, role: str = "standby") -> Beat:
    said = {"rss_bytes": 2**40, "lag": 1.5, "version": "1", "queue": minute}
    return Beat(owner, "machine", 17, role, NOW, minutes(minute), said)


def test_each_process_is_known_by_its_last_beat(index: Index) -> None:
    beats = index.operations.beats
    for each in (beat("a", 1), beat("b", 2), beat("a", 3, "leader")):
        beats.put(each)
    assert beats.all() == [beat("a", 3, "leader"), beat("b", 2)]
    beats.forget_before(minutes(2))
    assert len(beats.all()) == 2
    beats.forget_before(minutes(3))
    beats.forget("nobody")
    assert beats.all() == [beat("a", 3, "leader")]
    beats.forget("a")
    assert beats.all() == []


@pytest.mark.parametrize(
    ("document", "told"),
    [
        (b'{"queue": 1, "text": "a", "share": 0.5, "on": true, "none": null, "more": {"a": 1}, "all": [1]}',
         {"queue": 1, "text": "a", "share": 0.5}),
        (b'{"huge": %s, "least": -9223372036854775807}' % (b"9" * 400), {"least": -(2**63) + 1}),
        (b"[1]", {}),
        (b"", {}),
        (b'{"a": 1e999}', {}),
    ],
)  # fmt: skip
def test_of_what_another_version_says_in_a_beat_the_numbers_and_texts_are_told(
    index: Index, document: bytes, told: dict[str, object]
) -> None:
    for owner, minute in (("a", 1), ("b", 2)):
        index.operations.beats.put(beat(owner, minute))
    with index._database.writing() as connection:
        connection.execute(update(tables.beats).where(tables.beats.c.owner == "b").values(document=document))
    assert [each.document for each in index.operations.beats.all()] == [told, beat("a", 1).document]


@pytest.mark.parametrize("stored", [2**62, -(2**62)])
def test_what_is_no_moment_is_taken_for_unknown(index: Index, stored: int) -> None:
    operations = index.operations
    operations.sources.plan("daily", NOW, timedelta(hours=1))
    operations.beats.put(beat("a", 1))
    operations.hosts.put([host("a.example", minutes(9))])
    operations.tokens.add("desk", ["capture"], bytes(32), NOW)
    operations.submissions.add("https://a.example/", None, NOW)
    columns = (
        *(tables.source_states.c[name] for name in ("next_run_at", "interval", "paused_at", "lease_until")),
        tables.beats.c.at, tables.beats.c.started_at, tables.host_states.c.at,
        tables.host_states.c.closed_until, tables.tokens.c.created_at, tables.tokens.c.last_used_at,
        tables.submissions.c.submitted_at,
    )  # fmt: skip
    with index._database.writing() as connection:
        for column in columns:
            connection.execute(update(column.table).values({column.name: stored}))
    assert operations.sources.all() == [operations.sources.get("daily")] == [SourceState("daily")]
    [told] = operations.beats.all()
    assert (told.at, told.started_at) == (LONG_AGO, LONG_AGO)
    assert told.is_silent(NOW)
    [shut] = operations.hosts.all()
    assert (shut.at, shut.closed_until) == (LONG_AGO, None)
    assert operations.hosts.closed(NOW) == []
    [token] = operations.tokens.all()
    assert (token.created_at, token.last_used_at) == (LONG_AGO, None)
    assert [each.submitted_at for each in operations.submissions.recent(9)] == [LONG_AGO]
    assert operations.submissions.unfinished() == (1, 0, None)


def test_who_leads_is_the_only_one_that_leads(index: Index) -> None:
    beats = index.operations.beats
    for owner, role in (("dead", "leader"), ("ended", "stopping"), ("waits", "standby"), ("new", "leader")):
        beats.put(Beat(owner, "host", 7, role, NOW, NOW, {}))
    beats.forget_other_leaders("new")
    assert sorted(each.owner for each in beats.all()) == ["new", "waits"]


def test_a_token_is_found_by_its_secret_until_it_is_revoked(index: Index) -> None:
    tokens = index.operations.tokens
    token = tokens.add("press desk", ["read", "capture"], bytes([1]) * 32, NOW)
    assert token.scopes == {"capture", "read"}
    assert tokens.find(bytes([1]) * 32) == token
    assert tokens.find(bytes([2]) * 32) is None
    assert tokens.revoke(token.id, minutes(1))
    assert not tokens.revoke(token.id, minutes(2))
    assert tokens.find(bytes([1]) * 32) is None
    assert [each.revoked_at for each in tokens.all()] == [minutes(1)]


def test_no_two_valid_tokens_share_a_name_or_a_secret(index: Index) -> None:
    tokens = index.operations.tokens
    old = tokens.add("desk", ["capture"], bytes([1]) * 32, NOW)
    for secret in (1, 2):
        with pytest.raises(UsageError, match="token revoke"):
            tokens.add("desk", ["read"], bytes([secret]) * 32, NOW)
    assert tokens.revoke("desk", NOW)
    new = tokens.add("desk", ["read"], bytes([2]) * 32, minutes(1))
    assert tokens.find(bytes([2]) * 32) == new
    assert [each.id for each in tokens.all()] == [old.id, new.id]


def test_the_use_of_a_token_is_kept_to_the_minute(index: Index) -> None:
    tokens = index.operations.tokens
    token = tokens.add("desk", ["capture"], bytes(32), NOW)
    for moment in (minutes(1), minutes(1.5), minutes(0)):
        tokens.used(token.id, moment)
    assert [each.last_used_at for each in tokens.all()] == [minutes(1)]
    tokens.used(token.id, minutes(2))
    tokens.used("nobody", minutes(2))
    assert [each.last_used_at for each in tokens.all()] == [minutes(2)]


def test_no_submission_is_handed_out_twice(index: Index, url: str, opened: Callable[[str], Index]) -> None:
    for number in range(20):
        index.operations.submissions.add(f"https://example.org/{number}", None, NOW)
    stores = [index.operations.submissions, opened(url).operations.submissions]

    def claim(number: int) -> list[str]:
        return [each.id for each in stores[number % 2].claim(str(number), NOW, minutes(1), 3)]

    with ThreadPoolExecutor(8) as pool:
        taken = [each for batch in pool.map(claim, range(8)) for each in batch]
    taken += [each.id for each in index.operations.submissions.claim("rest", NOW, minutes(1), 99)]
    assert len(taken) == len(set(taken)) == 20
    assert index.operations.submissions.queued_count() == 0


def test_submissions_are_worked_on_in_the_order_in_which_they_came(index: Index) -> None:
    queue = index.operations.submissions
    late = queue.add("https://example.org/late", "t", minutes(1))
    early = queue.add("https://example.org/early", None, NOW, images=False)
    assert (queue.queued_count(), queue.queued_count("t")) == (2, 1)
    assert queue.unfinished() == (2, 0, NOW)
    [first] = queue.claim("a", minutes(2), minutes(3), 1)
    assert (first.id, first.state, first.attempts, first.images) == (early.id, "running", 1, False)
    assert (first.started_at, first.lease_owner, first.lease_until) == (minutes(2), "a", minutes(3))
    assert queue.get(early.id) == first
    assert queue.unfinished() == (1, 1, NOW)
    assert [each.id for each in queue.claim("b", minutes(2), minutes(3), 5)] == [late.id]
    assert queue.claim("b", NOW, minutes(3), 5) == []


def test_a_submission_ends_as_done_or_failed_and_is_not_handed_out_again(index: Index) -> None:
    queue = index.operations.submissions
    one, other = (queue.add(f"https://example.org/{n}", "t", minutes(n)) for n in range(2))
    queue.claim("a", minutes(2), minutes(3), 2)
    assert queue.finished(one.id, "a", minutes(3), "ark:99999/b", None)
    assert queue.finished(other.id, "a", minutes(3), None, "answered\n404")
    assert not queue.finished(one.id, "a", minutes(4), None, "again")
    assert queue.claim("a", minutes(99), minutes(100), 9) == []
    assert queue.unfinished() == (0, 0, None)
    done, failed = queue.get(one.id), queue.get(other.id)
    assert done
    assert failed
    assert (done.state, done.snapshot, done.finished_at) == ("done", "ark:99999/b", minutes(3))
    assert (failed.state, failed.reason, failed.lease_until) == ("failed", "answered 404", None)


def test_a_submission_of_a_dead_worker_is_handed_out_when_its_lease_ends(index: Index) -> None:
    queue = index.operations.submissions
    asked = queue.add("https://example.org/", None, NOW)
    queue.claim("dead", NOW, minutes(5), 1)
    assert queue.claim("b", minutes(4), minutes(9), 1) == []
    queue.renew("dead", minutes(6))
    assert queue.claim("b", minutes(5), minutes(9), 1) == []
    [again] = queue.claim("b", minutes(6), minutes(9), 1)
    assert (again.id, again.attempts) == (asked.id, 2)
    assert not queue.finished(asked.id, "dead", minutes(7), "ark:99999/b", None)
    assert not queue.retry(asked.id, "dead", minutes(7))
    assert queue.retry(asked.id, "b", minutes(20))
    assert queue.claim("b", minutes(19), minutes(30), 1) == []
    assert queue.queued_count() == 1
    [again] = queue.claim("b", minutes(20), minutes(30), 1)
    assert again.attempts == 3
    assert queue.retry(asked.id, "b")
    assert len(queue.claim("b", NOW, minutes(30), 1)) == 1


def test_what_was_asked_for_lately_is_counted_and_listed(index: Index) -> None:
    queue = index.operations.submissions
    asked = [queue.add(f"https://example.org/{n}", "t" if n % 2 else "u", minutes(n)) for n in range(6)]
    assert (queue.since("t", minutes(3)), queue.since("t", NOW), queue.since("nobody", NOW)) == (2, 3, 0)
    assert queue.recent(2) == [asked[5], asked[4]]
    assert queue.recent(9, "u") == [asked[4], asked[2], asked[0]]
    assert queue.get("nothing") is None

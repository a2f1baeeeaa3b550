"""Days and weeks of the service under a clock moved from outside (soak.py): all that should be there."""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import soak
from command_line import Archive

from archiver.model.capture import RecordType
from archiver.model.snapshot import Snapshot
from archiver.model.version import ChangeKind

DAYS = float(os.environ.get("ARCHIVER_TEST_SOAK_DAYS", "13"))
SETTINGS = {
    "ARCHIVER_POLITENESS__BACKOFF": "0",
    "ARCHIVER_POLITENESS__CLOSE_AFTER": "0",
    "ARCHIVER_NETWORK__TIMEOUT": "0.3",
    "ARCHIVER_STORAGE__SEGMENT_AGE": "86400",
    "ARCHIVER_STORAGE__COMMIT_SECONDS": "0.001",
}
pytestmark = pytest.mark.timeout(120 + 15 * DAYS)
STEP = soak.STEP + timedelta(minutes=5)
UNDISTURBED = tuple(timedelta(hours=hours) for hours in (1, 6, 33, 91.5, 206.25, 976.9))
"""Ages of an article that never changes at its visits: the rungs 1, 6, 24 h, 3, 7, 30 d, the distance to each
half as long again from the second visit without a change on."""


@dataclass(frozen=True)
class Soaked:
    """What was left behind: the archive, and every answer of the site."""

    archive: Archive
    log: list[tuple[datetime, str, int]]
    costs: list[tuple[int, int]]
    found: dict[str, Any]

    def answers(self, path: str, *statuses: int) -> list[datetime]:
        return [at for at, asked, status in self.log if asked == path and status in statuses]

    def snapshots(self, number: int) -> list[Snapshot]:
        with self.archive.index() as index:
            return [each for each in index.snapshots() if each.seed.endswith(f"/news/{number}.html")]


@pytest.fixture(scope="module")
def soaked(tmp_path_factory: pytest.TempPathFactory) -> Soaked:
    archive = Archive(tmp_path_factory.mktemp("soak") / "home", SETTINGS)
    archive.here("init")
    done = subprocess.run(
        [sys.executable, soak.__file__, str(archive.home), str(DAYS)],
        env=archive.environment(),
        capture_output=True,
        text=True,
        timeout=60 + 15 * DAYS,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert '"level":"error"' not in done.stderr.replace("broken feed", ""), done.stderr[-3000:]
    found = json.loads(done.stdout.splitlines()[-1])
    log = [(datetime.fromtimestamp(at, UTC), path, status) for at, path, status in found["log"]]
    return Soaked(archive, log, [tuple(cost) for cost in found["costs"]], found)


def visited(soaked: Soaked) -> list[int]:
    """The articles that were listed long enough before the end to be visited."""
    end = soak.START + timedelta(days=DAYS)
    return [
        number for number in range(soaked.found["articles"]) if soak.born(number) + timedelta(hours=8) < end
    ]


def test_nothing_is_overdue_or_unfinished_and_every_file_is_sound(soaked: Soaked) -> None:
    assert (soaked.found["overdue"], soaked.found["unfinished"]) == (0, [])
    assert soaked.archive.here("verify", "--json").json()["faults"] == []


def test_every_version_is_stored_once_and_only_what_was_new_was_sent_in_full(soaked: Soaked) -> None:
    with soaked.archive.index() as index:
        captures = [
            each for name in (s.name for s in index.segments()) for each in index.captures_in_segment(name)
        ]
    stored: dict[object, int] = defaultdict(int)
    for capture in captures:
        is_whole = capture.record_type is RecordType.RESPONSE and not capture.truncated
        if capture.status == 200 and is_whole and "/feed.xml" not in capture.target_uri:
            stored[capture.payload_digest] += 1
    assert stored
    assert set(stored.values()) == {1}
    for number in visited(soaked):
        sent = soaked.answers(f"/news/{number}.html", 200)
        states = [soak.page_version(number, at) for at in sent]
        assert len(states) == len(set(states)), f"article {number} was sent in full twice"
        pictures = [soak.picture_version(number, at) for at in soaked.answers(f"/pictures/{number}.png", 200)]
        assert len(pictures) == len(set(pictures)), f"picture {number} was sent in full twice"


def test_there_is_one_snapshot_of_each_state_that_a_visit_met_and_no_other(soaked: Soaked) -> None:
    for number in visited(soaked):
        met: list[tuple[int, int]] = []
        for at in soaked.answers(f"/news/{number}.html", 200, 304):
            state = (soak.page_version(number, at), soak.picture_version(number, at))
            if state not in met:
                met.append(state)
        assert met, f"article {number} was never visited"
        assert len(soaked.snapshots(number)) == len(met), number


def test_a_deletion_is_an_event_with_a_second_look(soaked: Soaked) -> None:
    end = soak.START + timedelta(days=DAYS)
    deleted = 0
    for number in visited(soaked):
        gone = soaked.answers(f"/news/{number}.html", 410)
        if number % 4 != 3 or not gone or gone[0] + timedelta(hours=8) > end:
            continue
        deleted += 1
        [first, *_] = soaked.snapshots(number)
        with soaked.archive.index() as index:
            kinds = [event.kind for event in index.events(first.article_key, first.seed)]
        assert ChangeKind.GONE in kinds
        assert gone[1] - gone[0] >= timedelta(hours=6), "the second look is hours later"
    assert deleted


def test_an_article_that_comes_back_is_said_to_be_back(soaked: Soaked) -> None:
    back = 0
    for number in visited(soaked):
        gone = soaked.answers(f"/news/{number}.html", 410)
        if not gone or not [at for at in soaked.answers(f"/news/{number}.html", 200, 304) if at > gone[0]]:
            continue
        back += 1
        [known] = soaked.snapshots(number)
        with soaked.archive.index() as index:
            kinds = [event.kind for event in index.events(known.article_key, known.seed)]
        assert kinds == [*[ChangeKind.GONE] * len(gone), ChangeKind.BACK_AGAIN]
    assert back


def test_articles_are_visited_when_their_ladder_says_so(soaked: Soaked) -> None:
    looked_at = 0
    for number in visited(soaked):
        times = soaked.answers(f"/news/{number}.html", 200, 304)
        ages = [at - times[0] for at in times[1:]]
        if number % 4 or any(soak.trouble("/news/", times[0] + age) for age in UNDISTURBED):
            continue
        looked_at += 1
        for age, expected in zip(ages, UNDISTURBED, strict=False):
            assert abs(age - expected) <= STEP * (1 + UNDISTURBED.index(expected)), (number, ages)
        reachable = [
            age for age in UNDISTURBED if times[0] + age + 4 * STEP < soak.START + timedelta(days=DAYS)
        ]
        assert len(ages) >= len(reachable)
    assert looked_at


def test_the_source_was_looked_at_within_its_bounds_and_every_snapshot_is_logged(soaked: Soaked) -> None:
    times = soaked.answers("/feed.xml", 200, 304)
    apart = [later - earlier for earlier, later in itertools.pairwise(times)]
    assert max(apart) <= 2 * (timedelta(hours=4) + STEP)  # four times the interval; once in a bad hour
    assert len(times) >= DAYS * 24 / 5
    with soaked.archive.index() as index:
        assert list(index.ledger.waiting()) == []
        assert index.ledger.size() >= len(list(index.snapshots()))


def usual_most(counts: Sequence[int]) -> int:
    """The most but for the busiest twentieth: two threads that ask the database at once open more."""
    return sorted(counts)[len(counts) * 19 // 20]


def test_memory_and_open_files_stay_as_they_were(soaked: Soaked) -> None:
    resident, files = zip(*soaked.costs, strict=True)
    middle = len(resident) // 2
    assert max(resident[middle:]) < max(resident[:middle]) + 6_000_000
    assert usual_most(files[middle:]) <= usual_most(files[:middle]) + 2

"""When an article is visited again: on its source's ladder of ages, sooner after a change, later without.

News changes early: most edits and deletions of a week happen on the first day. So the rungs of a ladder are
ages (1 h, 6 h, 24 h, 3 d, ...), and an article that just changed goes one rung down.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from archiver.versions.seen import Seen

SHORTEST = timedelta(minutes=5)
AFTER_CHANGE = 0.8
WITHOUT_CHANGE = 1.5
SECOND_LOOK = timedelta(hours=6, minutes=1)
"""How long after the first sight that an article or picture is gone it is looked for again, to be sure."""


def next_visit(
    ladder: Sequence[timedelta], first_seen: datetime, now: datetime, *, changed: bool, unchanged: int = 0
) -> datetime | None:
    """The moment of the next visit after one at `now`; None when the ladder has ended.

    `changed` says what this visit found, `unchanged` how many visits in a row found nothing before it. The
    wait is the distance to the next rung; after a change 0.8 times the rung below, if that is sooner; from
    the second visit without a change on 1.5 times the distance.
    """
    age = now - first_seen
    rung = bisect_right(ladder, age)
    if rung == len(ladder):
        return None
    distance = ladder[rung] - age
    wait = distance
    if changed and rung:
        lower = ladder[rung - 1] - (ladder[rung - 2] if rung > 1 else timedelta())
        wait = min(distance, lower) * AFTER_CHANGE
    elif unchanged:
        wait = distance * WITHOUT_CHANGE
    return now + max(SHORTEST, wait)


def next_look(pictures: Iterable[Seen], now: datetime) -> datetime | None:
    """When to look again for pictures that one look found gone; None when there are none.

    Where the second look had no answer, the wait is as long as what passed since the first.
    """
    doubtful = [seen.gone.since for seen in pictures if seen.gone and not seen.gone.confirmed]
    if not doubtful:
        return None
    due = min(doubtful) + SECOND_LOOK
    return due if due > now else now + max(SHORTEST, now - min(doubtful))

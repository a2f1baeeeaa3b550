"""Moments as people think of them: how long ago, or how soon."""

from __future__ import annotations

from datetime import datetime, timedelta

_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
_FEW = 3
"""Of a unit fewer than so many are told in the next smaller one: `90 min`, not `1 h`."""


def ago(moment: datetime | None, now: datetime, absent: str = "-") -> str:
    """`4 min ago`, `in 2 h`, `now`; `absent` for none."""
    if moment is None:
        return absent
    apart = abs(now - moment)
    if apart < timedelta(seconds=1):
        return "now"
    return f"{span(apart)} ago" if moment < now else f"in {span(apart)}"


def span(duration: timedelta) -> str:
    """A length of time in one unit: `40 s`, `4 min`, `26 h`, `3 d`."""
    seconds = int(duration.total_seconds())
    for length, unit in _UNITS:
        if seconds >= _FEW * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"

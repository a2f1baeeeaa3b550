"""Moments as people think of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from archiver.cli.relative import ago

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0, "now"), (0.9, "now"), (-0.9, "now"), (1, "1 s ago"), (-40, "in 40 s"), (90, "90 s ago"),
        (240, "4 min ago"), (-3_600, "in 60 min"), (10_799, "179 min ago"), (10_800, "3 h ago"),
        (86_400, "24 h ago"), (-10 * 86_400 - 5, "in 10 d"), (400 * 86_400, "400 d ago"),
    ],
)  # fmt: skip
def test_a_moment_is_told_by_how_far_away_it_is(seconds: float, told: str) -> None:
    assert ago(NOW - timedelta(seconds=seconds), NOW) == told


def test_no_moment_is_told_as_the_caller_wants() -> None:
    assert (ago(None, NOW), ago(None, NOW, "never")) == ("-", "never")

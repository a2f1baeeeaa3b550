"""Notices that the clock was set, or that the machine slept: only the wall clock moved then."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

TOLERATED = 60.0
"""Seconds by which the two clocks may drift apart between two looks."""


@dataclass(slots=True)
class ClockWatch:
    """Compares `wall` (seconds since 1970) with `steady` (monotonic seconds) from one look to the next."""

    wall: Callable[[], float] = time.time
    steady: Callable[[], float] = time.monotonic
    _apart: float = field(init=False)

    def __post_init__(self) -> None:
        self._apart = self.wall() - self.steady()

    def jump(self) -> float:
        """Seconds that the wall clock jumped since the last look, negative when set back; 0 for drift."""
        apart = self.wall() - self.steady()
        moved, self._apart = apart - self._apart, apart
        return moved if abs(moved) > TOLERATED else 0.0

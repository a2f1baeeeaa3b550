"""What the verification of a bundle came to, and how it is said."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from archiver.citation.rotation import Rotation
from archiver.citation.timestamps import StampedTime
from archiver.model.moment import to_warc_date

VERIFIED, FAILED, WARNINGS = 0, 1, 2


@dataclass(slots=True)
class Verdict:
    """Collects what is wrong (`problems`), doubtful (`warnings`) and worth knowing (`notes`).

    `moment` is the time T that is proven; `captured` what each snapshot claims, by identifier. `rotations`
    are the changes of the log's key that the bundle tells, each signed with the key before it.
    """

    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    times: list[StampedTime] = field(default_factory=list)
    captured: dict[str, datetime] = field(default_factory=dict)
    witnesses: list[str] = field(default_factory=list)
    log: str = ""
    rotations: tuple[Rotation, ...] = ()

    @property
    def moment(self) -> datetime | None:
        """The earliest time that anybody trusted swears to."""
        return min((stamped.moment for stamped in self.times), default=None)

    @property
    def exit_code(self) -> int:
        """0 verified, 1 failed, 2 verified with warnings."""
        if self.problems:
            return FAILED
        return WARNINGS if self.warnings else VERIFIED

    @property
    def headline(self) -> str:
        """The result in one paragraph: what is proven, and what is not. It never states the claimed date."""
        if self.problems:
            return f"FAILED: {self.problems[0]}. Nothing in this bundle can be relied on."
        opening = "VERIFIED WITH WARNINGS" if self.warnings else "VERIFIED"
        limits = "that the site sent it; that it is true."
        if self.moment is None:
            return f"{opening}: unaltered since the log {self.log} took it in. Not proven: when; {limits}"
        moment = to_warc_date(self.moment)[:19]
        return f"{opening}: existed no later than {moment}Z, unaltered since. Not proven: {limits}"

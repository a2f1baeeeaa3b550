"""The stores of the running of the archive as one object, beside the index that they stand in."""

from __future__ import annotations

from functools import cached_property

from archiver.storage.index.engine import Database
from archiver.storage.operations.beats import Beats
from archiver.storage.operations.hosts import HostStates
from archiver.storage.operations.leadership import Leadership
from archiver.storage.operations.sources import SourceStates
from archiver.storage.operations.submissions import Submissions
from archiver.storage.operations.tokens import Tokens


class Operations:
    """What runs, what is paused, who may ask, what was asked for; safe for several threads and processes.

    All moments given must be aware, those returned are UTC. Raises IndexUnavailableError when the database
    cannot serve.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @cached_property
    def sources(self) -> SourceStates:
        """How far the work on each source is."""
        return SourceStates(self._database)

    @cached_property
    def hosts(self) -> HostStates:
        """The hosts that are closed, or treated with more care."""
        return HostStates(self._database)

    @cached_property
    def beats(self) -> Beats:
        """The service processes, and when each was last heard of."""
        return Beats(self._database)

    @cached_property
    def tokens(self) -> Tokens:
        """Who may ask over HTTP."""
        return Tokens(self._database)

    @cached_property
    def submissions(self) -> Submissions:
        """The pages that were asked for."""
        return Submissions(self._database)

    def leadership(self, owner: str) -> Leadership:
        """The place that one service process of the archive holds at a time; `owner` names the process."""
        return Leadership(self._database, owner)

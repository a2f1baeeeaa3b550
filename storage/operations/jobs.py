"""Where APScheduler keeps its jobs: in the index database, under the rules of its other writers."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore

from archiver.storage.index.engine import Database
from archiver.storage.operations.tables import jobs


class JobStore(SQLAlchemyJobStore):  # type: ignore[misc]
    """APScheduler's job store on the connections of the index; its table is made by the migrations.

    A write waits while an SQLite index is replaced, but hardly for other writes, as APScheduler asks on the
    event loop; all errors of the driver are IndexUnavailableError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        super().__init__(engine=database.prompt_engine, tablename=jobs.name)

    def shutdown(self) -> None:
        """Nothing is to be closed: the connections belong to the index."""

    def lookup_job(self, job_id: str) -> Any:
        """The job with this id, or None."""
        return self._asked(super().lookup_job, job_id)

    def get_due_jobs(self, now: Any) -> Any:
        """The jobs to run at the moment `now`, the earliest first."""
        return self._asked(super().get_due_jobs, now, writes=True)  # removes what cannot be restored

    def get_next_run_time(self) -> Any:
        """When the next job is to run, or None."""
        return self._asked(super().get_next_run_time)

    def get_all_jobs(self) -> Any:
        """All jobs by the moment when they are to run next; paused ones last."""
        return self._asked(super().get_all_jobs, writes=True)

    def add_job(self, job: Any) -> None:
        """Keep a new job. Raises ConflictingIdError when there is one with its id."""
        self._asked(super().add_job, job, writes=True)

    def update_job(self, job: Any) -> None:
        """Replace a job. Raises JobLookupError when it is not there."""
        self._asked(super().update_job, job, writes=True)

    def remove_job(self, job_id: str) -> None:
        """Forget a job. Raises JobLookupError when it is not there."""
        self._asked(super().remove_job, job_id, writes=True)

    def remove_all_jobs(self) -> None:
        """Forget all jobs."""
        self._asked(super().remove_all_jobs, writes=True)

    def _asked(self, ask: Callable[..., Any], *arguments: Any, writes: bool = False) -> Any:
        with ExitStack() as around:
            around.enter_context(self._database.explaining())
            if writes:
                around.enter_context(self._database.turn())
            return ask(*arguments)

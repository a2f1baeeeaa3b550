"""Makes exchanges and snapshots durable, then indexed, then acknowledged: in that order, in groups."""

from archiver.ingest.policy import CommitPolicy
from archiver.ingest.queue import Ingest
from archiver.ingest.subjects import Reading, Subject

__all__ = ["CommitPolicy", "Ingest", "Reading", "Subject"]

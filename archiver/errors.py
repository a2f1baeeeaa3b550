"""Every error that a user can meet; the message says what is wrong and what to do about it."""

from __future__ import annotations

from datetime import datetime


class ArchiverError(Exception):
    """Something asked for failed. `exit_code` is the status that the command line ends with."""

    exit_code = 1


class NotFoundError(ArchiverError):
    """Nothing in the archive answers to what was asked for."""


class ConfigurationError(ArchiverError):
    """A setting, a source file or the home folder cannot be used as it is."""

    exit_code = 2


class UnknownSourceError(NotFoundError):
    """No source has the name that was given: most likely it is mistyped."""

    exit_code = 2


class AlreadyRunningError(ArchiverError):
    """Another service holds this home."""


class UsageError(ArchiverError):
    """The command was called in a way that it cannot serve."""

    exit_code = 2


class UnsafeInputError(ArchiverError):
    """Input that is malformed or dangerous; nothing was written."""

    exit_code = 3


class UnsafeURLError(UnsafeInputError):
    """A URL that the archive will not fetch: its scheme, its form, or where it leads."""


class StorageError(ArchiverError):
    """The disk or a file in the home folder refused; what was acknowledged before is intact."""


class DiskFullError(StorageError):
    """No space is left for the archive; the batch in flight was rolled back, not written."""


class DamagedRecordError(StorageError):
    """A stored record is not what was recorded about it."""


class DiscoveryError(ArchiverError):
    """What a source offers is not the feed, sitemap or listing that was expected, or cannot be read."""


class IndexUnavailableError(ArchiverError):
    """The index database cannot be reached, is locked, or belongs to another program version."""


class IndexDamagedError(IndexUnavailableError):
    """The index contradicts itself; without it, `archiver reindex` makes a new one from the WARC files."""


class UnstorableError(ArchiverError):
    """The index cannot hold what it was given; everything else goes on."""


class LogRefusedError(ArchiverError):
    """The log will not sign what contradicts what it signed before."""


class CaptureSelfTestError(ArchiverError):
    """The wire tap does not give the exact bytes with this Scrapy and Twisted; archiving is refused."""


class IncomparableError(ArchiverError):
    """Two snapshots were read by different versions of the extractor, so that they differ for that alone."""


class NotNowError(ArchiverError):
    """Nothing was asked for, because a limit stands against it; `until` is when it no longer does."""

    def __init__(self, message: str, until: datetime) -> None:
        super().__init__(message)
        self.until = until


class HostClosedError(NotNowError):
    """The host failed so often, or asked for so long a pause, that it is left alone for a while."""


class BudgetSpentError(NotNowError):
    """What may be fetched in one day was fetched."""


class RobotsUnavailableError(NotNowError):
    """The robots.txt of the host could not be had, so nothing of it may be fetched (RFC 9309, 2.3.1.4)."""


class CrawlStoppedError(ArchiverError):
    """The crawl was stopped before this was asked for."""

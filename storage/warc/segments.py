"""Segment files: names that two writers never share, the lock of the one who writes, and the way back.

Everything that was appended since the last commit can be taken back.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from archiver.errors import DiskFullError, NotFoundError, StorageError
from archiver.model.capture import IMPORTED, RecordLocation
from archiver.model.digest import Digest

OPEN_SUFFIX = ".open"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}\.warc\.gz")
_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}")
_ENDING = re.compile(r"(?i)(?:\.w?arc)?(?:\.gz)?$")
_NOT_IN_STEM = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_STEM = 80
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FLUSH_AT = 256 << 10  # stays in the cache of the processor
_SEALED_MODE = 0o444
_AT_ONCE: int | None = getattr(os, "RWF_NOWAIT", None)  # Linux only
_sync_bytes = getattr(os, "fdatasync", os.fsync)


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """A segment that will not change any more: name, bytes, and sha256 of the whole file."""

    name: str
    size: int
    digest: Digest


def new_segment_name(prefix: str, moment: datetime, serial: int) -> str:
    """A name that sorts by time: `PREFIX-20171114100000123-00007-9f86d081.warc.gz`. Raises ValueError."""
    if not _PREFIX.fullmatch(prefix) or f"{prefix}-".startswith(IMPORTED):
        raise ValueError(
            f"not a segment prefix: {prefix!r} (letters, digits, - and _, at most 40, not {IMPORTED}...)"
        )
    stamp = moment.astimezone(UTC).strftime("%Y%m%d%H%M%S%f")[:17]
    return f"{prefix}-{stamp}-{serial:05d}-{secrets.token_hex(4)}.warc.gz"


def imported_segment_name(digest: Digest, file_name: str) -> str:
    """The name of a foreign file in the archive: of its sha256 and what is harmless in its own name.

    Two files that differ cannot meet under it, and no name leads out of the folder.
    """
    stem = _NOT_IN_STEM.sub("-", _ENDING.sub("", file_name)).strip("-._")[:_LONGEST_STEM]
    return f"{_imported(digest)}{stem or 'unnamed'}.warc.gz"


def imported_segment(folder: Path, digest: Digest) -> str | None:
    """The name under which the foreign file of this sha256 is in `folder`; None when it is not."""
    found = sorted(path.name for path in folder.glob(f"{_imported(digest)}*.warc.gz"))
    return next((name for name in found if is_segment_name(name)), None)


def publish_imported(staged: Path, folder: Path) -> None:
    """Give the checked copy `staged` its place in `folder`, for good. Raises StorageError."""
    try:
        staged.chmod(_SEALED_MODE)
        staged.replace(folder / staged.name)  # if it is there already, then with the same bytes
        sync_folder(folder)
    except OSError as error:
        raise storage_error(error, f"importing {staged.name}") from error


def _imported(digest: Digest) -> str:
    return f"{IMPORTED}{digest.value.hex()[:32]}-"


def is_segment_name(name: str) -> bool:
    """Whether `name` is a plain segment file name: no folder, no `..`, nothing hidden."""
    return _NAME.fullmatch(name) is not None


def segment_name(path: Path) -> str:
    """The name under which the index knows the file at `path`: without `.open`."""
    return path.name.removesuffix(OPEN_SUFFIX)


def segment_files(folder: Path) -> list[Path]:
    """All segments in `folder`, oldest name first, open ones among them."""
    if not folder.is_dir():
        return []
    found = [path for path in folder.iterdir() if is_segment_name(segment_name(path)) and path.is_file()]
    return sorted(found, key=segment_name)


def sealed_bytes(folder: Path) -> int:
    """How long all sealed segments in `folder` are together."""
    return sum(path.stat().st_size for path in segment_files(folder) if path.suffix != OPEN_SUFFIX)


def find_segment(folder: Path, name: str) -> Path:
    """Where the segment `name` is, sealed or still open. Raises NotFoundError."""
    if is_segment_name(name):
        for ending in ("", OPEN_SUFFIX, ""):  # it may be renamed between two looks
            path = folder / f"{name}{ending}"
            if path.is_file():
                return path
    raise NotFoundError(
        f"segment {name!r} is not in {folder}; restore it from a copy, or run `archiver reindex`"
    )


def open_segment(path: Path) -> int:
    """A descriptor to read the segment at `path`; if it was sealed meanwhile, under its final name."""
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        if not path.name.endswith(OPEN_SUFFIX):
            raise
        return os.open(path.with_name(segment_name(path)), os.O_RDONLY)


def is_in_memory(folder: Path, location: RecordLocation) -> bool:
    """Whether the bytes at `location` can be read without waiting for a disk or another machine.

    False too where the system cannot tell, and when they are not there.
    """
    try:
        descriptor = open_segment(find_segment(folder, location.segment))
    except (OSError, NotFoundError):
        return False
    try:
        return _read_at_once(descriptor, location) == location.length
    finally:
        os.close(descriptor)


def _read_at_once(descriptor: int, location: RecordLocation) -> int:
    if _AT_ONCE is None:
        return 0
    try:
        return os.preadv(descriptor, [bytearray(location.length)], location.offset, _AT_ONCE)
    except OSError:  # it would have to wait, or the file system cannot tell
        return 0


def lock(descriptor: int) -> bool:
    """Take the writer's lock of an open segment; False when another process holds it."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def sync_folder(folder: Path) -> None:
    """Make a creation, renaming or removal in `folder` durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def seal_file(descriptor: int, unsealed: Path) -> Path:
    """fsync, take `.open` off, fsync the folder. Raises OSError; StorageError if the name is taken."""
    sealed = unsealed.with_name(unsealed.name.removesuffix(OPEN_SUFFIX))
    if sealed.exists():
        raise StorageError(f"{unsealed} cannot be sealed: {sealed.name} exists; move one of the two away")
    os.fchmod(descriptor, _SEALED_MODE)
    os.fsync(descriptor)
    unsealed.rename(sealed)
    sync_folder(sealed.parent)
    return sealed


def is_disk_full(error: OSError) -> bool:
    """Whether `error` says that there is no room, rather than that the disk is broken."""
    return error.errno in _FULL


def storage_error(error: OSError, doing: str) -> StorageError:
    """`error` as the error that a person is shown; `doing` names the action and the file."""
    if is_disk_full(error):
        return DiskFullError(f"no room while {doing}: {error.strerror}; free some space, nothing is lost")
    return StorageError(
        f"failed while {doing}: {error.strerror or error}; check the disk, nothing acknowledged is lost"
    )


class OpenSegment:
    """A segment being written, behind a small buffer. OSErrors come through as they are."""

    def __init__(self, folder: Path, name: str, opened_at: datetime) -> None:
        self.name = name
        self.opened_at = opened_at
        self.path = folder / (name + OPEN_SUFFIX)
        flags = os.O_CREAT | os.O_EXCL | os.O_RDWR | os.O_APPEND
        self._descriptor = os.open(self.path, flags, 0o644)
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._written = 0
        self._hasher = hashlib.sha256()
        self._committed = 0
        self._committed_hasher = self._hasher.copy()
        if not lock(self._descriptor) or not self.path.exists():
            self.abandon()
            raise BlockingIOError(errno.EWOULDBLOCK, "another process took the new segment for a left-over")

    @property
    def size(self) -> int:
        """Bytes appended so far, committed or not."""
        return self._written + self._pending_bytes

    @property
    def committed(self) -> int:
        """Bytes that are durable."""
        return self._committed

    def append(self, content: bytes) -> None:
        """Add bytes; they reach the file at the latest with `commit`."""
        self._pending.append(content)
        self._pending_bytes += len(content)
        if self._pending_bytes >= _FLUSH_AT:
            self.flush()

    def flush(self) -> None:
        """Hand the buffer to the operating system."""
        content = b"".join(self._pending)
        self._pending.clear()
        self._pending_bytes = 0
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self._hasher.update(content)
        self._written += len(content)

    def sync(self) -> None:
        """Make what was flushed durable. After an error nothing is known of it: `abandon` the segment.

        Raises FileNotFoundError when the file is no longer where it was begun: nobody would find it.
        """
        _sync_bytes(self._descriptor)
        found, written = self.path.stat(), os.fstat(self._descriptor)
        if (found.st_dev, found.st_ino) != (written.st_dev, written.st_ino):
            raise FileNotFoundError(errno.ENOENT, "another file stands in its place", str(self.path))
        self._committed = self._written
        self._committed_hasher = self._hasher.copy()

    def rollback(self) -> None:
        """Take back everything since the last `sync`."""
        self._pending.clear()
        self._pending_bytes = 0
        os.ftruncate(self._descriptor, self._committed)
        self._written = self._committed
        self._hasher = self._committed_hasher.copy()

    def seal(self) -> SealedSegment:
        """End the segment at what is committed and give it its final name."""
        seal_file(self._descriptor, self.path)
        self._close()
        return SealedSegment(self.name, self._committed, Digest(self._committed_hasher.digest()))

    def abandon(self) -> None:
        """Leave the file to the recovery at the next start, cut to what was committed if it can be."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, self._committed)
        self._close()

    def remove(self) -> None:
        """Delete a segment that holds nothing."""
        with contextlib.suppress(OSError):
            self.path.unlink()
        self._close()

    def _close(self) -> None:
        with contextlib.suppress(OSError):
            os.close(self._descriptor)

"""The log as files that anybody may mirror: tiles, entries and the newest checkpoint (C2SP tlog-tiles).

They follow from what the WARC files hold and can be made anew. Each file is written once and whole; the
checkpoint comes last, so that a reader never finds one whose tiles are not there.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from archiver.errors import DamagedRecordError, StorageError
from archiver.storage.ledger.tree import SIZE, WIDTH, Place, TileTree, leaf_digest, tile_path

CHECKPOINT = "checkpoint"
_LOCK = ".lock"
ENTRY = 33
"""Bytes of an entry: 0x01 and the digest of a statement."""


class LogFiles:
    """The log's folder: `size` entries are committed; what a crash may have left lies behind them."""

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self.size = size

    def tree(self) -> TileTree:
        """The tree of all committed entries."""
        return TileTree(self.size, self._tile)

    def checkpoint(self) -> str | None:
        """The newest signed checkpoint; None before the first."""
        return read_checkpoint(self.folder)

    def entry_digest(self, leaf: int) -> bytes:
        """The digest of the statement that is entry number `leaf`."""
        bundle = self._bundle(leaf // WIDTH)
        place = leaf % WIDTH * (ENTRY + 2) + 3
        return bundle[place : place + SIZE]

    def append(self, digests: Sequence[bytes], checkpoint: str) -> None:
        """Put the digests of statements at the end and publish the checkpoint over them.

        Raises StorageError when the folder cannot be written; what was committed before stays.
        """
        tree = self.tree()
        changed = tree.append([leaf_digest(b"\x01" + digest) for digest in digests])
        try:
            folders = set()
            for path, content in self._contents(changed, digests):
                _write(self.folder / path, content)
                folders.add((self.folder / path).parent)
            for folder in folders:
                _sync_folder(folder)
            _write(self.folder / CHECKPOINT, checkpoint.encode())
            _sync_folder(self.folder)
            self._drop_partial(self.size, tree.size)
        except OSError as error:
            raise StorageError(f"the log in {self.folder} cannot be written: {error.strerror}") from error
        self.size = tree.size

    def paths(self) -> Iterator[str]:
        """The files that make up the log at its newest checkpoint, relative to the folder."""
        count, level = self.size, 0
        while count:
            full, rest = divmod(count, WIDTH)
            names = ("entries", "0") if level == 0 else (str(level),)
            for name in names:
                yield from (tile_path(name, number) for number in range(full))
                if rest:
                    yield tile_path(name, full, rest)
            count, level = full, level + 1
        if self.size:
            yield CHECKPOINT

    def _contents(self, changed: dict[Place, bytes], digests: Sequence[bytes]) -> Iterator[tuple[str, bytes]]:
        for (level, number), content in changed.items():
            yield tile_path(level, number, len(content) // SIZE), content
        first = self.size // WIDTH
        held = self.size % WIDTH * (ENTRY + 2)
        joined = (self._bundle(first)[:held] if held else b"") + b"".join(
            ENTRY.to_bytes(2, "big") + b"\x01" + digest for digest in digests
        )
        step = WIDTH * (ENTRY + 2)
        for start in range(0, len(joined), step):
            content = joined[start : start + step]
            yield tile_path("entries", first + start // step, len(content) // (ENTRY + 2)), content

    def _tile(self, level: int, number: int) -> bytes:
        count = min(WIDTH, (self.size >> 8 * level) - number * WIDTH)
        if count <= 0:
            return b""
        path = tile_path(level, number, count)
        content = _read(self.folder, path)
        if len(content) != count * SIZE:
            raise _incomplete(self.folder / path)
        return content

    def _bundle(self, number: int) -> bytes:
        return _read(self.folder, tile_path("entries", number, min(WIDTH, self.size - number * WIDTH)))

    def _drop_partial(self, before: int, after: int) -> None:
        """Partial tiles go once the full one is there."""
        level = 0
        while before >> 8 * level:
            number = before >> 8 * (level + 1)
            if after >> 8 * (level + 1) > number:
                for name in ("entries", "0") if level == 0 else (str(level),):
                    shutil.rmtree(self.folder / f"{tile_path(name, number)}.p", ignore_errors=True)
            level += 1


def read_checkpoint(folder: Path) -> str | None:
    """The newest signed checkpoint of the log in `folder`; None when there is none."""
    try:
        return (folder / CHECKPOINT).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise StorageError(f"{folder / CHECKPOINT} cannot be read: {error}") from error


@contextmanager
def locked(folder: Path, *, wait: bool) -> Iterator[bool]:
    """Whether this process may sequence: at most one at a time; with `wait` it waits for its turn."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / _LOCK).open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
        except BlockingIOError:
            yield False
            return
        yield True


def _read(folder: Path, path: str) -> bytes:
    try:
        return (folder / path).read_bytes()
    except FileNotFoundError:
        raise _incomplete(folder / path) from None
    except OSError as error:
        raise StorageError(f"{folder / path} cannot be read: {error.strerror}") from error


def _incomplete(path: Path) -> DamagedRecordError:
    return DamagedRecordError(
        f"{path} is missing or incomplete; `archiver log rebuild` makes it anew from the WARC files"
    )


def _write(path: Path, content: bytes) -> None:
    """Write a file, durable and whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

"""Which files a folder of copies holds, by a look that reads none of them, and whether it is there at all.

A disk that is not mounted looks like an archive that lost everything: nothing may be concluded from that.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from pathlib import Path

from archiver.errors import StorageError

_TELLING = 2
"""A folder that should hold so many files and holds none is away; a single file may be lost by itself."""


def sizes_in(folder: Path) -> dict[str, int]:
    """The size of each file in `folder` by name; none where there is no folder. Raises StorageError."""
    try:
        with os.scandir(folder) as entries:
            found = {entry.name: _size(entry) for entry in entries}
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error.strerror}") from error
    return {name: size for name, size in found.items() if size is not None}


def _size(entry: os.DirEntry[str]) -> int | None:
    try:
        return entry.stat().st_size if entry.is_file() else None
    except FileNotFoundError:  # sealed meanwhile, under another name
        return None


def is_away(expected: Collection[str], sizes: Mapping[str, int]) -> bool:
    """Whether none of the expected files is among those that are there."""
    return len(expected) >= _TELLING and not any(name in sizes for name in expected)


def refuse_absent(folder: Path, expected: Collection[str], sizes: Mapping[str, int]) -> None:
    """Raises StorageError when the archive's own files are away as a whole."""
    if is_away(expected, sizes):
        raise StorageError(absent(folder, len(expected)))


def absent(folder: Path, count: int) -> str:
    """That a whole folder is away, and what to do."""
    return f"{folder} holds none of the {count:,} WARC files of this archive; is its disk mounted?"


def refuse_absent_replica(address: str, expected: Collection[str], sizes: Mapping[str, int]) -> None:
    """Raises StorageError when the second copy is away as a whole."""
    if is_away(expected, sizes):
        raise StorageError(
            f"the second copy at {address} holds none of the {len(expected):,} files that were copied; is its"
            " disk mounted? For a new place: archiver fixity run --new-replica"
        )

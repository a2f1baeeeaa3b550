"""Whether a folder has room, for those who wait until it has."""

from __future__ import annotations

import os
from pathlib import Path

from archiver.errors import DiskFullError


def refuse_without_room(folder: Path, needed: int) -> None:
    """Raise DiskFullError when fewer than `needed` bytes are free for `folder`."""
    found = os.statvfs(folder)
    free = found.f_bavail * found.f_frsize
    if free < needed:
        raise DiskFullError(
            f"no room for a large download in {folder}: {needed / 1e6:.0f} MB are needed, "
            f"{free / 1e6:.0f} MB are free; free some space"
        )

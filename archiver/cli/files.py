"""Files that people name: what has no end is not read."""

from __future__ import annotations

import stat
from pathlib import Path

from archiver.errors import UsageError


def require_file(path: Path) -> None:
    """Raise UsageError when `path` is there and is no ordinary file: a device or a pipe may never end."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        return  # whoever opens it says why it cannot be read
    if not stat.S_ISREG(mode):
        raise UsageError(f"{path} is no ordinary file; name a file")

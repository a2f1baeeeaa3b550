"""`archiver serve` as a process of its own, over a home."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

COMMAND = [sys.executable, "-c", "from archiver.cli import main; raise SystemExit(main())"]


@dataclass(frozen=True)
class Running:
    """A server that listens: its two origins, and its process."""

    application: str
    replay: str
    process: subprocess.Popen[str]

    def stop(self) -> int:
        """Ask it to end; its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(20)


def make_demo(home: Path) -> None:
    """The archive that the demo makes."""
    subprocess.run([*COMMAND, "--home", str(home), "demo"], check=True, capture_output=True, timeout=90)


@contextmanager
def serving(home: Path) -> Iterator[Running]:
    """A server on free ports."""
    process = subprocess.Popen(
        [*COMMAND, "--home", str(home), "serve", "--port", "0", "--replay-port", "0"],
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr is not None
    try:
        found: list[str] = []
        for line in process.stderr:
            found += re.findall(r"http://localhost:\d+", line)
            if len(found) == 2:
                break
        assert len(found) == 2, f"the server ended with {process.wait(5)}"
        yield Running(found[0], found[1], process)
    finally:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        process.stderr.close()

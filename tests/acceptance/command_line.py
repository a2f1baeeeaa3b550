"""The installed command line as a person uses it: in processes of its own, on a home of its own.

`Archive.run` starts the command; `Archive.here` calls the same entry point in this process, for tables of
cases that only read, where starting Python a hundred times would teach nothing.
"""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from archiver.cli import main
from archiver.storage.index import Index
from archiver.storage.warc import segment_files

COMMAND = str(Path(sys.executable).with_name("archiver"))
LOCAL = {
    "ARCHIVER_NETWORK__ALLOW_PRIVATE": '["127.0.0.0/8"]',
    "ARCHIVER_POLITENESS__DELAY": "0",
    "ARCHIVER_POLITENESS__AUTOTHROTTLE": "false",
    "ARCHIVER_POLITENESS__CONCURRENCY": "8",
    "ARCHIVER_POLITENESS__BACKOFF": "0",
    "ARCHIVER_STORAGE__FREE_FLOOR": "0",
}


@dataclass(frozen=True)
class Answer:
    """What a command left behind."""

    code: int
    out: bytes
    err: str

    @property
    def text(self) -> str:
        return self.out.decode()

    def json(self) -> Any:
        """The one JSON object on standard output."""
        [line] = self.out.splitlines()
        return json.loads(line)

    def lines(self) -> list[Any]:
        """The JSON objects on standard output, one a line."""
        return [json.loads(line) for line in self.out.splitlines()]


@dataclass
class Archive:
    """A home and the settings that its commands are given."""

    home: Path
    settings: dict[str, str] = field(default_factory=dict)

    def environment(self, **more: str) -> dict[str, str]:
        unwanted = ("ARCHIVER_", "PYTHONDONTWRITEBYTECODE")  # each start would compile everything again
        plain = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        return {**plain, "ARCHIVER_HOME": str(self.home), **LOCAL, **self.settings, **more}

    def start(self, *arguments: str, cwd: Path | None = None, **more: str) -> subprocess.Popen[bytes]:
        """The command, running."""
        return subprocess.Popen(
            [COMMAND, *arguments],
            bufsize=0,  # so that lines may be read before `communicate` reads the rest
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment(**more),
            cwd=cwd,
        )

    def run(
        self, *arguments: str, code: int | None = 0, cwd: Path | None = None, timeout: float = 60, **more: str
    ) -> Answer:
        """The command, to its end. `code` is the exit code that it must have; None takes any."""
        return finish(self.start(*arguments, cwd=cwd, **more), code, timeout)

    def here(self, *arguments: str, code: int | None = 0, **more: str) -> Answer:
        """The command in this process."""
        out, err = io.TextIOWrapper(io.BytesIO(), write_through=True), io.StringIO()
        environment = patch.dict(os.environ, self.environment(**more), clear=True)
        with environment, redirect_stdout(out), redirect_stderr(err):
            exit_code = main(list(arguments))
        return _checked(Answer(exit_code, out.buffer.getvalue(), err.getvalue()), code)  # type: ignore[attr-defined]

    @contextmanager
    def index(self) -> Iterator[Index]:
        with Index.open(f"sqlite:///{self.home / 'index.sqlite'}") as index:
            yield index

    def dump(self) -> list[tuple[object, ...]]:
        """Everything that the index knows."""
        with self.index() as index:
            return list(index.dump())

    @property
    def warcs(self) -> list[Path]:
        return segment_files(self.home / "warc")


def finish(process: subprocess.Popen[bytes], code: int | None = 0, timeout: float = 60) -> Answer:
    """Wait for a command that was started."""
    try:
        out, err = process.communicate(timeout=timeout)
    except BaseException:
        process.kill()
        process.communicate()
        raise
    return _checked(Answer(process.returncode, out, err.decode()), code)


def _checked(answer: Answer, code: int | None) -> Answer:
    """No command ever shows a traceback, nor ends in another way than it should."""
    for unwanted in ("Traceback", "internal error", "was destroyed but it is pending", "never retrieved"):
        assert unwanted not in answer.err, answer.err
    assert code is None or answer.code == code, (answer.code, answer.out[-2000:], answer.err)
    return answer

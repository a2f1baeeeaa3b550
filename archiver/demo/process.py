"""A local site in a process of its own, so that its CPU time is not counted with that of what is measured."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from archiver.demo.generated import Mutation
from archiver.demo.server import LoggedRequest, Served, qualified
from archiver.errors import ArchiverError, UsageError


class SiteProcess:
    """`python -m archiver.demo ARGUMENTS` as a child that ends with its parent; a context manager."""

    def __init__(self, *arguments: str) -> None:
        self._arguments: Sequence[str] = arguments
        self._child: subprocess.Popen[str] | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self._child = subprocess.Popen(  # noqa: S603 - our own module with our own arguments
            [sys.executable, "-m", "archiver.demo", *self._arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.port = int(self._answer())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            self._child.communicate()

    def url(self, host: str, path: str = "/") -> str:
        """The absolute URL of `path` on `host`."""
        return f"http://{qualified(host)}:{self.port}{path}"

    def served(self) -> frozenset[Served]:
        """What the site served so far."""
        return frozenset(Served(*entry) for entry in self.tell("served"))

    def requests(self) -> tuple[LoggedRequest, ...]:
        """The site's request log."""
        return tuple(LoggedRequest(*entry) for entry in self.tell("requests"))

    def mutate(self, fraction: float) -> tuple[Mutation, ...]:
        """Change a share of the articles of a generated site."""
        return tuple(Mutation(*entry) for entry in self.tell(f"mutate {fraction}"))

    def tell(self, command: str) -> Any:
        """Send one command and give its answer. Raises UsageError when the site cannot obey."""
        assert self._child is not None
        assert self._child.stdin is not None
        self._child.stdin.write(f"{command}\n")
        self._child.stdin.flush()
        answer = json.loads(self._answer())
        if isinstance(answer, dict) and "error" in answer:
            raise UsageError(answer["error"])
        return answer

    def _answer(self) -> str:
        assert self._child is not None
        assert self._child.stdout is not None
        line = self._child.stdout.readline()
        if not line:
            raise ArchiverError(
                f"the local site ended (exit status {self._child.wait()}); its errors are above"
            )
        return line

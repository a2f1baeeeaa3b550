"""The log of a long-running command: one form for all lines, whoever writes them, on standard error.

Everything logs through the standard library (this program, Scrapy, Twisted, APScheduler, uvicorn, alembic);
here each record becomes one line: coloured text for a person at a terminal, a JSON object for a program. What
is said may come from hostile pages and may hold credentials, so every text passes `_Cleaning` on its way out.
"""

from __future__ import annotations

import logging
import os
import re
import sys
import threading
from collections.abc import Iterable, Iterator, MutableMapping
from contextlib import contextmanager
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import unquote, urlsplit

import click
import msgspec
import structlog
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name

from archiver.cli.log_writer import LogWriter
from archiver.cli.output import plain, plain_lines
from archiver.errors import ArchiverError

log = logging.getLogger(__name__)
EventDict = MutableMapping[str, Any]
OURS = "archiver"
HIDDEN = "***"

_CREDENTIALS = re.compile(
    r"""(?ix)
    ( ://                                             # of an address its user:password
    ) [^/\s@'"]+ (?=@)
    | ( \b bearer \s+                                 # a token
    ) [^\s'",;\])]{6,}
    | ( \b (?:authorization|cookie) ['"]? \s* [:=] \s*   # header lines
    ) \S [^\n]*
    | ( \b (?:password|passwd|secret) ['"]? \s* [:=] \s*  # parameters
    ) (?: '[^']*' | "[^"]*" | [^\s&'",;)]+ )
    """
)
_SECRET_FIELDS = frozenset({"authorization", "cookie", "password", "secret"})
_STANDARD_ERROR = 2
_INTERRUPTED = 130
_FIRST = ("timestamp", "level", "event", "logger")


class LogFormat(StrEnum):
    """How lines look."""

    AUTO = "auto"
    TEXT = "text"
    JSON = "json"


log_format_option = click.option(
    "--log-format", type=click.Choice([each.value for each in LogFormat]), default=LogFormat.AUTO.value,
    show_default=True, help="auto: text at a terminal, JSON lines otherwise.",
)  # fmt: skip


def set_up_logs(
    style: str = LogFormat.AUTO,
    *,
    verbose: bool = False,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
) -> None:
    """Send all log records of this process to `stream` (standard error), one line each.

    `style` is a value of LogFormat. This program's records count from level INFO, others' from WARNING; with
    `verbose` from DEBUG and INFO. `secrets` are texts that never appear; of URLs among them, the password.
    What a task binds with `structlog.contextvars` and what a call passes as `extra=` become fields. Warnings
    and errors of threads are logged too. Replaces what an earlier call set up: call it behind `open_home`.
    Lines for a file, a pipe or a terminal are written by `LogWriter`.
    """
    stream = stream or sys.stderr or _nowhere()
    is_text = style == LogFormat.TEXT or (style == LogFormat.AUTO and stream.isatty())
    colours = stream.isatty() and not os.environ.get("NO_COLOR")
    handler = LogWriter(stream) if _is_file(stream) else logging.StreamHandler(stream)
    handler.setFormatter(_formatter(is_text=is_text, colours=colours, secrets=secrets))
    root = logging.getLogger()
    for former in root.handlers:
        if isinstance(former, LogWriter):
            former.close()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO if verbose else logging.WARNING)
    logging.getLogger(OURS).setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in ("scrapy", "twisted"):  # other commands silence these
        logging.getLogger(name).setLevel(logging.NOTSET)
    logging.captureWarnings(capture=True)
    threading.excepthook = _log_thread_error


@contextmanager
def ending_in_the_log(words: str = "stopped", level: int = logging.CRITICAL) -> Iterator[None]:
    """Log what ends the command instead of printing it, and leave with its exit code, all lines written.

    `words` say what is over, and `level` how bad that is.
    """
    try:
        yield
    except ArchiverError as error:
        log.log(level, "%s: %s", words, error)
        raise click.exceptions.Exit(error.exit_code) from error
    except KeyboardInterrupt:
        log.warning("stopped at once")
        raise click.exceptions.Exit(_INTERRUPTED) from None
    except (click.ClickException, click.exceptions.Exit, click.exceptions.Abort):
        raise
    except Exception as error:
        log.critical("internal error: %s: %s", type(error).__name__, error, exc_info=error)
        raise click.exceptions.Exit(1) from error
    finally:
        for handler in logging.getLogger().handlers:
            handler.flush()


def _is_file(stream: TextIO) -> bool:
    try:
        stream.fileno()
    except OSError:
        return False
    return True


def _nowhere() -> TextIO:
    """In place of a standard error that is closed; else the next file to be opened would get its number."""
    sys.stderr = nowhere = Path(os.devnull).open("w")  # noqa: SIM115 - for as long as the process lives
    try:
        os.fstat(_STANDARD_ERROR)
    except OSError:
        os.dup2(nowhere.fileno(), _STANDARD_ERROR)
    os.set_inheritable(_STANDARD_ERROR, True)
    return nowhere


def passwords(secrets: Iterable[str]) -> tuple[str, ...]:
    """The texts to hide, longest first: each as it is, of a URL its password, as written and as meant."""
    found: set[str] = set()
    for secret in secrets:
        if "://" not in secret:
            found.add(secret)
        elif password := urlsplit(secret).password:
            found |= {password, unquote(password)}
    return tuple(sorted(found - {""}, key=len, reverse=True))


def _formatter(*, is_text: bool, colours: bool, secrets: Iterable[str]) -> ProcessorFormatter:
    render: Any = _json_line
    if is_text:
        render = structlog.dev.ConsoleRenderer(
            colors=colours, sort_keys=False, exception_formatter=structlog.dev.plain_traceback
        )
    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            add_log_level,
            add_logger_name,
            ExtraAdder(),
        ],
        processors=[
            _add_timestamp,
            ProcessorFormatter.remove_processors_meta,
            structlog.processors.format_exc_info,
            _Cleaning(passwords(secrets), exception_indent="    " if is_text else ""),
            render,
        ],
    )


def _add_timestamp(_logger: object, _name: str, event: EventDict) -> EventDict:
    """When the record was made, not when it is written: UTC, ISO 8601, milliseconds."""
    moment = datetime.fromtimestamp(event["_record"].created, UTC)
    event["timestamp"] = moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return event


class _Cleaning:
    """Makes every text of a record one harmless line, without credentials; a traceback keeps its lines."""

    def __init__(self, secrets: tuple[str, ...], exception_indent: str) -> None:
        self._secrets = secrets
        self._indent = exception_indent

    def __call__(self, _logger: object, _name: str, event: EventDict) -> EventDict:
        exception = event.pop("exception", None)
        ordered = {name: event.pop(name) for name in _FIRST if name in event}
        cleaned = {self._line(name): self._field(name, each) for name, each in {**ordered, **event}.items()}
        if exception:  # what it quotes cannot begin a line, so it cannot pass for one
            lines = plain_lines(self._without_secrets(str(exception))).splitlines()
            cleaned["exception"] = "\n".join(self._indent + line for line in lines)
        return cleaned

    def _field(self, name: str, content: object) -> object:
        if name.lower() in _SECRET_FIELDS:
            return HIDDEN
        if content is None or isinstance(content, bool | int | float):
            return content
        return self._line(str(content))

    def _line(self, text: str) -> str:
        return plain(self._without_secrets(text))

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, HIDDEN)
        text = _CREDENTIALS.sub(lambda match: "".join(filter(None, match.groups())) + HIDDEN, text)
        return text.encode("utf-8", "backslashreplace").decode()


def _json_line(_logger: object, _name: str, event: EventDict) -> str:
    return msgspec.json.encode(event).decode()


def _log_thread_error(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_type is SystemExit:
        return
    name = failed.thread.name if failed.thread else "a thread"
    trace = (failed.exc_type, failed.exc_value or failed.exc_type(), failed.exc_traceback)
    log.critical("%s ended with an error", name, exc_info=trace)

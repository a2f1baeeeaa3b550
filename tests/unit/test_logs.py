"""The log of a long-running command: what one line holds, and what it can never hold."""

from __future__ import annotations

import io
import json
import logging
import re
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import structlog

from archiver.cli.logs import ending_in_the_log, set_up_logs
from archiver.errors import ConfigurationError

OURS = logging.getLogger("archiver.crawl.sources")
LEVELS = ("archiver", "scrapy", "twisted")


class Terminal(io.StringIO):
    """A stream at which a person looks."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _as_before() -> Iterator[None]:
    """Leave the logging of the test run as it was."""
    root = logging.getLogger()
    handlers, hook, shown = root.handlers[:], threading.excepthook, warnings.showwarning
    levels = {name: logging.getLogger(name).level for name in ("", *LEVELS)}
    yield
    logging.captureWarnings(capture=False)
    root.handlers[:], threading.excepthook, warnings.showwarning = handlers, hook, shown
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def told(stream: io.StringIO) -> dict[str, Any]:
    """The one JSON line of `stream`."""
    [line] = stream.getvalue().splitlines()
    fields: dict[str, Any] = json.loads(line)
    return fields


def logged(
    message: str, *arguments: object, secrets: tuple[str, ...] = (), **extra: object
) -> dict[str, Any]:
    """What one warning of ours becomes."""
    stream = io.StringIO()
    set_up_logs("json", secrets=secrets, stream=stream)
    OURS.warning(message, *arguments, extra=extra)
    return told(stream)


def test_a_line_has_moment_level_event_and_logger_first() -> None:
    fields = logged("pass over %s ended", "example", source="example", pages=3)
    assert list(fields)[:4] == ["timestamp", "level", "event", "logger"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", fields["timestamp"])
    assert fields["level"] == "warning"
    assert fields["event"] == "pass over example ended"
    assert fields["logger"] == "archiver.crawl.sources"
    assert (fields["source"], fields["pages"]) == ("example", 3)


def test_what_a_task_bound_stands_in_its_lines() -> None:
    with structlog.contextvars.bound_contextvars(source="example", host="news.example"):
        fields = logged("slow")
    assert (fields["source"], fields["host"]) == ("example", "news.example")


def test_a_terminal_is_shown_text_in_colours_and_a_pipe_json() -> None:
    terminal, pipe = Terminal(), io.StringIO()
    for stream in (terminal, pipe):
        set_up_logs(stream=stream)
        OURS.info("hello", extra={"source": "example"})
    assert "\x1b[" in terminal.getvalue()
    assert "hello" in terminal.getvalue()
    assert told(pipe)["event"] == "hello"


def test_no_color_is_heeded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    set_up_logs(stream=terminal)
    OURS.info("hello")
    assert "\x1b" not in terminal.getvalue()


@pytest.mark.parametrize(
    ("verbose", "shown"),
    [
        (False, ["archiver info", "scrapy warning", "apscheduler warning"]),
        (True, ["archiver debug", "archiver info", "scrapy info", "scrapy warning", "apscheduler info",
                "apscheduler warning"]),
    ],
)  # fmt: skip
def test_libraries_are_heard_from_warning_on(verbose: bool, shown: list[str]) -> None:
    stream = io.StringIO()
    logging.getLogger("scrapy").setLevel(logging.CRITICAL)  # as other commands leave it
    set_up_logs("json", verbose=verbose, stream=stream)
    for name in ("archiver", "scrapy", "apscheduler"):
        for level in ("debug", "info", "warning"):
            if (name, level) != ("archiver", "warning"):
                getattr(logging.getLogger(name), level)("said")
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert [f"{line['logger']} {line['level']}" for line in lines] == shown


HOSTILE = "a title\r\n2026-11-22T00:00:00.000Z [info] all is well\x1b[2J\x85\u2028\u202egnp.exe \udc80 \x00"


@pytest.mark.parametrize("style", ["json", "text"])
def test_a_hostile_page_cannot_break_or_forge_a_line(style: str) -> None:
    stream = io.StringIO()
    set_up_logs(style, stream=stream)
    OURS.warning("title: %s", HOSTILE, extra={"url": HOSTILE, HOSTILE: 1})
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert len(text.splitlines()) == 1
    for unwanted in "\r\x1b\x00\x85\u2028\u202e":
        assert unwanted not in text


def test_a_traceback_cannot_forge_a_line_either() -> None:
    stream = io.StringIO()
    set_up_logs("text", stream=stream)
    OURS.error("failed", exc_info=ValueError(HOSTILE))
    first, *rest = stream.getvalue().splitlines()
    assert "failed" in first
    assert any("ValueError: a title" in line for line in rest)
    assert all(line.startswith("    ") for line in rest if line)
    assert "\x1b" not in stream.getvalue()


def test_a_traceback_is_one_field_of_a_json_line() -> None:
    stream = io.StringIO()
    set_up_logs("json", stream=stream)
    OURS.error("failed", exc_info=ValueError("odd"))
    assert told(stream)["exception"].splitlines()[-1] == "ValueError: odd"


@pytest.mark.parametrize(
    "said",
    [
        "cannot reach postgresql+psycopg://archiver:hunter2@db/news",
        "http://someone:hunter2@proxy:3128 refused",
        "Authorization: Bearer hunter2",
        "sent {'authorization': 'Basic hunter2+hunter2='}",
        "token was bearer hunter2",
        "Cookie: session=hunter2; theme=hunter2",
        "host=db user=archiver password=hunter2 dbname=news",
        "password='hunter2 hunter2'",
    ],
)
def test_credentials_never_appear(said: str) -> None:
    fields = logged("%s", said, url=said, authorization="hunter2")
    assert "hunter2" not in json.dumps(fields)
    assert "***" in fields["event"]


def test_the_database_password_is_hidden_wherever_it_turns_up() -> None:
    secrets = ("postgresql+psycopg://archiver:p%40ss-word@db/news", "sqlite:////home/index.sqlite")
    fields = logged("login with %s failed", "p@ss-word or p%40ss-word", secrets=secrets)
    assert fields["event"] == "login with *** or *** failed"


def test_an_address_without_credentials_is_told_whole() -> None:
    said = "https://news.example/@author/story?x=a@b not had; basic research, cookies and passwords are words"
    assert logged("%s", said)["event"] == said


def test_warnings_and_errors_of_threads_are_lines_too() -> None:
    stream = io.StringIO()
    set_up_logs("json", stream=stream)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(capture=True)
        warnings.warn("old thing", DeprecationWarning, stacklevel=1)

    def fail() -> None:
        raise RuntimeError("odd")

    thread = threading.Thread(target=fail, name="writer")
    thread.start()
    thread.join()
    warning, failure = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert "old thing" in warning["event"]
    assert failure["event"] == "writer ended with an error"
    assert failure["exception"].endswith("RuntimeError: odd")


def test_what_ends_the_command_is_its_last_line() -> None:
    stream = io.StringIO()
    set_up_logs("json", stream=stream)
    with pytest.raises(click.exceptions.Exit) as exit_, ending_in_the_log():
        raise ConfigurationError("no such setting")
    assert exit_.value.exit_code == ConfigurationError.exit_code
    assert told(stream)["event"] == "stopped: no such setting"
    assert told(stream)["level"] == "critical"


def test_what_twisted_has_to_say_is_in_the_same_form() -> None:
    code = """
import asyncio, gc
from archiver.cli.logs import set_up_logs
from archiver.crawl.reactor import run_under_reactor
set_up_logs("json")
async def main():
    from twisted.internet import defer
    defer.fail(ValueError("nobody looked"))
    gc.collect()
run_under_reactor(main)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    lines = [json.loads(line) for line in done.stderr.splitlines()]
    [told] = [line for line in lines if "nobody looked" in str(line)]
    assert told["logger"] == "twisted"
    assert told["level"] == "critical"


def talking(code: str) -> subprocess.Popen[bytes]:
    """A process whose standard error is a pipe, which says `ready` on standard output."""
    begin = "import logging, sys\nfrom archiver.cli.logs import ending_in_the_log, set_up_logs\n"
    begin += 'set_up_logs("json")\nlog = logging.getLogger("archiver.test")\n'
    return subprocess.Popen(
        [sys.executable, "-c", begin + code], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def test_who_logs_does_not_wait_for_who_does_not_read() -> None:
    code = """
with ending_in_the_log():
    for number in range(25_000):
        log.info("%d %s", number, "x" * 400)
print("done", flush=True)
"""
    began = time.monotonic()
    with talking(code) as process:
        assert process.stdout
        assert process.wait(30) == 0
        assert process.stdout.read() == b"done\n"
    assert time.monotonic() - began < 20


def test_lines_that_nobody_took_are_counted_where_they_are_missing() -> None:
    code = """
import time
for number in range(25_000):
    log.info("%d %s", number, "x" * 400)
print("done", flush=True)
time.sleep(0.5)
for handler in logging.getLogger().handlers:
    handler.flush()
log.info("again")
"""
    with talking(code) as process:
        assert process.stdout
        assert process.stderr
        assert process.stdout.readline() == b"done\n"
        lines = [json.loads(line) for line in process.stderr]
        assert process.wait(10) == 0
    *numbered, lost, again = lines
    kept = [int(line["event"].split()[0]) for line in numbered]
    assert kept == list(range(len(kept)))
    assert lost["event"] == f"{25_000 - len(kept)} lines of the log were lost here, since nobody took them"
    assert (lost["level"], again["event"]) == ("warning", "again")


def test_nothing_is_lost_of_what_is_read_and_the_order_is_kept() -> None:
    code = """
import click, structlog
from archiver.errors import ConfigurationError
for number in range(20_000):
    with structlog.contextvars.bound_contextvars(source=number):
        log.info("said")
try:
    1 / 0
except ZeroDivisionError:
    log.exception("odd")
try:
    with ending_in_the_log():
        raise ConfigurationError("no such setting")
except click.exceptions.Exit:
    pass
"""
    with talking(code) as process:
        told = process.communicate(timeout=30)[1]
    *said, odd, stopped = [json.loads(line) for line in told.splitlines()]
    assert [line["source"] for line in said] == list(range(20_000))
    assert odd["exception"].endswith("ZeroDivisionError: division by zero")
    assert stopped["event"] == "stopped: no such setting"


def test_a_process_that_is_forked_off_writes_its_own_lines_once() -> None:
    code = """
import os
log.info("first")
child = os.fork()
log.info("child" if child == 0 else "parent")
if child == 0:
    logging.shutdown()
    os._exit(0)
os.waitpid(child, 0)
"""
    with talking(code) as process:
        told = process.communicate(timeout=30)[1]
    assert sorted(json.loads(line)["event"] for line in told.splitlines()) == ["child", "first", "parent"]


def test_a_signal_that_somebody_waits_for_is_not_taken_by_the_log() -> None:
    code = """
import os, signal
log.info("said")
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
os.kill(os.getpid(), signal.SIGTERM)
print(signal.sigtimedwait([signal.SIGTERM], 5) is not None)
"""
    with talking(code) as process:
        assert process.communicate(timeout=30)[0] == b"True\n"


def test_without_a_standard_error_the_log_goes_nowhere_and_its_number_stays_taken(tmp_path: Path) -> None:
    code = """
import logging, os, subprocess, sys
from archiver.cli.logs import set_up_logs
assert sys.stderr is None
set_up_logs()
logging.getLogger("archiver").warning("said")
with open(sys.argv[1], "w") as file:
    assert file.fileno() > 2
    subprocess.run([sys.executable, "-c", "import sys; print('child', file=sys.stderr)"], check=True)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "file")]
    done = subprocess.run(["sh", "-c", 'exec "$@" 2>&-', "sh", *command], timeout=30, check=False)
    assert done.returncode == 0
    assert (tmp_path / "file").read_text() == ""

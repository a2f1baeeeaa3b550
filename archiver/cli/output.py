"""How commands speak: data to standard output (for people, or JSON), everything else to standard error."""

from __future__ import annotations

import itertools
import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import msgspec

from archiver.config.home import Home, create_home, find_home
from archiver.config.settings import Settings, load_settings

json_option = click.option(
    "--json", "as_json", is_flag=True, help="One JSON object (or one per line for lists)."
)


@dataclass
class Terminal:
    """Where a command runs: the home folder asked for, and how much to say."""

    home: Path | None
    verbose: bool

    def open_home(self, *, must_exist: bool = True) -> tuple[Home, Settings]:
        """The home and its settings. Raises ConfigurationError when there is no archive."""
        home = find_home(self.home, must_exist=must_exist)
        self.set_up_logging()
        return home, load_settings(home)

    def make_home(self, home: Home) -> None:
        """Make what is absent of the home; says so when a new archive began. Raises ConfigurationError."""
        if create_home(home):
            say(f"made a new archive at {home.root}")

    def set_up_logging(self) -> None:
        """Log to standard error: warnings only, unless `--verbose`."""
        logging.basicConfig(
            level=logging.DEBUG if self.verbose else logging.WARNING,
            format="%(levelname)s %(name)s: %(message)s",
            stream=sys.stderr,
        )
        if not self.verbose:
            logging.getLogger("scrapy").setLevel(logging.CRITICAL)
            logging.getLogger("twisted").setLevel(logging.CRITICAL)


pass_terminal = click.make_pass_decorator(Terminal)


def counted(number: int, noun: str) -> str:
    """`number` with its noun: 1 fault, 2 faults."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def print_json(value: object) -> None:
    """One JSON object on one line."""
    try:
        line = msgspec.json.encode(value, enc_hook=str)
    except UnicodeEncodeError:  # the name of a file that is no UTF-8
        line = msgspec.json.encode(_writable(msgspec.to_builtins(value, enc_hook=str)))
    sys.stdout.buffer.write(line + b"\n")
    sys.stdout.flush()


def _writable(value: object) -> object:
    """`value` with what no JSON can hold as it is shown to people."""
    if isinstance(value, str):
        return value if value.isascii() else value.translate(_UNWRITABLE)
    if isinstance(value, dict):
        return {_writable(name): _writable(each) for name, each in value.items()}
    return [_writable(each) for each in value] if isinstance(value, list) else value


_BIDI = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
_CONTROLS = {
    code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    for code in (*range(32), *range(127, 160), *_BIDI, 0x2028, 0x2029, *range(0xD800, 0xE000))
} | {0xDC00 + byte: f"\\x{byte:02x}" for byte in range(0x80, 0x100)}
"""What makes a terminal do something, breaks a line, or shows text in another order than it is stored in.

Also what cannot be written at all: bytes in a name of a file that are no UTF-8.
"""
_UNWRITABLE = {code: text for code, text in _CONTROLS.items() if 0xD800 <= code < 0xE000}
_IN_LINES = {**_CONTROLS, ord("\n"): "\n", ord("\t"): "\t"}
_IN_A_LINE = {**_CONTROLS, ord("\n"): " ", ord("\t"): " ", ord("\r"): " "}


def plain(text: str) -> str:
    """What somebody else wrote, fit for one line of a terminal: control characters shown, not obeyed."""
    return text.translate(_IN_A_LINE)


def plain_lines(text: str) -> str:
    """The same for several lines."""
    return text.translate(_IN_LINES)


def echo(text: str) -> None:
    """Lines for a person, on standard output; control characters from pages are shown, not obeyed."""
    click.echo(plain_lines(text))


def say(message: str) -> None:
    """A line for a person, on standard error."""
    click.echo(plain_lines(message), err=True)


@contextmanager
def progress(description: str, total: int | None, *, quiet: bool = False) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error when a person looks on and it takes over two seconds."""
    if quiet or not sys.stderr.isatty():
        yield lambda _advance: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
    )
    task = bar.add_task(description, total=total)
    began, shown = time.monotonic(), False

    def advance(steps: int) -> None:
        nonlocal shown
        bar.advance(task, steps)
        if not shown and time.monotonic() - began > 2:
            bar.start()
            shown = True

    try:
        yield advance
    finally:
        if shown:
            bar.stop()


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    """Print rows under a header as they come, the last column free; returns how many there were.

    The widths come from the first 200 rows, so that a long listing streams.
    """
    iterator = iter(rows)
    first = list(itertools.islice(iterator, 200))
    if not first:
        return 0
    widths = [max(len(line[column]) for line in (header, *first)) for column in range(len(header) - 1)]
    count = 0
    click.secho(_line(header, widths), bold=True)
    for line in itertools.chain(first, iterator):
        click.echo(_line(line, widths))
        count += 1
    return count


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    cells = [plain(cell) for cell in cells]
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
    return "  ".join([*padded, cells[-1]])


def size(count: int) -> str:
    """A number of bytes for people: `91.2 kB`."""
    if count < 1000:
        return f"{count} B"
    amount = float(count)
    for unit in ("kB", "MB", "GB"):
        amount /= 1000
        if amount < 999.95:
            return f"{amount:.1f} {unit}"
    return f"{amount / 1000:.1f} TB"

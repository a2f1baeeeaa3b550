"""What the index costs on SQLite: inserting in batches, the closest capture, and the naive way beside it.

    python bench/index.py [--captures 1000000] [--file /tmp/bench.sqlite]

CPU time, and ratios within one run; wall-clock rates on a shared machine say little.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

from sqlalchemy import create_engine, text

from archiver.model.capture import Capture, RecordLocation, RecordType
from archiver.model.digest import Digest
from archiver.model.exchange import Purpose
from archiver.storage.index import Index
from archiver.uri import target_uri, urlkey

BATCH = 200
START = datetime(2024, 1, 1, tzinfo=UTC)
HOMEPAGE = "https://www.paper-0.example.com/"


def paper_of(number: int) -> int:
    """The source of a capture: twenty take turns at a time."""
    return number // 100_000 * 20 % 140 + number // 10 % 20


def url_of(number: int) -> str:
    """One in ten captures is of a front page, as in a crawl; the rest are articles and pictures."""
    host = f"https://www.paper-{paper_of(number)}.example.com"
    if number % 10 == 0:
        return f"{host}/"
    return f"{host}/news/2024/11/an-article-of-ordinary-length-{number}.html"


def capture_of(number: int, chance: random.Random) -> Capture:
    url = url_of(number)
    return Capture(
        record_id=UUID(int=chance.getrandbits(128)),
        urlkey=urlkey(url),
        target_uri=url,
        captured_at=START + timedelta(seconds=number / 10),
        method="GET",
        status=200,
        mime="text/html",
        record_type=RecordType.RESPONSE,
        payload_digest=Digest(chance.randbytes(32)),
        payload_length=150_000,
        location=RecordLocation(f"bench-{number // 100_000:04}.warc.gz", number * 40_000, 40_000),
        source=f"paper-{paper_of(number)}",
        purpose=Purpose.PAGE,
    )


def batches(count: int) -> Iterator[list[Capture]]:
    chance = random.Random(1)
    for start in range(0, count, BATCH):
        yield [capture_of(number, chance) for number in range(start, min(start + BATCH, count))]


def microseconds_each(call: Callable[[], object], times: int) -> tuple[float, float]:
    """CPU microseconds of one call: median and mean."""
    spent = []
    for _ in range(times):
        begun = time.process_time_ns()
        call()
        spent.append((time.process_time_ns() - begun) / 1000)
    return statistics.median(spent), statistics.fmean(spent)


def fill(index: Index, count: int) -> tuple[float, float]:
    """CPU microseconds a row over all, and over the last tenth."""
    spent = []
    for batch in batches(count):
        begun = time.process_time()
        index.record(batch, {batch[-1].location.segment: batch[-1].location.offset})
        spent.append((time.process_time() - begun) / len(batch) * 1e6)
    return statistics.fmean(spent), statistics.fmean(spent[-max(1, len(spent) // 10) :])


def report(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--captures", type=int, default=1_000_000)
    arguments.add_argument("--file", type=Path)
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        measure(options.file or Path(folder, "bench.sqlite"), options.captures)


def measure(path: Path, count: int) -> None:
    chance = random.Random(2)
    filled = path.exists()
    with Index.open(f"sqlite:///{path}") as index:
        if not filled:
            overall, last = fill(index, count)
            report(f"insert, batches of {BATCH}: {overall:.1f} us CPU a row; last tenth {last:.1f}")
        report(f"size: {path.stat().st_size / count:.0f} bytes a capture")

        def moment() -> datetime:
            return START + timedelta(seconds=chance.random() * count / 10)

        figures = {
            "closest, any URL": lambda: index.closest(url_of(chance.randrange(count)), moment()),
            "closest, homepage": lambda: index.closest(HOMEPAGE, moment()),
            "closest by urlkey": lambda: index.closest(
                url_of(chance.randrange(count)).replace("www.", ""), moment()
            ),
            "unknown URL": lambda: index.closest(f"https://example.org/{chance.random()}", moment()),
            "original of 1 unknown digest": lambda: index.original([Digest(chance.randbytes(32))]),
            "original of 32 unknown digests": lambda: index.original(
                [Digest(chance.randbytes(32)) for _ in range(32)]
            ),
            "first 100 of a domain": lambda: list(index.captures("domain", "example.com", limit=100)),
            "stats": index.stats,
        }
        medians = {}
        for name, call in figures.items():
            median, mean = microseconds_each(call, 2_000 if "100" not in name else 200)
            medians[name] = median
            report(f"{name}: {median:.0f} us CPU median, {mean:.0f} mean")
        begun = time.process_time()
        listed = sum(1 for _ in index.captures("domain", "example.com", limit=100_000))
        report(f"listing: {(time.process_time() - begun) / listed * 1e6:.1f} us CPU a capture")
        report(
            f"urlkey: {microseconds_each(lambda: urlkey(url_of(chance.randrange(count))), 5_000)[0]:.1f} us"
        )
        report(f"target_uri: {microseconds_each(lambda: target_uri(HOMEPAGE), 5_000)[0]:.1f} us")
        naive = naive_closest(path, moment)
        report(f"naive `ORDER BY abs(...)` on the homepage: {naive:.0f} us CPU median")
        report(f"ratio closest / naive: {medians['closest, homepage'] / naive:.4f}")


def naive_closest(path: Path, moment: Callable[[], datetime]) -> float:
    """The same question without the two seeks; the URL itself is found by an index made for it here."""
    engine = create_engine(f"sqlite:///{path}")
    with engine.connect() as connection:
        connection.execute(
            text("CREATE TEMP TABLE known AS SELECT id FROM urls WHERE url = :url"), {"url": HOMEPAGE}
        )
        query = text(
            "SELECT captures.id FROM captures WHERE url_id = (SELECT id FROM known) "
            "ORDER BY abs(captured_at - :at) LIMIT 1"
        )
        return microseconds_each(
            lambda: connection.execute(query, {"at": int(moment().timestamp() * 1e6)}).first(), 200
        )[0]


if __name__ == "__main__":
    main()

"""How well articles are read: our extraction against a folder of real pages with expected metadata.

    python bench/extraction.py FOLDER [--part N/M] [--misses COLUMN]

FOLDER holds `expected.json` (a list of `{file, url, crawled, truth}`) and the gzipped pages that it names.
Each column is a mean over the pages whose truth states it:

- title: equal; and equal after NFKC, case folding, and folding all but letters and digits to one space
- day, minute: the same at the truth's UTC offset, or at the wall clock if either has no zone
- authors: F1 of the sets of normalised names
- body: F1 of the multisets of words (truth: summary, headlines and paragraphs)
- lead: our lead picture is a version of the cover picture
- pictures: recall over all pictures of the truth, found when any version is among our renditions with
  role lead or article; precision is the share of those of ours that are some picture of the truth
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median
from typing import Any

from archiver.model.article import ExtractedArticle, StatedTime
from archiver.model.picture import PictureRole
from archiver.spiders.extraction import extract

COLUMNS = ("title exact", "title", "day", "minute", "authors", "body", "lead")
WORDS = re.compile(r"\w+")


@dataclass
class Scores:
    """One page's value in each column, and what was expected and given where it is below 1."""

    file: str
    milliseconds: float = 0.0
    values: dict[str, float] = field(default_factory=dict)
    misses: dict[str, tuple[object, object]] = field(default_factory=dict)
    pictures_expected: int = 0
    pictures_found: int = 0
    pictures_given: int = 0
    pictures_right: int = 0

    def note(self, column: str, value: float, expected: object, given: object) -> None:
        """Record `value` for `column`."""
        self.values[column] = value
        if value < 1:
            self.misses[column] = (expected, given)


def normalised(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\N{SOFT HYPHEN}", "")
    return " ".join(WORDS.findall(folded))


def words(text: str) -> Counter[str]:
    return Counter(WORDS.findall(unicodedata.normalize("NFKC", text).casefold()))


def f1(ours: Counter[str], truth: Counter[str]) -> float:
    common = (ours & truth).total()
    return 2 * common / (ours.total() + truth.total()) if common else float(not ours and not truth)


def expected_text(body: dict[str, Any]) -> str:
    pieces = list(body["summary"])
    for section in body["sections"]:
        pieces += section["headline"] + section["paragraphs"]
    return "\n".join(pieces)


def clock(moment: datetime, aware: bool) -> datetime:
    return moment.astimezone(UTC) if aware else moment.replace(tzinfo=None)


def judge_time(scores: Scores, published: StatedTime | None, written: str) -> None:
    truth = datetime.fromisoformat(written)
    day = minute = False
    if published:
        aware = truth.tzinfo is not None and published.zone_stated
        ours = published.moment.astimezone(truth.tzinfo) if aware else published.moment
        day = ours.date() == truth.date()
        minute = clock(ours, aware).replace(second=0, microsecond=0) == clock(truth, aware).replace(
            second=0, microsecond=0
        )
    scores.note("day", day, written, published and published.moment.isoformat())
    scores.note("minute", minute, written, published and published.moment.isoformat())


def judge_pictures(scores: Scores, article: ExtractedArticle, truth: list[dict[str, Any]]) -> None:
    versions = [{version["url"] for version in picture["versions"]} for picture in truth]
    covers = [urls for urls, picture in zip(versions, truth, strict=True) if picture["is_cover"]]
    if covers:
        scores.note("lead", article.lead_picture in covers[0], sorted(covers[0])[:3], article.lead_picture)
    ours = [
        {rendition.url for rendition in picture.renditions}
        for picture in article.pictures
        if picture.role is not PictureRole.FURNITURE
    ]
    scores.pictures_expected = len(versions)
    scores.pictures_found = sum(any(urls & mine for mine in ours) for urls in versions)
    scores.pictures_given = len(ours)
    scores.pictures_right = sum(any(urls & mine for urls in versions) for mine in ours)


def judge(scores: Scores, article: ExtractedArticle, truth: dict[str, Any]) -> None:
    if truth.get("title"):
        given = article.title or ""
        scores.note("title exact", given.strip() == truth["title"].strip(), truth["title"], given)
        scores.note("title", normalised(given) == normalised(truth["title"]), truth["title"], given)
    if truth.get("publishing_date"):
        judge_time(scores, article.published, truth["publishing_date"])
    if truth.get("authors"):
        value = f1(
            Counter({normalised(name): 1 for name in article.authors}),
            Counter({normalised(name): 1 for name in truth["authors"]}),
        )
        scores.note("authors", value, truth["authors"], article.authors)
    expected = expected_text(truth["body"])
    scores.note("body", f1(words(article.text), words(expected)), len(expected), len(article.text))
    if "images" in truth:
        judge_pictures(scores, article, truth["images"])


def pages(folder: Path, part: str) -> Iterator[tuple[dict[str, Any], bytes]]:
    number, _, count = part.partition("/")
    entries = json.loads((folder / "expected.json").read_text("utf-8"))
    for entry in sorted(entries, key=lambda entry: str(entry["file"]))[int(number) - 1 :: int(count)]:
        yield entry, gzip.decompress((folder / entry["file"]).read_bytes())


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", default="1/1", help="every Mth page from the Nth on, written N/M")
    parser.add_argument("--misses", choices=COLUMNS, help="list the pages that are wrong in this column")
    options = parser.parse_args()
    extract(b"<p>warm up: the libraries are imported at first use</p>", "https://example.org/")
    results: list[Scores] = []
    failures = 0
    for entry, content in pages(options.folder, options.part):
        scores = Scores(entry["file"])
        started = time.process_time()
        try:
            article = extract(content, entry["url"], "utf-8")
        except Exception as error:  # noqa: BLE001 - any error is a failure to count
            failures += 1
            print(f"failed: {entry['file']}: {error!r}", file=sys.stderr)
            article = ExtractedArticle(url=entry["url"], extractor_version="failed")
        scores.milliseconds = (time.process_time() - started) * 1000
        judge(scores, article, entry["truth"])
        results.append(scores)
    report(results, failures, options.misses)
    return 1 if failures else 0


def report(results: list[Scores], failures: int, misses: str | None) -> None:
    if misses:
        for scores in results:
            if misses in scores.misses:
                expected, given = scores.misses[misses]
                print(
                    f"{scores.file} {scores.values[misses]:.2f}\n   expected {expected}\n   given    {given}"
                )
    for column in COLUMNS:
        values = [scores.values[column] for scores in results if column in scores.values]
        print(f"{column:14}{mean(values):7.3f}   of {len(values)}")
    expected = sum(scores.pictures_expected for scores in results)
    given = sum(scores.pictures_given for scores in results)
    found = sum(scores.pictures_found for scores in results)
    right = sum(scores.pictures_right for scores in results)
    print(f"{'pictures':14}{found / max(1, expected):7.3f}   recall of {expected}")
    print(f"{'':14}{right / max(1, given):7.3f}   precision of {given}")
    times = [scores.milliseconds for scores in results]
    print(f"{'ms a page':14}{median(times):7.1f}   median, {mean(times):.1f} mean, {max(times):.0f} most")
    print(f"{'failures':14}{failures:7d}   of {len(results)}")


if __name__ == "__main__":
    sys.exit(main())

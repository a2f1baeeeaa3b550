"""How well versions of articles are told from noise: real pages, changed as sites and as editors change them.

    python bench/versions.py FOLDER [--part tuned|held-out|all] [--misses KIND] [--every N]

FOLDER holds `expected.json` (a list of `{file, url, languages, truth}`) and the gzipped pages that it names.
Every third page is held out: nothing was tuned on it. For each kind of noise a page is changed twice, with
other random choices, and the two are compared: any change of text, title, metadata or pictures is a false
alarm, counted without and with snapshots of other articles in the same template; pictures that could not be
had, or that are gone from around the article, are counted apart. For each kind of edit the
page is compared with its edited copy, once as it is and once under all kinds of noise: the edit is found when
its kind of change is named.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean
from typing import Any
from uuid import UUID

from page_edits import EDITS
from page_noise import NOISE, Page, other_article, read

from archiver.model.digest import Digest
from archiver.model.picture import (
    FetchedRendition,
    FoundPicture,
    PictureRole,
    PictureStatus,
    SnapshotPicture,
)
from archiver.model.snapshot import PageCapture, Provenance, Snapshot
from archiver.model.version import (
    ChangeKind,
    Comparison,
    FieldChange,
    ParagraphChange,
    PictureChange,
)
from archiver.spiders.extraction import extract
from archiver.versions import Furniture, article_key, compare, furniture_of
from archiver.versions.seen import without_cache_key

Other = Callable[[SnapshotPicture], SnapshotPicture]
Change = FieldChange | ParagraphChange | PictureChange

HELD_OUT = 3
FAILURES = (0, 403, 429, 500, 503)
SIBLINGS = 3
BESIDE_SIBLINGS = ("boxes", "all together")
FIRST_VISIT = datetime(2026, 1, 1, 12, tzinfo=UTC)
EXPECTED = {
    "title": ChangeKind.TITLE_EDITED,
    "caption": ChangeKind.PICTURES_CHANGED,
    "picture bytes": ChangeKind.PICTURES_CHANGED,
    "picture gone": ChangeKind.PICTURES_CHANGED,
}


@dataclass
class Tally:
    """Of how many pages a comparison said what it should, and the files where it did not."""

    right: int = 0
    wrong: list[tuple[str, Comparison]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """How many comparisons were made."""
        return self.right + len(self.wrong)

    def note(self, file: str, is_right: bool, comparison: Comparison) -> None:
        """Count one comparison."""
        if is_right:
            self.right += 1
        else:
            self.wrong.append((file, comparison))


def visit(content: bytes, url: str, captured_at: datetime) -> Snapshot:
    """The snapshot of a page whose pictures all came: each has the bytes that its address names."""
    article = extract(content, url, "utf-8", captured_at=captured_at)
    page = PageCapture(UUID(int=0), url, captured_at, 200, "text/html", Digest.of(content))
    pictures = tuple(fetched(found) for found in article.pictures)
    return Snapshot(
        id=captured_at.isoformat(),
        seed=url,
        captured_at=captured_at,
        page=page,
        redirects=(),
        pictures=pictures,
        provenance=Provenance("bench"),
        article=replace(article, pictures=()),
        article_key=article_key(article, url, url),
    )


def fetched(found: FoundPicture) -> SnapshotPicture:
    urls = found.fetch or tuple(rendition.url for rendition in found.renditions[:1])
    renditions = tuple(
        FetchedRendition(
            url, PictureStatus.CAPTURED, payload_digest=Digest.of(without_cache_key(url).encode())
        )
        for url in urls
    )
    return SnapshotPicture(found, PictureStatus.CAPTURED, renditions)


def with_another(snapshot: Snapshot, expected: set[str], other: Other) -> Snapshot | None:
    """The snapshot with one of the pictures that the article is expected to show as `other` makes it."""
    for place, picture in enumerate(snapshot.pictures):
        urls = {rendition.url for rendition in picture.found.renditions}
        if urls & expected:
            pictures = list(snapshot.pictures)
            pictures[place] = other(picture)
            return replace(snapshot, pictures=tuple(pictures), id="replaced")
    return None


def with_other_bytes(picture: SnapshotPicture) -> SnapshotPicture:
    changed = tuple(replace(f, payload_digest=Digest.of(f.url[::-1].encode())) for f in picture.fetched)
    return replace(picture, fetched=changed)


def missing(picture: SnapshotPicture, status: int) -> SnapshotPicture:
    """The picture as it is when its addresses answer with `status`; 0 for no answer."""
    answers = tuple(
        FetchedRendition(f.url, PictureStatus.MISSING, http_status=status, reason="not had")
        for f in picture.fetched
    )
    return replace(picture, status=PictureStatus.MISSING, fetched=answers)


def all_failed(snapshot: Snapshot) -> Snapshot:
    """The snapshot without a picture, for every reason that is none of the article's."""
    failed = (
        missing(
            picture, 404 if picture.found.role is PictureRole.FURNITURE else FAILURES[place % len(FAILURES)]
        )
        for place, picture in enumerate(snapshot.pictures)
    )
    return replace(snapshot, pictures=tuple(failed), id="failed")


class Bench:
    """Changes pages and compares them; the tallies are by kind of noise, of edit, and of edit under noise."""

    def __init__(self, headlines: dict[str, list[str]]) -> None:
        self.headlines = headlines
        self.noise_beside_siblings: dict[str, Tally] = defaultdict(Tally)
        self.noise: dict[str, Tally] = defaultdict(Tally)
        self.failures: dict[str, Tally] = defaultdict(Tally)
        self.edits: dict[str, Tally] = defaultdict(Tally)
        self.under_noise: dict[str, Tally] = defaultdict(Tally)
        self.milliseconds: list[float] = []

    def page(self, content: bytes, entry: dict[str, Any], seed: str) -> Page:
        """The page, to be changed; `seed` decides the random choices."""
        language = entry["languages"][0]
        headlines = self.headlines[language]
        if len(headlines) < 8:
            headlines = [*headlines, *self.headlines["en"]]
        own = entry["truth"].get("title")
        return read(content, entry, [h for h in headlines if h != own], entry["file"] + seed)

    def measure(self, content: bytes, entry: dict[str, Any]) -> None:
        """Every kind of noise and edit on one page."""
        url = entry["url"]
        before = visit(self.page(content, entry, "0").bytes(), url, FIRST_VISIT)
        for kind in (*NOISE, "all together"):
            self.measure_noise(kind, content, entry)
        noisy = self.page(content, entry, "noise before")
        self.disturb(noisy, NOISE)
        earlier = visit(noisy.bytes(), url, FIRST_VISIT)
        for kind in EDITS:
            self.measure_edit(kind, content, entry, before, earlier)
        expected = {v["url"] for image in entry["truth"].get("images", ()) for v in image["versions"]}
        others: dict[str, Other] = {
            "picture bytes": with_other_bytes,
            "picture gone": lambda picture: missing(picture, 404),
        }
        for kind, other in others.items():
            after = with_another(before, expected, other)
            if after:
                self.judge(self.edits, kind, entry, before, after)
        comparison = self.compare(before, all_failed(before))
        self.failures["pictures"].note(entry["file"], not comparison.is_change, comparison)

    def disturb(self, page: Page, kinds: Sequence[str] | dict[str, Any]) -> bool:
        """Makes noise of these kinds; whether the page has a place for any."""
        return sum(NOISE[kind](page) for kind in kinds) > 0

    def measure_noise(self, kind: str, content: bytes, entry: dict[str, Any]) -> None:
        """Two visits that differ in noise only."""
        kinds = list(NOISE) if kind == "all together" else [kind]
        one, other = (self.page(content, entry, seed) for seed in ("one", "other"))
        changed = self.disturb(other, kinds)
        if not changed:
            return
        if kind != "boxes":
            self.disturb(one, [k for k in kinds if k != "boxes"])
        before = visit(one.bytes(), entry["url"], FIRST_VISIT)
        after = visit(other.bytes(), entry["url"], FIRST_VISIT + timedelta(days=1))
        comparison = self.compare(before, after)
        self.noise[kind].note(entry["file"], not comparison.is_change, comparison)
        if kind in BESIDE_SIBLINGS:
            siblings = [self.sibling(content, entry, kinds, number) for number in range(SIBLINGS)]
            comparison = self.compare(before, after, furniture_of(before, after, siblings))
        self.noise_beside_siblings[kind].note(entry["file"], not comparison.is_change, comparison)

    def sibling(self, content: bytes, entry: dict[str, Any], kinds: list[str], number: int) -> Snapshot:
        """Another article in the same template, with noise of its own and the boxes that the source has."""
        page = self.page(content, entry, f"sibling {number}")
        other_article(page)
        self.disturb(page, kinds)
        made = visit(page.bytes(), entry["url"], FIRST_VISIT + timedelta(days=1))
        return replace(made, article_key=f"sibling {number}")

    def measure_edit(
        self, kind: str, content: bytes, entry: dict[str, Any], before: Snapshot, earlier: Snapshot
    ) -> None:
        """The page with one edit, as it is and under all noise."""
        page = self.page(content, entry, f"edit {kind}")
        if not page.paragraphs or not EDITS[kind](page):
            return
        later = FIRST_VISIT + timedelta(days=1)
        self.judge(self.edits, kind, entry, before, visit(page.bytes(), entry["url"], later))
        self.disturb(page, NOISE)
        self.judge(self.under_noise, kind, entry, earlier, visit(page.bytes(), entry["url"], later))

    def judge(
        self, tallies: dict[str, Tally], kind: str, entry: dict[str, Any], before: Snapshot, after: Snapshot
    ) -> None:
        """Whether the edit is named."""
        comparison = self.compare(before, after)
        expected = EXPECTED.get(kind, ChangeKind.TEXT_EDITED)
        tallies[kind].note(entry["file"], expected in comparison.kinds, comparison)

    def compare(self, before: Snapshot, after: Snapshot, siblings: Furniture | None = None) -> Comparison:
        """The comparison, timed."""
        started = time.process_time()
        comparison = compare(before, after, siblings)
        self.milliseconds.append((time.process_time() - started) * 1000)
        return comparison

    def report(self, misses: Sequence[str]) -> bool:
        """Prints the shares; whether both goals are met."""
        self.table("false alarms, nothing known of the source", self.noise, False)
        alarms = self.table("false alarms, some siblings known", self.noise_beside_siblings, False)
        self.table("false alarms, pictures that failed or are gone from around", self.failures, False)
        found = True
        for name, tallies in (("found", self.edits), ("found under all noise", self.under_noise)):
            found = self.table(name, tallies, True) > 0.95 and found
        print(
            f"{'ms a comparison':24}{mean(self.milliseconds):7.2f}   mean, {max(self.milliseconds):.0f} most"
        )
        print(f"pages with a picture of the article: {self.edits['picture bytes'].count}")
        for tallies in (self.noise_beside_siblings, self.edits, self.under_noise):
            for kind in misses:
                for file, comparison in tallies[kind].wrong if kind in tallies else ():
                    explain(f"{kind}: {file}", comparison)
        return alarms < 0.02 and found

    def table(self, name: str, tallies: dict[str, Tally], of_right: bool) -> float:
        """Prints a share for each kind; returns that of all."""
        print(f"\n{name}")
        for kind, tally in tallies.items():
            share = tally.right / tally.count if of_right else len(tally.wrong) / tally.count
            print(f"  {kind:22}{share:7.3f}   of {tally.count}")
        total = sum(tally.count for tally in tallies.values())
        right = sum(tally.right for tally in tallies.values())
        share = right / total if of_right else 1 - right / total
        print(f"  {'all':22}{share:7.3f}   of {total}")
        return share


def explain(file: str, comparison: Comparison) -> None:
    print(f"{file}: {', '.join(comparison.kinds)}")
    changes: tuple[Change, ...] = (*comparison.fields, *comparison.paragraphs, *comparison.pictures)
    for change in changes:
        if change.noise is None:
            print(f"    {change}"[:600])


def pages(folder: Path, part: str, every: int) -> Iterator[tuple[dict[str, Any], bytes]]:
    entries = json.loads((folder / "expected.json").read_text("utf-8"))
    for place, entry in enumerate(sorted(entries, key=lambda entry: str(entry["file"]))):
        held_out = place % HELD_OUT == HELD_OUT - 1
        if (part == "all" or held_out == (part == "held-out")) and place // HELD_OUT % every == 0:
            yield entry, gzip.decompress((folder / entry["file"]).read_bytes())


def headlines_by_language(folder: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for entry in json.loads((folder / "expected.json").read_text("utf-8")):
        if entry["truth"].get("title"):
            found[entry["languages"][0]].append(entry["truth"]["title"])
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--part", choices=("tuned", "held-out", "all"), default="all")
    parser.add_argument("--every", type=int, default=1, help="take every Nth group of pages only")
    parser.add_argument(
        "--misses", nargs="*", default=(), help="say what went wrong in this kind of noise or edit"
    )
    options = parser.parse_args()
    bench = Bench(headlines_by_language(options.folder))
    for entry, content in pages(options.folder, options.part, options.every):
        bench.measure(content, entry)
    return 0 if bench.report(options.misses) else 1


if __name__ == "__main__":
    sys.exit(main())

"""How well pictures are found and labelled, over a folder of real pages with their true pictures.

The folder holds the pages, gzipped, and `expected.json`: a list of `{file, url, truth: {images: [{versions:
[{url}], is_cover, description, caption, authors}]}}`. Run `python bench/pictures.py FOLDER [--misses]`.
"""

from __future__ import annotations

import argparse
import gzip
import json
import time
import zlib
from collections import Counter
from pathlib import Path
from statistics import median
from typing import Any

from archiver.errors import ArchiverError
from archiver.model.picture import FoundPicture, PictureRole
from archiver.spiders.document import parse_document
from archiver.spiders.pictures import find_pictures
from archiver.uri import target_uri


def addresses(truth: dict[str, Any]) -> set[str]:
    known = set()
    for version in truth["versions"]:
        try:
            known.add(target_uri(version["url"]))
        except ArchiverError:
            known.add(version["url"])
    return known


def different(truths: list[dict[str, Any]]) -> int:
    """How many of the pictures share no address with the first."""
    return sum(not addresses(truths[0]) & addresses(other) for other in truths[1:])


def squeezed(text: str | None) -> str:
    return " ".join((text or "").split()).casefold()


def measure(page: dict[str, Any], content: bytes, counts: Counter[str], misses: bool) -> tuple[float, float]:
    started = time.thread_time()
    document = parse_document(content, page["url"], "utf-8")
    parsed = time.thread_time()
    found = find_pictures(document)
    done = time.thread_time()
    counts["pages"] += 1
    counts["listed"] += len(found)
    counts["fetches"] += len({address for picture in found for address in picture.fetch})
    truths = page["truth"].get("images") or []
    compare(page, found, truths, counts, misses)
    return (parsed - started) * 1e3, (done - parsed) * 1e3


def compare(
    page: dict[str, Any],
    found: tuple[FoundPicture, ...],
    truths: list[dict[str, Any]],
    counts: Counter[str],
    misses: bool,
) -> None:
    by_address: dict[str, FoundPicture] = {r.url: p for p in reversed(found) for r in p.renditions}
    right: dict[int, list[dict[str, Any]]] = {}
    for truth in truths:
        counts["true"] += 1
        matches = [by_address[a] for a in addresses(truth) if a in by_address]
        best = min(matches, key=lambda p: list(PictureRole).index(p.role), default=None)
        if best is None:
            if misses:
                print("  not found", page["file"], truth["versions"][0]["url"])
            continue
        right.setdefault(best.position, []).append(truth)
        for other in matches:
            right.setdefault(other.position, [])
        counts["found"] += 1
        if best.role is not PictureRole.FURNITURE:
            counts["labelled"] += 1
        elif misses:
            print("  not labelled", page["file"], best.position, truth["versions"][0]["url"])
        words(best, truth, counts)
    labelled = [p for p in found if p.role is not PictureRole.FURNITURE]
    counts["said"] += len(labelled)
    counts["said right"] += sum(p.position in right for p in labelled)
    counts["merged"] += sum(different(same) for same in right.values())
    if misses:
        for picture in labelled:
            if picture.position not in right:
                print("  wrongly", picture.role, page["file"], picture.position, picture.renditions[0].url)
    covers = [truth for truth in truths if truth.get("is_cover")]
    if covers:
        lead = next((p for p in found if p.role is PictureRole.LEAD), None)
        own = {r.url for r in lead.renditions} if lead else set()
        is_right = any(addresses(cover) & own for cover in covers)
        counts["covers"] += 1
        counts["leads right"] += is_right
        if misses and not is_right:
            print(
                "  lead",
                page["file"],
                lead and lead.renditions[0].url,
                "not",
                covers[0]["versions"][0]["url"],
            )


def words(picture: FoundPicture, truth: dict[str, Any], counts: Counter[str]) -> None:
    for name, told, own in (
        ("alt", [truth.get("description")], picture.alt),
        ("caption", [truth.get("caption")], picture.caption),
        ("credit", truth.get("authors") or [], picture.credit),
    ):
        if any(told):
            counts[f"{name} true"] += 1
            counts[f"{name} right"] += all(squeezed(part) in squeezed(own) for part in told)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--misses", action="store_true", help="print what was missed and what was wrong")
    parser.add_argument("--half", type=int, choices=(0, 1), help="only half of the publishers")
    options = parser.parse_args()
    counts: Counter[str] = Counter()
    times = []
    for page in json.loads((options.folder / "expected.json").read_text()):
        publisher = "_".join(page["file"].split("_")[:2])
        if options.half is not None and zlib.crc32(publisher.encode()) % 2 != options.half:
            continue
        content = gzip.decompress((options.folder / page["file"]).read_bytes())
        times.append(measure(page, content, counts, options.misses))
    report(counts, times)


def report(counts: Counter[str], times: list[tuple[float, float]]) -> None:
    def share(part: str, whole: str) -> str:
        return f"{counts[part] / max(counts[whole], 1):.3f} ({counts[part]} of {counts[whole]})"

    print(f"pages                 {counts['pages']}")
    print(f"recall, listed        {share('found', 'true')}")
    print(f"recall, labelled      {share('labelled', 'true')}")
    print(f"precision, labelled   {share('said right', 'said')}")
    print(f"lead picture          {share('leads right', 'covers')}")
    print(f"joined by mistake     {counts['merged']}")
    print(
        f"alt, caption, credit  {share('alt right', 'alt true')} {share('caption right', 'caption true')} "
        f"{share('credit right', 'credit true')}"
    )
    print(
        f"listed, fetched/page  {counts['listed'] / counts['pages']:.1f} "
        f"{counts['fetches'] / counts['pages']:.1f}"
    )
    print(
        f"CPU ms/page, median   parse {median(t[0] for t in times):.1f}, "
        f"find {median(t[1] for t in times):.1f}, slowest {max(t[1] for t in times):.1f}"
    )


if __name__ == "__main__":
    main()

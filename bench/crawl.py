"""Crawls a generated site of many articles twice, and again when every article is due; counts every request.

    python bench/crawl.py [--hosts 8] [--articles 500] [--pictures 6]

The site runs in a process of its own. Printed: seconds, CPU seconds and peak memory of each pass, and how
often each article and each picture was asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

from archiver.demo.process import SiteProcess

ARCHIVER = Path(sys.executable).with_name("archiver")
SETTINGS = {
    "ARCHIVER_NETWORK__ALLOW_PRIVATE": '["127.0.0.0/8"]',
    "ARCHIVER_POLITENESS__DELAY": "0",
    "ARCHIVER_POLITENESS__AUTOTHROTTLE": "false",
    "ARCHIVER_POLITENESS__CONCURRENCY": "8",
}


def command(home: Path, *arguments: str) -> tuple[list[dict[str, int]], str]:
    """Run the command; what it printed, and what it cost."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    done = subprocess.run(
        [ARCHIVER, *arguments, "--json"],
        env={**os.environ, **SETTINGS, "ARCHIVER_HOME": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    cost = f"{time.monotonic() - began:6.1f} s, {cpu:6.1f} CPU s, peak {after.ru_maxrss // 1024} MB"
    return [json.loads(line) for line in done.stdout.splitlines()], cost


def follow(home: Path, articles: list[str]) -> None:
    """A source for each host."""
    (home / "sources").mkdir(parents=True)
    for number, host in enumerate(sorted({urlsplit(url).netloc for url in articles})):
        facts = {
            "title": f"Host {number}", "country": "DE", "languages": ["en"], "enabled": True, "max_age": None,
            "domains": [host.partition(":")[0]], "feeds": [f"http://{host}/feed.xml"],
            "sitemaps": [f"http://{host}/sitemap.xml"],
        }  # fmt: skip
        lines = [f"{key}: {json.dumps(value)}" for key, value in facts.items()]
        (home / "sources" / f"host-{number}.yaml").write_text("\n".join(lines) + "\n")


def crawl(home: Path, site: SiteProcess, name: str) -> None:
    """One pass: what it brought, what it cost, what it asked for."""
    asked = len(site.requests())
    results, cost = command(home, "crawl")
    requests = site.requests()[asked:]
    sums = {
        key: sum(result[key] for result in results)
        for key in ("new", "changed", "unchanged", "known", "failed")
    }
    print(f"{name:<28}{cost}")
    print(f"    {sums}, pictures {sum(result['pictures_captured'] for result in results)}")
    print(f"    {len(requests)} requests by status: {dict(Counter(request[3] for request in requests))}")
    for kind, part in (("articles", "/news/"), ("pictures", "/media/")):
        times = Counter((request[1], request[2]) for request in requests if part in request[2])
        print(f"    {len(times)} {kind}, each asked for {sorted(set(times.values()))} times")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--hosts", type=int, default=8)
    parser.add_argument("--articles", type=int, default=500)
    parser.add_argument("--pictures", type=int, default=6)
    wanted = parser.parse_args()
    sizes = ("--hosts", wanted.hosts, "--articles", wanted.articles, "--pictures", wanted.pictures)
    with tempfile.TemporaryDirectory() as folder, SiteProcess("generated", *map(str, sizes)) as site:
        home = Path(folder) / "home"
        follow(home, site.tell("urls"))
        command(home, "init")
        crawl(home, site, "first crawl")
        crawl(home, site, "second crawl")
        mutations = site.mutate(0.05)
        with sqlite3.connect(home / "index.sqlite") as database:
            database.execute("UPDATE articles SET next_visit_at = 0, first_seen = first_seen - 86400000000")
        crawl(home, site, f"all due, {len(mutations)} changed")
        [verified], cost = command(home, "verify")
        print(f"{'verify':<28}{cost}\n    {verified}")


if __name__ == "__main__":
    main()

"""Serves a local site until standard input ends: `python -m archiver.demo [--port 0] [generated ...]`.

Prints the port on the first line. Then each line on standard input is a command whose answer is one line
of JSON: `urls`, `served`, `requests`, `stage`, `advance` (the story), `mutate FRACTION` (a generated site).
A command that cannot be obeyed is answered with `{"error": ...}`.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from archiver.demo.generated import GeneratedSite
from archiver.demo.resource import Fault
from archiver.demo.server import LocalSite
from archiver.demo.site import HOSTS, DemoSite
from archiver.errors import ArchiverError, UsageError


def _shares(text: str) -> dict[Fault, float]:
    """`missing=0.02,slow=0.01`."""
    pairs = (part.partition("=") for part in text.split(",") if part)
    return {Fault(name): float(share) for name, _, share in pairs}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m archiver.demo", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 for any free port")
    kinds = parser.add_subparsers(dest="kind")
    kinds.add_parser("story", help="the bundled news site (the default)")
    generated = kinds.add_parser("generated", help="a site of any size, made from a seed")
    generated.add_argument("--hosts", type=int, default=8)
    generated.add_argument("--articles", type=int, default=500)
    generated.add_argument("--pictures", type=int, default=6, help="pictures in each article")
    generated.add_argument("--seed", type=int, default=0)
    generated.add_argument("--page-bytes", type=int, default=12_000)
    generated.add_argument("--picture-bytes", type=int, default=20_000)
    generated.add_argument("--faults", type=_shares, default={}, help="of pictures: missing=0.02,slow=0.01")
    generated.add_argument("--article-faults", type=_shares, default={}, help="of articles, likewise")
    generated.add_argument("--delay", type=float, default=0.5, help="seconds that a slow answer waits")
    return parser.parse_args()


def _site(wanted: argparse.Namespace) -> LocalSite:
    if wanted.kind != "generated":
        return DemoSite(port=wanted.port)
    return GeneratedSite(
        wanted.hosts,
        wanted.articles,
        wanted.pictures,
        seed=wanted.seed,
        page_bytes=wanted.page_bytes,
        picture_bytes=wanted.picture_bytes,
        faults=wanted.faults,
        article_faults=wanted.article_faults,
        delay=wanted.delay,
        port=wanted.port,
    )


def _answer(site: LocalSite, command: str) -> Any:
    try:
        return _obey(site, command)
    except (UsageError, ValueError) as error:
        return {"error": str(error)}


def _obey(site: LocalSite, command: str) -> Any:
    match command.split(), site:
        case ["served"], _:
            return sorted(site.served)
        case ["requests"], _:
            return site.requests
        case ["urls"], GeneratedSite():
            return site.article_urls
        case ["urls"], _:
            return [site.url(host) for host in HOSTS]
        case ["stage"], DemoSite():
            return site.stage
        case ["advance"], DemoSite():
            return site.advance()
        case ["mutate", fraction], GeneratedSite():
            return site.mutate(float(fraction))
    raise UsageError(f"no such command for this site: {command.strip()!r}")


def main() -> int:
    """Serve until standard input ends; the exit status."""
    try:
        with _site(_arguments()) as site:
            if isinstance(site, GeneratedSite):
                site.warm()
            print(site.port, flush=True)
            for command in sys.stdin:
                print(json.dumps(_answer(site, command)), flush=True)
    except ArchiverError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())

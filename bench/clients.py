"""Whether other people's replay tools read this archive: over HTTP while it is served, and out of a bundle.

    python bench/clients.py [--environment DIR]

Makes (once) a virtual environment with pywb and a folder with ReplayWeb.page's npm package outside of the
repository, fills an archive with the demo, serves it, and asks:

- pywb with `cdx+http://.../index` and `archive_paths: http://.../warc/`: the payload (`id_`) of every capture
  held against ours, and every page made ready for a browser (`mp_`);
- pywb with `memento+http://.../web/`: the same;
- pywb with the bundle of a snapshot (`wb-manager add --unpack-wacz`): its page and pictures;
- ReplayWeb.page with the same bundle, in Chromium: the pictures that are painted.

Exits with 1 if any differs. (The clients that are libraries are run by tests/acceptance/test_clients.py.)
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from zipfile import ZipFile

import httpx2 as httpx
import uvicorn
from playwright.sync_api import Frame, sync_playwright
from readers import environment, wait_for
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "integration"))

from web_server import COMMAND, make_demo, serving

PORT = 8089
CONFIG = """
collections:
  index:
    index: cdx+{origin}/index
    archive_paths: {origin}/warc/
  gate: memento+{origin}/web/
"""
PAGE = """<!doctype html><title>bundle</title><script src="/ui.js"></script>
<replay-web-page source="/bundle.wacz" replayBase="/replay/" embed="default" url="{url}"
style="display:block;height:4900px"></replay-web-page>"""
SHEETS = "[...document.querySelectorAll('link[rel=stylesheet]')].filter(one => one.sheet).length"
PAINTED = "[...document.images].map(i => [i.getAttribute('src') || '', i.complete, i.naturalWidth])"


@dataclass(frozen=True, slots=True)
class Asked:
    """A capture as the CDX server tells of it."""

    timestamp: str
    url: str
    mime: str
    status: int

    @property
    def path(self) -> str:
        """What stands behind the modifier in the address of its memento."""
        return f"/{self.url}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    cache = Path.home() / ".cache" / "news-archiver"
    parser.add_argument(
        "--environment",
        type=Path,
        default=cache,
        help="where pywb and ReplayWeb.page are put (default: %(default)s)",
    )
    folder = parser.parse_args().environment
    programs, viewer = environment(folder / "pywb"), replaywebpage(folder / "replaywebpage")
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        home, bundle = work / "home", work / "bundle.wacz"
        make_demo(home)
        with serving(home) as server:
            captures = captured(server.application)
            snapshot, missing = richest(server.application)
            command = [*COMMAND, "--home", str(home), "export", snapshot, "-o", str(bundle)]
            subprocess.run(command, check=True, capture_output=True)
            with pywb(programs, work / "collections", server.application, bundle):
                results = [
                    compared("pywb, cdx+ and WARC ranges", "index", server.application, captures),
                    compared("pywb, memento+", "gate", server.application, captures),
                    compared("pywb, the bundle", "bundle", server.application, in_bundle(bundle, captures)),
                ]
        results.append(painted(viewer, bundle, missing))
    return 0 if all(results) else 1


def replaywebpage(folder: Path) -> Path:
    """The files of ReplayWeb.page, out of its npm package, which is fetched if it is not there."""
    files = folder / "package"
    if not (files / "ui.js").exists():
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run(["npm", "pack", "--silent", "replaywebpage@2"], cwd=folder, check=True)
        with tarfile.open(next(folder.glob("replaywebpage-*.tgz"))) as archive:
            archive.extractall(folder, filter="data")
    return files


def captured(origin: str) -> list[Asked]:
    """All captures of the demo, asked of the CDX server."""
    fields = "timestamp,original,mimetype,statuscode"
    rows = httpx.get(f"{origin}/cdx?url=*.localhost&output=json&resolveRevisits=true&fl={fields}").json()[1:]
    return [Asked(row[0], row[1], row[2], int(row[3])) for row in rows]


def richest(origin: str) -> tuple[str, int]:
    """The snapshot of the demo that has most pictures, and how many of them are missing."""
    found = httpx.get(f"{origin}/api/v1/snapshots").json()["snapshots"]
    chosen = max(found, key=lambda one: one["pictures_captured"])
    return str(chosen["snapshot"]), int(chosen["pictures_missing"])


def in_bundle(bundle: Path, captures: Sequence[Asked]) -> list[Asked]:
    """Those captures that the index of the bundle names."""
    with ZipFile(bundle) as archive:
        lines = archive.read("indexes/index.cdx").decode().splitlines()
    told = {(line.split(" ")[1], json.loads(line.split(" ", 2)[2])["url"]) for line in lines}
    return [one for one in captures if (one.timestamp, one.url) in told]


@contextmanager
def pywb(programs: Path, folder: Path, origin: str, bundle: Path) -> Iterator[None]:
    """Pywb with a collection that asks our server both ways, and one of the bundle."""
    folder.mkdir()
    quiet = subprocess.DEVNULL
    (folder / "config.yaml").write_text(CONFIG.format(origin=origin))
    manager = programs / "wb-manager"
    subprocess.run([manager, "init", "bundle"], cwd=folder, check=True, stdout=quiet, stderr=quiet)
    add = [str(manager), "add", "--unpack-wacz", "bundle", str(bundle)]
    subprocess.run(add, cwd=folder, check=True, stdout=quiet, stderr=quiet)
    command = [str(programs / "wayback"), "--port", str(PORT), "--bind", "127.0.0.1"]
    with subprocess.Popen(command, cwd=folder, stdout=quiet, stderr=quiet) as server:
        try:
            wait_for(PORT)
            yield
        finally:
            server.terminate()


def compared(name: str, collection: str, origin: str, captures: Sequence[Asked]) -> bool:
    """Ask pywb for each capture, and hold its answer against ours; what differs is printed.

    Captures of one second have one address in pywb, which gives any of them: each of ours will do.
    """
    theirs = f"http://127.0.0.1:{PORT}/{collection}"
    same, pages = 0, 0
    different: list[Asked] = []
    with httpx.Client(timeout=30, headers={"Accept-Encoding": "identity"}) as client:
        for one in dict.fromkeys(captures):
            got = client.get(f"{theirs}/{one.timestamp}id_{one.path}")
            if (got.status_code, got.content) in ours(client, origin, one):
                same += 1
            else:
                different.append(one)
                print(f"{name}: {one} {got.status_code} {len(got.content)} bytes")
            if one.mime == "text/html" and one.status == 200:
                page = client.get(f"{theirs}/{one.timestamp}mp_{one.path}")
                pages += page.status_code == 200 and f"/{collection}/" in page.text and "</html>" in page.text
    print(f"{name}: {same} payloads the same, {len(different)} different; {pages} pages made ready")
    return not different and pages > 0


def ours(client: httpx.Client, origin: str, asked: Asked) -> set[tuple[int, bytes]]:
    """Statuses and payloads of the captures of a URL in one second."""
    answers = set()
    day = client.get(f"{origin}/api/v1/captures", params={"url": asked.url, "from": asked.timestamp}).json()
    for capture in day["captures"]:
        digits = "".join(filter(str.isdigit, capture["captured_at"]))
        if digits[:14] == asked.timestamp:
            answer = client.get(f"{origin}/web/{digits}id_{asked.path}")
            answers.add((answer.status_code, answer.content))
    return answers


def painted(viewer: Path, bundle: Path, missing: int) -> bool:
    """Open the bundle in ReplayWeb.page, and count the pictures of its page that Chromium has painted."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        (root / "replay").mkdir()
        shutil.copy(viewer / "ui.js", root / "ui.js")
        shutil.copy(viewer / "sw.js", root / "replay" / "sw.js")
        shutil.copy(bundle, root / "bundle.wacz")
        with ZipFile(bundle) as archive:
            url = json.loads(archive.read("pages/pages.jsonl").splitlines()[1])["url"]
        (root / "index.html").write_text(PAGE.format(url=url))
        with static(root) as origin:
            images, sheets = looked_at(origin, url)
    shown = sum(width > 1 for _, _, width in images)
    waiting = sum(not source or source.startswith("data:") for source, _, _ in images)
    absent = len(images) - shown - waiting
    print(
        f"ReplayWeb.page, the bundle: {shown} of {len(images)} pictures painted, {absent} not ({missing} "
        f"missing since the capture), {waiting} wait for a script; {sheets} style sheets loaded"
    )
    return shown > 0 and absent <= missing


def looked_at(origin: str, url: str) -> tuple[list[tuple[str, bool, int]], int]:
    """Source, completeness and natural width of each picture in the page; how many sheets are there."""
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--headless", "--no-sandbox"])
        try:
            page = browser.new_page(viewport={"width": 1200, "height": 5_000})
            page.goto(f"{origin}/index.html")
            until = time.monotonic() + 40
            while time.monotonic() < until:
                page.wait_for_timeout(500)
                frame = next((one for one in page.frames if "mp_/" in one.url and url in one.url), None)
                if frame and is_settled(frame):
                    break
            else:
                raise SystemExit("ReplayWeb.page did not show the page of the bundle")
            page.wait_for_timeout(1_000)
            sheets = frame.evaluate(SHEETS)
            return [tuple(one) for one in frame.evaluate(PAINTED)], sheets
        finally:
            browser.close()


def is_settled(frame: Frame) -> bool:
    """Whether the page is there, and none of its pictures still loads."""
    images = frame.evaluate(PAINTED)
    is_loaded = frame.evaluate("document.readyState") == "complete"
    return bool(images) and is_loaded and all(complete or not source for source, complete, _ in images)


@contextmanager
def static(root: Path) -> Iterator[str]:
    """The files of `root` over HTTP, with ranges."""
    app = Starlette(routes=[Mount("/", StaticFiles(directory=root))])
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.05)
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://localhost:{port}"
    finally:
        server.should_exit = True
        thread.join(10)


if __name__ == "__main__":
    sys.exit(main())

"""Whether pywb, a replay tool of other people, adds and replays what we archive.

    python bench/readers.py [--environment DIR]

Makes (once) a virtual environment with pywb outside of the repository, archives a local site with the
installed `archiver`, adds the WARC files to a collection with `wb-manager`, and asks `wayback` for each
capture: the exact payload (`id_`) and the page made ready for a browser (`mp_`). Exits with 1 if one differs.
"""

from __future__ import annotations

import argparse
import http.client
import os
import subprocess
import sys
import tempfile
import time
import venv
from pathlib import Path

from archiver.demo.site import DemoSite, Stage
from archiver.model.moment import to_timestamp14
from archiver.retrieval import Found, Retrieval
from archiver.storage.index import Index

COMMAND = Path(sys.executable).with_name("archiver")
# pywb still imports pkg_resources, which later setuptools have not
PACKAGES = ("pywb==2.10.0", "setuptools<81")
SETTINGS = {
    "ARCHIVER_NETWORK__ALLOW_PRIVATE": '["127.0.0.0/8"]',
    "ARCHIVER_POLITENESS__DELAY": "0",
    "ARCHIVER_POLITENESS__AUTOTHROTTLE": "false",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument(
        "--environment",
        type=Path,
        default=Path.home() / ".cache" / "news-archiver" / "pywb",
        help="where the virtual environment is made (default: %(default)s)",
    )
    programs = environment(parser.parse_args().environment)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        archive_demo(home)
        return replayed(programs, home, Path(folder) / "pywb")


def environment(folder: Path) -> Path:
    """The folder of pywb's programs, in an environment that is made if it is not there."""
    programs = folder / "bin"
    if not (programs / "wayback").exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([programs / "pip", "install", "--quiet", *PACKAGES], check=True)
    return programs


def archive_demo(home: Path) -> None:
    """Two captures of the demo site's article, with a picture replaced in between."""
    variables = {**os.environ, **SETTINGS, "ARCHIVER_HOME": str(home)}
    with DemoSite() as site:
        for stage in (Stage.PUBLISHED, Stage.EDITED):
            site.stage = stage
            urls = (site.article_url, site.statement_url)
            subprocess.run([COMMAND, "capture", *urls], env=variables, check=True, stdout=subprocess.DEVNULL)


def replayed(programs: Path, home: Path, collections: Path) -> int:
    """Add the files of `home` to pywb, ask for every capture, print what differs; the exit status."""
    collections.mkdir()
    warcs = sorted((home / "warc").glob("*.warc.gz"))
    manager = [programs / "wb-manager"]
    subprocess.run([*manager, "init", "ours"], cwd=collections, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([*manager, "add", "ours", *warcs], cwd=collections, check=True)
    port = 8089
    with subprocess.Popen(
        [programs / "wayback", "--port", str(port), "--bind", "127.0.0.1"],
        cwd=collections,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as server:
        try:
            wait_for(port)
            return compared(home, port)
        finally:
            server.terminate()


def wait_for(port: int) -> None:
    """Until the server answers; at most 30 seconds."""
    for _ in range(300):
        try:
            ask(port, "/")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("pywb did not start")


def ask(port: int, path: str) -> tuple[int, bytes]:
    """Status and body of a local URL."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def compared(home: Path, port: int) -> int:
    """Ask pywb for each capture, and hold its answer against ours."""
    same = different = pages = 0
    with Index.open(f"sqlite:///{home / 'index.sqlite'}") as index:
        retrieval = Retrieval(index, home / "warc")
        for segment in index.segments():
            for capture in index.captures_in_segment(segment.name):
                if capture.status != 200:
                    continue
                found = retrieval.open(capture)
                if is_same(found, port):
                    same += 1
                else:
                    different += 1
                if capture.mime == "text/html":
                    pages += is_readable(found, port)
    print(f"pywb: {same} payloads the same, {different} different; {pages} pages replayed in a frame")
    return 1 if different or not pages else 0


def is_same(found: Found, port: int) -> bool:
    """Whether pywb gives the same payload for the moment of the capture."""
    capture = found.capture
    ours = b"".join(found.payload())
    path = f"/ours/{to_timestamp14(capture.captured_at)}id_/{capture.target_uri}"
    status, theirs = ask(port, path)
    # id_ leaves the content coding as it was stored
    if status == capture.status and theirs in (ours, b"".join(found.entity())):
        return True
    print(f"different: {capture.target_uri} {status} {len(theirs)} bytes, not {len(ours)}")
    return False


def is_readable(found: Found, port: int) -> bool:
    """Whether pywb's replay shows the page, with its addresses led back into the archive."""
    capture = found.capture
    stamp = to_timestamp14(capture.captured_at)
    status, body = ask(port, f"/ours/{stamp}mp_/{capture.target_uri}")
    return status == capture.status and b"/ours/" in body and b"</html>" in body


if __name__ == "__main__":
    sys.exit(main())

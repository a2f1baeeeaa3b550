"""Whether the JSON interface keeps what `/api/openapi.json` says of it, asked by schemathesis.

    python bench/api.py [--examples 60] [--environment DIR]

Makes (once) a virtual environment with schemathesis outside of the repository (its plugin would change every
run of pytest), fills an archive with the demo, serves it, and lets schemathesis ask each operation: values at
the limits, without what is required, with what no schema allows; the same questions each time. It exits
with 1 for any answer of 500 or more, of another shape than described, of an undescribed status or media type.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "integration"))

from web_server import COMMAND, make_demo, serving

SCOPES = ("--scope", "capture", "--scope", "read")
# A string can fit the description and still be no address or date (400, 422); a list of too many long
# addresses is told to be too large before it is counted (413).
CONFIG = """
[checks]
positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 413, 422, 429]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 413, 415, 422, 429]
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--examples", type=int, default=60, help="questions for each operation and phase")
    parser.add_argument(
        "--environment",
        type=Path,
        default=Path.home() / ".cache" / "news-archiver" / "schemathesis",
        help="where the virtual environment is made (default: %(default)s)",
    )
    asked = parser.parse_args()
    program = environment(asked.environment)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        make_demo(home)
        token = subprocess.run(
            [*COMMAND, "--home", str(home), "token", "add", "bench", *SCOPES, "--json"],
            check=True,
            capture_output=True,
            text=True,
        )
        secret = json.loads(token.stdout)["secret"]
        with serving(home) as server:
            return ask(program, Path(folder), server.application, secret, asked.examples)


def environment(folder: Path) -> Path:
    """The program `st`, in an environment that is made if it is not there."""
    program = folder / "bin" / "st"
    if not program.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "schemathesis>=4.32,<5"], check=True)
    return program


def ask(program: Path, folder: Path, origin: str, secret: str, examples: int) -> int:
    """Let schemathesis ask the server at `origin`; its exit status."""
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [
        str(program), "--config-file", str(config), "run", f"{origin}/api/openapi.json",
        "--phases", "examples,coverage,fuzzing", "--max-examples", str(examples), "--no-color",
        "--generation-deterministic", "--continue-on-failure", "--header", f"Authorization: Bearer {secret}",
    ]  # fmt: skip
    return subprocess.run(command, cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())

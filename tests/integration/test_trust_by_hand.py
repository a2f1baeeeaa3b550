"""A bundle verified as its VERIFY.md says, with that file and common tools and nothing of ours."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from trust_archive import make_home, timestamp_authority

from archiver.citation.checkpoint import Checkpoint
from archiver.citation.exporting import export_bundle
from archiver.citation.note import KeyKind, cosign, verifier
from archiver.storage.ledger.documents import Cosignature

WITNESS = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
WITNESS_KEY = verifier("witness.example", KeyKind.WITNESS, WITNESS)
TOOLS = {"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8"}


@pytest.fixture(scope="module")
def handed_over(tmp_path_factory):
    """A bundle, the log's key and the authority's root, as a reader would get them."""
    folder = tmp_path_factory.mktemp("reader")
    with timestamp_authority(tmp_path_factory.mktemp("authority") / "tsa") as authority:
        home = make_home(tmp_path_factory.mktemp("home") / "home")
        with home.ledger() as ledger:
            note = home.place.note()
            assert note
            line = cosign(
                note.text, WITNESS_KEY.name, WITNESS, datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
            ).line()
            ledger.cosigned(Cosignature(Checkpoint.parse(note.text).size, WITNESS_KEY.name, line))
            ledger.stamp(authority.url, note)
            export_bundle(ledger, [home.second], folder / "FILE.wacz")
        shutil.copy(authority.roots, folder / "ROOT.pem")
    return folder, str(home.place.key().public)


def blocks(text: str) -> list[str]:
    """The commands of the instructions, block by block, as a reader copies them."""
    found = re.findall(r"(?:^    .*\n|^\n(?=    ))+", text, re.MULTILINE)
    commands = [re.sub(r"^    ", "", block, flags=re.MULTILINE).strip("\n") for block in found]
    return [command for command in commands if command]


def run(commands: str, folder: Path) -> tuple[int, str]:
    python = shutil.which("python3", path="/usr/bin:/usr/local/bin:/bin") or ""
    tools = {**TOOLS, "PATH": f"{TOOLS['PATH']}:{os.path.dirname(python)}"}  # noqa: PTH120
    done = subprocess.run(
        ["bash", "-c", commands],
        cwd=folder,
        env=tools,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def follow(folder: Path, key: str, tamper: str = "true") -> list[str]:
    """What each step says; `tamper` is run on the unpacked bundle before step 2."""
    with zipfile.ZipFile(folder / "FILE.wacz") as archive:
        steps = blocks(archive.read("trust/VERIFY.md").decode())
        name = next(n for n in archive.namelist() if n.endswith(".tsr")).removeprefix("trust/checkpoint.")[
            :-4
        ]
    shutil.rmtree(folder / "bundle", ignore_errors=True)
    said = []
    for number, step in enumerate(steps):
        commands = (
            step.replace("'KEY'", f"'{key}'")
            .replace("'WITNESS'", f"'{WITNESS_KEY}'")
            .replace("NAME", name)
            .replace("ROOT.pem", "../ROOT.pem")
        )
        if number == 0:
            commands = commands.replace("unzip -d bundle FILE.wacz", "python3 -m zipfile -e FILE.wacz bundle")
            said.append(run(commands, folder)[1])
            run(tamper, folder / "bundle")
        else:
            said.append(run(commands, folder / "bundle")[1])
    return said


def test_every_step_of_the_instructions_works_for_an_honest_bundle(handed_over):
    folder, key = handed_over
    files, records, entry, signature, witness, time = follow(folder, key)
    assert re.match(r"[0-9a-f]{64}  datapackage.json", files)
    assert files[:64] in (folder / "bundle" / "datapackage-digest.json").read_text()
    assert "NO " not in records
    assert records.count("yes") == 13
    assert "missing: none" in records
    assert entry.strip() == "in the log"
    assert "Signature Verified Successfully" in signature
    assert witness.startswith("2026-01-02 03:04:05+00:00")
    assert "Signature Verified Successfully" in witness
    assert "Verification: OK" in time
    assert "Time stamp: " in time


def test_a_changed_record_is_seen_by_hand(handed_over):
    folder, key = handed_over
    tamper = (
        "python3 -c \"import gzip,zlib; d=open('archive/data.warc.gz','rb').read(); o=zlib.decompressobj(31);"
        " r=o.decompress(d).replace(b'second',b'5econd');"
        " open('archive/data.warc.gz','wb').write(gzip.compress(r)+o.unused_data)\""
    )
    records = follow(folder, key, tamper)[1]
    assert records.startswith("NO ")
    assert "missing: ['urn:uuid:" in records


def test_a_changed_statement_is_seen_by_hand(handed_over):
    folder, key = handed_over
    entry = follow(folder, key, "sed -i 's/allowed/ignored/' trust/statement.json")[2]
    assert entry.strip() == "NOT IN THE LOG"


def test_a_changed_checkpoint_is_seen_by_hand(handed_over):
    folder, key = handed_over
    said = follow(folder, key, "sed -i 's/^2$/3/' trust/capture.tlog-proof")
    assert "Signature Verification Failure" in said[3]
    assert "Signature Verification Failure" in said[4]
    assert "Verification: FAILED" in said[5]

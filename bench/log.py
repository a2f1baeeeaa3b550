"""Measures the log on many entries: appending, proving, size on disk. `python bench/log.py [ENTRIES]`."""

from __future__ import annotations

import hashlib
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.citation.checkpoint import Checkpoint, LogProof, leaf_of_digest
from archiver.citation.note import KeyKind, Note, sign, verifier
from archiver.storage.ledger.files import LogFiles
from archiver.storage.ledger.tree import verify_consistency, verify_inclusion

BATCH = 1_000
SAMPLE = 300


def main(entries: int) -> None:
    key = Ed25519PrivateKey.generate()
    name = verifier("bench.example/log", KeyKind.LOG, key).name
    with tempfile.TemporaryDirectory() as scratch:
        files = LogFiles(Path(scratch), 0)
        began = time.perf_counter()
        while files.size < entries:
            digests = [digest_of(n) for n in range(files.size, min(entries, files.size + BATCH))]
            tree = files.tree()
            tree.append([leaf_of_digest(digest) for digest in digests])
            text = Checkpoint(name, tree.size, tree.root()).text()
            note = Note(text, (sign(text, name, key),))
            files.append(digests, str(note))
        took = time.perf_counter() - began
        print(f"append    {entries} entries in batches of {BATCH}, signed and flushed: {took:.1f} s,"
              f" {took / entries * 1000:.3f} ms each")  # fmt: skip
        single = timed(lambda: append_one(files, name, key), 50)
        print(f"append    one entry with its checkpoint: median {single:.2f} ms")
        stored = [path.stat() for path in Path(scratch).rglob("*") if path.is_file()]
        held = sum(stat.st_size for stat in stored)
        on_disk = sum(stat.st_blocks * 512 for stat in stored)
        print(f"size      {held / 2**20:.1f} MiB in {len(stored)} files, {on_disk / 2**20:.1f} MiB on disk")
        prove(files, note)


def prove(files: LogFiles, note: Note) -> None:
    chance = random.Random(1)
    root = files.tree().root()

    def included() -> int:
        leaf = chance.randrange(files.size)
        path = files.tree().inclusion_proof(leaf)
        assert verify_inclusion(leaf_of_digest(digest_of(leaf)), leaf, files.size, path, root)
        return len(str(LogProof(leaf, tuple(path), note)))

    def consistent() -> None:
        old = chance.randrange(1, files.size)
        tree = files.tree()
        assert verify_consistency(old, tree.root(old), files.size, root, tree.consistency_proof(old))

    print(f"inclusion proof, read and verified: median {timed(included, SAMPLE):.2f} ms, {included()} bytes")
    print(f"consistency proof, read and verified: median {timed(consistent, SAMPLE):.2f} ms")


def append_one(files: LogFiles, name: str, key: Ed25519PrivateKey) -> None:
    digest = digest_of(files.size)
    tree = files.tree()
    tree.append([leaf_of_digest(digest)])
    text = Checkpoint(name, tree.size, tree.root()).text()
    files.append([digest], str(Note(text, (sign(text, name, key),))))


def digest_of(number: int) -> bytes:
    return hashlib.sha256(number.to_bytes(8, "big")).digest()


def timed(step: Callable[[], object], times: int) -> float:
    measured = []
    for _ in range(times):
        began = time.perf_counter()
        step()
        measured.append((time.perf_counter() - began) * 1000)
    return statistics.median(measured)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)

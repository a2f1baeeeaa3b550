from __future__ import annotations

import errno
import hashlib
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.model.exchange import Block
from archiver.spiders.wire import SpooledBlock

pieces = st.lists(st.binary(max_size=50), max_size=20)


def filled(written: list[bytes], memory_limit: int = 100) -> SpooledBlock:
    block = SpooledBlock(memory_limit)
    for piece in written:
        block.write(piece)
    return block


@given(pieces, st.integers(0, 300), st.integers(0, 1000))
def test_a_block_reads_back_what_was_written(written: list[bytes], memory_limit: int, start: int) -> None:
    block = filled(written, memory_limit)
    whole = b"".join(written)
    assert b"".join(block.chunks(start)) == whole[start:]
    assert block.length == len(whole)
    assert block.digest.value == hashlib.sha256(whole).digest()
    block.close()


@given(pieces, st.binary(min_size=1, max_size=300), st.integers(0, 300), st.integers(0, 300))
def test_the_end_of_the_last_piece_can_be_taken_back(
    written: list[bytes], last: bytes, excess: int, memory_limit: int
) -> None:
    excess = min(excess, len(last))
    block = filled([*written, last], memory_limit)
    assert block.digest.value == hashlib.sha256(b"".join(written) + last).digest()
    block.trim(excess)
    whole = b"".join(written) + last[: len(last) - excess]
    assert b"".join(block.chunks()) == whole
    assert block.digest.value == hashlib.sha256(whole).digest()
    block.close()


def test_no_more_than_the_last_piece_can_be_taken_back() -> None:
    block = filled([b"first", b"last"])
    with pytest.raises(ValueError, match="more than the last write"):
        block.trim(5)


def test_the_digest_follows_what_is_written_later() -> None:
    block = filled([b"one"])
    assert block.digest.value == hashlib.sha256(b"one").digest()
    block.write(b"two")
    assert block.digest.value == hashlib.sha256(b"onetwo").digest()


def test_readers_do_not_disturb_each_other() -> None:
    block = filled([b"a" * 70_000, b"b" * 70_000, b"c" * 10])
    together = list(zip(block.chunks(), block.chunks(), strict=True))
    assert all(one == other for one, other in together)
    assert max(len(one) for one, _ in together) <= 1 << 16
    block.close()


def test_a_small_block_stays_in_memory() -> None:
    assert filled([b"a" * 100]).in_memory


def test_a_large_block_goes_to_a_file_without_a_name(tmp_path: Path) -> None:
    block = SpooledBlock(100, tmp_path)
    for _ in range(10):
        block.write(b"a" * 60)
    assert not block.in_memory
    assert list(tmp_path.iterdir()) == []
    block.close()


def test_a_closed_block_is_empty_and_can_be_closed_again() -> None:
    block = filled([b"a" * 60, b"b" * 60])
    block.close()
    block.close()
    assert block.length == 0
    assert list(block.chunks()) == []


def test_a_full_disk_loses_nothing_that_was_written(monkeypatch: pytest.MonkeyPatch) -> None:
    block = filled([b"a" * 60, b"b" * 60])

    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(OSError, match="No space left"):
        block.write(b"c" * (1 << 18))
    monkeypatch.undo()
    whole = b"a" * 60 + b"b" * 60 + b"c" * (1 << 18)
    assert b"".join(block.chunks()) == whole
    assert block.digest.value == hashlib.sha256(whole).digest()
    block.close()


def test_it_is_a_block_of_the_model() -> None:
    assert isinstance(SpooledBlock(), Block)

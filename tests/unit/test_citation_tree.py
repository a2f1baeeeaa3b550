"""The Merkle tree: the vectors of Certificate Transparency, and every answer against the plain definition."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.storage.ledger.tree import (
    EMPTY_ROOT,
    SIZE,
    TileTree,
    leaf_digest,
    node_digest,
    tile_path,
    verify_consistency,
    verify_inclusion,
)

ENTRIES = [
    bytes.fromhex(text)
    for text in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )
]  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)
LEAF_1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
NODE_23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
NODE_47 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
LEAF_4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
NODE_45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
NODE_67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"


def stored(leaves: list[bytes], step: int = 1_000) -> TileTree:
    """A tree over tiles that were stored step by step, read back as a store gives them."""
    tiles: dict[tuple[int, int], bytes] = {}
    size = 0
    for start in range(0, len(leaves), step):
        tree = TileTree(size, lambda level, number: tiles.get((level, number), b""))
        tiles.update(tree.append(leaves[start : start + step]))
        size = tree.size
    return TileTree(size, lambda level, number: tiles.get((level, number), b""))


LEAVES = [leaf_digest(str(number).encode()) for number in range(1_400)]
TREE = stored(LEAVES, 97)


@cache
def plain_root(start: int, end: int) -> bytes:
    """MTH of RFC 6962, 2.1, as it is written there."""
    if end == start:
        return hashlib.sha256(b"").digest()
    if end - start == 1:
        return LEAVES[start]
    split = 1
    while split * 2 < end - start:
        split *= 2
    return node_digest(plain_root(start, start + split), plain_root(start + split, end))


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_certificate_transparency(size):
    tree = stored([leaf_digest(entry) for entry in ENTRIES[:size]])
    assert tree.root().hex() == ROOTS[size - 1]


def test_the_empty_tree_has_the_digest_of_nothing():
    assert TileTree(0, lambda _level, _number: b"").root() == EMPTY_ROOT == hashlib.sha256(b"").digest()


@pytest.mark.parametrize(
    ("leaf", "size", "proof"),
    [
        (0, 1, ()),
        (0, 8, (LEAF_1, NODE_23, NODE_47)),
        (5, 8, (LEAF_4, NODE_67, ROOTS[3])),
        (2, 3, (ROOTS[1],)),
        (1, 5, (ROOTS[0], NODE_23, LEAF_4)),
    ],
)
def test_the_inclusion_proofs_are_those_of_certificate_transparency(leaf, size, proof):
    tree = stored([leaf_digest(entry) for entry in ENTRIES])
    assert [digest.hex() for digest in tree.inclusion_proof(leaf, size)] == list(proof)


@pytest.mark.parametrize(
    ("old", "size", "proof"),
    [
        (1, 1, ()),
        (1, 8, (LEAF_1, NODE_23, NODE_47)),
        (6, 8, (NODE_45, NODE_67, ROOTS[3])),
        (2, 5, (NODE_23, LEAF_4)),
    ],
)
def test_the_consistency_proofs_are_those_of_certificate_transparency(old, size, proof):
    tree = stored([leaf_digest(entry) for entry in ENTRIES])
    assert [digest.hex() for digest in tree.consistency_proof(old, size)] == list(proof)


@given(st.integers(0, len(LEAVES)))
def test_every_root_is_that_of_the_definition(size):
    assert TREE.root(size) == plain_root(0, size)


@given(st.data())
def test_every_leaf_is_proven_and_no_other(data):
    size = data.draw(st.integers(1, len(LEAVES)))
    leaf = data.draw(st.integers(0, size - 1))
    other = data.draw(st.integers(0, size - 1))
    proof, root = TREE.inclusion_proof(leaf, size), TREE.root(size)
    assert verify_inclusion(LEAVES[leaf], leaf, size, proof, root)
    if other != leaf:
        assert not verify_inclusion(LEAVES[other], leaf, size, proof, root)
        assert not verify_inclusion(LEAVES[leaf], other, size, proof, root)
    assert not verify_inclusion(LEAVES[leaf], leaf, size, [*proof, root], root)
    assert not verify_inclusion(LEAVES[leaf], size, size, proof, root)
    if proof:
        assert not verify_inclusion(LEAVES[leaf], leaf, size, proof[:-1], root)


@given(st.data())
def test_every_beginning_is_proven_and_no_fork(data):
    size = data.draw(st.integers(1, len(LEAVES)))
    old = data.draw(st.integers(0, size))
    proof = TREE.consistency_proof(old, size)
    old_root, root = TREE.root(old), TREE.root(size)
    assert verify_consistency(old, old_root, size, root, proof)
    forked = hashlib.sha256(old_root).digest()
    assert not verify_consistency(old, forked, size, root, proof)
    if old != size:
        assert not verify_consistency(size, root, old, old_root, proof)
    if 0 < old < size:
        assert not verify_consistency(old, old_root, size, forked, proof)
        assert not verify_consistency(old, old_root, size, root, proof[:-1])
        assert not verify_consistency(old, old_root, size, root, [*proof, root])


@settings(max_examples=40)
@given(st.lists(st.integers(1, 700), max_size=6))
def test_the_tiles_do_not_depend_on_how_the_entries_came(steps):
    tiles: dict[tuple[int, int], bytes] = {}
    size = 0
    for step in steps:
        tree = TileTree(size, lambda level, number: tiles.get((level, number), b""))
        tiles.update(tree.append(LEAVES[size : size + step]))
        size = tree.size
    assert TileTree(size, lambda level, number: tiles.get((level, number), b"")).root() == plain_root(0, size)


def test_a_tree_of_70000_entries_has_the_tiles_of_the_specification():
    tiles = {}
    tree = TileTree(0, lambda level, number: tiles.get((level, number), b""))
    tiles.update(tree.append([leaf_digest(number.to_bytes(4, "big")) for number in range(70_000)]))
    widths = {place: len(content) // SIZE for place, content in tiles.items()}
    assert sum(width == 256 for (level, _), width in widths.items() if level == 0) == 273
    assert (widths[0, 273], widths[1, 0], widths[1, 1], widths[2, 0]) == (112, 256, 17, 1)
    assert len(widths) == 277


def test_what_the_log_does_not_have_is_refused():
    for question in (
        lambda: TREE.root(1_401),
        lambda: TREE.inclusion_proof(3, 3),
        lambda: TREE.inclusion_proof(-1, 3),
        lambda: TREE.consistency_proof(4, 3),
    ):
        with pytest.raises(ValueError, match=r"leaf|leaves|entries"):
            question()


def test_a_missing_tile_is_noticed():
    with pytest.raises(ValueError, match="incomplete"):
        TileTree(300, lambda _level, _number: b"").root()


def test_tiles_are_published_where_the_specification_says():
    assert tile_path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tile_path("entries", 0, 17) == "tile/entries/000.p/17"
    assert tile_path(2, 1_000) == "tile/2/x001/000"

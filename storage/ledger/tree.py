"""The Merkle tree of the log (RFC 6962, 2.1) over tiles of 256 digests (C2SP tlog-tiles); no input or output.

Level 0 tiles hold leaf digests; a digest of a higher level is the root of a full tile below. Whoever stores
the tiles hands in how to read one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Final

WIDTH: Final = 256
"""Digests in a full tile."""

SIZE: Final = 32
"""Bytes of a digest."""

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
_HEIGHT: Final = 8

Place = tuple[int, int]
"""Level and number of a tile."""

ReadTile = Callable[[int, int], bytes]
"""The digests that a tile (level, number) has so far, joined; empty when there is none."""


def leaf_digest(entry: bytes) -> bytes:
    """The digest of a leaf: SHA-256 of 0x00 and the entry."""
    return hashlib.sha256(b"\x00" + entry).digest()


def node_digest(left: bytes, right: bytes) -> bytes:
    """The digest of an inner node: SHA-256 of 0x01 and both children."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def tile_path(level: int | str, number: int, width: int = WIDTH) -> str:
    """Where a tile is published: `tile/0/x001/234`, a partial one `tile/0/x001/234.p/17`."""
    digits = f"{number % 1000:03d}"
    while number := number // 1000:
        digits = f"x{number % 1000:03d}/{digits}"
    return f"tile/{level}/{digits}" + (f".p/{width}" if width < WIDTH else "")


class TileTree:
    """A tree of `size` leaves whose tiles `read` gives; answers for every size up to its own."""

    def __init__(self, size: int, read: ReadTile) -> None:
        self.size = size
        self._read = read
        self._known: dict[Place, bytes] = {}

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves. Raises ValueError for more than there are."""
        size = self.size if size is None else size
        self._refuse_beyond(size)
        return self._range(0, size) if size else EMPTY_ROOT

    def leaf(self, number: int) -> bytes:
        """The digest of one leaf."""
        return self._node(0, number)

    def tile(self, level: int, number: int) -> bytes:
        """The digests that a tile has so far, joined."""
        return self._tile(level, number)

    def inclusion_proof(self, leaf: int, size: int | None = None) -> list[bytes]:
        """The siblings from that of `leaf` upwards, in the tree of `size` leaves (RFC 6962, 2.1.1)."""
        size = self.size if size is None else size
        self._refuse_beyond(size)
        if not 0 <= leaf < size:
            raise ValueError(f"a tree of {size} leaves has no leaf {leaf}")
        proof: list[bytes] = []
        start, end = 0, size
        while end - start > 1:
            middle = start + _split(end - start)
            if leaf < middle:
                proof.append(self._range(middle, end))
                end = middle
            else:
                proof.append(self._range(start, middle))
                start = middle
        return proof[::-1]

    def consistency_proof(self, old: int, size: int | None = None) -> list[bytes]:
        """That the tree of `old` leaves is the beginning of that of `size` (RFC 6962, 2.1.2)."""
        size = self.size if size is None else size
        self._refuse_beyond(size)
        if not 0 <= old <= size:
            raise ValueError(f"a tree of {old} leaves is no beginning of one of {size}")
        if old in (0, size):
            return []
        proof: list[bytes] = []
        start, end, is_whole = 0, size, True
        while old != end:
            middle = start + _split(end - start)
            if old <= middle:
                proof.append(self._range(middle, end))
                end = middle
            else:
                proof.append(self._range(start, middle))
                start, is_whole = middle, False
        if not is_whole:
            proof.append(self._range(start, end))
        return proof[::-1]

    def append(self, leaves: Sequence[bytes]) -> dict[Place, bytes]:
        """Put leaf digests at the end; returns the tiles that changed, whole, for the caller to store."""
        changed: dict[Place, bytes] = {}
        level, position, added = 0, self.size, list(leaves)
        while added:
            made: list[bytes] = []
            first = position // WIDTH
            content = self._tile(level, first)[: position % WIDTH * SIZE] if position % WIDTH else b""
            content += b"".join(added)
            for number in range(len(content) // SIZE // WIDTH + 1):
                tile = content[number * WIDTH * SIZE : (number + 1) * WIDTH * SIZE]
                if tile:
                    changed[level, first + number] = tile
                if len(tile) == WIDTH * SIZE:
                    made.append(_reduce(tile))
            position, added, level = first, made, level + 1
        self._known.update(changed)
        self.size += len(leaves)
        return changed

    def _refuse_beyond(self, size: int) -> None:
        if not 0 <= size <= self.size:
            raise ValueError(f"the log has {self.size} entries, not {size}")

    def _range(self, start: int, end: int) -> bytes:
        """The digest over the leaves from `start` to `end`, a range that the tree's own splits make."""
        count = end - start
        if count & (count - 1) == 0 and start % count == 0:
            return self._node(count.bit_length() - 1, start // count)
        middle = start + _split(count)
        return node_digest(self._range(start, middle), self._range(middle, end))

    def _node(self, height: int, number: int) -> bytes:
        level, inner = divmod(height, _HEIGHT)
        first = number << inner
        place = first % WIDTH * SIZE
        span = (1 << inner) * SIZE
        found = self._tile(level, first // WIDTH)[place : place + span]
        if len(found) != span:
            raise ValueError(f"the log's tile {level}/{first // WIDTH} is incomplete")
        return _reduce(found)

    def _tile(self, level: int, number: int) -> bytes:
        known = self._known.get((level, number))
        if known is None:
            known = self._known[level, number] = self._read(level, number)
        return known


def verify_inclusion(entry_digest: bytes, leaf: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf with this digest is number `leaf` of the tree with this root (RFC 9162, 2.1.3.2)."""
    if not 0 <= leaf < size:
        return False
    place, last, digest = leaf, size - 1, entry_digest
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            digest = node_digest(sibling, digest)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            digest = node_digest(digest, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and digest == root


def verify_consistency(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `old` leaves is the beginning of that of `size` (RFC 9162, 2.1.4.2)."""
    if old > size or old < 0:
        return False
    if old == size:
        return not proof and old_root == root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    if not path:
        return False
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    before = after = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            before, after = node_digest(sibling, before), node_digest(sibling, after)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            after = node_digest(after, sibling)
        place, last = place >> 1, last >> 1
    return last == 0 and before == old_root and after == root


def _split(count: int) -> int:
    """The largest power of two less than `count`."""
    return 1 << (count - 1).bit_length() - 1


def _reduce(digests: bytes) -> bytes:
    """The root over a power of two of joined digests."""
    while len(digests) > SIZE:
        digests = b"".join(
            hashlib.sha256(b"\x01" + digests[place : place + 2 * SIZE]).digest()
            for place in range(0, len(digests), 2 * SIZE)
        )
    return digests

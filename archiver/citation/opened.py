"""Opens a bundle that anybody may have made: nothing is unpacked before it is known to be harmless."""

from __future__ import annotations

import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from archiver.citation.bundle import PACKAGE, WARC
from archiver.errors import UnsafeInputError

_NAME = re.compile(r"(?:[0-9A-Za-z_-][0-9A-Za-z._-]*/)*[0-9A-Za-z_-][0-9A-Za-z._-]*")
_MOST_FILES = 10_000
_LARGEST = 64 << 30
_LARGEST_TEXT = 256 << 20
_HIGHEST_RATIO = 200
_LINK = 0o120000


class ContentError(Exception):
    """A file in the bundle is not what the bundle itself says: it was changed."""


class OpenedBundle:
    """A bundle whose table of contents is safe to follow; files are read one at a time."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self.sizes = {info.filename: info.file_size for info in archive.infolist()}

    @property
    def names(self) -> set[str]:
        """The paths of all files."""
        return set(self.sizes)

    def read(self, name: str) -> bytes:
        """A file in memory. Raises ContentError when it is absent or damaged, UnsafeInputError when huge."""
        if self.sizes.get(name, 0) > _LARGEST_TEXT:
            raise UnsafeInputError(f"{name} in the bundle claims {self.sizes[name]} bytes")
        return b"".join(self.pieces(name))

    def unpack_warc(self, folder: Path) -> tuple[Path, str]:
        """The WARC file in `folder`, and its labelled digest. Raises ContentError."""
        target, digest = folder / "data.warc.gz", hashlib.sha256()
        with target.open("wb") as out:
            for piece in self.pieces(WARC):
                digest.update(piece)
                out.write(piece)
        return target, f"sha256:{digest.hexdigest()}"

    def pieces(self, name: str) -> Iterator[bytes]:
        """The bytes of a file. Raises ContentError."""
        try:
            with self._archive.open(name) as file:
                while piece := file.read(1 << 20):
                    yield piece
        except KeyError:
            raise ContentError(f"{name} is missing") from None
        except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError, OSError, ValueError) as error:
            reason = "its checksum is wrong" if "CRC" in str(error) else str(error)
            raise ContentError(f"{name} was changed or damaged: {reason}") from None


def is_bundle(path: Path) -> bool:
    """Whether the file is meant as a bundle, sound or not."""
    if path.suffix.lower() == ".wacz":
        return True
    try:
        with path.open("rb") as file:
            return file.read(4) == b"PK\x03\x04"
    except OSError:
        return False


@contextmanager
def open_bundle(path: Path) -> Iterator[OpenedBundle]:
    """The bundle at `path`. Raises UnsafeInputError for what is no bundle or tries to do harm."""
    try:
        archive = zipfile.ZipFile(path)
    except FileNotFoundError:
        raise UnsafeInputError(f"there is no file {path}") from None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, OverflowError) as error:
        raise UnsafeInputError(f"{path} is no bundle: {error}") from None
    with archive:
        _refuse_harm(path, archive.infolist())
        yield OpenedBundle(archive)


def _refuse_harm(path: Path, entries: list[zipfile.ZipInfo]) -> None:
    names = [entry.filename for entry in entries]
    if len(names) > _MOST_FILES:
        raise UnsafeInputError(f"{path} holds more than {_MOST_FILES} files")
    if len({name.casefold() for name in names}) < len(names):
        raise UnsafeInputError(f"{path} holds two files of the same name")
    if PACKAGE not in names or WARC not in names:
        raise UnsafeInputError(f"{path} is no bundle: {PACKAGE} or {WARC} is missing")
    total = 0
    for entry in entries:
        total += entry.file_size
        if not _NAME.fullmatch(entry.filename) or entry.filename != entry.orig_filename:
            raise UnsafeInputError(f"{path} holds a file with an unsafe name: {entry.filename[:80]!r}")
        if entry.external_attr >> 16 & 0o170000 == _LINK or entry.flag_bits & 0x1:
            raise UnsafeInputError(f"{path} holds a link or an encrypted file: {entry.filename}")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise UnsafeInputError(f"{path} uses an unknown compression for {entry.filename}")
        if entry.file_size > _HIGHEST_RATIO * max(1, entry.compress_size) + 4096:
            raise UnsafeInputError(f"{path} is a bomb: {entry.filename} unpacks to {entry.file_size} bytes")
    if total > _LARGEST:
        raise UnsafeInputError(f"{path} claims to unpack to {total} bytes")

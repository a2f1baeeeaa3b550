"""A second copy of the WARC files: another folder, or any place that fsspec can reach."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import fsspec

from archiver.errors import ConfigurationError, StorageError
from archiver.model.digest import Digest

_PIECE = 1 << 20


class Replica:
    """The copies at `address`. Every method raises StorageError when the place cannot be reached."""

    def __init__(self, address: str) -> None:
        self.address = address
        try:
            self._files, self._root = fsspec.core.url_to_fs(address)
        except (ImportError, ValueError) as error:
            raise ConfigurationError(f"storage.replica = {address} cannot be used: {error}") from None

    def digest(self, name: str) -> tuple[int, Digest] | None:
        """Length and digest of a copy, read whole; None when there is none."""
        counted, hasher = 0, hashlib.sha256()
        with _told(self.address):
            if not self._files.exists(self._path(name)):
                return None
            with self._files.open(self._path(name), "rb") as file:
                while piece := file.read(_PIECE):
                    hasher.update(piece)
                    counted += len(piece)
        return counted, Digest(hasher.digest())

    def sizes(self) -> dict[str, int]:
        """The size of each copy by name, from one listing; none where there is no folder yet."""
        with _told(self.address):
            self._files.invalidate_cache(self._root)
            try:
                listed = self._files.ls(self._root, detail=True)
            except FileNotFoundError:
                return {}
        return {
            str(entry["name"]).rpartition("/")[2]: int(entry["size"] or 0)
            for entry in listed
            if entry["type"] == "file"
        }

    def store(self, path: Path, name: str) -> None:
        """Copy a file there, under its name only once it is whole."""
        with _told(self.address):
            self._files.makedirs(self._root, exist_ok=True)
            partial = self._path(f".{name}.partial")
            with path.open("rb") as source, self._files.open(partial, "wb") as target:
                shutil.copyfileobj(source, target, _PIECE)
            self._files.mv(partial, self._path(name))

    def fetch(self, name: str, path: Path) -> None:
        """Copy a file from there."""
        with (
            _told(self.address),
            self._files.open(self._path(name), "rb") as source,
            path.open("wb") as target,
        ):
            shutil.copyfileobj(source, target, _PIECE)

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Tells what a file system of another kind raised."""
    try:
        yield
    except OSError as error:
        raise StorageError(f"the second copy at {address} cannot be used: {error}") from error

"""The signing keys in the home's `keys/` folder: made on first use, readable by their owner alone.

A key that takes the place of another is `ROLE-next` until the other has announced it; `install_next` then
puts it in its place, which can be done again after a crash at any step.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from archiver.citation.note import KeyKind, VerifierKey, verifier
from archiver.errors import ConfigurationError, StorageError
from archiver.storage.warc.segments import sync_folder

_NEXT = "-next"


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with the public name it signs under."""

    private: Ed25519PrivateKey
    public: VerifierKey

    @property
    def name(self) -> str:
        """The name in its signature lines."""
        return self.public.name


def open_key(folder: Path, role: str, kind: KeyKind, name: str = "") -> SigningKey:
    """The key `role` (`log`, `witness`) in `folder`, made if there is none, named `name` or by chance.

    Raises ConfigurationError for one that others can read or that is no Ed25519 key, StorageError.
    """
    private_path, public_path = folder / f"{role}.pem", folder / f"{role}.vkey"
    try:
        _finish_installing(folder, role)
        if not private_path.exists():
            _create(folder, private_path, public_path, kind, name or f"{role}-{secrets.token_hex(4)}")
        return _load(private_path, public_path)
    except OSError as error:
        raise StorageError(f"{error.filename or private_path} cannot be used: {error.strerror}") from error


def next_key(folder: Path, role: str, kind: KeyKind, name: str) -> SigningKey:
    """The key that is to take the place of the key `role`, made if there is none. Raises as `open_key`."""
    return open_key(folder, f"{role}{_NEXT}", kind, name)


def install_next(folder: Path, role: str) -> None:
    """Put the next key in the place of the key `role`, whose private side is gone for good afterwards.

    Its public side stays in `retired/`. Raises StorageError.
    """
    old = public_key(folder, role)
    assert old is not None
    retired = folder / "retired"
    try:
        retired.mkdir(mode=0o700, exist_ok=True)
        (retired / f"{role}-{old.key_id.hex()}.vkey").write_text(f"{old}\n", encoding="utf-8")
        (folder / f"{role}{_NEXT}.pem").replace(folder / f"{role}.pem")
        _finish_installing(folder, role)
        sync_folder(folder)
    except OSError as error:
        raise StorageError(f"{error.filename or folder} cannot be used: {error.strerror}") from error


def _finish_installing(folder: Path, role: str) -> None:
    """When the private side of the next key is in its place already, put its public side there too."""
    following, private = folder / f"{role}{_NEXT}.vkey", folder / f"{role}.pem"
    if not following.exists() or (folder / f"{role}{_NEXT}.pem").exists() or not private.exists():
        return
    if (
        VerifierKey.parse(following.read_text(encoding="utf-8")).public
        == _private(private).public_key().public_bytes_raw()
    ):
        following.replace(folder / f"{role}.vkey")


def public_key(folder: Path, role: str) -> VerifierKey | None:
    """The public side of the key `role`; None while there is none."""
    path = folder / f"{role}.vkey"
    return VerifierKey.parse(path.read_text(encoding="utf-8")) if path.exists() else None


def _create(folder: Path, private_path: Path, public_path: Path, kind: KeyKind, name: str) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    key = Ed25519PrivateKey.generate()
    public = verifier(name, kind, key)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public_path.write_text(f"{public}\n", encoding="utf-8")
    partial = private_path.with_name(f".{private_path.name}.{os.getpid()}")
    partial.unlink(missing_ok=True)
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
    partial.rename(private_path)


def _load(private_path: Path, public_path: Path) -> SigningKey:
    private = _private(private_path)
    if not public_path.exists():
        raise ConfigurationError(f"{public_path}, the name of the key, is missing; restore it from a copy")
    public = VerifierKey.parse(public_path.read_text(encoding="utf-8"))
    if public.public != private.public_key().public_bytes_raw():
        raise ConfigurationError(f"{public_path} does not belong to {private_path}; restore both from a copy")
    return SigningKey(private, public)


def _private(private_path: Path) -> Ed25519PrivateKey:
    mode = private_path.stat().st_mode & 0o777
    if mode & 0o077:
        raise ConfigurationError(
            f"the signing key {private_path} can be read by others (mode {mode:03o}); chmod 600 it, and make"
            " a new one if anybody may have copied it"
        )
    try:
        private = load_pem_private_key(private_path.read_bytes(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(f"{private_path} is no private key in PEM: {error}") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise ConfigurationError(f"{private_path} is no Ed25519 key; the log signs with no other")
    return private

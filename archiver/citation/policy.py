"""Whom a reader trusts: keys, authorities and limits, which must come from outside of what is checked."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from cryptography import x509

from archiver.citation.note import KeyKind, VerifierKey
from archiver.errors import ArchiverError


class NoPolicyError(ArchiverError):
    """There is no usable trust policy, so nothing can be called verified."""

    exit_code = 4


@dataclass(frozen=True, slots=True)
class Authority:
    """A timestamp authority: its name, and the certificates that its own must lead to."""

    name: str
    roots: tuple[x509.Certificate, ...]


@dataclass(frozen=True, slots=True)
class Policy:
    """`quorum` witnesses and `timestamps` authorities are demanded; a longer lag is told as late."""

    logs: tuple[VerifierKey, ...]
    witnesses: tuple[VerifierKey, ...] = ()
    quorum: int = 0
    authorities: tuple[Authority, ...] = ()
    timestamps: int = 0
    maximum_lag: timedelta = timedelta(days=1)


def load_policy(path: Path) -> Policy:
    """The policy in a TOML file; certificates are named relative to it. Raises NoPolicyError."""
    try:
        stated = tomllib.loads(path.read_text(encoding="utf-8"))
        authorities = tuple(_authority(table, path.parent) for table in stated.pop("authority", ()))
        policy = Policy(
            logs=tuple(_key(text, KeyKind.LOG) for text in stated.pop("logs")),
            witnesses=tuple(_key(text, KeyKind.WITNESS) for text in stated.pop("witnesses", ())),
            quorum=int(stated.pop("quorum", 0)),
            authorities=authorities,
            timestamps=int(stated.pop("timestamps", min(1, len(authorities)))),
            maximum_lag=timedelta(seconds=float(stated.pop("maximum_lag_seconds", 86_400))),
        )
    except KeyError as error:
        raise NoPolicyError(f'the policy {path} does not say {error}; write logs = ["KEY"]') from None
    except (OSError, ValueError, TypeError, AttributeError, ArchiverError) as error:
        raise NoPolicyError(f"the policy {path} cannot be used: {error}") from None
    if stated:
        raise NoPolicyError(f"the policy {path} says {next(iter(stated))}, which is no part of a policy")
    if not policy.logs:
        raise NoPolicyError(f"the policy {path} trusts no log")
    return policy


def _key(text: str, kind: KeyKind) -> VerifierKey:
    key = VerifierKey.parse(text)
    if key.kind is not kind:
        raise ValueError(f"the key of {key.name} is not that of a {kind.name.lower()}")
    return key


def _authority(table: dict[str, Any], folder: Path) -> Authority:
    roots = x509.load_pem_x509_certificates((folder / table["roots"]).read_bytes())
    return Authority(str(table["name"]), tuple(roots))

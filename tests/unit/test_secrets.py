"""The secrets of tokens."""

from __future__ import annotations

import hashlib

import pytest

from archiver.model.secret import new_secret, secret_digest


def test_a_secret_is_known_by_its_sha256() -> None:
    secret = new_secret()
    assert secret.startswith("nat_")
    assert secret_digest(secret) == hashlib.sha256(secret.encode()).digest()


def test_no_two_secrets_are_alike_and_each_has_256_bits() -> None:
    made = {new_secret() for _ in range(200)}
    assert len(made) == 200
    assert {len(secret) for secret in made} == {len("nat_") + 52}
    assert set().union(*(secret.removeprefix("nat_") for secret in made)) == {
        *"abcdefghijklmnopqrstuvwxyz234567"
    }


@pytest.mark.parametrize(
    "text",
    ["", "nat_", "nat_" + "a" * 51, "nat_" + "a" * 53, "NAT_" + "a" * 52, "nat_" + "ä" * 52, "a" * 56,
     "nat_" + "a" * 52 + "\n", "nat_" + "a" * 10**6, "\ud800" * 56],
)  # fmt: skip
def test_what_cannot_be_a_secret_has_no_digest(text: str) -> None:
    assert secret_digest(text) is None

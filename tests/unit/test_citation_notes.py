"""Signed notes, checkpoints and proofs as text: published vectors, and no byte that may change."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from archiver.citation.checkpoint import Checkpoint, LogProof, entry_of
from archiver.citation.note import KeyKind, VerifierKey, cosign, parse_note, sign, verifier
from archiver.errors import UnsafeInputError
from archiver.storage.ledger.tree import TileTree, leaf_digest, verify_inclusion

GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6"
    "RyyBwJnAM=\n"
)
LOG = Ed25519PrivateKey.from_private_bytes(bytes(32))
WITNESS = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
LOG_KEY = verifier("archive.example/log", KeyKind.LOG, LOG)
WITNESS_KEY = verifier("witness.example", KeyKind.WITNESS, WITNESS)
MOMENT = datetime(2017, 11, 14, 10, 0, tzinfo=UTC)


def proof() -> LogProof:
    leaves = [leaf_digest(entry_of(f"statement {number}".encode())) for number in range(5)]
    tiles = {}
    tree = TileTree(0, lambda level, number: tiles.get((level, number), b""))
    tiles.update(tree.append(leaves))
    text = Checkpoint(LOG_KEY.name, 5, tree.root()).text()
    note = parse_note(f"{text}\n{sign(text, LOG_KEY.name, LOG).line()}\n")
    note = note.signed(cosign(text, WITNESS_KEY.name, WITNESS, MOMENT))
    return LogProof(3, tuple(tree.inclusion_proof(3)), note)


def holds(text: str) -> bool:
    """Whether a verifier who trusts both keys takes the proof for statement 3."""
    try:
        read = LogProof.parse(text)
        checkpoint = read.checkpoint
        signed = read.note.verified_by(LOG_KEY) and read.note.verified_by(WITNESS_KEY)
    except UnsafeInputError:
        return False
    leaf = leaf_digest(entry_of(b"statement 3"))
    return bool(
        signed
        and checkpoint.origin == LOG_KEY.name
        and verify_inclusion(leaf, read.index, checkpoint.size, read.path, checkpoint.root)
    )


def test_the_note_of_the_go_checksum_database_is_verified():
    key = VerifierKey.parse(GO_KEY)
    assert str(key) == GO_KEY
    note = parse_note(GO_NOTE)
    assert str(note) == GO_NOTE
    assert note.verified_by(key)


def test_a_proof_is_read_back_as_written():
    text = str(proof())
    assert text.startswith("c2sp.org/tlog-proof@v1\nindex 3\n")
    assert str(LogProof.parse(text)) == text
    assert holds(text)


def test_a_witness_says_when_it_signed():
    signature = proof().note.verified_by(WITNESS_KEY)
    assert signature
    assert signature.signed_at == MOMENT


def test_no_byte_of_a_proof_can_be_changed():
    content = str(proof()).encode()
    for place in range(len(content)):
        for flip in (0x01, 0x20, 0x80):
            changed = bytearray(content)
            changed[place] ^= flip
            try:
                text = changed.decode()
            except UnicodeDecodeError:
                continue
            assert not holds(text), f"byte {place} ^ {flip:#x}: {text[max(0, place - 20) : place + 20]!r}"


def test_no_byte_of_a_proof_can_be_taken_out_or_doubled():
    text = str(proof())
    for place in range(len(text)):
        assert not holds(text[:place] + text[place + 1 :])
        assert not holds(text[:place] + text[place] + text[place:])


@pytest.mark.parametrize(
    "key",
    [
        "", "name", "name+00000000+", GO_KEY[:-1], GO_KEY.replace("c74f20a3", "c74f20a4"),
        GO_KEY[:-4] + "10TX",
        "two words+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
    ],
)  # fmt: skip
def test_a_key_that_was_not_copied_whole_is_refused(key):
    with pytest.raises(UnsafeInputError):
        VerifierKey.parse(key)


def test_a_key_is_not_named_with_spaces_or_a_plus():
    for name in ("two words", "a+b", ""):
        with pytest.raises(UnsafeInputError):
            verifier(name, KeyKind.LOG, LOG)


def test_a_cosignature_is_no_signature_of_the_log():
    key = VerifierKey(WITNESS_KEY.name, KeyKind.LOG, WITNESS_KEY.public)
    assert proof().note.verified_by(key) is None


@pytest.mark.parametrize(
    "text",
    ["", "\n", "a\n\n", "a\n\nb\n", "a\n\n\u2014 n AAAA", "o\n01\nAA==\n", GO_NOTE + "\n", GO_NOTE * 2,
     "a\x00\n\n\u2014 n AAAAAAAA\n"],
)  # fmt: skip
def test_what_is_no_note_is_refused(text):
    with pytest.raises(UnsafeInputError):
        Checkpoint.parse(parse_note(text).text)

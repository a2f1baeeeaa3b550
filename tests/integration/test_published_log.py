"""The published files of the log, checkpoint and tiles, are held against what was recorded and signed."""

from __future__ import annotations

import base64
import shutil
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from trust_archive import PAGE, TrustHome, make_home

from archiver.citation.audit import audit_log
from archiver.citation.checkpoint import Checkpoint
from archiver.citation.keys import open_key
from archiver.citation.note import KeyKind, Note, parse_note, sign
from archiver.citation.statement import later_statement
from archiver.citation.witness import Witness
from archiver.cli import main

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> TrustHome:
    home = make_home(tmp_path_factory.mktemp("template") / "home")
    for text in ("one", "two"):
        with home.ledger() as ledger:
            statement = later_statement("annotation", home.first.id, datetime.now(UTC), {"text": text})
            ledger.state(statement, PAGE, home.first.page.record_id)
            ledger.sequence()
    return home


@pytest.fixture
def home(template: TrustHome, tmp_path) -> TrustHome:
    shutil.copytree(template.root, tmp_path / "home")
    return TrustHome(tmp_path / "home", template.first, template.second)


def checkpoint(home: TrustHome):
    return home.place.log / "checkpoint"


def faults(home: TrustHome) -> list[str]:
    with home.index() as index:
        return list(audit_log(home.place.files(), index, home.warc, home.place.key().public))


def audit(home: TrustHome, capsys) -> str:
    """What the command says of a log that is at fault."""
    assert main(["--home", str(home.root), "log", "audit"]) == 1
    return capsys.readouterr().out


def refused(home: TrustHome, tmp_path, capsys) -> str:
    """What the command says that does not publish."""
    assert main(["--home", str(home.root), "log", "export", str(tmp_path / "out")]) == 1
    assert not (tmp_path / "out").exists()
    return capsys.readouterr().err


def signature_changed(note: str) -> str:
    """One bit of the signature's value is another."""
    name, encoded = note.rstrip("\n").rsplit(" ", 1)
    content = bytearray(base64.b64decode(encoded))
    content[20] ^= 1
    return f"{name} {base64.b64encode(content).decode()}\n"


def root_replaced(note: str) -> str:
    lines = note.split("\n")
    lines[2] = base64.b64encode(bytes(32)).decode()
    return "\n".join(lines)


def origin_replaced(note: str) -> str:
    return "other.example/log" + note[note.index("\n") :]


def size_replaced(note: str) -> str:
    lines = note.split("\n")
    lines[1] = "3"
    return "\n".join(lines)


def cut(note: str) -> str:
    return note[:60]


def signed_by_nobody(note: str) -> str:
    return note[: note.index("\n\n") + 2]


def signed_by_another(note: str) -> str:
    parsed = parse_note(note)
    name = Checkpoint.parse(parsed.text).origin
    return str(Note(parsed.text, (sign(parsed.text, name, Ed25519PrivateKey.generate()),)))


def with_an_unknown_signature(note: str) -> str:
    parsed = parse_note(note)
    return str(parsed.signed(sign(parsed.text, "stranger.example", Ed25519PrivateKey.generate())))


CHANGES = {
    signature_changed: "the signature of archive.example/log is wrong",
    root_replaced: "is not that of the 4 entries",
    origin_replaced: "is of the log other.example/log, not of archive.example/log",
    size_replaced: "3 entries",
    cut: "not a signed note",
    signed_by_nobody: "not a signed note",
    signed_by_another: "is not signed by the key of its time",
    with_an_unknown_signature: "a signature of stranger.example that was never recorded",
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_checkpoint_is_a_fault_and_is_not_published(home, tmp_path, capsys, change):
    sound = checkpoint(home).read_text()
    checkpoint(home).write_text(change(sound))
    said = audit(home, capsys)
    assert CHANGES[change] in said
    assert "published checkpoint" in said
    why = refused(home, tmp_path, capsys)
    assert "archiver log checkpoint makes it anew" in why
    assert main(["--home", str(home.root), "log", "checkpoint", "--no-timestamp"]) == 0
    assert checkpoint(home).read_text() == sound
    assert faults(home) == []
    assert main(["--home", str(home.root), "log", "export", str(tmp_path / "out")]) == 0
    assert (tmp_path / "out" / "checkpoint").read_text() == sound


def test_a_checkpoint_that_is_gone_is_a_fault_and_nothing_is_published(home, tmp_path, capsys):
    checkpoint(home).unlink()
    assert "there is no published checkpoint, but 4 entries are recorded" in audit(home, capsys)
    assert "archiver log checkpoint makes it anew" in refused(home, tmp_path, capsys)


def test_an_older_checkpoint_of_this_log_is_told_and_is_not_published(home, tmp_path, capsys):
    with home.index() as index:
        older = next(batch.checkpoint for batch in index.ledger.documents("batch"))
    checkpoint(home).write_text(older)
    assert "has 2 entries, 4 are recorded" in audit(home, capsys)
    assert "2 entries, 4 are recorded" in refused(home, tmp_path, capsys)


def test_an_empty_log_is_published_as_nothing(tmp_path, capsys):
    assert main(["--home", str(tmp_path / "new"), "init"]) == 0
    assert main(["--home", str(tmp_path / "new"), "log", "audit"]) == 0
    assert main(["--home", str(tmp_path / "new"), "log", "export", str(tmp_path / "out")]) == 0
    assert "0 files of a log of 0 entries" in capsys.readouterr().err


def test_a_published_cosignature_that_was_recorded_is_no_fault(home, tmp_path):
    key = open_key(tmp_path / "witness", "witness", KeyKind.WITNESS, "w.example")
    cosigned = Witness(tmp_path / "witness", key).cosign(home.place.log, home.place.key().public, NOW)
    arguments = ["--home", str(home.root), "log"]
    assert main([*arguments, "cosignature", cosigned.line(), "--key", str(key.public)]) == 0
    note = home.place.note()
    assert note
    checkpoint(home).write_text(str(note.signed(cosigned)))
    assert faults(home) == []
    assert main([*arguments, "export", str(tmp_path / "out")]) == 0
    changed = str(note) + signature_changed(f"{cosigned.line()}\n")
    checkpoint(home).write_text(changed)
    assert any("a signature of w.example that was never recorded" in fault for fault in faults(home))


def test_after_a_new_key_the_last_checkpoint_of_the_old_one_is_sound(home, tmp_path):
    assert main(["--home", str(home.root), "keys", "rotate"]) == 0
    assert faults(home) == []
    assert main(["--home", str(home.root), "log", "export", str(tmp_path / "out")]) == 0


@pytest.mark.parametrize("name", ["0", "entries"])
def test_a_partial_tile_that_a_wider_one_took_the_place_of_is_looked_at(home, name):
    superseded = home.place.log / "tile" / name / "000.p" / "2"
    content = bytearray(superseded.read_bytes())
    content[40] ^= 1
    superseded.write_bytes(content)
    assert any(str(superseded) in fault for fault in faults(home))


def test_the_framing_of_an_entry_is_looked_at(home):
    entries = home.place.log / "tile" / "entries" / "000.p" / "4"
    content = bytearray(entries.read_bytes())
    content[2] ^= 1
    entries.write_bytes(content)
    assert any(str(entries) in fault for fault in faults(home))


def test_audit_says_what_it_does_not_look_at(home, capsys):
    assert main(["--home", str(home.root), "log", "audit"]) == 0
    assert "archiver verify" in capsys.readouterr().out
    assert main(["log", "audit", "--help"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "are not read here: archiver verify does" in said

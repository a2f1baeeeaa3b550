"""A new key for the log: announced under the old one, refused to the old one, told to who knows only that."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime

import pytest
from trust_archive import PAGE, TrustHome, make_home, unpacked, write_policy

from archiver.citation import keys
from archiver.citation.audit import audit_log
from archiver.citation.bundle_check import verify_bundle
from archiver.citation.checkpoint import Checkpoint
from archiver.citation.exporting import export_bundle
from archiver.citation.note import Note, VerifierKey, parse_note, sign
from archiver.citation.policy import load_policy
from archiver.citation.rotation import rotations
from archiver.citation.sequencer import Sequencer
from archiver.citation.statement import later_statement
from archiver.citation.verdict import Verdict
from archiver.citation.witness import Witness
from archiver.cli import main
from archiver.errors import LogRefusedError, UnsafeInputError
from archiver.reindex import reindex
from archiver.storage.ledger.documents import Batch

ROTATIONS = "trust/rotations.jsonl"


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> TrustHome:
    return make_home(tmp_path_factory.mktemp("template") / "home")


@pytest.fixture
def home(template: TrustHome, tmp_path) -> TrustHome:
    shutil.copytree(template.root, tmp_path / "home")
    return TrustHome(tmp_path / "home", template.first, template.second)


def annotate(home: TrustHome) -> None:
    with home.ledger() as ledger:
        ledger.state(later_statement("annotation", home.first.id, datetime.now(UTC), {"text": "later"}), PAGE)
        ledger.sequence()


def rotate(home: TrustHome) -> tuple[VerifierKey, VerifierKey]:
    with home.ledger() as ledger:
        rotation = ledger.rotate("An Archive")
    return rotation.old, rotation.new


def faults(home: TrustHome) -> list[str]:
    with home.index() as index:
        return list(audit_log(home.place.files(), index, home.warc, home.place.key().public))


def verdict_of(home: TrustHome, tmp_path, *trusted: VerifierKey, name: str = "b.wacz") -> Verdict:
    policy = tmp_path / "policy.toml"
    policy.write_text(f"logs = {json.dumps([str(key) for key in trusted])}")
    return verify_bundle(tmp_path / name, load_policy(policy))


def export(home: TrustHome, tmp_path, name: str = "b.wacz") -> None:
    with home.ledger() as ledger:
        export_bundle(ledger, [home.second], tmp_path / name)


def test_the_new_key_signs_what_comes_after_the_announcement_and_the_old_one_is_gone(home):
    before = home.place.key()
    old, new = rotate(home)
    assert (before.public, home.place.key().public) == (old, new)
    assert old.name == new.name
    note = home.place.note()
    assert note
    assert note.verified_by(old), "the announcement is the last thing that the old key signed"
    annotate(home)
    note = home.place.note()
    assert note
    assert note.verified_by(new)
    assert note.verified_by(old) is None
    private = [path.read_bytes() for path in home.place.keys.rglob("*.pem")]
    assert len(private) == 1
    assert (home.place.keys / "retired" / f"log-{old.key_id.hex()}.vkey").read_text() == f"{old}\n"
    assert faults(home) == []


def test_who_knows_only_the_old_key_is_told_of_the_rotation_and_where_to_get_the_new_one(home, tmp_path):
    old, new = rotate(home)
    annotate(home)
    export(home, tmp_path)
    verdict = verdict_of(home, tmp_path, old)
    assert verdict.exit_code == 1
    assert "signs with another key since" in verdict.headline
    assert "ask the archive for its new key (archiver keys)" in verdict.headline
    assert str(new) in verdict.headline
    assert verdict_of(home, tmp_path, new).problems == []
    assert verdict_of(home, tmp_path, old, new).problems == []


def test_two_rotations_lead_to_the_key_that_signs_now(home, tmp_path):
    old, _ = rotate(home)
    annotate(home)
    _, newest = rotate(home)
    annotate(home)
    export(home, tmp_path)
    assert str(newest) in verdict_of(home, tmp_path, old).headline
    assert verdict_of(home, tmp_path, newest).problems == []
    assert faults(home) == []


def test_a_bundle_from_before_the_rotation_still_verifies_with_the_old_key(home, tmp_path):
    export(home, tmp_path, "old.wacz")
    old, new = rotate(home)
    annotate(home)
    assert verdict_of(home, tmp_path, old, name="old.wacz").problems == []
    assert verdict_of(home, tmp_path, new, old, name="old.wacz").problems == []
    assert ROTATIONS not in unpacked(tmp_path / "old.wacz")


def test_a_rotation_that_the_old_key_did_not_sign_tells_nobody_anything(home, tmp_path):
    from test_trust_bundles import repacked

    old, new = rotate(home)
    annotate(home)
    export(home, tmp_path)
    files = unpacked(tmp_path / "b.wacz")
    line = json.loads(files[ROTATIONS])
    for forged in (
        files[ROTATIONS].replace(b"An Archive", b"An Attacker"),
        (json.dumps({**line, "proof": line["proof"].replace("\n0\n", "\n1\n")}) + "\n").encode(),
        (json.dumps({**line, "more": 1}) + "\n").encode(),
        files[ROTATIONS] * 2 + b"{}\n",
    ):
        assert forged != files[ROTATIONS] or forged.endswith(b"{}\n")
        repacked({**files, ROTATIONS: forged}, tmp_path / "forged.wacz")
        verdict = verdict_of(home, tmp_path, old, new, name="forged.wacz")
        assert verdict.exit_code == 1
        assert "announce" not in verdict.headline or "not" in verdict.headline


def test_no_byte_of_an_announcement_can_be_flipped(home, tmp_path):
    from archiver.citation.rotation import read_announcements
    from archiver.errors import ArchiverError

    rotate(home)
    annotate(home)
    export(home, tmp_path)
    honest = unpacked(tmp_path / "b.wacz")[ROTATIONS]
    assert len(list(read_announcements(honest))) == 1
    for place in range(len(honest)):
        changed = bytearray(honest)
        changed[place] ^= 1 << place % 8
        with pytest.raises((ArchiverError, ValueError, KeyError, TypeError)):
            list(read_announcements(bytes(changed)))


def test_the_old_key_signs_no_more_when_it_is_restored_from_a_copy(home, tmp_path):
    shutil.copytree(home.place.keys, tmp_path / "keys")
    rotate(home)
    annotate(home)
    signed = (home.place.keys / "log.signed").read_text()
    shutil.rmtree(home.place.keys)
    shutil.copytree(tmp_path / "keys", home.place.keys)
    (home.place.keys / "log.signed").write_text(signed)
    with pytest.raises(LogRefusedError, match="was replaced on"):
        annotate(home)


def test_what_a_retired_key_signs_later_is_a_fault_of_the_log(home):
    before = home.place.key()
    rotate(home)
    annotate(home)
    with home.index() as index:
        batches = [batch for batch in index.ledger.documents("batch") if isinstance(batch, Batch)]
    last = batches[-1]
    text = parse_note(last.checkpoint).text
    forged = str(Note(text, (sign(text, before.name, before.private),)))
    from archiver.citation import audit
    from archiver.citation.published_check import terms_of

    with home.index() as index:
        terms = terms_of(rotations(index, home.warc, before.name), home.place.key().public)
    tree = home.place.files().tree()
    assert Checkpoint.parse(text).root == tree.root()
    assert list(audit._wrong_checkpoint(last, tree, terms)) == []
    signed_by_the_old = Batch(last.first, last.size, last.entries, forged)
    [fault] = audit._wrong_checkpoint(signed_by_the_old, tree, terms)
    assert "not signed by the key of its time" in fault


@pytest.mark.parametrize("step", ["install_next", "_finish_installing"])
def test_a_rotation_that_was_killed_is_finished(home, monkeypatch, step):
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    before = home.place.key().public
    module = keys if step.startswith("_") else __import__("archiver.citation.sequencer", fromlist=["x"])
    calls = iter([False] * 2 if step.startswith("_") else [])
    real = getattr(module, step)
    with monkeypatch.context() as patched:
        patched.setattr(module, step, lambda *a: real(*a) if next(calls, None) is False else killed())
        with pytest.raises(KeyboardInterrupt):
            rotate(home)
    if home.place.key().public == before:
        rotate(home)
    annotate(home)
    with home.index() as index:
        [rotation] = rotations(index, home.warc, before.name)
    assert (rotation.old, rotation.new) == (before, home.place.key().public)
    assert faults(home) == []


def test_nothing_is_signed_between_the_announcement_and_the_new_key(home, monkeypatch):
    from archiver.citation import sequencer

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(sequencer, "install_next", killed)
        with pytest.raises(KeyboardInterrupt):
            rotate(home)
    with pytest.raises(LogRefusedError, match="run `archiver keys rotate` again"):
        annotate(home)


def test_rotation_comes_back_by_reindex_and_the_log_goes_on(home):
    rotate(home)
    annotate(home)
    published = (home.place.log / "checkpoint").read_bytes()
    (home.root / "index.sqlite").unlink()
    shutil.rmtree(home.place.log)
    with home.index() as index:
        reindex(home.warc, index)
        Sequencer(home.place, index, home.warc).level()
    assert (home.place.log / "checkpoint").read_bytes() == published
    annotate(home)
    assert faults(home) == []


def test_a_witness_goes_on_with_the_new_key(home, tmp_path):
    key = keys.open_key(tmp_path / "w", "witness", keys.KeyKind.WITNESS, "w.example")
    seen = Witness(tmp_path / "w", key)
    old, new = rotate(home)
    seen.cosign(home.place.log, old, datetime.now(UTC))
    annotate(home)
    with pytest.raises(UnsafeInputError, match="new key"):
        seen.cosign(home.place.log, old, datetime.now(UTC))
    assert seen.cosign(home.place.log, new, datetime.now(UTC)).name == "w.example"


def test_keys_are_rotated_and_listed_on_the_command_line(home, tmp_path, capsys):
    run = ["--home", str(home.root), "keys"]
    assert main(run) == 0
    old = capsys.readouterr().out.strip()
    assert main([*run, "rotate", "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["old"], said["entry"]) == (old, 2)
    assert main([*run, "show"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith(f"{old}  until ")
    assert lines[1] == f"{said['new']}  signs now"
    assert main([*run, "--policy"]) == 0
    (tmp_path / "policy.toml").write_text(capsys.readouterr().out)
    assert [str(key) for key in load_policy(tmp_path / "policy.toml").logs] == [said["new"], old]
    assert write_policy(tmp_path / "p.toml", said["new"]).exists()

"""The log of an archive: made with each snapshot, rebuilt from the WARC files, true to its past."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from trust_archive import PAGE, TrustHome, make_home, timestamp_authority, unpacked, write_policy
from warc_exchanges import WARCINFO

from archiver.citation.audit import audit_log
from archiver.citation.bundle_check import verify_bundle
from archiver.citation.checkpoint import Checkpoint
from archiver.citation.exporting import export_bundle
from archiver.citation.keys import SigningKey, open_key
from archiver.citation.ledger_writer import open_ledger
from archiver.citation.note import KeyKind, Note, parse_note, sign, verifier
from archiver.citation.policy import NoPolicyError, load_policy
from archiver.citation.sequencer import LogPlace, Sequencer
from archiver.citation.standing import State, standing_of
from archiver.citation.statement import later_statement, read_canonical
from archiver.citation.timestamps import TimestampError, request_timestamp, verify_timestamp
from archiver.citation.withdrawal import Withdrawals, WithdrawnError
from archiver.citation.witness import Witness
from archiver.cli import main
from archiver.errors import ConfigurationError, LogRefusedError, UnsafeInputError
from archiver.reindex import reindex
from archiver.storage.ledger.files import LogFiles
from archiver.storage.warc import read_record

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> TrustHome:
    return make_home(tmp_path_factory.mktemp("template") / "home")


@pytest.fixture
def home(template: TrustHome, tmp_path) -> TrustHome:
    shutil.copytree(template.root, tmp_path / "home")
    return TrustHome(tmp_path / "home", template.first, template.second)


def annotate(home: TrustHome, text: str = "The pictures are from a video game.") -> None:
    with home.ledger() as ledger:
        statement = later_statement("annotation", home.first.id, datetime.now(UTC), {"text": text})
        ledger.state(statement, PAGE, home.first.page.record_id)
        ledger.sequence()


def faults(home: TrustHome) -> list[str]:
    key = home.place.key().public
    with home.index() as index:
        return list(audit_log(home.place.files(), index, home.warc, key))


def test_every_snapshot_is_stated_and_logged_by_the_end_of_the_crawl(home):
    with home.index() as index:
        for snapshot in (home.first, home.second):
            standing = standing_of(index, home.warc, snapshot.id)
            assert standing.states == (State.CAPTURED, State.LOGGED)
    assert home.place.files().size == 2
    assert faults(home) == []


def test_the_statement_binds_every_record_and_names_the_version_before(home):
    with home.index() as index:
        [stored] = index.ledger.about(home.second.id)
        stated = read_canonical(read_record(home.warc, stored.location).block())
    assert stated["previous"] == home.first.id
    assert [record["type"] for record in stated["records"]] == [
        "response", "request", "response", "request", "revisit", "request", "response", "request",
        "revisit", "request", "metadata",
    ]  # fmt: skip
    assert [record["type"] for record in stated["originals"]] == ["response", "response"]
    assert stated["pictures"] == {"found": 2, "captured": 2, "missing": 0}
    assert stated["resources"] == {"found": 1, "missing": 0}
    assert len(bytes.fromhex(stated["salt"])) == 16
    assert stated["dns"] == ["93.184.216.34", "93.184.216.35"]
    assert stated["clock"]["source"] == "system"


def test_reindex_restores_identifiers_statements_and_log_exactly(home):
    annotate(home)
    published = {path: path.read_bytes() for path in home.place.log.rglob("*") if path.is_file()}
    with home.index() as index:
        before = sorted(map(repr, index.dump()))
        reindex(home.warc, index)
        assert sorted(map(repr, index.dump())) == before
        shutil.rmtree(home.place.log)
        Sequencer(home.place, index, home.warc).level()
    again = {path: path.read_bytes() for path in home.place.log.rglob("*") if path.is_file()}
    checkpoint = home.place.log / "checkpoint"
    assert again[checkpoint] == published[checkpoint]
    assert {path: again[path] for path in published} == published
    assert faults(home) == []


def test_a_lost_database_and_a_lost_log_come_back_from_the_warc_files_alone(home):
    (home.root / "index.sqlite").unlink()
    for suffix in ("-wal", "-shm"):
        (home.root / f"index.sqlite{suffix}").unlink(missing_ok=True)
    shutil.rmtree(home.place.log)
    with home.index() as index:
        reindex(home.warc, index)
    with home.ledger() as ledger:
        signed = ledger.sequence()
    assert signed
    assert signed.size == 2
    assert faults(home) == []


def test_a_log_ahead_of_the_index_is_not_signed(home):
    older = home.root.with_name("older.sqlite")
    with home.index():
        pass
    shutil.copy(home.root / "index.sqlite", older)
    segments = set(home.warc.iterdir())
    annotate(home)
    for path in set(home.warc.iterdir()) - segments:
        path.unlink()
    shutil.copy(older, home.root / "index.sqlite")
    with home.ledger() as ledger, pytest.raises(LogRefusedError, match="restored from an older copy"):
        ledger.sequence()


def test_a_whole_home_that_was_restored_is_found_out_by_its_key(home, tmp_path):
    shutil.copytree(home.root, tmp_path / "copy")
    annotate(home)
    restored = TrustHome(tmp_path / "copy", home.first, home.second)
    shutil.rmtree(restored.place.keys)
    shutil.copytree(home.place.keys, restored.place.keys)
    with restored.ledger() as ledger:
        ledger.state(later_statement("annotation", home.first.id, NOW, {"text": "another past"}), PAGE)
        with pytest.raises(LogRefusedError, match="this key has signed a log of 3 entries"):
            ledger.sequence()


def test_what_was_recorded_and_not_published_is_published_by_the_next_start(home):
    kept = home.root.with_name("kept-log")
    shutil.copytree(home.place.log, kept)
    annotate(home)
    checkpoint = (home.place.log / "checkpoint").read_bytes()
    shutil.rmtree(home.place.log)
    shutil.copytree(kept, home.place.log)
    with home.index() as index:
        Sequencer(home.place, index, home.warc).level()
    assert (home.place.log / "checkpoint").read_bytes() == checkpoint
    assert faults(home) == []


def test_an_audit_finds_a_changed_tile_a_changed_entry_and_a_missing_statement(home):
    entries = next((home.place.log / "tile" / "entries").rglob("2"))
    content = bytearray(entries.read_bytes())
    content[5] ^= 1
    entries.write_bytes(content)
    assert any("is not the one that was logged" in fault for fault in faults(home))
    content[5] ^= 1
    entries.write_bytes(content)
    tile = next((home.place.log / "tile" / "0").rglob("2"))
    tile.write_bytes(bytes(64))
    assert any("is not the one that was logged" in fault or "root" in fault for fault in faults(home))


def test_the_log_is_exported_as_static_files_that_a_mirror_can_check(home, tmp_path):
    annotate(home)
    assert main(["--home", str(home.root), "log", "export", str(tmp_path / "mirror")]) == 0
    note = parse_note((tmp_path / "mirror" / "checkpoint").read_text())
    signed = Checkpoint.parse(note.text)
    assert note.verified_by(home.place.key().public)
    mirrored = LogFiles(tmp_path / "mirror", signed.size)
    assert mirrored.tree().root() == signed.root
    assert mirrored.entry_digest(2) == home.place.files().entry_digest(2)


def test_keys_are_for_their_owner_alone(home):
    private = home.place.keys / "log.pem"
    assert private.stat().st_mode & 0o777 == 0o600
    private.chmod(0o640)
    with pytest.raises(ConfigurationError, match="can be read by others"):
        home.place.key()


def test_a_key_file_of_another_kind_is_refused(tmp_path):
    open_key(tmp_path, "log", KeyKind.LOG, "archive.example")
    (tmp_path / "log.pem").write_text("no key")
    with pytest.raises(ConfigurationError, match="is no private key"):
        open_key(tmp_path, "log", KeyKind.LOG)


def test_a_key_without_its_name_is_refused(tmp_path):
    open_key(tmp_path, "log", KeyKind.LOG, "archive.example")
    (tmp_path / "log.vkey").unlink()
    with pytest.raises(ConfigurationError, match="is missing"):
        open_key(tmp_path, "log", KeyKind.LOG)


def witness(tmp_path) -> Witness:
    return Witness(
        tmp_path / "witness", open_key(tmp_path / "witness", "witness", KeyKind.WITNESS, "w.example")
    )


def test_a_witness_signs_a_log_that_grows(home, tmp_path):
    key = home.place.key().public
    seen = witness(tmp_path)
    assert seen.cosign(home.place.log, key, NOW).name == "w.example"
    annotate(home)
    assert seen.cosign(home.place.log, key, NOW).signed_at == NOW


def test_a_witness_refuses_a_log_that_shrank(home, tmp_path):
    key = home.place.key().public
    shutil.copytree(home.place.log, tmp_path / "before")
    annotate(home)
    seen = witness(tmp_path)
    seen.cosign(home.place.log, key, NOW)
    with pytest.raises(LogRefusedError, match="shows 2 entries, but showed 3 before"):
        seen.cosign(tmp_path / "before", key, NOW)


def test_a_witness_refuses_a_fork(home, tmp_path):
    key = home.place.key()
    seen = witness(tmp_path)
    seen.cosign(home.place.log, key.public, NOW)
    forked = fork(tmp_path / "forked", key, [bytes([n]) * 32 for n in range(5)])
    with pytest.raises(LogRefusedError, match="its past was changed"):
        seen.cosign(forked, key.public, NOW)


def test_a_witness_refuses_another_key_under_the_same_name(home, tmp_path):
    stranger = Ed25519PrivateKey.generate()
    name = home.place.key().name
    forged = fork(
        tmp_path / "forged", SigningKey(stranger, verifier(name, KeyKind.LOG, stranger)), [bytes(32)]
    )
    with pytest.raises(UnsafeInputError, match="is not signed by"):
        witness(tmp_path).cosign(forged, home.place.key().public, NOW)


def fork(folder, key: SigningKey, digests: list[bytes]):
    """A log of other entries, signed with `key`."""
    from archiver.citation.checkpoint import leaf_of_digest

    folder.mkdir()
    files = LogFiles(folder, 0)
    tree = files.tree()
    tree.append([leaf_of_digest(digest) for digest in digests])
    text = Checkpoint(key.name, tree.size, tree.root()).text()
    files.append(digests, str(Note(text, (sign(text, key.name, key.private),))))
    return folder


def test_an_authority_that_does_not_answer_keeps_nothing_from_being_logged(home, monkeypatch, capsys):
    monkeypatch.setenv("ARCHIVER_TRUST__TIMESTAMP_AUTHORITIES", '["http://127.0.0.1:9/tsr"]')
    assert main(["--home", str(home.root), "log", "checkpoint"]) == 1
    said = capsys.readouterr()
    assert "does not answer" in said.err
    assert said.out.startswith("archive.example/log\n2\n")


def test_a_checkpoint_is_timestamped_once_by_each_authority(home, tmp_path, monkeypatch):
    with timestamp_authority(tmp_path / "tsa") as authority:
        monkeypatch.setenv("ARCHIVER_TRUST__TIMESTAMP_AUTHORITIES", f'["{authority.url}"]')
        assert main(["--home", str(home.root), "log", "checkpoint"]) == 0
        assert main(["--home", str(home.root), "log", "checkpoint"]) == 0
    with home.index() as index:
        assert len(list(index.ledger.documents("timestamp"))) == 1
        standing = standing_of(index, home.warc, home.first.id)
        assert standing.states[-1] is State.TIMESTAMPED
        assert abs((standing.moment - datetime.now(UTC)).total_seconds()) < 60
        before = sorted(map(repr, index.dump()))
        reindex(home.warc, index)
        assert sorted(map(repr, index.dump())) == before


def test_no_byte_of_a_timestamp_moves_its_time(tmp_path):
    from cryptography import x509

    with timestamp_authority(tmp_path / "tsa") as authority:
        response = request_timestamp(authority.url, b"checkpoint")
        roots = x509.load_pem_x509_certificates(authority.roots.read_bytes())
    honest = verify_timestamp(response, b"checkpoint", "a", roots)
    for place in range(len(response)):
        changed = bytearray(response)
        changed[place] ^= 1
        try:
            assert verify_timestamp(bytes(changed), b"checkpoint", "a", roots) == honest
        except UnsafeInputError:
            continue
    with pytest.raises(UnsafeInputError):
        verify_timestamp(response, b"other", "a", roots)


def test_what_is_no_timestamp_authority_is_told(home, tmp_path):
    with pytest.raises(TimestampError, match="no http"):
        request_timestamp("file:///etc/passwd", b"x")


def test_an_annotation_goes_into_the_bundle_with_its_proof(home, tmp_path):
    annotate(home)
    policy = write_policy(tmp_path / "p.toml", home.place.key().public)
    with home.ledger() as ledger:
        export_bundle(ledger, [home.first], tmp_path / "a.wacz")
    verdict = verify_bundle(tmp_path / "a.wacz", load_policy(policy))
    assert verdict.problems == []
    assert verdict.notes[0].endswith("The pictures are from a video game.")
    premis = unpacked(tmp_path / "a.wacz")["trust/premis.xml"]
    assert b"<eventType>metadata modification</eventType>" in premis
    assert b'"eventType": "metadata modification"' in unpacked(tmp_path / "a.wacz")["trust/events.jsonl"]


def test_a_withdrawn_snapshot_stays_on_record_and_gives_out_no_bytes(home, tmp_path):
    arguments = ["--home", str(home.root)]
    assert main([*arguments, "withdraw", home.first.id, "--reason", "Order 7 of the court"]) == 0
    with home.index() as index:
        standing = standing_of(index, home.warc, home.first.id)
        assert standing.withdrawn
        assert standing.withdrawn.text == "Order 7 of the court"
        withdrawal = Withdrawals(index, home.warc).of_snapshot(home.first.id)
        assert withdrawal
        assert (withdrawal.at, withdrawal.reason) == (standing.withdrawn.issued_at, "Order 7 of the court")
        assert index.snapshot(home.first.id)
    with home.ledger() as ledger, pytest.raises(WithdrawnError, match="Order 7"):
        export_bundle(ledger, [home.first], tmp_path / "w.wacz")
    assert not (tmp_path / "w.wacz").exists()
    assert faults(home) == []


def test_an_annotation_without_words_is_refused(home):
    assert main(["--home", str(home.root), "annotate", home.first.id, " \n "]) == 2


def test_a_mistyped_identifier_is_refused_with_the_likely_one(home, capsys):
    wrong = home.first.id[:-2] + home.first.id[-1] + home.first.id[-2]
    if wrong == home.first.id:
        wrong = home.first.id[:-1]
    assert main(["--home", str(home.root), "cite", wrong]) == 2
    assert f"did you mean {home.first.id}?" in capsys.readouterr().err


def test_cite_finds_the_snapshot_closest_to_a_date(home, capsys):
    at = home.first.captured_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert main(["--home", str(home.root), "cite", PAGE, "--at", at]) == 0
    assert home.first.id in capsys.readouterr().out
    assert main(["--home", str(home.root), "cite", PAGE]) == 0
    assert home.second.id in capsys.readouterr().out
    assert main(["--home", str(home.root), "cite", "http://courier.example/none"]) == 1


@pytest.mark.parametrize(
    "text",
    ["", "logs = []", 'logs = ["x"]', "logs = 7", 'logs = ["K"]\nunknown = 1', "[[authority]]", "\x00"],
)
def test_an_unusable_policy_is_no_policy(text, home, tmp_path):
    path = tmp_path / "policy.toml"
    path.write_text(text.replace('"K"', f'"{home.place.key().public}"'))
    with pytest.raises(NoPolicyError):
        load_policy(path)


def test_the_policy_that_keys_prints_is_one(home, tmp_path, capsys):
    assert main(["--home", str(home.root), "keys", "--policy"]) == 0
    (tmp_path / "policy.toml").write_text(capsys.readouterr().out)
    assert load_policy(tmp_path / "policy.toml").logs == (home.place.key().public,)


def test_two_processes_sequence_one_after_the_other(home):
    place = LogPlace(home.place.log, home.place.keys)
    with home.index() as index, open_ledger(index, home.warc, place, WARCINFO) as one, home.ledger() as other:
        for number in range(3):
            for ledger in (one, other):
                statement = later_statement("annotation", home.first.id, NOW, {"text": str(number)})
                ledger.state(statement, PAGE)
                ledger.sequence()
    assert home.place.files().size == 8
    assert faults(home) == []


def test_a_log_that_cannot_be_written_keeps_nothing_from_being_archived(tmp_path, caplog):
    root = tmp_path / "home"
    root.mkdir()
    (root / "log").write_text("not a folder")
    home = make_home(root)
    with home.index() as index:
        assert index.snapshot(home.first.id)
        assert standing_of(index, home.warc, home.first.id).states == (State.CAPTURED,)
    assert "statements wait for the log" in caplog.text
    (root / "log").unlink()
    with home.ledger() as ledger:
        assert ledger.sequence()
    assert faults(home) == []


def test_a_truncated_tile_is_told_and_made_anew(home):
    tile = next((home.place.log / "tile" / "0").rglob("2"))
    tile.write_bytes(tile.read_bytes()[:40])
    arguments = ["--home", str(home.root), "log"]
    assert main([*arguments, "audit"]) == 1
    assert main([*arguments, "consistency", "1"]) == 1
    assert main([*arguments, "rebuild"]) == 0
    assert main([*arguments, "audit"]) == 0
    assert faults(home) == []


def test_what_somebody_says_of_a_snapshot_cannot_drive_a_terminal(home, tmp_path, capsys):
    arguments = ["--home", str(home.root)]
    assert main([*arguments, "annotate", home.first.id, "red \x1b[31m alert"]) == 0
    assert main([*arguments, "show", home.first.id]) == 0
    policy = write_policy(tmp_path / "p.toml", home.place.key().public)
    assert main([*arguments, "export", home.first.id, "-o", str(tmp_path / "a.wacz")]) == 0
    assert main(["verify", str(tmp_path / "a.wacz"), "--policy", str(policy)]) == 2
    assert "\x1b" not in capsys.readouterr().out

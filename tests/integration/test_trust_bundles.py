"""Bundles: what an honest one proves, and every attack that must not pass, with its exit code."""

from __future__ import annotations

import base64
import contextlib
import gzip
import hashlib
import io
import json
import re
import shutil
import struct
import zipfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastwarc.warc import ArchiveIterator
from trust_archive import (
    PAGE,
    TimestampAuthority,
    TrustHome,
    make_home,
    timestamp_authority,
    unpacked,
    write_policy,
)

from archiver.citation.bundle import PACKAGE, PACKAGE_DIGEST, WARC, labelled
from archiver.citation.bundle_check import verify_bundle
from archiver.citation.checkpoint import Checkpoint, LogProof, entry_of
from archiver.citation.exporting import export_bundle
from archiver.citation.note import KeyKind, Note, cosign, sign, verifier
from archiver.citation.policy import load_policy
from archiver.citation.statement import canonical, read_canonical
from archiver.citation.verdict import Verdict
from archiver.cli import main
from archiver.errors import UnsafeInputError
from archiver.storage.ledger.documents import Cosignature
from archiver.storage.ledger.tree import leaf_digest

STATEMENT, PROOF = "trust/statement.json", "trust/capture.tlog-proof"
WITNESS = Ed25519PrivateKey.from_private_bytes(b"w" * 32)
WITNESS_KEY = verifier("witness.example", KeyKind.WITNESS, WITNESS)
Files = dict[str, bytes]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    with timestamp_authority(tmp_path_factory.mktemp("authority") / "tsa") as running:
        yield running


@pytest.fixture(scope="module")
def home(tmp_path_factory, authority: TimestampAuthority) -> TrustHome:
    made = make_home(tmp_path_factory.mktemp("trust") / "home")
    seal(made, authority)
    return made


def seal(home: TrustHome, authority: TimestampAuthority) -> None:
    """Have the newest checkpoint cosigned and timestamped."""
    with home.ledger() as ledger:
        ledger.sequence()
        note = home.place.note()
        assert note
        line = cosign(note.text, WITNESS_KEY.name, WITNESS, datetime.now(UTC)).line()
        ledger.cosigned(Cosignature(Checkpoint.parse(note.text).size, WITNESS_KEY.name, line))
        ledger.stamp(authority.url, note)


@pytest.fixture(scope="module")
def bundle(home: TrustHome, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("bundle") / "depot.wacz"
    with home.ledger() as ledger:
        export_bundle(ledger, [home.second], path, archive="An Archive", base_url="https://archive.example")
    return path


@pytest.fixture(scope="module")
def policy(home: TrustHome, authority: TimestampAuthority, tmp_path_factory) -> Path:
    extra = f'witnesses = ["{WITNESS_KEY}"]\nquorum = 1'
    return write_policy(
        tmp_path_factory.mktemp("policy") / "policy.toml", home.place.key().public, authority, extra
    )


def check(bundle: Path, policy: Path) -> Verdict:
    return verify_bundle(bundle, load_policy(policy))


def repacked(files: Files, target: Path, *, consistent: bool = True) -> Path:
    """A bundle of these files; with `consistent` its lists of digests are made to fit."""
    files = dict(files)
    if consistent:
        described = json.loads(files[PACKAGE])
        known = {resource["path"] for resource in described["resources"]}
        described["resources"] = [r for r in described["resources"] if r["path"] in files]
        for path in sorted(set(files) - known - {PACKAGE, PACKAGE_DIGEST}):
            described["resources"].append({"name": path.rpartition("/")[2], "path": path})
        for resource in described["resources"]:
            resource["hash"] = labelled(files[resource["path"]])
            resource["bytes"] = len(files[resource["path"]])
        described["resources"].sort(key=lambda resource: resource["path"])
        files[PACKAGE] = json.dumps(described, ensure_ascii=False, indent=2).encode()
        digest = {"path": PACKAGE, "hash": labelled(files[PACKAGE])}
        files[PACKAGE_DIGEST] = json.dumps(digest, indent=2).encode()
    with zipfile.ZipFile(target, "w") as archive:
        for path, content in files.items():
            archive.writestr(path, content)
    return target


def members(warc: bytes) -> list[bytes]:
    """The records of a WARC file, uncompressed."""
    found, stream = [], io.BytesIO(warc)
    import zlib

    rest = stream.read()
    while rest:
        one = zlib.decompressobj(31)
        found.append(one.decompress(rest))
        rest = one.unused_data
    return found


def packed(records: list[bytes]) -> bytes:
    return b"".join(gzip.compress(record, mtime=0) for record in records)


def test_an_honest_bundle_is_verified_and_states_the_proven_time_only(bundle, policy, home):
    verdict = check(bundle, policy)
    assert (verdict.exit_code, verdict.problems, verdict.warnings) == (0, [], [])
    assert verdict.moment
    proven = f"{verdict.moment:%Y-%m-%dT%H:%M:%SZ}"
    limits = "Not proven: that the site sent it; that it is true."
    assert verdict.headline == f"VERIFIED: existed no later than {proven}, unaltered since. {limits}"
    assert {stamped.authority for stamped in verdict.times} == {"witness.example", "authority"}


def test_the_bundle_holds_the_pictures_and_the_originals_of_revisits(bundle, home):
    records = members(unpacked(bundle)[WARC])
    heads = [record.partition(b"\r\n\r\n")[0] for record in records]
    assert sum(b"WARC-Type: revisit" in head for head in heads) == 2, "a picture, the stylesheet"
    assert sum(b"WARC-Type: response" in head for head in heads) == 5, "page, picture, redirect, originals"
    assert any(b"depot depot" in record for record in records)
    assert any(b"p{color:red}" in record for record in records)


def test_the_index_leads_every_reader_to_the_records(bundle, tmp_path):
    files = unpacked(bundle)
    lines = files["indexes/index.cdx"].decode().splitlines()
    assert lines == sorted(lines)
    assert len(lines) == 7
    for line in lines:
        _, moment, said = line.split(" ", 2)
        fields = json.loads(said)
        start = int(fields["offset"])
        piece = io.BytesIO(files[WARC][start : start + int(fields["length"])])
        record = next(iter(ArchiveIterator(piece)))
        assert record.headers["WARC-Target-URI"] == fields["url"]
        assert re.sub(r"\D", "", record.headers["WARC-Date"])[:14] == moment
    with zipfile.ZipFile(bundle) as archive:
        assert all(info.compress_type == zipfile.ZIP_STORED for info in archive.infolist())
    page = json.loads(files["pages/pages.jsonl"].splitlines()[1])
    assert page["url"] == PAGE


def test_the_same_archive_gives_the_same_bundle(bundle, home, tmp_path):
    with home.ledger() as ledger:
        export_bundle(
            ledger,
            [home.second],
            tmp_path / "again.wacz",
            archive="An Archive",
            base_url="https://archive.example",
        )
    assert (tmp_path / "again.wacz").read_bytes() == bundle.read_bytes()


def test_all_versions_of_an_article_go_into_one_bundle(home, policy, tmp_path):
    with home.ledger() as ledger:
        export_bundle(ledger, [home.first, home.second], tmp_path / "all.wacz")
    verdict = check(tmp_path / "all.wacz", policy)
    assert verdict.exit_code == 0, verdict.problems
    assert set(verdict.captured) == {home.first.id, home.second.id}


def test_the_command_line_needs_no_home_and_returns_the_exit_codes(
    bundle, policy, tmp_path, capsys, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    assert main(["verify", str(bundle), "--policy", str(policy)]) == 0
    assert main(["verify", str(bundle)]) == 4
    assert main(["verify", str(bundle), "--policy", str(tmp_path / "none.toml")]) == 4
    broken = tmp_path / "broken.wacz"
    content = bytearray(bundle.read_bytes())
    content[content.find(b"depot depot") if b"depot depot" in content else len(content) // 3] ^= 1
    broken.write_bytes(content)
    assert main(["verify", str(broken), "--policy", str(policy)]) == 1
    assert "FAILED" in capsys.readouterr().out
    (tmp_path / "no.wacz").write_bytes(b"no zip")
    assert main(["verify", str(tmp_path / "no.wacz"), "--policy", str(policy)]) == 3


ATTACKS = {}


def attack(function):
    ATTACKS[function.__name__] = function
    return function


@attack
def payload_edit(files: Files) -> None:
    records = [record.replace(b"second", b"5econd") for record in members(files[WARC])]
    files[WARC] = packed(records)


@attack
def payload_edit_with_new_digests_in_the_record(files: Files) -> None:
    records = members(files[WARC])
    place = next(n for n, record in enumerate(records) if b"<p>second" in record)
    head, _, block = records[place].partition(b"\r\n\r\n")
    block = block.removesuffix(b"\r\n\r\n").replace(b"second", b"5econd")
    for name, content in (
        (b"WARC-Block-Digest", block),
        (b"WARC-Payload-Digest", block.partition(b"\r\n\r\n")[2]),
    ):
        start = head.index(name + b": sha256:") + len(name) + 9
        head = head[:start] + hashlib.sha256(content).hexdigest().encode() + head[start + 64 :]
    records[place] = head + b"\r\n\r\n" + block + b"\r\n\r\n"
    files[WARC] = packed(records)


@attack
def header_edit(files: Files) -> None:
    records = members(files[WARC])
    year = str(datetime.now(UTC).year).encode()
    records[0] = records[0].replace(b"WARC-Date: " + year, b"WARC-Date: 2001", 1)
    files[WARC] = packed(records)


@attack
def statement_edit(files: Files) -> None:
    stated = read_canonical(files[STATEMENT])
    files[STATEMENT] = canonical({**stated, "vantage": "Elsewhere"})


@attack
def records_and_statement_edited_consistently(files: Files) -> None:
    old = {hashlib.sha256(r).hexdigest(): r for r in members(files[WARC])}
    new = {digest: record.replace(b"<b>", b"<i>") for digest, record in old.items()}
    text = files[STATEMENT].decode()
    for digest, record in new.items():
        text = text.replace(digest, hashlib.sha256(record).hexdigest())
    files[STATEMENT] = text.encode()
    files[WARC] = packed(list(new.values()))


@attack
def dropped_picture(files: Files) -> None:
    files[WARC] = packed(
        [r for r in members(files[WARC]) if b"convoy.jpg" not in r.partition(b"\r\n\r\n")[0]]
    )


@attack
def extra_record(files: Files) -> None:
    records = members(files[WARC])
    copy = records[0].replace(b"urn:uuid:", b"urn:uuid:0", 1)
    files[WARC] = packed([*records, copy])


@attack
def doubled_record(files: Files) -> None:
    records = members(files[WARC])
    files[WARC] = packed([*records, records[0]])


@attack
def two_records_in_one_member(files: Files) -> None:
    records = members(files[WARC])
    files[WARC] = packed([records[0] + records[1], *records[2:]])


@attack
def bytes_behind_the_last_record(files: Files) -> None:
    files[WARC] += b"\0" * 8


@attack
def picture_left_out_of_the_index(files: Files) -> None:
    lines = files["indexes/index.cdx"].splitlines(keepends=True)
    files["indexes/index.cdx"] = b"".join(line for line in lines if b"convoy.jpg" not in line)


@attack
def citation_that_claims_another_day(files: Files) -> None:
    year = str(datetime.now(UTC).year).encode()
    files["citation/citation.txt"] = files["citation/citation.txt"].replace(year, b"2001")


@attack
def record_page_with_another_title(files: Files) -> None:
    files["record.html"] = files["record.html"].replace(b"Proof at the depot", b"Proof of something else")


@attack
def instructions_that_check_nothing(files: Files) -> None:
    files["trust/VERIFY.md"] = b"# How to verify\n\nAll is well.\n"


@attack
def preservation_metadata_with_another_digest(files: Files) -> None:
    files["trust/premis.xml"] = re.sub(
        rb"<messageDigest>[0-9a-f]", b"<messageDigest>x", files["trust/premis.xml"], count=1
    )


@attack
def another_file_in_the_bundle(files: Files) -> None:
    files["trust/extra.html"] = b"<script>"


@attack
def other_certificates_beside_the_timestamp(files: Files) -> None:
    name = next(name for name in files if name.endswith(".tsr"))
    files[f"trust/{name[17:-4]}.pem"] = b""


@attack
def forged_log(files: Files) -> None:
    """A log of the attacker's own, under the same name: keys do not come from the bundle."""
    proof = LogProof.parse(files[PROOF].decode())
    key = Ed25519PrivateKey.generate()
    leaf = leaf_digest(entry_of(files[STATEMENT]))
    text = Checkpoint(proof.checkpoint.origin, 1, leaf).text()
    note = Note(text, (sign(text, proof.checkpoint.origin, key),))
    files[PROOF] = str(LogProof(0, (), note)).encode()


@attack
def forged_log_with_the_signature_of_the_true_one(files: Files) -> None:
    proof = LogProof.parse(files[PROOF].decode())
    leaf = leaf_digest(entry_of(files[STATEMENT]))
    text = Checkpoint(proof.checkpoint.origin, 1, leaf).text()
    files[PROOF] = str(LogProof(0, (), Note(text, proof.note.signatures))).encode()


@attack
def witness_taken_away(files: Files) -> None:
    proof = LogProof.parse(files[PROOF].decode())
    files[PROOF] = str(replace(proof, note=Note(proof.note.text, proof.note.signatures[:1]))).encode()


@attack
def timestamp_taken_away(files: Files) -> None:
    for name in [name for name in files if name.endswith((".tsr", ".pem"))]:
        del files[name]


@attack
def event_about_something_else(files: Files) -> None:
    line = {"premis": {}, "statement": files[STATEMENT].decode().replace('"id":"ark', '"id":"bark', 1)}
    files["trust/events.jsonl"] = (json.dumps({**line, "proof": files[PROOF].decode()}) + "\n").encode()


@attack
def statement_written_otherwise(files: Files) -> None:
    files[STATEMENT] = json.dumps(json.loads(files[STATEMENT])).encode()


@attack
def statement_with_a_name_twice(files: Files) -> None:
    files[STATEMENT] = files[STATEMENT].replace(b'{"captured"', b'{"captured":"2001","captured"', 1)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_fails_even_when_the_lists_of_digests_are_made_to_fit(name, bundle, policy, tmp_path):
    files = unpacked(bundle)
    before = dict(files)
    ATTACKS[name](files)
    assert files != before, "the attack changed nothing"
    verdict = check(repacked(files, tmp_path / "attacked.wacz"), policy)
    assert verdict.exit_code == 1, verdict.headline
    assert verdict.headline.startswith("FAILED: ")


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_fails_when_the_lists_of_digests_are_left(name, bundle, policy, tmp_path):
    files = unpacked(bundle)
    ATTACKS[name](files)
    assert check(repacked(files, tmp_path / "attacked.wacz", consistent=False), policy).exit_code == 1


def test_repacking_alone_is_no_attack(bundle, policy, tmp_path):
    assert check(repacked(unpacked(bundle), tmp_path / "same.wacz"), policy).exit_code == 0


def test_a_timestamp_of_another_checkpoint_is_refused(home, authority, bundle, policy, tmp_path):
    with timestamped_elsewhere(authority, tmp_path) as response:
        files = unpacked(bundle)
        name = next(name for name in files if name.endswith(".tsr"))
        files[name] = response
        verdict = check(repacked(files, tmp_path / "reused.wacz"), policy)
    assert verdict.exit_code == 1
    assert "is of something else" in verdict.headline


@contextlib.contextmanager
def timestamped_elsewhere(authority: TimestampAuthority, tmp_path: Path):
    from archiver.citation.timestamps import request_timestamp

    yield request_timestamp(authority.url, b"another checkpoint")


def test_a_timestamp_of_an_authority_that_the_reader_does_not_trust_is_refused(bundle, home, tmp_path):
    with timestamp_authority(tmp_path / "other") as other:
        policy = write_policy(tmp_path / "p.toml", home.place.key().public, other)
        verdict = check(bundle, policy)
    assert verdict.exit_code == 1


def test_a_log_that_the_reader_does_not_trust_is_refused(bundle, authority, tmp_path):
    stranger = verifier("archive.example/log", KeyKind.LOG, Ed25519PrivateKey.generate())
    assert check(bundle, write_policy(tmp_path / "p.toml", stranger, authority)).exit_code == 1


def test_signatures_that_the_reader_does_not_know_are_warned_of(bundle, home, authority, tmp_path):
    verdict = check(bundle, write_policy(tmp_path / "p.toml", home.place.key().public, authority))
    assert verdict.exit_code == 2
    assert "does not know the signature of witness.example" in verdict.warnings[0]


def test_stolen_keys_with_a_back_dated_capture_are_late_logged(authority, tmp_path):
    forged = make_home(tmp_path / "forged", age=timedelta(days=700))
    seal(forged, authority)
    with forged.ledger() as ledger:
        export_bundle(ledger, [forged.first], tmp_path / "late.wacz")
    extra = f'witnesses = ["{WITNESS_KEY}"]'
    policy = write_policy(tmp_path / "p.toml", forged.place.key().public, authority, extra)
    verdict = check(tmp_path / "late.wacz", policy)
    assert verdict.exit_code == 2
    assert "LATE-LOGGED" in verdict.warnings[0]
    assert "700 days" in verdict.warnings[0]


def test_a_capture_in_the_very_second_that_is_sworn_to_is_verified(tmp_path):
    quick = make_home(tmp_path / "quick")
    with quick.ledger() as ledger:
        note = quick.place.note()
        assert note
        line = cosign(note.text, WITNESS_KEY.name, WITNESS, quick.second.captured_at).line()
        ledger.cosigned(Cosignature(Checkpoint.parse(note.text).size, WITNESS_KEY.name, line))
        export_bundle(ledger, [quick.second], tmp_path / "quick.wacz")
    extra = f'witnesses = ["{WITNESS_KEY}"]'
    policy = write_policy(tmp_path / "p.toml", quick.place.key().public, None, extra)
    verdict = check(tmp_path / "quick.wacz", policy)
    assert (verdict.exit_code, verdict.problems) == (0, [])


def test_a_capture_that_claims_to_be_later_than_its_proof_is_refused(authority, tmp_path):
    forged = make_home(tmp_path / "forged", age=-timedelta(days=2))
    seal(forged, authority)
    with forged.ledger() as ledger:
        export_bundle(ledger, [forged.first], tmp_path / "early.wacz")
    policy = write_policy(tmp_path / "p.toml", forged.place.key().public, authority)
    assert check(tmp_path / "early.wacz", policy).exit_code == 1


@pytest.mark.parametrize("name", [STATEMENT, PROOF])
def test_no_byte_of_statement_or_proof_can_be_flipped(name, bundle, policy, tmp_path):
    """Checked where it is hardest: the lists of digests fit the flipped byte."""
    from archiver.citation import bundle_check

    trusted = load_policy(policy)
    files = unpacked(bundle)
    evidence = {STATEMENT: files[STATEMENT], PROOF: files[PROOF]}
    for place in range(len(evidence[name])):
        changed = bytearray(evidence[name])
        changed[place] ^= 1 << place % 8
        now = {**evidence, name: bytes(changed)}
        verdict = Verdict()
        try:
            bundle_check.read_canonical(now[STATEMENT])
            bundle_check.check_proof(now[STATEMENT], now[PROOF].decode(), trusted, verdict)
        except (UnsafeInputError, UnicodeDecodeError):
            continue
        assert verdict.problems, f"{name}: byte {place}"


def test_flipped_bytes_all_over_the_bundle_are_refused(bundle, policy, tmp_path):
    content = bundle.read_bytes()
    trusted = load_policy(policy)
    target = tmp_path / "flipped.wacz"
    accepted = []
    for place in range(0, len(content), max(1, len(content) // 400)):
        changed = bytearray(content)
        changed[place] ^= 0x10
        target.write_bytes(changed)
        try:
            verdict = verify_bundle(target, trusted)
        except UnsafeInputError:
            continue
        if verdict.exit_code == 0:
            accepted.append(place)
    assert all(is_of_the_container(content, place) for place in accepted), accepted


def is_of_the_container(content: bytes, place: int) -> bool:
    """Whether a byte is one of ZIP's own (versions, dates, attributes), which say nothing of the files."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for info in archive.infolist():
            names, extra = struct.unpack("<HH", content[info.header_offset + 26 : info.header_offset + 30])
            start = info.header_offset + 30 + names + extra
            if start <= place < start + info.compress_size:
                return False
    return True


def test_a_copy_with_one_changed_byte_is_refused_and_the_rest_of_the_home_stays(
    home, policy, bundle, tmp_path
):
    content = bytearray(bundle.read_bytes())
    content[content.index(b"\x1f\x8b") + 200] ^= 1
    (tmp_path / "changed.wacz").write_bytes(content)
    assert check(tmp_path / "changed.wacz", policy).exit_code == 1


UNSAFE = {
    "a name that climbs": [("../evil", b"x")],
    "an absolute name": [("/etc/passwd", b"x")],
    "a backslash": [("a\\..\\b", b"x")],
    "two files of one name": [("a.txt", b"x"), ("a.txt", b"y")],
    "two names that differ in case alone": [("a.txt", b"x"), ("A.txt", b"y")],
    "a bomb": [("bomb", b"\0" * 20_000_000)],
}


@pytest.mark.parametrize("kind", UNSAFE)
@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_unsafe_archives_are_refused_before_anything_is_written(kind, bundle, policy, tmp_path):
    target = tmp_path / "unsafe.wacz"
    shutil.copy(bundle, target)
    with zipfile.ZipFile(target, "a", zipfile.ZIP_DEFLATED) as archive:
        for name, content in UNSAFE[kind]:
            archive.writestr(name, content)
    before = sorted(tmp_path.iterdir())
    assert main(["verify", str(target), "--policy", str(policy)]) == 3
    assert sorted(tmp_path.iterdir()) == before


def test_a_link_in_the_archive_is_refused(bundle, policy, tmp_path):
    target = tmp_path / "link.wacz"
    shutil.copy(bundle, target)
    with zipfile.ZipFile(target, "a") as archive:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(UnsafeInputError, match="link"):
        check(target, policy)


def test_markup_of_the_page_stays_text_on_the_record_page(bundle):
    page = unpacked(bundle)["record.html"].decode()
    assert "<script" not in page.lower()
    assert "Proof at the depot &lt;script&gt;" in page
    assert "convoy.jpg &lt;b&gt;" in page


def test_the_statement_names_no_url_in_the_log(home):
    published = b"".join(path.read_bytes() for path in (home.root / "log").rglob("*") if path.is_file())
    assert b"courier" not in published
    assert base64.b64encode(b"courier") not in published


def test_a_newer_log_must_continue_that_of_the_bundle(home, policy, tmp_path, bundle):
    from archiver.citation.statement import later_statement

    with home.ledger() as ledger:
        ledger.state(later_statement("annotation", home.first.id, datetime.now(UTC), {"text": "later"}), PAGE)
        ledger.sequence()
    trusted = load_policy(policy)
    verdict = verify_bundle(bundle, trusted, home.place.log)
    assert verdict.exit_code == 0, verdict.problems
    assert "continues that of the bundle" in verdict.notes[0]
    other = make_home(tmp_path / "other")
    shutil.rmtree(other.place.keys)
    shutil.copytree(home.place.keys, other.place.keys)
    (other.place.keys / "log.signed").unlink()
    shutil.rmtree(other.place.log)
    forked = write_fork(other, home.place.key())
    assert verify_bundle(bundle, trusted, forked).exit_code == 1
    stranger = make_home(tmp_path / "stranger")
    assert verify_bundle(bundle, trusted, stranger.place.log).exit_code == 1


def write_fork(home: TrustHome, key) -> Path:
    """A published log of other entries that is signed with the same key."""
    from archiver.citation.checkpoint import leaf_of_digest
    from archiver.storage.ledger.files import LogFiles

    home.place.log.mkdir()
    files = LogFiles(home.place.log, 0)
    digests = [bytes([number]) * 32 for number in range(9)]
    tree = files.tree()
    tree.append([leaf_of_digest(digest) for digest in digests])
    text = Checkpoint(key.name, tree.size, tree.root()).text()
    files.append(digests, str(Note(text, (sign(text, key.name, key.private),))))
    return home.place.log

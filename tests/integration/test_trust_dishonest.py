"""An archive or an authority that lies with its own true key: what verification still finds out."""

from __future__ import annotations

import gzip
import hashlib
import json
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from test_trust_bundles import members, packed
from trust_archive import TrustHome, make_home, timestamp_authority, unpacked, write_policy

from archiver.citation.bundle import WARC, Evidence, derived_files, event_line, file_digest, labelled, package
from archiver.citation.bundle_check import verify_bundle
from archiver.citation.checkpoint import Checkpoint, LogProof, entry_of
from archiver.citation.exporting import export_bundle
from archiver.citation.note import Note, sign
from archiver.citation.policy import load_policy
from archiver.citation.statement import canonical, later_statement, read_canonical
from archiver.citation.timestamps import request_timestamp, verify_timestamp
from archiver.citation.verdict import Verdict
from archiver.errors import UnsafeInputError
from archiver.storage.ledger.tree import leaf_digest
from archiver.storage.warc import iterate_records


@dataclass
class Told:
    """What the archive says: records, statement, later events. A lie changes some of it."""

    records: list[bytes]
    statement: dict[str, Any]
    events: list[bytes] = field(default_factory=list)

    def stated(self, kind: str) -> dict[str, Any]:
        """The first record of this type in the statement."""
        return next(record for record in self.statement["records"] if record["type"] == kind)

    def replace(self, before: bytes, after: bytes) -> None:
        """Change a record, and what the statement says of its bytes."""
        for place, record in enumerate(self.records):
            if before in record:
                self.records[place] = record.replace(before, after, 1)
                old, new = (hashlib.sha256(each).hexdigest() for each in (record, self.records[place]))
                text = json.dumps(self.statement).replace(old, new)
                self.statement = json.loads(text)
                return
        raise AssertionError(before)


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> TrustHome:
    return make_home(tmp_path_factory.mktemp("dishonest") / "home")


@pytest.fixture(scope="module")
def honest(home, tmp_path_factory) -> dict[str, bytes]:
    path = tmp_path_factory.mktemp("honest") / "honest.wacz"
    with home.ledger() as ledger:
        export_bundle(ledger, [home.second], path)
    return unpacked(path)


def lied(home: TrustHome, honest: dict[str, bytes], folder: Path, lie: Callable[[Told], None]) -> Verdict:
    """The verdict on a bundle that holds the lie, logged and signed with the archive's true key."""
    told = Told(members(honest[WARC]), read_canonical(honest["trust/statement.json"]))
    lie(told)
    statement = canonical(told.statement)
    events = "".join(event_line(document, proved(home, document)) for document in told.events)
    evidence = Evidence((statement,), (proved(home, statement).encode(),), {}, {}, events.encode())
    warc = folder / "data.warc.gz"
    warc.write_bytes(packed(told.records))
    files = {**evidence.files(), **derived_files(evidence, list(iterate_records(warc)))}
    listed = {path: (len(content), labelled(content)) for path, content in files.items()}
    listed[WARC] = file_digest(warc)
    files |= {**package(evidence, listed, told.statement["issued"]), WARC: warc.read_bytes()}
    import zipfile

    with zipfile.ZipFile(folder / "lie.wacz", "w") as bundle:
        for path, content in files.items():
            bundle.writestr(path, content)
    policy = write_policy(folder / "policy.toml", home.place.key().public)
    return verify_bundle(folder / "lie.wacz", load_policy(policy))


def proved(home: TrustHome, statement: bytes) -> str:
    """A log of this one entry, truly signed."""
    key = home.place.key()
    text = Checkpoint(key.name, 1, leaf_digest(entry_of(statement))).text()
    return str(LogProof(0, (), Note(text, (sign(text, key.name, key.private),))))


def test_without_a_lie_only_the_time_is_not_sworn_to(home, honest, tmp_path):
    verdict = lied(home, honest, tmp_path, lambda _: None)
    assert (verdict.exit_code, verdict.problems) == (2, [])
    assert verdict.warnings == ["nobody that the policy trusts says when the log was signed"]


def another_date(told: Told) -> None:
    told.stated("response")["date"] = "2001-01-01T00:00:00.000000Z"


def another_address(told: Told) -> None:
    told.stated("response")["ip"] = "10.0.0.1"


def another_length(told: Told) -> None:
    told.stated("response")["length"] += 1


def a_payload_that_is_not_of_its_digest(told: Told) -> None:
    told.replace(b"<p>second", b"<p>5econd")


def a_revisit_of_another_payload(told: Told) -> None:
    told.stated("revisit")["refers_to"] = told.stated("response")["id"]


def a_record_that_is_not_stated(told: Told) -> None:
    told.statement["records"] = told.statement["records"][1:]


def a_picture_that_is_not_there(told: Told) -> None:
    del told.records[2]


def an_event_about_something_else(told: Told) -> None:
    told.events.append(later_statement("annotation", "ark:99999/other", datetime.now(UTC), {"text": "x"}))


@pytest.mark.parametrize(
    ("lie", "said"),
    [
        (another_date, "the statement contradicts its own record"),
        (another_address, "the statement contradicts its own record"),
        (another_length, "the statement contradicts its own record"),
        (a_payload_that_is_not_of_its_digest, "the block is sha256:"),
        (a_revisit_of_another_payload, "refers to another payload"),
        (a_record_that_is_not_stated, "a record that was not stated"),
        (a_picture_that_is_not_there, "is missing"),
        (an_event_about_something_else, "about something else"),
    ],
)
def test_a_lie_under_a_true_signature_fails(home, honest, tmp_path, lie, said):
    verdict = lied(home, honest, tmp_path, lie)
    assert verdict.exit_code == 1
    assert any(said in problem for problem in verdict.problems), verdict.problems


def test_a_revisit_whose_original_is_not_handed_over_is_warned_of(home, honest, tmp_path):
    def keep_back(told: Told) -> None:
        kept_back = [b"WARC-Record-ID: <" + o["id"].encode() for o in told.statement["originals"]]
        told.statement["originals"] = []
        told.records = [r for r in told.records if not any(line in r for line in kept_back)]

    verdict = lied(home, honest, tmp_path, keep_back)
    assert verdict.exit_code == 2
    assert any("the original of the revisit" in warning for warning in verdict.warnings)


def test_a_withdrawal_in_the_bundle_is_warned_of(home, honest, tmp_path):
    def withdraw(told: Told) -> None:
        facts = {"reason": "Order 7 of the court"}
        told.events.append(later_statement("withdrawal", told.statement["id"], datetime.now(UTC), facts))

    verdict = lied(home, honest, tmp_path, withdraw)
    assert verdict.exit_code == 2
    assert any(warning.endswith("Order 7 of the court") for warning in verdict.warnings)


CONTENT = b"a signed checkpoint"
THEN = datetime(2021, 6, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def stamped(tmp_path_factory) -> bytes:
    """The TSTInfo (RFC 3161, 2.4.2) that a true authority made for CONTENT, as if made in June 2021."""
    folder = tmp_path_factory.mktemp("stamped")
    with timestamp_authority(folder / "tsa") as authority:
        (folder / "r.tsr").write_bytes(request_timestamp(authority.url, CONTENT))
    openssl(folder, "ts -reply -in r.tsr -token_out -out token.der")
    openssl(folder, "cms -verify -noverify -binary -inform DER -in token.der -out info.der")
    content = (folder / "info.der").read_bytes()
    place = content.index(b"\x18\x0f20") + 2
    return content[:place] + b"20210601000000Z" + content[place + 15 :]


def openssl(folder: Path, command: str) -> None:
    subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True)


def certified(
    folder: Path, stamped: bytes, *, begins: int, ends: int, usage: x509.ObjectIdentifier | None
) -> tuple[bytes, x509.Certificate]:
    """A response that holds `stamped`, signed with a certificate of these years, and its root."""
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root = _certificate("Root", "Root", root_key, root_key, 2015, 2045).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    leaf = _certificate("Authority", "Root", key, root_key, begins, ends)
    if usage:
        leaf = leaf.add_extension(x509.ExtendedKeyUsage([usage]), critical=True)
    signed_root, signed = root.sign(root_key, hashes.SHA256()), leaf.sign(root_key, hashes.SHA256())
    (folder / "info.der").write_bytes(stamped)
    (folder / "leaf.pem").write_bytes(signed.public_bytes(Encoding.PEM))
    (folder / "leaf.key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    openssl(
        folder,
        "cms -sign -binary -nodetach -cades -md sha256 -in info.der -econtent_type 1.2.840.113549.1.9.16.1.4"
        " -signer leaf.pem -inkey leaf.key -outform DER -out token.der",
    )
    granted = b"\x30\x03\x02\x01\x00" + (folder / "token.der").read_bytes()
    return b"\x30\x82" + len(granted).to_bytes(2, "big") + granted, signed_root


def _certificate(
    subject: str, issuer: str, key: Any, issuer_key: Any, begins: int, ends: int
) -> x509.CertificateBuilder:
    def named(name: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])

    return (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(datetime(begins, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(ends, 1, 1, tzinfo=UTC))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False
        )
    )


def test_a_timestamp_holds_when_the_certificate_was_valid_at_its_time_and_is_expired_today(stamped, tmp_path):
    response, root = certified(
        tmp_path, stamped, begins=2020, ends=2022, usage=ExtendedKeyUsageOID.TIME_STAMPING
    )
    assert verify_timestamp(response, CONTENT, "a", [root]).moment == THEN


@pytest.mark.parametrize(
    ("begins", "ends", "usage"),
    [
        (2018, 2020, ExtendedKeyUsageOID.TIME_STAMPING),
        (2022, 2040, ExtendedKeyUsageOID.TIME_STAMPING),
        (2020, 2022, ExtendedKeyUsageOID.CODE_SIGNING),
        (2020, 2022, None),
    ],
    ids=["expired by then", "not yet valid then", "for signing code", "for nothing said"],
)
def test_a_timestamp_by_a_certificate_that_was_not_for_it_is_refused(stamped, tmp_path, begins, ends, usage):
    response, root = certified(tmp_path, stamped, begins=begins, ends=ends, usage=usage)
    with pytest.raises(UnsafeInputError, match="does not hold"):
        verify_timestamp(response, CONTENT, "a", [root])


def test_packing_keeps_the_records(honest):
    assert b"".join(members(honest[WARC])) == gzip.decompress(honest[WARC])

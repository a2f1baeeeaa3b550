"""Holds proofs and timestamps against the reader's policy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from archiver.citation.bundle import Evidence
from archiver.citation.checkpoint import Checkpoint, LogProof, entry_of
from archiver.citation.note import Note, VerifierKey, parse_note
from archiver.citation.policy import Policy
from archiver.citation.rotation import successor
from archiver.citation.timestamps import StampedTime, verify_timestamp
from archiver.citation.verdict import Verdict
from archiver.errors import UnsafeInputError
from archiver.storage.ledger.files import LogFiles, read_checkpoint
from archiver.storage.ledger.tree import leaf_digest, verify_consistency, verify_inclusion


def check_proof(
    statement: bytes, text: str, policy: Policy, verdict: Verdict, *, quorum: bool = True
) -> None:
    """That the statement is in a log that the policy trusts, as enough witnesses saw it."""
    proof = LogProof.parse(text)
    checkpoint = proof.checkpoint
    leaf = leaf_digest(entry_of(statement))
    if not verify_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root):
        verdict.problems.append("the statement is not in the log that its proof shows")
        return
    keys = [key for key in policy.logs if key.name == checkpoint.origin]
    signed = [found for key in keys if (found := proof.note.verified_by(key))]
    if not signed:
        verdict.problems.append(_unsigned(checkpoint.origin, keys, verdict))
        return
    verdict.log = checkpoint.origin
    known = {(signature.name, signature.key_id) for signature in signed}
    seen = []
    for key in policy.witnesses:
        cosignature = proof.note.verified_by(key)
        if cosignature:
            seen.append((key.name, cosignature.signed_at))
            known.add((cosignature.name, cosignature.key_id))
    unknown = [s.name for s in proof.note.signatures if (s.name, s.key_id) not in known]
    if unknown:
        verdict.warnings.append(f"the policy does not know the signature of {', '.join(sorted(unknown))}")
    if not quorum:
        return
    if len(seen) < policy.quorum:
        verdict.problems.append(f"{len(seen)} witnesses signed, but the policy demands {policy.quorum}")
    for name, moment in seen:
        if name not in verdict.witnesses:
            verdict.witnesses.append(name)
            if moment:
                verdict.times.append(StampedTime(name, moment))


def _unsigned(origin: str, keys: Sequence[VerifierKey], verdict: Verdict) -> str:
    """Why no key of the policy signed; a trusted key may have announced the one that did."""
    found = (rotation for key in keys if (rotation := successor(verdict.rotations, key)))
    rotation = next(found, None)
    if rotation is None:
        return f"the log {origin} did not sign with a key that the policy trusts"
    return (
        f"the log {origin} signs with another key since {rotation.at:%Y-%m-%d}, as the key in the policy"
        f" announced; ask the archive for its new key (archiver keys), and when it is {rotation.new}, add it"
        " to logs in the policy"
    )


def check_against_log(evidence: Evidence, log: Path, policy: Policy, verdict: Verdict) -> None:
    """That the published log in a folder, at its newest, still continues the one that the bundle rests on."""
    text = read_checkpoint(log)
    if text is None:
        raise UnsafeInputError(f"there is no published log in {log}")
    note = parse_note(text)
    newest = Checkpoint.parse(note.text)
    keys = [key for key in policy.logs if key.name == newest.origin]
    if not any(note.verified_by(key) for key in keys):
        verdict.problems.append(f"the log in {log} is not signed with a key that the policy trusts")
        return
    tree = LogFiles(log, newest.size).tree()
    for proof in evidence.proofs:
        known = LogProof.parse(proof.decode()).checkpoint
        try:
            path = tree.consistency_proof(known.size)
            holds = known.origin == newest.origin and verify_consistency(
                known.size, known.root, newest.size, newest.root, path
            )
        except ValueError:
            holds = False
        if not holds:
            verdict.problems.append(
                f"the log in {log} does not continue the log of the bundle: one is forged"
            )
            return
    verdict.notes.append(f"the log of {newest.size} entries in {log} continues that of the bundle")


def check_stamps(evidence: Evidence, policy: Policy, verdict: Verdict) -> None:
    """That the timestamps are of the very checkpoint that the proofs rest on."""
    signed = {_log_signed(LogProof.parse(proof.decode()).note) for proof in evidence.proofs}
    if len(signed) != 1:
        verdict.problems.append("the proofs rest on different checkpoints")
        return
    content = str(signed.pop()).encode()
    verified = 0
    for name, response in evidence.stamps.items():
        stamped, reason = _stamped(response, content, policy)
        if stamped:
            verdict.times.append(stamped)
            verified += 1
        elif policy.authorities:
            verdict.problems.append(f"the timestamp {name} does not hold: {reason}")
        else:
            verdict.warnings.append(
                f"the policy trusts no authority, so the timestamp {name} counts for nothing"
            )
    if verified < policy.timestamps:
        verdict.problems.append(f"{verified} timestamps hold, but the policy demands {policy.timestamps}")


def _log_signed(note: Note) -> Note:
    """What authorities stamp: the checkpoint with the log's own signature, the first."""
    return Note(note.text, note.signatures[:1])


def _stamped(response: bytes, content: bytes, policy: Policy) -> tuple[StampedTime | None, str]:
    reason = ""
    for authority in policy.authorities:
        try:
            return verify_timestamp(response, content, authority.name, authority.roots), ""
        except UnsafeInputError as error:
            reason = str(error)
    return None, reason

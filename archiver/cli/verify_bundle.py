"""What `archiver verify` does with bundles: no home, no database, no network."""

from __future__ import annotations

from pathlib import Path

from archiver.citation.bundle_check import verify_bundle
from archiver.citation.opened import is_bundle, open_bundle
from archiver.citation.policy import NoPolicyError, load_policy
from archiver.citation.verdict import Verdict
from archiver.cli.output import echo, print_json
from archiver.errors import UsageError
from archiver.model.moment import to_warc_date

__all__ = ["is_bundle", "verify_bundles"]


def verify_bundles(
    bundles: list[Path], named: list[str], policy_file: Path | None, log: Path | None, *, as_json: bool
) -> int:
    """Verify each and say what it proves; the worst exit code. Raises UnsafeInputError, NoPolicyError."""
    if len(bundles) < len(named):
        raise UsageError("verify bundles and files of the archive one after the other, not together")
    for path in bundles:
        with open_bundle(path):
            pass  # what is unsafe is told before anything else
    if policy_file is None:
        raise NoPolicyError(
            "a bundle cannot vouch for itself: name whom you trust with --policy FILE (archiver keys --policy"
            " of the archive prints one to begin with)"
        )
    policy = load_policy(policy_file)
    worst = 0
    for path in bundles:
        verdict = verify_bundle(path, policy, log)
        worst = _worse(worst, verdict.exit_code)
        if as_json:
            print_json({"file": str(path), **describe(verdict)})
        else:
            _print(path, verdict)
    return worst


def _worse(one: int, other: int) -> int:
    return 1 if 1 in (one, other) else max(one, other)


def describe(verdict: Verdict) -> dict[str, object]:
    """A verdict as one JSON object."""
    return {
        "exit_code": verdict.exit_code,
        "headline": verdict.headline,
        "existed_no_later_than": to_warc_date(verdict.moment) if verdict.moment else None,
        "claimed": {name: to_warc_date(moment) for name, moment in verdict.captured.items()},
        "log": verdict.log,
        "witnesses": verdict.witnesses,
        "times": [{"by": s.authority, "at": to_warc_date(s.moment)} for s in verdict.times],
        "problems": verdict.problems,
        "warnings": verdict.warnings,
        "notes": verdict.notes,
    }


def _print(path: Path, verdict: Verdict) -> None:
    echo(f"{path}: {verdict.headline}")
    for label, lines in (("wrong", verdict.problems), ("warning", verdict.warnings), ("note", verdict.notes)):
        for line in lines:
            echo(f"  {label}: {line}")
    if verdict.problems:
        return
    for stamped in verdict.times:
        echo(f"  {stamped.authority} swears to {to_warc_date(stamped.moment)[:19]}Z")
    for name, moment in verdict.captured.items():
        echo(f"  {name}: captured, as the archive claims, {to_warc_date(moment)[:19]}Z")

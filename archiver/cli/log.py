"""`archiver log`: the append-only log of statements."""

from __future__ import annotations

import shutil
from pathlib import Path

import click

from archiver.citation.audit import audit_log
from archiver.citation.checkpoint import Checkpoint, LogProof, consistency_text
from archiver.citation.keys import public_key
from archiver.citation.ledger_writer import LedgerWriter
from archiver.citation.note import KeyKind, VerifierKey, parse_note
from archiver.citation.published_check import is_replaceable, signing_terms, wrong_checkpoint
from archiver.citation.sequencer import LogPlace, Sequencer
from archiver.citation.timestamps import TimestampError
from archiver.cli.ledgers import open_home_ledger
from archiver.cli.naming import named_snapshot
from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, counted, echo, json_option, pass_terminal, print_json, say
from archiver.cli.verify import VerificationError
from archiver.config.settings import Settings
from archiver.crawl.archive import log_place
from archiver.errors import NotFoundError, StorageError, UnsafeInputError, UsageError
from archiver.storage.index import Index
from archiver.storage.ledger.documents import Cosignature
from archiver.storage.ledger.files import CHECKPOINT, LogFiles


@click.group()
def command() -> None:
    """The append-only log of what was archived: who alters or removes an entry later is found out."""


@command.command()
@click.option("--no-timestamp", is_flag=True, help="Ask no timestamp authority.")
@json_option
@pass_terminal
def checkpoint(terminal: Terminal, no_timestamp: bool, as_json: bool) -> None:
    """Log what waits, sign the log, have it timestamped; print the signed checkpoint.

    Exit code 1 when an authority of trust.timestamp_authorities did not answer; the log is signed then too.
    """
    home, settings = terminal.open_home()
    with open_home_ledger(home, settings) as ledger:
        _drop_unsound(ledger)
        signed = ledger.sequence()
        note = ledger.place.note()
        if signed is None or note is None:
            raise NotFoundError("nothing has been archived yet, so the log is empty")
        failed = [] if no_timestamp else _stamp(ledger, settings)
    if as_json:
        print_json(
            {"origin": signed.origin, "size": signed.size, "root": signed.root.hex(), "note": str(note)}
        )
    else:
        click.echo(str(note), nl=False)
    if failed:
        raise TimestampError("; ".join(failed))


def _drop_unsound(ledger: LedgerWriter) -> None:
    """Take away a published checkpoint that does not verify; the log is then made anew as it was recorded."""
    folder = ledger.place.log
    terms = signing_terms(ledger.index, ledger.folder, public_key(ledger.place.keys, "log"))
    tree = _files(ledger.place, ledger.index).tree()
    if terms and is_replaceable(folder, ledger.index, terms, tree):
        (folder / CHECKPOINT).unlink()
        say("the published checkpoint did not verify; it is made anew from what was recorded")


def _files(place: LogPlace, index: Index) -> LogFiles:
    """The published log; where its checkpoint cannot be read, as large as is recorded."""
    try:
        return place.files()
    except UnsafeInputError:
        return LogFiles(place.log, index.ledger.size())


def _stamp(ledger: LedgerWriter, settings: Settings) -> list[str]:
    """Have each authority stamp the log that has not stamped it yet; what went wrong."""
    note = ledger.place.note()
    assert note is not None
    failed = []
    for authority in ledger.unstamped(settings.trust.timestamp_authorities, note):
        try:
            ledger.stamp(authority, note)
        except TimestampError as error:
            failed.append(str(error))
    return failed


@command.command()
@click.argument("what", metavar="URL-or-SNAPSHOT")
@pass_terminal
def prove(terminal: Terminal, what: str) -> None:
    """Print the proof that the statement about a snapshot is in the log (C2SP tlog-proof)."""
    home, settings = terminal.open_home()
    with open_home_ledger(home, settings) as ledger:
        snapshot = named_snapshot(ledger.index, what)
        ledger.statement_of(snapshot)
        ledger.sequence()
        statement = ledger.statement_of(snapshot)
        note = ledger.place.note()
        assert statement.leaf is not None
        assert note is not None
        tree = ledger.place.files().tree()
        click.echo(str(LogProof(statement.leaf, tuple(tree.inclusion_proof(statement.leaf)), note)), nl=False)


@command.command()
@click.argument("old", type=click.IntRange(min=0))
@click.argument("new", type=click.IntRange(min=0), required=False)
@pass_terminal
def consistency(terminal: Terminal, old: int, new: int | None) -> None:
    """Print the proof that the log of OLD entries is the beginning of that of NEW (else the newest)."""
    home, settings = terminal.open_home()
    tree = log_place(home, settings).files().tree()
    try:
        proof = tree.consistency_proof(old, new)
    except ValueError as error:
        raise UsageError(str(error)) from None
    click.echo(consistency_text(old, proof), nl=False)


@command.command()
@json_option
@pass_terminal
def audit(terminal: Terminal, as_json: bool) -> None:
    """Check the whole log: every entry, tile and checkpoint, as recorded and as published.

    Of each entry the statement must be in the WARC files, as it was logged. The records that statements name
    are not read here: archiver verify does, and holds them against the statements. Partial tiles that wider
    ones took the place of are checked where they are still there. Exit code 1 when anything is wrong.
    """
    home, settings = terminal.open_home()
    place = log_place(home, settings)
    with open_index(home, settings) as index:
        folder = settings.warc_folder(home)
        files = _files(place, index)
        faults = list(audit_log(files, index, folder, public_key(place.keys, "log")))
        waiting = len(index.ledger.waiting())
    size = files.size
    if as_json:
        print_json({"entries": size, "waiting": waiting, "faults": faults})
    else:
        for fault in faults:
            echo(fault)
    if faults:
        raise VerificationError(f"{counted(len(faults), 'fault')} found in the log of {size} entries")
    if not as_json:
        click.echo(f"{size} entries, {waiting} waiting: no fault")
        click.echo("The records that the entries are of were not read: archiver verify does.")


@command.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@pass_terminal
def export(terminal: Terminal, folder: Path) -> None:
    """Copy the log into FOLDER as static files for any web server (C2SP tlog-tiles).

    Nothing is copied when the checkpoint does not verify.
    """
    home, settings = terminal.open_home()
    place = log_place(home, settings)
    with open_index(home, settings) as index:
        files = _files(place, index)
        terms = signing_terms(index, settings.warc_folder(home), public_key(place.keys, "log"))
        wrong = next(wrong_checkpoint(place.log, index, terms, files.tree()), None)
    if wrong:
        raise VerificationError(f"{wrong}; archiver log checkpoint makes it anew; nothing was copied")
    copied = 0
    try:
        for path in files.paths():
            target = folder / path
            if path != "checkpoint" and target.exists():
                continue
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = target.with_name(f".{target.name}.partial")
            shutil.copyfile(files.folder / path, partial)
            partial.replace(target)
            copied += 1
    except OSError as error:
        raise StorageError(f"cannot write the log to {folder}: {error.strerror}") from error
    say(f"{copied} files of a log of {files.size} entries written to {folder}")


@command.command()
@pass_terminal
def rebuild(terminal: Terminal) -> None:
    """Make the log's files anew from what the WARC files say, and bring them level."""
    home, settings = terminal.open_home()
    place = log_place(home, settings)
    if place.log.exists():
        for path in place.log.iterdir():
            if path.name in ("tile", "checkpoint"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()
    with open_index(home, settings) as index:
        signed = Sequencer(place, index, settings.warc_folder(home)).level()
    click.echo(f"the log has {signed.size if signed else 0} entries")


@command.command()
@click.argument("line")
@click.option("--key", "key_text", required=True, metavar="VKEY", help="The witness's public key.")
@pass_terminal
def cosignature(terminal: Terminal, line: str, key_text: str) -> None:
    """Keep a witness's signature LINE (from archiver witness sign) of the newest checkpoint."""
    home, settings = terminal.open_home()
    key = VerifierKey.parse(key_text)
    if key.kind is not KeyKind.WITNESS:
        raise UsageError("that key is no witness's")
    with open_home_ledger(home, settings) as ledger:
        note = ledger.place.note()
        if note is None:
            raise NotFoundError("the log is empty")
        cosigned = parse_note(f"{note.text}\n{line.strip()}\n")
        if cosigned.verified_by(key) is None:
            raise UsageError(f"that line is not of {key.name}, or not of the newest checkpoint")
        ledger.cosigned(Cosignature(Checkpoint.parse(note.text).size, key.name, line.strip()))
    say(f"kept the cosignature of {key.name}")

"""`archiver verify`: re-reads what is stored and holds it against what was recorded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from archiver.cli.opening import open_index
from archiver.cli.output import (
    Terminal,
    counted,
    echo,
    json_option,
    pass_terminal,
    print_json,
    progress,
    size,
)
from archiver.cli.show import find_snapshot
from archiver.cli.verify_bundle import is_bundle, verify_bundles
from archiver.errors import ArchiverError, NotFoundError
from archiver.fixity import Verified, segments_of, verify_file, verify_folder
from archiver.reindex import recover_segments
from archiver.storage.warc import OPEN_SUFFIX, Fault, segment_files, segment_name


class VerificationError(ArchiverError):
    """What is stored is not what was recorded; the faults were printed."""


@click.command()
@click.argument("what", nargs=-1, metavar="[FILE-or-SNAPSHOT]...")
@click.option(
    "--policy",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Whom you trust (TOML): needed for bundles.",
)
@click.option(
    "--log",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    metavar="FOLDER",
    help="A newer copy of the published log, that must continue the bundle's.",
)
@json_option
@pass_terminal
def command(
    terminal: Terminal, what: tuple[str, ...], policy: Path | None, log: Path | None, as_json: bool
) -> int:
    """Re-read the archive, or the WARC files or snapshots named, and check everything.

    Every record is held against its own digests, against the index and against what the logged statements say
    of it; every snapshot against its captures; every entry of the log must have its statement. That the log
    itself is whole and signed, archiver log audit checks.

    Each fault is printed with file and offset. Exit code 1 when there is any.

    Of bundles (FILE.wacz from archiver export) it says what they prove to somebody who trusts the keys in
    the policy; no archive is needed. Exit code 0 verified, 1 failed, 2 verified with warnings, 3 unsafe or
    malformed, 4 no policy.
    """
    bundles = [Path(name) for name in what if is_bundle(Path(name))]
    if bundles:
        return verify_bundles(bundles, list(what), policy, log, as_json=as_json)
    count = Verified()
    faults: list[Fault] = []

    def report(fault: Fault) -> None:
        faults.append(fault)
        if not as_json:
            echo(f"{fault.segment} at {fault.offset}: {fault.message}")

    loose = [Path(name) for name in what if name.endswith((".warc", ".warc.gz", ".warc.gz.open"))]
    foreign = [path for path in loose if path.exists() and len(path.parts) > 1]
    for path in foreign:
        for fault in verify_file(path, count):
            report(fault)
    if not what or len(foreign) < len(what):
        named = [name for name in what if Path(name) not in foreign]
        _verify_home(terminal, named, count, report)
    if as_json:
        print_json(
            {
                "segments": count.segments, "records": count.records, "captures": count.captures,
                "statements": count.statements, "bytes": count.bytes, "faults": [
                    {"file": f.segment, "offset": f.offset, "message": f.message} for f in faults
                ],
            }
        )  # fmt: skip
    if faults:
        raise VerificationError(f"{counted(len(faults), 'fault')} found; the files are left as they are")
    if not as_json:
        click.echo(
            f"Verified: {count.segments} WARC files, {count.records} records, {count.captures} captures,"
            f" {count.statements} statements, {size(count.bytes)}. No fault."
        )
    return 0


def _verify_home(
    terminal: Terminal, named: list[str], count: Verified, report: Callable[[Fault], None]
) -> None:
    home, settings = terminal.open_home()
    folder = settings.warc_folder(home)
    with open_index(home, settings) as index:
        recover_segments(folder, index)
        sizes = {segment_name(path): _size(path) for path in segment_files(folder)}
        segments = [segment_name(Path(name)) for name in named if not name.startswith("ark:")]
        unknown = [name for name in segments if name not in sizes]
        if unknown:
            raise NotFoundError(f"no WARC file {unknown[0]} in {folder}, and no snapshot of that name")
        snapshots = [find_snapshot(index, name) for name in named if name.startswith("ark:")]
        for snapshot in snapshots:
            segments += segments_of(index, snapshot)
        total = sum(size for name, size in sizes.items() if not segments or name in segments)
        with progress("verifying", total) as advance:
            ids = [snapshot.id for snapshot in snapshots]
            for fault in verify_folder(folder, index, count, tuple(dict.fromkeys(segments)), advance, ids):
                report(fault)


def _size(path: Path) -> int:
    """Bytes for the progress bar; none of a segment that another process is writing."""
    return 0 if path.suffix == OPEN_SUFFIX else path.stat().st_size

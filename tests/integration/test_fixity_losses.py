"""Fixity of files that went away and came back: the log keeps that it was so, the present decides."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from trust_archive import TrustHome, make_home

from archiver.citation.checks import losses
from archiver.citation.preservation import DAMAGED, MISSING, OK, Keeper, schedule
from archiver.citation.replica import Replica
from archiver.citation.statement import later_statement
from archiver.cli import main
from archiver.errors import StorageError
from archiver.reindex import recover_segments, reindex
from archiver.storage.index import rebuilding
from archiver.storage.ledger.documents import Fixity


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> TrustHome:
    """A home all of whose files were checked a moment ago: three or more, so that one is not all."""
    home = make_home(tmp_path_factory.mktemp("template") / "home")
    for _ in range(3):
        with home.ledger() as ledger:
            Keeper(ledger, None).run(schedule(ledger.index))
    return home


@pytest.fixture
def home(template: TrustHome, tmp_path) -> TrustHome:
    shutil.copytree(template.root, tmp_path / "home")
    return TrustHome(tmp_path / "home", template.first, template.second)


@pytest.fixture
def fixity(home: TrustHome, capsys):
    """`archiver fixity WORD...` on the home: the exit code, and all that it said."""

    def call(*words: str) -> tuple[int, str]:
        code = main(["--home", str(home.root), "fixity", *words])
        said = capsys.readouterr()
        return code, said.out + said.err

    return call


def a_file(home: TrustHome) -> Path:
    return min(home.warc.glob("*.warc.gz"))


def run(home: TrustHome, replica: Replica | None = None, **options) -> dict[tuple[str, str], str]:
    """One round over nothing but what the keeper looks at by itself; the outcomes by file and copy."""
    with home.ledger() as ledger:
        checks = Keeper(ledger, replica).run([], **options)
    return {(found.segment, found.copy): found.outcome for found in checks}


def failed_checks(home: TrustHome) -> int:
    """How many checks that failed are recorded."""
    with home.index() as index:
        documents = [found for found in index.ledger.documents("fixity") if isinstance(found, Fixity)]
    return sum(check.outcome != OK for found in documents for check in found.checks)


def copy_of(home: TrustHome, folder: Path) -> Replica:
    """A second copy of all files."""
    replica = Replica(str(folder))
    with home.ledger() as ledger:
        Keeper(ledger, replica).run(schedule(ledger.index))
    return replica


def test_a_file_that_comes_back_ends_its_loss_and_stays_in_the_report_as_history(home, fixity, tmp_path):
    path = a_file(home)
    path.rename(tmp_path / "away")
    assert fixity("run")[0] == 1
    assert fixity("repair")[0] == 1
    code, said = fixity("report")
    assert code == 1
    assert f"lost: {path.name}" in said
    (tmp_path / "away").rename(path)
    code, said = fixity("run", "--all")
    assert (code, "no fault" in said) == (0, True)
    code, said = fixity("report")
    assert code == 0
    assert f"found again: {path.name}: lost " in said
    code, said = fixity("report", "--json")
    facts = json.loads(said)
    assert facts["lost"] == []
    [known] = facts["found_again"]
    assert known["file"] == path.name
    assert known["lost_at"] < known["found_at"]


def test_a_run_by_schedule_finds_the_file_that_came_back(home, fixity, tmp_path):
    path = a_file(home)
    path.rename(tmp_path / "away")
    fixity("run")
    fixity("repair")
    (tmp_path / "away").rename(path)
    assert path.name in fixity("plan")[1]
    assert fixity("run")[0] == 0
    assert fixity("report")[0] == 0


def test_a_repair_that_finds_the_file_as_it_was_logged_records_it(home, fixity, tmp_path):
    path = a_file(home)
    path.rename(tmp_path / "away")
    fixity("run")
    fixity("repair")
    (tmp_path / "away").rename(path)
    assert fixity("repair") == (0, f"{path.name}: restored, the file is as it was logged\n")
    assert fixity("repair") == (0, "nothing to repair\n")
    assert fixity("report")[0] == 0


def test_statements_of_a_file_that_comes_back_after_a_reindex_are_not_logged_anew(
    home, tmp_path, monkeypatch
):
    monkeypatch.setattr(rebuilding, "_MARGIN", 0)  # as if they had been stated long ago
    with home.ledger() as ledger:
        stated = later_statement("annotation", home.first.id, datetime.now(UTC), {"text": "from a game"})
        path = home.warc / ledger.state(stated, "metadata://archive.example/log/annotation").location.segment
    with home.ledger() as ledger:
        ledger.sequence()
    path.rename(tmp_path / "away")
    with home.index() as index:
        size = index.ledger.size()
        reindex(home.warc, index)
        assert index.ledger.numbered() == size - 1
        (tmp_path / "away").rename(path)
        recover_segments(home.warc, index)
        assert index.ledger.waiting() == []
        assert index.ledger.numbered() == size


@pytest.mark.parametrize("absent_meanwhile", [False, True])
def test_a_loss_and_its_end_survive_a_reindex(home, fixity, tmp_path, absent_meanwhile):
    path = a_file(home)
    path.rename(tmp_path / "away")
    fixity("run")
    fixity("repair")
    if absent_meanwhile:
        with home.index() as index:
            reindex(home.warc, index)
        code, said = fixity("report")
        assert (code, f"lost: {path.name}" in said) == (1, True)
        assert fixity("run")[0] == 1, "a file that the log knows is missed, whether or not the index knows it"
    (tmp_path / "away").rename(path)
    fixity("run")
    with home.index() as index:
        before = losses(index)
        reindex(home.warc, index)
        assert losses(index) == before
        [loss] = before
        assert loss.found_at is not None
    assert fixity("report")[0] == 0


def test_a_file_that_is_lost_twice_is_stated_twice(home, fixity, tmp_path):
    path = a_file(home)
    for count in (1, 2):
        path.rename(tmp_path / "away")
        fixity("run")
        fixity("repair")
        assert fixity("repair")[0] == 1, "it stays lost, and is not stated anew"
        with home.index() as index:
            stated = [one for one in index.ledger.about(path.name) if one.kind == "fixity-loss"]
            assert len(stated) == count
            assert [loss.found_at is None for loss in losses(index)] == [False] * (count - 1) + [True]
        assert fixity("report")[0] == 1
        (tmp_path / "away").rename(path)
        fixity("run")


def test_wrong_bytes_in_the_place_do_not_end_a_loss(home, fixity, tmp_path):
    path = a_file(home)
    path.rename(tmp_path / "away")
    fixity("run")
    fixity("repair")
    path.write_bytes(b"\0" * (tmp_path / "away").stat().st_size)
    assert fixity("run")[0] == 1
    code, said = fixity("report")
    assert (code, f"lost: {path.name}" in said) == (1, True)


def test_every_run_misses_a_file_that_is_gone_whatever_was_checked_when_and_records_it_once(home, fixity):
    path = a_file(home)
    path.unlink()
    assert run(home) == {(path.name, "primary"): MISSING}
    assert failed_checks(home) == 1
    assert run(home) == {(path.name, "primary"): MISSING}
    code, said = fixity("run")
    assert code == 1
    assert f"{path.name} (primary): missing" in said
    assert failed_checks(home) == 1
    assert fixity("repair")[0] == 1


def test_every_run_notices_a_file_of_another_size_and_when_it_changes_again(home):
    path = a_file(home)
    content = path.read_bytes()
    path.chmod(0o644)
    path.write_bytes(content[:-1])
    assert run(home) == {(path.name, "primary"): DAMAGED}
    assert run(home) == {(path.name, "primary"): DAMAGED}
    assert failed_checks(home) == 1
    path.write_bytes(content[:-2])
    assert run(home) == {(path.name, "primary"): DAMAGED}
    assert failed_checks(home) == 2


def test_a_second_copy_that_lacks_a_file_is_noticed_and_mended(home, tmp_path):
    replica = copy_of(home, tmp_path / "copy")
    path = a_file(home)
    (tmp_path / "copy" / path.name).unlink()
    assert run(home, replica) == {(path.name, "replica"): MISSING}
    with home.ledger() as ledger:
        assert [done.action for done in Keeper(ledger, replica).repair()] == ["copied"]
    assert (tmp_path / "copy" / path.name).read_bytes() == path.read_bytes()
    assert run(home, replica) == {}


def test_a_file_that_was_never_copied_is_not_missed_in_the_second_copy(home, tmp_path):
    assert run(home, Replica(str(tmp_path / "copy"))) == {}


def test_whichever_file_is_gone_a_run_and_a_repair_say_so(home, fixity, tmp_path):
    for path in sorted(home.warc.glob("*.warc.gz")):
        path.rename(tmp_path / "away")
        code, said = fixity("run")
        assert (code, f"{path.name} (primary): missing" in said) == (1, True)
        code, said = fixity("repair")
        assert (code, f"{path.name}: lost" in said) == (1, True)
        (tmp_path / "away").rename(path)
        assert fixity("run")[0] == 0
    assert fixity("report")[0] == 0


@pytest.mark.parametrize("leftover", ["nothing", "an empty folder"])
def test_a_folder_that_is_away_is_one_error_and_no_file_is_called_lost(home, fixity, tmp_path, leftover):
    home.warc.rename(tmp_path / "unmounted")
    if leftover == "an empty folder":
        home.warc.mkdir()
    for word in ("run", "report"):
        code, said = fixity(word)
        assert code == 1
        assert said.count(str(home.warc)) == 1
        assert "mounted" in said
        assert ".warc.gz" not in said
    assert not list(home.warc.glob("*.gz*")), "nothing is written where the files should be"
    shutil.rmtree(home.warc, ignore_errors=True)
    (tmp_path / "unmounted").rename(home.warc)
    assert fixity("run")[0] == 0
    assert failed_checks(home) == 0


def test_no_loss_is_stated_while_a_folder_is_away(home, tmp_path):
    replica = copy_of(home, tmp_path / "copy")
    path = a_file(home)
    path.unlink()
    run(home, replica)
    (tmp_path / "copy").rename(tmp_path / "unmounted")
    (tmp_path / "copy").mkdir()
    with home.ledger() as ledger, pytest.raises(StorageError, match="mounted"):
        Keeper(ledger, replica).repair()
    with pytest.raises(StorageError, match="mounted"):
        run(home, replica)
    assert not list((tmp_path / "copy").iterdir())
    with home.index() as index:
        assert losses(index) == []
    (tmp_path / "copy").rmdir()
    (tmp_path / "unmounted").rename(tmp_path / "copy")
    with home.ledger() as ledger:
        assert [done.action for done in Keeper(ledger, replica).repair()] == ["restored"]


def test_a_second_copy_at_a_new_place_is_made_when_that_is_said(home, fixity, tmp_path, monkeypatch):
    copy_of(home, tmp_path / "copy")
    monkeypatch.setenv("ARCHIVER_STORAGE__REPLICA", str(tmp_path / "new"))
    code, said = fixity("run", "--all")
    assert (code, "--new-replica" in said) == (1, True)
    assert fixity("run", "--new-replica")[0] == 0
    kept = {path.name for path in home.warc.glob("*.warc.gz")}
    made = {path.name for path in (tmp_path / "new").iterdir()}
    assert made, "all that was sealed when the run began"
    assert kept - made == {max(kept)}, "all but the file that tells of this very run"
    assert fixity("report")[0] == 0


def test_bad_checks_of_a_second_copy_that_is_no_longer_kept_are_no_fault(home, fixity, tmp_path):
    replica = copy_of(home, tmp_path / "copy")
    (tmp_path / "copy" / a_file(home).name).unlink()
    run(home, replica)
    assert fixity("report")[0] == 0
    assert fixity("repair") == (0, "nothing to repair\n")


def test_the_report_says_how_many_snapshots_a_lost_file_holds_and_what_to_do_next(home, fixity):
    path = a_file(home)
    path.unlink()
    code, said = fixity("report")
    assert code == 1
    assert f"leaves without bytes: {path.name}: statements about 2 snapshots" in said
    assert "archiver fixity run --all" in said

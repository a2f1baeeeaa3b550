"""Fixity: found by schedule, mended from the copy with the logged digest, told when there is none."""

from __future__ import annotations

import json
import shutil
from datetime import UTC, datetime, timedelta

import pytest
from trust_archive import TrustHome, make_home

from archiver.citation.fixity_report import fixity_report
from archiver.citation.preservation import (
    DAMAGED,
    MISSING,
    OK,
    Keeper,
    logged_digests,
    schedule,
)
from archiver.citation.replica import Replica
from archiver.cli import main
from archiver.errors import ConfigurationError
from archiver.reindex import reindex

NOW = datetime.now(UTC)


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> TrustHome:
    return make_home(tmp_path_factory.mktemp("template") / "home")


@pytest.fixture
def home(template: TrustHome, tmp_path) -> TrustHome:
    shutil.copytree(template.root, tmp_path / "home")
    return TrustHome(tmp_path / "home", template.first, template.second)


def check(home: TrustHome, replica: Replica | None = None) -> dict[tuple[str, str], str]:
    """One round over every file; the outcomes by file and copy."""
    with home.ledger() as ledger:
        checks = Keeper(ledger, replica).run(schedule(ledger.index))
    return {(found.segment, found.copy): found.outcome for found in checks}


def repair(home: TrustHome, replica: Replica | None = None) -> dict[str, str]:
    with home.ledger() as ledger:
        return {done.segment: done.action for done in Keeper(ledger, replica).repair()}


def data_file(home: TrustHome):
    """The WARC file that the crawl wrote."""
    return min(home.warc.glob("*.warc.gz"))


def spoil(path) -> bytes:
    """Flip one bit in the middle; returns what was there."""
    content = path.read_bytes()
    changed = bytearray(content)
    changed[len(changed) // 2] ^= 4
    path.write_bytes(changed)
    return content


def test_a_sound_archive_is_reported_sound_and_gets_its_second_copy(home, tmp_path):
    replica = Replica(str(tmp_path / "copy"))
    assert set(check(home, replica).values()) == {OK}
    assert (tmp_path / "copy" / data_file(home).name).read_bytes() == data_file(home).read_bytes()
    with home.index() as index:
        report = fixity_report(index, home.warc, datetime.now(UTC))
    assert report.is_sound
    assert 0.5 < report.audited <= 1


def test_damage_is_found_and_mended_and_the_bad_bytes_are_kept(home, tmp_path):
    replica = Replica(str(tmp_path / "copy"))
    check(home, replica)
    path = data_file(home)
    good = spoil(path)
    bad = path.read_bytes()
    assert check(home, replica)[path.name, "primary"] == DAMAGED
    with home.index() as index:
        assert not fixity_report(index, home.warc, NOW).is_sound
    assert repair(home, replica) == {path.name: "restored"}
    assert path.read_bytes() == good
    assert next((home.warc / "quarantine").iterdir()).read_bytes() == bad
    with home.index() as index:
        assert fixity_report(index, home.warc, NOW).is_sound


def test_a_missing_file_comes_back_from_the_second_copy(home, tmp_path):
    replica = Replica(str(tmp_path / "copy"))
    check(home, replica)
    path = data_file(home)
    content = path.read_bytes()
    path.unlink()
    assert check(home, replica)[path.name, "primary"] == MISSING
    repair(home, replica)
    assert path.read_bytes() == content


def test_a_damaged_second_copy_is_made_anew(home, tmp_path):
    replica = Replica(str(tmp_path / "copy"))
    check(home, replica)
    path = data_file(home)
    spoil(tmp_path / "copy" / path.name)
    assert check(home, replica)[path.name, "replica"] == DAMAGED
    assert repair(home, replica) == {path.name: "copied"}
    assert (tmp_path / "copy" / path.name).read_bytes() == path.read_bytes()


def test_two_equal_bad_copies_do_not_outvote_the_log(home, tmp_path):
    replica = Replica(str(tmp_path / "copy"))
    check(home, replica)
    path = data_file(home)
    spoil(path)
    shutil.copy(path, tmp_path / "copy" / path.name)
    bad = path.read_bytes()
    check(home, replica)
    assert repair(home, replica) == {path.name: "lost"}
    assert path.read_bytes() == bad, "nothing is overwritten by what is not known to be right"
    with home.index() as index:
        report = fixity_report(index, home.warc, NOW)
        assert report.lost == (path.name,)
        [loss] = index.ledger.about(path.name)
        assert loss.kind == "fixity-loss"
        assert loss.leaf is not None


def test_an_index_that_was_changed_with_the_file_does_not_hide_it(home):
    check(home)
    path = data_file(home)
    spoil(path)
    from archiver.model.digest import Digest

    with home.index() as index:
        index.segment_sealed(path.name, path.stat().st_size, Digest.of(path.read_bytes()))
    assert check(home)[path.name, "primary"] == DAMAGED


def test_the_oldest_check_comes_first_and_everything_within_ninety_days(home):
    with home.ledger() as ledger:
        keeper = Keeper(ledger, None)
        assert {p.segment.name for p in keeper.plan(NOW)} == {p.segment.name for p in schedule(ledger.index)}
        keeper.run(schedule(ledger.index))
    with home.ledger() as ledger:
        keeper = Keeper(ledger, None)
        soon = [p for p in keeper.plan(NOW) if p.checked_at]
        later = [p for p in keeper.plan(NOW + timedelta(days=91)) if p.checked_at]
        everything = [p for p in schedule(ledger.index) if p.checked_at]
        assert len(later) == len(everything)
        assert len(soon) <= len(later)
        assert keeper.plan(NOW) == keeper.plan(NOW), "anybody can repeat the sample"


def test_what_was_checked_survives_a_reindex(home):
    check(home)
    with home.index() as index:
        before = sorted(map(repr, index.dump()))
        reindex(home.warc, index)
        assert sorted(map(repr, index.dump())) == before
        assert data_file(home).name in logged_digests(index, home.warc)


def test_the_commands_speak_and_return_the_contract(home, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("ARCHIVER_STORAGE__REPLICA", str(tmp_path / "copy"))
    command = ["--home", str(home.root), "fixity"]
    assert main([*command, "plan", "--json"]) == 0
    assert json.loads(capsys.readouterr().out.splitlines()[0])["checked_at"] is None
    assert main([*command, "run", "--all"]) == 0
    assert main([*command, "report"]) == 0
    spoil(data_file(home))
    assert main([*command, "run", "--all"]) == 1
    assert main([*command, "report", "--json"]) == 1
    assert main([*command, "repair"]) == 0
    assert main([*command, "report"]) == 0
    capsys.readouterr()
    assert main([*command, "repair"]) == 0
    assert "nothing to repair" in capsys.readouterr().out


def test_an_address_that_nothing_can_reach_is_a_configuration_error():
    with pytest.raises(ConfigurationError):
        Replica("nosuchscheme://x/y")

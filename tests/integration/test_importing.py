"""Foreign WARC files: checked before anything else, kept to the byte, and never taken for our own."""

from __future__ import annotations

import gzip
import hashlib
import json
import shutil
import stat
from pathlib import Path

import pytest
from foreign_warcs import AGAIN, BODY, CHUNKED, PAGE, ForeignWriter, foreign_warc, gzipped_as_a_whole, revisit
from starlette.testclient import TestClient
from trust_archive import TrustHome, make_home, unpacked
from warc_exchanges import exchange, response, writer

from archiver import importing
from archiver.citation.audit import audit_log
from archiver.citation.bundle import WARC
from archiver.citation.exporting import export_bundle
from archiver.citation.fixity_report import fixity_report
from archiver.cli import main
from archiver.config.folder import Home
from archiver.config.sections import Web
from archiver.config.settings import Settings
from archiver.errors import DiskFullError, UnsafeInputError
from archiver.fixity import Verified, verify_folder
from archiver.importing import Imported, Importer, origin_of
from archiver.model.capture import RecordType
from archiver.reindex import recover_segments, reindex
from archiver.retrieval import Retrieval
from archiver.storage.warc import exchange_records
from archiver.web.application import application, replay
from archiver.web.opening import open_site

GOLDEN = Path(__file__).parents[1] / "golden" / "damaged_warcs"
SOUND_FOR_A_READER = {
    "bare_record_id", "bomb_as_block", "concurrent_to_nothing", "concurrent_to_twice_is_sound",
    "folded_field", "line_without_colon", "malformed_digest", "no_block_digest", "no_warcinfo",
    "not_utf_8", "other_warcinfo",
    "payload_digest_of_chunked_bytes", "refers_to_in_a_response", "revisit_without_profile", "sound",
    "sound_but_edited_date", "sound_chunked_payload", "target_with_a_space", "unknown_digest",
    "unknown_type_is_passed_over", "whole_file_in_one_member",
}  # fmt: skip
"""Where another program only was careless; everything that cannot be read with certainty is refused."""


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> TrustHome:
    return make_home(tmp_path_factory.mktemp("template") / "home")


@pytest.fixture
def home(template: TrustHome, tmp_path) -> TrustHome:
    shutil.copytree(template.root, tmp_path / "home")
    return TrustHome(tmp_path / "home", template.first, template.second)


def bring_in(home: TrustHome, *files: Path, **options: object) -> list[Imported]:
    faults: list[str] = []
    with home.ledger() as ledger:
        try:
            return Importer(ledger, on_fault=faults.append, **options).run(files)  # type: ignore[arg-type]
        except UnsafeInputError as error:
            raise UnsafeInputError("; ".join([*faults, str(error)])) from None


def payload(home: TrustHome, url: str) -> bytes:
    with home.index() as index:
        return b"".join(Retrieval(index, home.warc).closest(url).payload())


def state(home: TrustHome) -> tuple[list[str], list[str]]:
    """The files of the archive and all that the index says."""
    with home.index() as index:
        return sorted(map(repr, index.dump())), sorted(path.name for path in home.warc.iterdir())


def faults_of(home: TrustHome) -> list[str]:
    key = home.place.key().public
    with home.index() as index:
        found = [fault.message for fault in verify_folder(home.warc, index, Verified())]
        return found + list(audit_log(home.place.files(), index, home.warc, key))


def test_a_foreign_file_is_kept_to_the_byte_and_its_captures_are_found(home, tmp_path):
    file = foreign_warc(tmp_path / "crawl-2009.warc.gz")
    [imported] = bring_in(home, file)
    kept = home.warc / imported.segment
    assert kept.read_bytes() == file.read_bytes()
    assert stat.S_IMODE(kept.stat().st_mode) == 0o444
    assert imported.segment == f"import-{imported.digest.value.hex()[:32]}-crawl-2009.warc.gz"
    assert (imported.records, imported.captures, imported.is_repacked) == (4, 3, False)
    assert payload(home, PAGE) == BODY
    assert payload(home, CHUNKED) == BODY
    assert faults_of(home) == []


def test_what_the_archive_did_not_take_says_so_wherever_it_is_shown(home, tmp_path, capsys):
    bring_in(home, foreign_warc(tmp_path / "crawl-2009.warc.gz"))
    run = ["--home", str(home.root)]
    assert main([*run, "list", PAGE, "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert listed["imported_from"] == "crawl-2009"
    assert listed["source"] == "import:crawl-2009"
    assert listed["payload_digest"] == f"sha256:{hashlib.sha256(BODY).hexdigest()}"
    assert main([*run, "list", PAGE]) == 0
    assert "imported from crawl-2009" in capsys.readouterr().out
    assert main([*run, "get", PAGE]) == 0
    assert "IMPORTED from crawl-2009" in capsys.readouterr().err
    assert main([*run, "list", "http://courier.example/depot", "--json"]) == 0
    assert all(json.loads(line)["imported_from"] is None for line in capsys.readouterr().out.splitlines())


def test_the_web_says_that_a_capture_is_imported(home, tmp_path):
    bring_in(home, foreign_warc(tmp_path / "crawl-2009.warc.gz"))
    settings = Settings(web=Web(application_url="http://app.test", replay_url="http://replay.test"))
    with home.index() as index:
        site = open_site(Home(home.root), settings, index)
        app = TestClient(application(site), "http://app.test", follow_redirects=False)
        memento = TestClient(replay(site), "http://replay.test").get(f"/web/20091114100000id_/{PAGE}")
        assert memento.content == BODY
        assert memento.headers["X-Archive-Imported-From"] == "crawl-2009"
        assert memento.headers["Memento-Datetime"] == "Sat, 14 Nov 2009 10:00:00 GMT"
        assert "imported from crawl-2009" in app.get(f"/view/20091114100000/{PAGE}").text
        assert "imported from crawl-2009" in app.get(f"/web/*/{PAGE}").text
        assert (
            app.get("/index", params={"url": PAGE, "output": "json"}).json()["source"] == "import:crawl-2009"
        )
        asked = {"url": PAGE, "fl": "original,source", "filter": "source:import:.*"}
        assert app.get("/cdx", params=asked).text == f"{PAGE} import:crawl-2009\n"
        own = app.get("/index", params={"url": "http://courier.example/depot"}).text
        assert own
        assert "import" not in own
        assert PAGE in app.get(f"/web/timemap/link/{PAGE}").text


def test_an_imported_capture_is_cited_as_one_and_a_file_is_shown(home, tmp_path, capsys, monkeypatch):
    [imported] = bring_in(home, foreign_warc(tmp_path / "crawl-2009.warc.gz"))
    run = ["--home", str(home.root)]
    for address in ("", "https://archive.example"):
        monkeypatch.setenv("ARCHIVER_IDENTITY__BASE_URL", address)
        assert main([*run, "cite", PAGE, "--json"]) == 0
        cited = json.loads(capsys.readouterr().out)
        assert cited["imported_from"] == "crawl-2009"
        assert cited["snapshot"] is None
        for style in set(cited["styles"]) - {"robust-link"}:
            assert "imported from crawl-2009" in cited["styles"][style], style
    assert main([*run, "show", imported.segment]) == 0
    shown = capsys.readouterr().out
    assert "3 captures in 4 records" in shown
    assert "software: oldcrawler/0.9" in shown
    assert "This archive did not take these captures." in shown


def test_where_a_file_came_from_is_an_entry_of_the_log(home, tmp_path):
    file = foreign_warc(tmp_path / "crawl-2009.warc.gz")
    [imported] = bring_in(home, file, operator="An Archive")
    with home.index() as index:
        said = origin_of(index, home.warc, imported.segment)
        [statement] = index.ledger.about(imported.segment)
    assert said
    assert said["kind"] == "import"
    digest = f"sha256:{hashlib.sha256(file.read_bytes()).hexdigest()}"
    assert said["file"] == {"name": file.name, "bytes": file.stat().st_size, "sha256": digest}
    assert said["by"] == "An Archive"
    assert said["warcinfo"] == {"software": "oldcrawler/0.9", "operator": "A Library"}
    assert statement.leaf == 2, "behind the two snapshots"


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_a_file_that_is_not_compressed_by_record_is_packed_anew_with_its_content_unchanged(
    home, tmp_path, version
):
    plain = foreign_warc(tmp_path / "plain.warc", compressed=False, version=version)
    [imported] = bring_in(home, plain)
    assert imported.is_repacked
    assert gzip.decompress((home.warc / imported.segment).read_bytes()) == plain.read_bytes()
    with home.index() as index:
        said = origin_of(index, home.warc, imported.segment)
    assert said
    assert said["file"]["sha256"] == f"sha256:{hashlib.sha256(plain.read_bytes()).hexdigest()}"
    kept = hashlib.sha256((home.warc / imported.segment).read_bytes()).hexdigest()
    assert said["stored"]["sha256"] == f"sha256:{kept}"
    assert payload(home, PAGE) == BODY
    assert faults_of(home) == []


def test_a_file_that_is_compressed_as_a_whole_is_packed_anew(home, tmp_path):
    plain = foreign_warc(tmp_path / "plain.warc", compressed=False)
    [imported] = bring_in(home, gzipped_as_a_whole(plain, tmp_path / "whole.warc.gz"))
    assert imported.is_repacked
    assert gzip.decompress((home.warc / imported.segment).read_bytes()) == plain.read_bytes()


@pytest.mark.parametrize("cut", [1, 40, -1, -30])
@pytest.mark.parametrize("form", ["plain", "whole"])
def test_a_cut_file_that_would_be_packed_anew_is_refused(template, tmp_path, form, cut):
    plain = foreign_warc(tmp_path / "plain.warc", compressed=False)
    file = plain if form == "plain" else gzipped_as_a_whole(plain, tmp_path / "whole.warc.gz")
    file.write_bytes(file.read_bytes()[:cut])
    before = state(template)
    with pytest.raises(UnsafeInputError):
        bring_in(template, file)
    assert state(template) == before


@pytest.mark.parametrize("name", sorted(path.name[:-8] for path in GOLDEN.glob("*.warc.gz")))
def test_a_damaged_or_hostile_file_is_refused_and_leaves_no_trace(
    template, home, tmp_path, name, monkeypatch
):
    if name in SOUND_FOR_A_READER:
        [imported] = bring_in(home, GOLDEN / f"{name}.warc.gz")
        assert imported.records
        assert faults_of(home) == []
        return
    monkeypatch.setattr(importing, "MOST_FAULTS", 3)
    before = state(template)
    with pytest.raises(UnsafeInputError, match=name):
        bring_in(template, GOLDEN / f"{name}.warc.gz")
    assert state(template) == before


def test_one_unsound_file_keeps_all_out(home, tmp_path, capsys):
    good = foreign_warc(tmp_path / "good.warc.gz")
    before = state(home)
    arguments = ["--home", str(home.root), "import", str(good)]
    assert main([*arguments, str(GOLDEN / "two_records_in_one_member.warc.gz")]) == 3
    said = capsys.readouterr().err
    assert "holds more than one record; repack the file with `warcio recompress`" in said
    assert "1 of 2 files cannot be imported; nothing was" in said
    assert state(home) == before
    assert main(arguments) == 0


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        (
            "old.arc.gz",
            gzip.compress(b"filedesc://old.arc 0.0.0.0 2009 text/plain 76\n1 0 X\n", mtime=0),
            "ARC file",
        ),
        ("old.arc", b"filedesc://old.arc 0.0.0.0 2009 text/plain 76\n1 0 X\n", "ARC file"),
        ("a.wacz", b"PK\x03\x04rest", "ZIP file"),
        ("page.warc.gz", b"<html>404</html>", "no WARC file"),
        ("empty.warc", b"", "no WARC file"),
    ],
)
def test_what_is_no_warc_file_is_told_with_the_way_out(template, tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UnsafeInputError, match=said):
        bring_in(template, tmp_path / name)


@pytest.mark.parametrize(
    "name", ["..warc.gz", ".hidden\n.warc.gz", "..\\..\\x.warc.gz", "ümlaut é.warc.gz", "a" * 200]
)
def test_no_name_of_a_file_leads_out_of_the_folder(home, tmp_path, name):
    file = foreign_warc(tmp_path / "x.warc.gz").rename(tmp_path / name)
    [imported] = bring_in(home, file)
    assert (home.warc / imported.segment).is_file()
    assert (home.warc / imported.segment).parent == home.warc
    assert set(imported.segment) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-")
    assert payload(home, PAGE) == BODY


def test_the_same_file_again_is_known_by_its_bytes(home, tmp_path, capsys):
    file = foreign_warc(tmp_path / "crawl.warc.gz")
    bring_in(home, file)
    before = state(home)
    shutil.copy(file, tmp_path / "renamed.warc.gz")
    assert main(["--home", str(home.root), "import", str(tmp_path / "renamed.warc.gz"), str(file)]) == 0
    assert "renamed.warc.gz was imported before, as import-" in capsys.readouterr().out
    assert state(home) == before


def test_records_that_the_archive_has_are_refused(home, tmp_path, capsys):
    own = next(iter(home.warc.glob("*.warc.gz")))
    shutil.copy(own, tmp_path / "copy.warc.gz")
    assert main(["--home", str(home.root), "import", str(tmp_path / "copy.warc.gz")]) == 3
    said = capsys.readouterr().err
    assert f"is in this archive already (in {own.name})" in said


def test_records_that_are_in_the_file_twice_are_refused(home, tmp_path):
    content = foreign_warc(tmp_path / "once.warc.gz").read_bytes()
    (tmp_path / "twice.warc.gz").write_bytes(content * 2)
    with pytest.raises(UnsafeInputError, match="twice"):
        bring_in(home, tmp_path / "twice.warc.gz")


def test_the_records_of_a_bundle_go_into_another_archive_as_foreign_ones(home, tmp_path):
    """Its snapshots, statements and log stay the other archive's: nothing of it speaks for this one."""
    other = make_home(tmp_path / "other")
    with other.ledger() as ledger:
        export_bundle(ledger, [other.first, other.second], tmp_path / "depot.wacz")
    (tmp_path / "data.warc.gz").write_bytes(unpacked(tmp_path / "depot.wacz")[WARC])
    whole = next(iter(other.warc.glob("*.warc.gz")))
    [imported] = bring_in(home, tmp_path / "data.warc.gz")
    with home.index() as index:
        assert index.snapshot(other.first.id) is None
        assert index.ledger.about(other.first.id) == []
        captures = list(index.captures_in_segment(imported.segment))
        assert {capture.source for capture in captures} == {"import:data"}
        assert [capture.record_type for capture in captures].count(RecordType.REVISIT) == 2
    with pytest.raises(UnsafeInputError, match="in this archive already"):
        bring_in(home, whole)
    third = make_home(tmp_path / "third")
    bring_in(third, whole)
    with third.index() as index:
        assert index.snapshot(other.first.id) is None
        assert index.ledger.size() == 3, "two snapshots and the import"
    assert faults_of(third) == []


def test_a_revisit_is_tied_to_what_it_names_by_url_and_date(home, tmp_path):
    bring_in(home, foreign_warc(tmp_path / "crawl.warc.gz"))
    assert payload(home, AGAIN) == BODY
    with home.index() as index:
        found = index.closest(AGAIN)
        assert found
        assert found.original
        assert found.original.target_uri == PAGE


def test_a_revisit_is_tied_to_what_comes_in_a_later_file(home, tmp_path):
    with (tmp_path / "first.warc.gz").open("wb") as out:
        first = ForeignWriter(out, gzip=True)
        first.write_record(first.create_warcinfo_record("first.warc.gz", {"software": "x/1"}))
        first.write_record(revisit(first, BODY))
    bring_in(home, tmp_path / "first.warc.gz")
    assert payload(home, AGAIN) == b""
    bring_in(home, foreign_warc(tmp_path / "second.warc.gz", version="1.1"))
    with home.index() as index:
        assert all(capture.original for capture in index.captures("exact", AGAIN))


def test_a_revisit_that_lies_about_its_payload_is_tied_to_nothing(home, tmp_path):
    with (tmp_path / "lie.warc.gz").open("wb") as out:
        lie = ForeignWriter(out, gzip=True)
        lie.write_record(lie.create_warcinfo_record("lie.warc.gz", {"software": "x/1"}))
        lie.write_record(revisit(lie, b"something else"))
    bring_in(home, foreign_warc(tmp_path / "true.warc.gz"), tmp_path / "lie.warc.gz")
    with home.index() as index:
        originals = [capture.original for capture in index.captures("exact", AGAIN)]
    assert originals.count(None) == 1


def test_what_we_capture_never_rests_on_an_imported_record(home, tmp_path):
    bring_in(home, foreign_warc(tmp_path / "crawl.warc.gz"))
    with home.index() as index:
        imported = index.closest(PAGE)
        assert imported
        assert imported.payload_digest
        assert index.original([imported.payload_digest]) == {}
        assert index.unchanged_since(PAGE) is None


def test_reindex_brings_imported_files_back_as_imported(home, tmp_path):
    bring_in(home, foreign_warc(tmp_path / "crawl.warc.gz"))
    before = state(home)
    with home.index() as index:
        reindex(home.warc, index)
    assert state(home) == before
    assert faults_of(home) == []
    (home.root / "index.sqlite").unlink()
    with home.index() as index:
        reindex(home.warc, index)
    assert state(home) == before


def test_an_import_that_was_killed_is_finished_by_the_next(home, tmp_path, monkeypatch):
    file = foreign_warc(tmp_path / "crawl.warc.gz")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(importing, "index_file", killed)
        with pytest.raises(KeyboardInterrupt):
            bring_in(home, file)
    with home.index() as index:
        recover_segments(home.warc, index)
    assert payload(home, PAGE) == BODY
    [imported] = bring_in(home, file)
    assert imported.is_known
    with home.index() as index:
        assert origin_of(index, home.warc, imported.segment)
    assert not list(home.warc.glob(".import-*"))


def test_left_over_copies_of_a_killed_import_are_cleared_away(home, tmp_path):
    (home.warc / ".import-dead").mkdir()
    (home.warc / ".import-dead" / "partial").write_bytes(b"x")
    bring_in(home, foreign_warc(tmp_path / "crawl.warc.gz"))
    assert not list(home.warc.glob(".import-*"))


def test_nothing_is_copied_to_a_disk_that_is_too_full(home, tmp_path):
    before = state(home)
    with pytest.raises(DiskFullError, match=r"storage\.free_floor"):
        bring_in(home, foreign_warc(tmp_path / "crawl.warc.gz"), free_floor=1 << 60)
    assert state(home) == before


def test_fixity_covers_imported_files(home, tmp_path):
    from datetime import UTC, datetime

    from archiver.citation.preservation import Keeper, schedule

    [imported] = bring_in(home, foreign_warc(tmp_path / "crawl.warc.gz"))
    with home.ledger() as ledger:
        keeper = Keeper(ledger, None)
        assert imported.segment in {planned.segment.name for planned in schedule(ledger.index)}
        kept = home.warc / imported.segment
        kept.chmod(0o644)
        content = bytearray(kept.read_bytes())
        content[len(content) // 2] ^= 1
        kept.write_bytes(content)
        keeper.run(schedule(ledger.index))
        report = fixity_report(ledger.index, home.warc, datetime.now(UTC))
    assert any(imported.segment in error for error in report.errors)
    assert any("is not the one that was sealed" in fault for fault in faults_of(home))


def test_our_own_writer_takes_no_name_of_an_import(tmp_path):
    with pytest.raises(ValueError, match="prefix"):
        writer(tmp_path, prefix="import")


def test_fields_of_ours_in_a_foreign_record_mean_nothing(home, tmp_path):
    """A forged length or place would show something else under the URL."""
    other = tmp_path / "other"
    other.mkdir()
    with writer(other) as segments:
        sent = exchange(response(b"true"), uri=PAGE, source="reuters", method="POST")
        segments.write(exchange_records(sent))
        sealed = segments.seal()
    assert sealed
    content = gzip.decompress((other / sealed.name).read_bytes()).replace(
        b"Archiver-Payload-Length: 4", b"Archiver-Payload-Length: 2"
    )
    (tmp_path / "forged.warc").write_bytes(content)
    bring_in(home, tmp_path / "forged.warc")
    with home.index() as index:
        found = index.closest(PAGE)
    assert found
    assert (found.payload_length, found.source, found.method) == (4, "import:forged", "GET")

"""What somebody changes in files, with all digests recomputed, or in the index, is held against the log."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import zlib
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from foreign_warcs import foreign_warc
from trust_archive import CONVOY, PAGE, TrustHome, make_home

from archiver.citation.statement import later_statement
from archiver.cli import main
from archiver.fixity import Verified, verify_folder
from archiver.model.article import ExtractedArticle
from archiver.model.version import ArticleEvent, ChangeKind
from archiver.storage.index import ARTICLE_MIME, EVENT_MIME, encode_article, encode_event
from archiver.storage.warc import Fault, iterate_records, metadata_record

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def template(tmp_path_factory) -> TrustHome:
    return make_home(tmp_path_factory.mktemp("template") / "home")


@pytest.fixture
def home(template: TrustHome, tmp_path) -> TrustHome:
    shutil.copytree(template.root, tmp_path / "home")
    return TrustHome(tmp_path / "home", template.first, template.second)


def data_file(home: TrustHome) -> Path:
    return min(home.warc.glob("*.warc.gz"))


def rewrite(path: Path, old: bytes, new: bytes, *, kind: bytes = b"response") -> None:
    """Change the records of a type that hold `old`, with every digest in them made to fit again."""
    raw, out, changed = path.read_bytes(), b"", 0
    while raw:
        reader = zlib.decompressobj(31)
        member = reader.decompress(raw)
        raw = reader.unused_data
        head, block = member[:-4].split(b"\r\n\r\n", 1)
        if b"WARC-Type: " + kind in head and old in member:
            assert len(old) == len(new)
            head, block = head.replace(old, new), block.replace(old, new)
            body = block.split(b"\r\n\r\n", 1)[1] if kind == b"response" else block
            head = _digested(head, b"WARC-Block-Digest", block)
            head = _digested(head, b"WARC-Payload-Digest", body)
            changed += 1
        writer = zlib.compressobj(6, 8, 31)
        out += writer.compress(head + b"\r\n\r\n" + block + b"\r\n\r\n") + writer.flush()
    assert changed
    path.chmod(0o644)
    path.write_bytes(out)


def _digested(head: bytes, field: bytes, content: bytes) -> bytes:
    digest = hashlib.sha256(content).hexdigest().encode()
    return re.sub(field + rb": \S+", field + b": sha256:" + digest, head)


def reindex_from_nothing(home: TrustHome) -> None:
    for path in home.root.glob("index.sqlite*"):
        path.unlink()
    assert main(["--home", str(home.root), "reindex"]) == 0


def faults(home: TrustHome, *names: str, snapshots: tuple[str, ...] = ()) -> list[Fault]:
    with home.index() as index:
        return list(verify_folder(home.warc, index, Verified(), names, snapshots=snapshots))


def forge(home: TrustHome, old: bytes = b"<p>first", new: bytes = b"<p>wrong") -> None:
    rewrite(data_file(home), old, new)
    reindex_from_nothing(home)


def offset_of(home: TrustHome, record_id: UUID) -> int:
    records = iterate_records(data_file(home))
    return next(record.location.offset for record in records if record.record_id == record_id)


def execute(home: TrustHome, statement: str) -> None:
    database = sqlite3.connect(home.root / "index.sqlite")
    assert database.execute(statement).rowcount > 0
    database.commit()
    database.close()


def test_a_sound_archive_has_no_fault(home):
    assert faults(home) == []
    assert faults(home, snapshots=(home.first.id,)) == []
    assert faults(home, data_file(home).name) == []


def test_a_page_that_was_forged_with_its_digests_is_not_what_was_stated(home):
    forge(home)
    found = faults(home)
    name = data_file(home).name
    at_page = offset_of(home, home.first.page.record_id)
    [stated] = [f for f in found if (f.segment, f.offset) == (name, at_page)]
    assert f"urn:uuid:{home.first.page.record_id}" in stated.message
    assert f"the statement about {home.first.id} (entry 0 of the log)" in stated.message
    assert f"stated was {home.first.page.payload_digest}" in stated.message
    assert "its block_digest is sha256:" in stated.message
    [snapshot] = [f for f in found if f.message.startswith(f"{home.first.id} states")]
    assert f"{home.first.page.payload_digest} of its page" in snapshot.message
    assert str(home.first.page.record_id) in snapshot.message
    assert len(found) == 2


def test_a_forged_page_is_found_when_only_its_snapshot_is_verified(home, capsys):
    forge(home)
    assert main(["--home", str(home.root), "verify", home.first.id]) == 1
    assert f"the statement about {home.first.id} (entry 0" in capsys.readouterr().out
    assert main(["--home", str(home.root), "verify"]) == 1


def test_a_forged_picture_is_told_with_the_snapshots_that_show_it(home):
    forge(home, b"convoy convoy", b"bridge bridge")
    messages = [fault.message for fault in faults(home)]
    assert any(m.startswith(f"{home.first.id} states") and f"its picture {CONVOY}" in m for m in messages)
    assert any("is not as the statement about" in m and "payload_digest" in m for m in messages)


def test_the_original_of_a_revisit_is_held_against_the_statements_of_both_snapshots(home):
    forge(home, b"depot depot", b"house house")
    messages = "\n".join(fault.message for fault in faults(home))
    for snapshot in (home.first, home.second):
        assert f"the statement about {snapshot.id}" in messages
    alone = "\n".join(fault.message for fault in faults(home, snapshots=(home.second.id,)))
    assert f"the statement about {home.second.id}" in alone


def test_an_edited_date_is_found_though_no_digest_covers_it(home):
    year = home.first.captured_at.strftime("WARC-Date: %Y").encode()
    rewrite(data_file(home), year, b"WARC-Date: 1999", kind=b"request")
    reindex_from_nothing(home)
    messages = [fault.message for fault in faults(home)]
    assert any("its date is 1999-" in message for message in messages)


def test_a_statement_that_was_rewritten_with_the_page_leaves_its_entry_without_one(home):
    old = home.first.page.payload_digest
    rewrite(data_file(home), b"<p>first", b"<p>wrong")
    new = hashlib.sha256(b"<title>Proof at the depot</title><p>wrong").hexdigest().encode()
    rewrite(data_file(home), str(old)[7:].encode(), new, kind=b"metadata")
    reindex_from_nothing(home)
    assert [f.message for f in faults(home) if f.segment == "log"] == [
        "entry 0 of the log is of statements that are in no file"
    ]


def test_a_file_that_is_not_the_logged_one_is_told_with_an_index_that_was_made_from_it(home):
    assert main(["--home", str(home.root), "fixity", "run", "--all"]) == 0
    name = data_file(home).name
    forge(home)
    messages = [fault.message for fault in faults(home) if fault.segment == name and not fault.offset]
    assert any("but logged was sha256:" in message for message in messages)
    assert any("is not the one that was sealed" in message for message in messages)


def test_an_imported_file_that_is_not_the_logged_one_is_told_with_an_index_that_was_made_from_it(
    home, tmp_path
):
    file = foreign_warc(tmp_path / "crawl-2009.warc.gz")
    assert main(["--home", str(home.root), "import", str(file)]) == 0
    assert faults(home) == []
    kept = next(home.warc.glob("import-*"))
    other = foreign_warc(tmp_path / "other.warc.gz", body=b"<p>It was dry in 2009.</p>")
    kept.chmod(0o644)
    kept.write_bytes(other.read_bytes())
    reindex_from_nothing(home)
    messages = [fault.message for fault in faults(home) if fault.segment == kept.name]
    assert any("but logged was sha256:" in message for message in messages)


@pytest.mark.parametrize("everything", [True, False])
def test_a_snapshot_that_is_not_in_the_index_is_a_fault(home, everything):
    execute(home, f"DELETE FROM snapshots WHERE identifier = '{home.first.id}'")
    found = faults(home, *([] if everything else [data_file(home).name]))
    assert [fault.message for fault in found] == [
        f"the snapshot {home.first.id} is not in the index (archiver reindex brings it in)"
    ]
    assert found[0].segment == data_file(home).name
    assert found[0].offset > 0


def test_a_statement_that_is_not_in_the_index_is_a_fault(home):
    execute(home, f"DELETE FROM statements WHERE subject = '{home.second.id}'")
    [found] = faults(home)
    assert found.message.startswith(f"the statement {home.second.id} is not in the index")


def test_a_snapshot_that_nothing_states_is_told_when_it_is_named(home):
    execute(home, f"DELETE FROM statements WHERE subject = '{home.second.id}'")
    messages = [fault.message for fault in faults(home, data_file(home).name, snapshots=(home.second.id,))]
    assert messages[0].startswith(f"no statement is about {home.second.id}")


def test_a_snapshot_that_differs_in_the_index_is_a_fault(home):
    execute(home, "UPDATE snapshots SET document = replace(document, 'An Archive', 'An Enclave')")
    messages = [fault.message for fault in faults(home)]
    assert f"the snapshot {home.first.id} is not what the index has of it" in messages


def test_what_only_the_index_has_is_a_fault(home):
    with home.index() as index:
        location = index.snapshot_location(home.first.id)
        event = ArticleEvent(
            ChangeKind.GONE, PAGE, None, NOW, home.first.page.record_id, 404, "gone", confirmed=True
        )
        other = type(home.first)(**{**_fields(home.first), "id": "ark:99999/xxxxxxxxxxxx"})
        index.record([], snapshots=[(other, location)], events=[(event, UUID(int=7))])
    messages = {(fault.segment, fault.message) for fault in faults(home)}
    here = "here, but no such record is here"
    assert messages == {
        (data_file(home).name, f"the index has the snapshot ark:99999/xxxxxxxxxxxx {here}"),
        ("index", "the index has what no file has: event, 1 in number"),
    }


def _fields(value: object) -> dict[str, object]:
    return {name: getattr(value, name) for name in value.__dataclass_fields__}  # type: ignore[attr-defined]


def test_events_and_later_readings_are_held_against_the_index(home):
    event = ArticleEvent(
        ChangeKind.GONE, PAGE, None, NOW, home.first.page.record_id, 404, "gone", confirmed=True
    )
    article = encode_article(ExtractedArticle(PAGE, "2", title="Later"))
    page = home.first.page.record_id
    with home.ledger() as ledger:
        records = [
            metadata_record(PAGE, NOW, encode_event(event), EVENT_MIME),
            metadata_record(PAGE, NOW, article, ARTICLE_MIME, refers_to=page),
        ]
        ledger.writer.write(records)
        ledger.writer.commit(may_seal=False)
        ledger.index.record([], indexed_ends=ledger.writer.committed_ends())
    messages = [fault.message for fault in faults(home)]
    assert messages == [
        f"the event {records[0].record_id} is not in the index (archiver reindex brings it in)",
        f"the later reading of an article of {page} is not in the index (archiver reindex brings it in)",
    ]
    assert main(["--home", str(home.root), "reindex"]) == 0
    assert faults(home) == []


def test_a_record_that_is_stated_and_in_no_file_is_told_with_its_snapshot(home):
    rewrite(data_file(home), str(home.first.page.record_id).encode(), str(uuid4()).encode(), kind=b"response")
    reindex_from_nothing(home)
    messages = [fault.message for fault in faults(home, snapshots=(home.first.id,))]
    missing = f"names 1 records that are in no file, the first urn:uuid:{home.first.page.record_id}"
    assert f"the statement about {home.first.id} (entry 0 of the log) {missing}" in messages
    assert any(
        message.startswith(f"{home.first.id} names {home.first.page.record_id}") for message in messages
    )


def test_a_file_that_is_gone_with_its_part_of_the_log_is_told_though_the_index_never_knew_it(home):
    with home.ledger() as ledger:
        statement = later_statement("annotation", home.first.id, NOW, {"text": "Seen"})
        ledger.state(statement, PAGE, home.first.page.record_id)
        ledger.sequence()
    data_file(home).unlink()
    reindex_from_nothing(home)
    messages = [(fault.segment, fault.message) for fault in faults(home)]
    assert ("log", "entries 0 to 1 of the log are of statements that are in no file") in messages


def test_show_and_cite_warn_of_a_page_that_is_not_what_its_snapshot_states(home, capsys):
    arguments = ["--home", str(home.root)]
    assert main([*arguments, "show", home.first.id]) == 0
    assert "Warning" not in capsys.readouterr().err
    forge(home)
    capsys.readouterr()
    for command in ("show", "cite"):
        for form in ([], ["--json"]):
            assert main([*arguments, command, home.first.id, *form]) == 0
            said = capsys.readouterr()
            assert f"Warning: {home.first.id} states {home.first.page.payload_digest} of its page" in said.err
            assert "archiver verify" in said.err
            assert "Warning" not in said.out
            if form:
                json.loads(said.out)

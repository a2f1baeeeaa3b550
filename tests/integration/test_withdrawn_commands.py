"""What the command line still says of a withdrawn snapshot: its record, and nothing that it held."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import pytest
from trust_archive import PAGE, TrustHome, make_home

from archiver.cli import main

REASON = "Order 7 of the court"


@dataclass(frozen=True)
class Answer:
    code: int
    out: str
    err: str


Ask = Callable[..., Answer]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> TrustHome:
    made = make_home(tmp_path_factory.mktemp("commands") / "home")
    ordered = ["withdraw", made.first.id, "--reason", REASON, "--by", "The court"]
    assert main(["--home", str(made.root), *ordered]) == 0
    return made


@pytest.fixture
def ask(home: TrustHome, capfd: pytest.CaptureFixture[str]) -> Ask:
    def asked(*words: str) -> Answer:
        capfd.readouterr()
        code = main(["--home", str(home.root), *words])
        return Answer(code, *capfd.readouterr())

    return asked


@pytest.mark.parametrize("form", [[], ["--json"], ["--noise"]])
def test_no_comparison_is_made_with_it_and_the_refusal_is_that_of_get(
    home: TrustHome, ask: Ask, form: list[str]
) -> None:
    at = home.first.captured_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    given, compared = ask("get", PAGE, "--at", at), ask("diff", PAGE, *form)
    assert (compared.code, compared.out) == (given.code, "") == (1, "")
    assert compared.err == given.err
    assert REASON in compared.err


def test_versions_that_stand_are_compared_as_ever(home: TrustHome, ask: Ask) -> None:
    after = (home.second.captured_at - timedelta(milliseconds=200)).isoformat()
    told = ask("diff", PAGE, "--from", after)
    assert (told.code, told.out.count(home.second.id)) == (0, 2)


def test_its_record_is_shown_without_the_words_of_its_pictures(home: TrustHome, ask: Ask) -> None:
    told = ask("show", home.first.id)
    assert told.code == 0
    assert REASON in told.out
    assert str(home.first.page.payload_digest) in told.out
    assert "alt:" not in told.out
    assert "alt:" in ask("show", home.second.id).out
    document = json.loads(ask("show", home.first.id, "--json").out)
    assert document["withdrawn"]["reason"] == REASON
    assert document["article"]["paragraphs"] == []
    assert {picture["found"]["alt"] for picture in document["pictures"]} == {None}


def test_it_is_cited_with_a_warning_in_one_line(home: TrustHome, ask: Ask) -> None:
    told = ask("cite", home.first.id)
    assert (told.code, home.first.id in told.out) == (0, True)
    assert (
        [line for line in told.err.splitlines() if REASON in line]
        == [line for line in told.err.splitlines() if "withdrawn" in line]
        != []
    )
    assert json.loads(ask("cite", home.first.id, "--json").out)["withdrawn"]["by"] == "The court"
    standing = ask("cite", home.second.id)
    assert "withdrawn" not in standing.err
    assert json.loads(ask("cite", home.second.id, "--json").out)["withdrawn"] is None


def test_its_history_names_what_changed_without_the_words(home: TrustHome, ask: Ask) -> None:
    told = ask("history", PAGE)
    assert told.code == 0
    assert told.out.count("withdrawn") == 1
    steps = [json.loads(line) for line in ask("history", PAGE, "--json").out.splitlines()]
    assert [step["withdrawn"] for step in steps] == [True, False]
    for step in steps:
        assert (step["fields"], step["paragraphs"], step["pictures"]) == ([], [], [])
    assert "text-edited" in steps[1]["changes"]


def test_its_lines_stay_in_the_list_and_say_so(home: TrustHome, ask: Ask) -> None:
    assert ask("list", PAGE).out.count("withdrawn") == 1
    lines = [json.loads(line) for line in ask("list", PAGE, "--json").out.splitlines()]
    assert [line["withdrawn"] for line in lines] == [True, False]


def test_it_is_not_exported(home: TrustHome, ask: Ask) -> None:
    bundle = home.root / "bundle.wacz"
    told = ask("export", home.first.id, "-o", str(bundle))
    assert (told.code, REASON in told.err, bundle.exists()) == (1, True, False)

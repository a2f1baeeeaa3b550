"""Statements: one spelling for each, by the canonical form of RFC 8785, and nothing else is read."""

from __future__ import annotations

import json

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from archiver.citation.clock import clock_state
from archiver.citation.statement import canonical, later_statement, read_canonical
from archiver.errors import UnsafeInputError
from archiver.model.moment import parse_moment

names = st.text(st.sampled_from("abcdefgABCDEFG_09"), min_size=1, max_size=8)
values = st.recursive(
    st.text(st.characters(codec="utf-8"), max_size=20)
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.booleans()
    | st.sampled_from(['"', "\\", "\x00\x1f\x7f\x85\u2028\ufeff", "é", "\U0001f600", "</script>"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(names, values, max_size=6))
def test_what_is_written_is_what_the_standard_says(stated):
    document = canonical(stated)
    assert document == rfc8785.dumps(stated)
    assert read_canonical(document) == stated


@given(st.dictionaries(names, values, min_size=1, max_size=6))
def test_every_other_spelling_is_refused(stated):
    for other in (json.dumps(stated), json.dumps(stated, indent=1), canonical(stated).decode() + " "):
        if other.encode() != canonical(stated):
            with pytest.raises(UnsafeInputError):
                read_canonical(other.encode())


@pytest.mark.parametrize(
    "document",
    [b"", b"[]", b"7", b"nul", b'{"a":1,"a":1}', b'{"b":1,"a":1}', b'{"a":1.0}', b'{"a":"\\u0061"}',
     b'{"a":NaN}',
     b'{"a":1e400}', b"\xff", b"[" * 100_000, b'{"a":' + b"9" * 5000 + b"}"],
)  # fmt: skip
def test_what_is_no_canonical_statement_is_refused(document):
    with pytest.raises(UnsafeInputError):
        read_canonical(document)


def test_lone_surrogates_of_a_page_are_replaced():
    assert (
        canonical({"title": "a\ud800b", "good": "\U0001f600"})
        == '{"good":"\U0001f600","title":"a\ufffdb"}'.encode()
    )


def test_two_statements_of_the_same_are_told_apart_by_their_salt():
    moment = parse_moment("2017-11-14")[0]
    one, two = (later_statement("annotation", "ark:99999/b", moment, {"text": "x"}) for _ in range(2))
    assert one != two
    assert {**read_canonical(one), "salt": ""} == {**read_canonical(two), "salt": ""}


def test_the_clock_says_where_its_time_comes_from():
    state = clock_state()
    assert state["source"] == "system"
    assert canonical(state)

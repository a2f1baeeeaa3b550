"""Identifiers: made, checked, and the likely one named when mistyped."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archiver.model import identifier

names = st.builds(identifier.mint)


@given(names, st.integers(0, 11), st.sampled_from(identifier.ALPHABET))
def test_every_single_wrong_character_is_caught_and_the_right_one_among_the_likely(ark, place, letter):
    start = len("ark:99999/")
    mistyped = ark[: start + place] + letter + ark[start + place + 1 :]
    if mistyped == ark:
        return
    assert not identifier.is_valid(mistyped)
    assert ark in set(identifier.likely(mistyped))


@given(names, st.integers(0, 10))
def test_every_swap_of_two_neighbours_is_caught_and_put_right_first(ark, place):
    start = len("ark:99999/") + place
    mistyped = ark[:start] + ark[start + 1] + ark[start] + ark[start + 2 :]
    if mistyped == ark:
        return
    assert not identifier.is_valid(mistyped)
    assert ark in set(identifier.likely(mistyped))


@given(names, st.integers(0, 11))
def test_a_character_left_out_is_found_again(ark, place):
    start = len("ark:99999/") + place
    mistyped = ark[:start] + ark[start + 1 :]
    assert ark in {mistyped, *identifier.likely(mistyped)}


@given(names, st.integers(0, 11), st.sampled_from(identifier.ALPHABET))
def test_a_character_too_many_is_found(ark, place, letter):
    start = len("ark:99999/") + place
    mistyped = ark[:start] + letter + ark[start:]
    assert ark in {*identifier.likely(mistyped)} or identifier.is_valid(mistyped)


def test_letters_that_only_look_alike_are_taken_for_what_was_meant():
    ark = next(a for a in iter(identifier.mint, None) if "0" in a[10:] and "1" in a[10:])
    mistyped = ark[:10] + ark[10:].replace("0", "O").replace("1", "l")
    assert next(identifier.likely(mistyped)) == ark


@pytest.mark.parametrize(
    "spelling", ["ark:/99999/{}", "ARK:99999/{}", "https://archive.example/ark:/99999/{}", " ark:99999/{} "]
)
def test_every_spelling_of_the_specification_is_one_identifier(spelling):
    ark = identifier.mint()
    name = ark.removeprefix("ark:99999/")
    assert identifier.normalise(spelling.format(name)) == ark
    assert identifier.is_identifier(spelling.format(name))
    hyphenated = f"{name[:4]}-{name[4:8]}-{name[8:]}"
    assert identifier.normalise(spelling.format(hyphenated)) == ark


def test_a_url_of_a_page_is_no_identifier():
    assert not identifier.is_identifier("https://news.example/ark-of-the-covenant")
    assert not identifier.is_identifier("https://news.example/?q=ark:99999/b")


@given(st.text(max_size=80))
def test_nothing_typed_makes_it_fail(text):
    assert all(identifier.is_valid(name) for name in identifier.likely(text))

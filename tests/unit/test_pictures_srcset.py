"""`srcset` and `sizes` are read as the HTML standard says (cases after its web platform tests)."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.spiders.pictures.srcset import Candidate, Screen, parse_srcset


def shape(text):
    return [(c.url, c.width, c.density) for c in parse_srcset(text)]


@pytest.mark.parametrize(
    ("text", "candidates"),
    [
        ("", []),
        (",", []),
        (",,,", []),
        ("a.jpg", [("a.jpg", None, None)]),
        ("  a.jpg  ", [("a.jpg", None, None)]),
        ("a.jpg,", [("a.jpg", None, None)]),
        ("a.jpg 1x, b.jpg 2x", [("a.jpg", None, 1.0), ("b.jpg", None, 2.0)]),
        ("a.jpg, b.jpg 2x", [("a.jpg", None, None), ("b.jpg", None, 2.0)]),
        ("a.jpg 640w,b.jpg 1280w", [("a.jpg", 640, None), ("b.jpg", 1280, None)]),
        ("\ta.jpg\n640w\f,\r b.jpg 1280w ", [("a.jpg", 640, None), ("b.jpg", 1280, None)]),
        ("a,b.jpg 1x,c.jpg 2x", [("a,b.jpg", None, 1.0), ("c.jpg", None, 2.0)]),
        (
            "c_fill,w_200/a.jpg 200w, c_fill,w_400/a.jpg 400w",
            [("c_fill,w_200/a.jpg", 200, None), ("c_fill,w_400/a.jpg", 400, None)],
        ),
        ("a.jpg,b.jpg", [("a.jpg,b.jpg", None, None)]),
        ("a.jpg ,b.jpg", [("a.jpg", None, None), ("b.jpg", None, None)]),
        ("data:,a 1x", [("data:,a", None, 1.0)]),
        ("data:,a ( , data:,b 1x, ), data:,c", [("data:,c", None, None)]),
        ("data:,a ( , data:,b 1x, ", []),
        ("data:,a (()), data:,b", [("data:,b", None, None)]),
        ("data:,a ((x, y), data:,b 2x", [("data:,b", None, 2.0)]),
        ("a 1x 2x", []),
        ("a 1w 2w", []),
        ("a 1w 1x", []),
        ("a 1h", []),
        ("a 100w 50h", [("a", 100, None)]),
        ("a 50h 100w", [("a", 100, None)]),
        ("a 1x 50h", []),
        ("a 0w", []),
        ("a 0x", [("a", None, 0.0)]),
        ("a -1x", []),
        ("a -0x", [("a", None, 0.0)]),
        ("a +1x", []),
        ("a .5x", [("a", None, 0.5)]),
        ("a 1.x", []),
        ("a 1.5x", [("a", None, 1.5)]),
        ("a 1e1x", [("a", None, 10.0)]),
        ("a 1E-1x", [("a", None, 0.1)]),
        ("a 1e1.5x", []),
        ("a 1ex", []),
        ("a 1W", []),
        ("a 1.0w", []),
        ("a 1w\u00a0", []),
        ("a x", []),
        ("a foo, b 2x", [("b", None, 2.0)]),
        ("a\u00a01x", [("a\u00a01x", None, None)]),
    ],
)
def test_candidates_are_those_of_the_standard(text, candidates):
    assert shape(text) == candidates


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_read(text):
    for candidate in parse_srcset(text):
        assert candidate.url
        assert not set(candidate.url) & set(" \t\n\f\r")


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.from_regex(r"[a-z][a-z,/_0-9]{0,20}[a-z]", fullmatch=True),
            st.one_of(st.none(), st.integers(1, 9999)),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_what_was_written_is_read_back(candidates):
    written = " , ".join(url if width is None else f"{url} {width}w" for url, width in candidates)
    assert [(c.url, c.width) for c in parse_srcset(written)] == candidates


@pytest.mark.parametrize(
    "text", ["a " * 500_000, "(" * 1_000_000, "a (" * 300_000, "a" + " 1x" * 300_000, "," * 1_000_000]
)
def test_a_megabyte_is_read_quickly(text):
    started = time.monotonic()
    parse_srcset(text)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize(
    ("sizes", "pixels"),
    [
        (None, 1366),
        ("", 1366),
        ("auto", 1366),
        ("50vw", 683),
        ("800px", 800),
        ("40em", 640),
        ("(max-width: 600px) 480px, 800px", 800),
        ("(min-width: 600px) 480px, 800px", 480),
        ("(min-width: 1000px) calc(100vw - 366px), 50vw", 1000),
        ("(max-width:600px) 100vw, (max-width:1200px) 50vw, min(300px, 100vw)", 300),
        ("(width >= 1200px) 700px, 100vw", 700),
        ("(orientation: portrait) 10px, 20px", 20),
        ("nonsense, 20px", 20),
    ],
)
def test_the_source_size_of_a_desktop_window(sizes, pixels):
    assert Screen(1366, 768).source_size(sizes) == pytest.approx(pixels)


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=100))
def test_any_sizes_and_media_are_read(sizes, media):
    assert Screen().source_size(sizes) >= 0
    assert Screen().matches(media) in (True, False)


def test_the_least_rendition_that_is_sharp_is_shown():
    candidates = [Candidate("s", 320), Candidate("m", 800), Candidate("l", 1600)]
    chosen = {size: Screen().choose(candidates, size).url for size in ("300px", "700px", "900px", "5000px")}
    assert chosen == {"300px": "s", "700px": "m", "900px": "l", "5000px": "l"}
    assert Screen(density=2.0).choose(candidates, "700px").url == "l"
    assert Screen().choose([Candidate("a"), Candidate("b", density=2.0)], None).url == "a"
    assert Screen(density=2.0).choose([Candidate("a"), Candidate("b", density=2.0)], None).url == "b"
    assert Screen().choose([], None) is None


@pytest.mark.parametrize(
    ("media", "holds"),
    [
        (None, True),
        ("", True),
        ("all", True),
        ("screen", True),
        ("print", False),
        ("(min-width: 1024px)", True),
        ("(max-width: 1024px)", False),
        ("(min-width: 600px) and (max-width: 1200px)", False),
        ("(max-width: 100px), (min-width: 100px)", True),
        ("(prefers-color-scheme: dark)", False),
        ("(400px <= width)", True),
        ("not all", False),
    ],
)
def test_media_queries_of_a_desktop_window(media, holds):
    assert Screen(1366, 768).matches(media) is holds

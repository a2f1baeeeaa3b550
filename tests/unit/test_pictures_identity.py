"""Renditions of one picture are known for what they are, and distinct pictures are never taken for one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.spiders.pictures.identity import identity, marks

C = "https://cdn.example"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (f"{C}/img/photo-300x200.jpg", f"{C}/img/photo-1024x768.jpg"),
        (f"{C}/img/photo-300x200.jpg", f"{C}/img/photo.webp"),
        (f"{C}/img/photo.jpg?w=100", f"{C}/img/photo.jpg?w=900&q=80"),
        (f"{C}/img/photo@2x.jpg", f"{C}/img/photo.jpg"),
        (f"{C}/large/photo.jpg", f"{C}/small/photo.jpg"),
        (f"{C}/w_200,c_fill/photo.jpg", f"{C}/w_900,c_fill/photo.jpg"),
        (f"{C}/crops/w=800,h=450,q=70/2429188_master.jpg", f"{C}/crops/w=1280,h=720,q=60/2429188_master.jpg"),
        (f"{C}/image?id=77&width=200", f"{C}/image?id=77&width=900"),
        (f"{C}/resize/800/https://news.example/pic/abc.jpg", "https://news.example/pic/abc.jpg"),
        (f"{C}/r?url=https%3A%2F%2Fnews.example%2Fpic%2Fabc.jpg&w=9", "https://news.example/pic/abc.jpg"),
        ("https://a.example/x/409952153_v16.jpg", "https://b.example/x/409952153_v16.jpg"),
    ],
)
def test_renditions_of_one_picture_have_one_identity(one, other):
    assert identity(one) == identity(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/1.jpg", "/2.jpg"),
        ("/photo-1.jpg", "/photo-2.jpg"),
        ("/photo10.jpg", "/photo11.jpg"),
        ("/IMG_0001.jpg", "/IMG_0002.jpg"),
        ("/s1.jpg", "/s2.jpg"),
        ("/v1.jpg", "/v2.jpg"),
        ("/m.jpg", "/s.jpg"),
        ("/1-2.jpg", "/1-3.jpg"),
        ("/2024/01/w1.jpg", "/2024/02/w1.jpg"),
        ("/b3/x.jpg", "/b4/x.jpg"),
        ("/x/16x9.jpg", "/y/16x9.jpg"),
        ("/files/1/x.jpg", "/files/2/x.jpg"),
        ("/12345678/1.jpg", "/12345678/2.jpg"),
        ("/image?id=1&w=2", "/image?id=2&w=2"),
        ("/get?n=3", "/get?n=4"),
        ("/article-99999999-a.jpg", "/article-99999999-b.jpg"),
    ],
)
def test_distinct_pictures_have_distinct_identities(one, other):
    assert identity(C + one) != identity(C + other)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_an_identity(text):
    assert isinstance(identity(text), str)
    assert isinstance(marks(text), frozenset)


def test_marks_are_long_numbers_and_digests_but_no_dates():
    assert marks(f"{C}/20240511/a1b2c3d4e5f6/1234567.jpg") == {"a1b2c3d4e5f6", "1234567"}
    assert not marks(f"{C}/2024/05/photo-of-the-day.jpg")

"""Renditions of one picture are known for what they are, and distinct pictures are never taken for one."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.spiders.pictures.identity import identity, marks
from archiver.spiders.pictures.likeness import likeness

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
        (f"{C}/img/photo=w1200-h800.jpg", f"{C}/img/photo=w400-h300.jpg"),
        (f"{C}/img/photo_w1200_r1.77_fpx50_fpy49.jpg", f"{C}/img/photo_w640_r1.33_fpx50_fpy49.jpg"),
        (f"{C}/img/photo_16x9.jpg", f"{C}/img/photo.jpg"),
        (f"{C}/img/Photo-scaled.jpg", f"{C}/img/Photo-thumb.JPG"),
        (f"{C}/img/photo,w_993,c_0.bild.jpg", f"{C}/img/photo,w_120,c_0.bild.jpg"),
        (f"{C}/fit-in/800x600/filters:quality(70)/photo.jpg", f"{C}/photo.jpg"),
        (f"{C}/cdn-cgi/image/width=800,format=auto/media/photo.jpg", f"{C}/media/photo.jpg"),
        (f"{C}/files/styles/teaser_16_9/public/2024/photo.jpg?itok=aB", f"{C}/files/2024/photo.jpg"),
        (f"{C}/files/styles/large/public/2024/photo.jpg", f"{C}/files/2024/photo.jpg"),
        (f"{C}/styles/thumbnail/public/2024/photo.jpg", f"{C}/styles/teaser/public/2024/photo.jpg"),
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
        ("/gallery/1-1.png", "/gallery/1-2.png"),
        ("/gallery/1-1.png", "/gallery/2-1.png"),
        ("/photos/x1.png", "/photos/x2.png"),
        ("/photos/small.png", "/photos/big.png"),
        ("/photos/small.png", "/photos/x1.png"),
        ("/maps/w1.png", "/maps/w2.png"),
        ("/maps/w1.png", "/maps/q3.png"),
        ("/photos/Aa.png", "/photos/aA.png"),
        ("/Photos/a.png", "/photos/a.png"),
        ("/20240511/1234567/1-1.jpg", "/20240511/1234567/1-2.jpg"),
        ("/20240511/minister/wide__1300x731", "/20240511/harbour/wide__1300x731"),
        ("/20240511/minister/1300x731.jpg", "/20240511/harbour/1300x731.jpg"),
        ("/gallery/1-1-640x480.jpg", "/gallery/1-2-640x480.jpg"),
        ("/gallery/1-1/640x480.jpg", "/gallery/1-2/640x480.jpg"),
    ],
)
@pytest.mark.parametrize("key", [identity, likeness])
def test_distinct_pictures_have_distinct_identities(one, other, key):
    assert key(C + one) != key(C + other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/quiz-q10.jpg", "/quiz-q11.jpg"),
        ("/image.jpg?id=1", "/image.jpg?id=2"),
        ("/house-small.jpg", "/house-big.jpg"),
        ("/photo-3x2.jpg", "/photo-1x2.jpg"),
        ("/photo-16-9.jpg", "/photo-16-10.jpg"),
        ("/mercedes-w123.jpg", "/mercedes-w124.jpg"),
        ("/sport/20240511/1.jpg", "/politics/20240511/1.jpg"),
        ("/left/12345678/1.jpg", "/right/12345678/1.jpg"),
        ("/photo-1-1.jpg", "/photo-2-1.jpg"),
    ],
)
def test_names_that_only_may_be_of_sizes_are_of_two_pictures(one, other):
    assert identity(C + one) != identity(C + other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("/harbour-16-9.jpg", "/harbour-1-1.jpg"),
        ("/harbour_large.jpg", "/harbour_small.jpg"),
        ("/teaser/harbour.jpg", "/hero/harbour.jpg"),
        ("/harbour/1200x675.jpg", "/harbour/640x480.jpg"),
        ("/2020-05/minister/wide__1300x731", "/2020-05/minister/wide__660x371__desktop"),
        ("/2020-05/minister/original__450x450__mobile", "/2020-05/minister/wide__1300x731"),
        ("/media/1738253380/1x1/1200.jpg", "/media/1738253380/16x9/1200.jpg"),
        ("/harbour/wide/1200x675.jpg", "/harbour/square/640x480@2x.jpg"),
    ],
)
def test_the_names_of_crops_and_sizes_make_likely_renditions(one, other):
    assert likeness(C + one) == likeness(C + other)


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_has_an_identity(text):
    assert isinstance(identity(text), str)
    assert isinstance(likeness(text), str)
    assert isinstance(marks(text), frozenset)


def test_marks_are_long_numbers_and_digests_but_no_dates():
    assert marks(f"{C}/20240511/a1b2c3d4e5f6/1234567.jpg") == {"a1b2c3d4e5f6", "1234567"}
    assert not marks(f"{C}/2024/05/photo-of-the-day.jpg")

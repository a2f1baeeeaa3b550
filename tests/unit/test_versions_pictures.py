from version_builders import picture

from archiver.model.digest import Digest
from archiver.model.picture import PictureRole
from archiver.model.version import Noise, PictureChangeKind
from archiver.versions.pictures import compare_pictures, without_cache_key

KIND = PictureChangeKind
URL = "https://media.example/2026/bridge-123456.jpg"


def test_other_bytes_at_the_same_address_are_a_replaced_picture() -> None:
    (change,) = compare_pictures([picture(URL, b"one", alt="Bridge")], [picture(URL, b"two", alt="Bridge")])
    assert change.kind is KIND.REPLACED
    assert change.noise is None
    assert (change.before_digest, change.after_digest) == (Digest.of(b"one"), Digest.of(b"two"))
    assert change.alt == "Bridge"


def test_the_same_bytes_at_another_address_are_no_change() -> None:
    moved = "https://cdn.example/x/99.jpg"
    assert compare_pictures([picture(URL, b"one")], [picture(moved, b"one")]) == ()


def test_another_cache_key_with_the_same_bytes_is_no_change() -> None:
    assert compare_pictures([picture(f"{URL}?v=1", b"one")], [picture(f"{URL}?v=2", b"one")]) == ()


def test_another_cache_key_with_other_bytes_is_a_replaced_picture() -> None:
    (change,) = compare_pictures([picture(f"{URL}?v=1", b"one")], [picture(f"{URL}?v=2", b"two")])
    assert change.kind is KIND.REPLACED


def test_another_size_of_the_picture_cannot_be_compared_and_raises_no_alarm() -> None:
    (change,) = compare_pictures([picture(f"{URL}?w=640", b"small")], [picture(f"{URL}?w=1280", b"large")])
    assert (change.kind, change.noise) == (KIND.RENDITION, Noise.RENDITION)


def test_a_picture_that_could_not_be_fetched_is_not_removed() -> None:
    (change,) = compare_pictures([picture(URL, b"one")], [picture(URL, None, reason="timeout after 30 s")])
    assert (change.kind, change.noise) == (KIND.NOT_HAD, Noise.NOT_HAD)
    assert change.after == "timeout after 30 s"


def test_pictures_that_came_and_went_are_told() -> None:
    before, after = picture(URL, b"one", alt="old"), picture("https://media.example/new-777777.jpg", b"two")
    added, removed = compare_pictures([before], [after])
    assert (added.kind, added.after_digest) == (KIND.ADDED, Digest.of(b"two"))
    assert (removed.kind, removed.before_digest, removed.alt) == (KIND.REMOVED, Digest.of(b"one"), "old")


def test_a_picture_outside_the_article_is_noise() -> None:
    advert = picture("https://ads.example/1.gif", b"buy", role=PictureRole.FURNITURE)
    (change,) = compare_pictures([], [advert])
    assert (change.kind, change.noise) == (KIND.ADDED, Noise.ROLE)


def test_changed_words_of_a_picture_are_told_each() -> None:
    before = picture(URL, b"one", alt="A bridge", caption="The bridge on Monday")
    after = picture(URL, b"one", alt="The bridge", caption="The bridge on Tuesday")
    assert [(c.kind, c.before, c.after) for c in compare_pictures([before], [after])] == [
        (KIND.ALT, "A bridge", "The bridge"),
        (KIND.CAPTION, "The bridge on Monday", "The bridge on Tuesday"),
    ]


def test_a_picture_replaced_by_the_bytes_of_another_one_is_not_missed() -> None:
    other = "https://media.example/2026/mayor-654321.jpg"
    before = [picture(URL, b"bridge"), picture(other, b"mayor")]
    after = [picture(URL, b"mayor"), picture(other, b"mayor")]
    (change,) = compare_pictures(before, after)
    assert (change.kind, change.url) == (KIND.REPLACED, URL)


def test_only_cache_keys_are_taken_from_an_address() -> None:
    assert without_cache_key(f"{URL}?id=7&w=640&ts=99&1700000000") == f"{URL}?id=7&w=640"
    assert without_cache_key(URL) == URL
    assert without_cache_key("http://[bad?v=1") == "http://[bad?v=1"

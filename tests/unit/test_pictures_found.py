"""Every place where a page can show a picture is found, and the right renditions are asked for."""

import pytest

from archiver.model.picture import PictureOrigin as Origin
from archiver.model.picture import PictureRole as Role
from archiver.spiders.document import parse_document
from archiver.spiders.pictures import PicturePolicy, Renditions, find_pictures, look_for_pictures

AT = "https://news.example/2024/"


def found(markup: str, **policy):
    document = parse_document(f"<html><body>{markup}</body></html>".encode(), AT + "article.html")
    return find_pictures(document, PicturePolicy(**policy))


def looked_for(markup: str, **policy):
    document = parse_document(f"<html><body>{markup}</body></html>".encode(), AT + "article.html")
    return look_for_pictures(document, PicturePolicy(**policy))


def one(markup: str, **policy):
    (picture,) = found(markup, **policy)
    return picture


def listed(picture):
    return [(rendition.url.removeprefix(AT), rendition.origin) for rendition in picture.renditions]


def fetched(picture):
    return [url.removeprefix(AT) for url in picture.fetch]


@pytest.mark.parametrize(
    ("markup", "origin"),
    [
        ('<img src="a.jpg">', Origin.IMG),
        ('<img srcset="a.jpg 2x">', Origin.SRCSET),
        ('<amp-img src="a.jpg"></amp-img>', Origin.IMG),
        ('<img data-src="a.jpg">', Origin.LAZY),
        ('<img data-original="a.jpg">', Origin.LAZY),
        ('<img data-lazy-src="a.jpg">', Origin.LAZY),
        ('<img data-foo="/2024/a.jpg">', Origin.LAZY),
        ('<img data-srcset="a.jpg 640w">', Origin.LAZY_SRCSET),
        ('<img data-lazy-srcset="a.jpg 1x, a.jpg 2x">', Origin.LAZY_SRCSET),
        ('<picture><source srcset="a.jpg"></picture>', Origin.PICTURE_SOURCE),
        ('<picture><source data-srcset="a.jpg 100w"></picture>', Origin.LAZY_SRCSET),
        ('<noscript><img src="a.jpg"></noscript>', Origin.NOSCRIPT),
        ('<video poster="a.jpg"></video>', Origin.POSTER),
        ('<video data-poster="a.jpg"></video>', Origin.POSTER),
        ('<div style="background: url(a.jpg)"></div>', Origin.STYLE),
        ("<style>p { background-image: url('a.jpg') }</style>", Origin.STYLE),
        ('<table background="a.jpg"></table>', Origin.STYLE),
        ('<div data-bg="/2024/a.jpg"></div>', Origin.LAZY),
        ('<div data-props=\'{"u":"https:\\/\\/news.example\\/2024\\/a.jpg"}\'></div>', Origin.LAZY),
        ('<svg><image href="a.jpg"/></svg>', Origin.SVG),
        ('<svg><image xlink:href="a.jpg"/></svg>', Origin.SVG),
        ('<input type="image" src="a.jpg">', Origin.INPUT),
        ('<object data="a.jpg"></object>', Origin.OBJECT),
        ('<embed src="a.jpg" type="image/jpeg">', Origin.OBJECT),
        ('<a href="a.jpg">large</a>', Origin.LINK),
        ('<link rel="preload" as="image" href="a.jpg">', Origin.PRELOAD),
        ('<link rel="preload" as="image" imagesrcset="a.jpg 100w">', Origin.PRELOAD),
        ('<link rel="image_src" href="a.jpg">', Origin.META),
        ('<meta property="og:image" content="a.jpg">', Origin.OPEN_GRAPH),
        ('<meta property="og:image:secure_url" content="a.jpg">', Origin.OPEN_GRAPH),
        ('<meta name="twitter:image" content="a.jpg">', Origin.TWITTER),
        (
            '<script>s = {"caption": "", "i": "https:\\/\\/news.example\\/2024\\/a.jpg"}</script>',
            Origin.SCRIPT,
        ),
    ],
)
def test_a_picture_is_found_wherever_it_stands(markup, origin):
    picture = one(markup)
    assert listed(picture) == [("a.jpg", origin)]
    assert fetched(picture) == ["a.jpg"]


@pytest.mark.parametrize(
    "stated",
    [
        '"image": "a.jpg"',
        '"image": ["a.jpg"]',
        '"image": {"@type": "ImageObject", "url": "a.jpg"}',
        '"image": [{"url": "a.jpg", "width": 100}]',
        '"image": {"url": ["a.jpg"]}',
        '"image": {"@list": 1, "contentUrl": "a.jpg"}',
        '"thumbnailUrl": "a.jpg"',
        '"video": {"@type": "VideoObject", "contentUrl": "v.mp4", "thumbnailUrl": ["a.jpg"]}',
        '"@graph": [{"@type": "NewsArticle", "image": {"image": "a.jpg"}}]',
        '"@graph": [{"@type": "ImageObject", "url": "a.jpg"}]',
        '"publisher": {"logo": {"url": "a.jpg"}}',
        '"image": "a.jpg", "x": "raw\nline", ',
    ],
)
def test_json_ld_in_every_shape(stated):
    picture = one(f'<script type="application/ld+json">{{{stated}}}</script>')
    assert listed(picture) == [("a.jpg", Origin.JSON_LD)]


def test_a_base_element_moves_all_pictures():
    page = b'<base href="https://cdn.example/p/"><img src="a.jpg"><img srcset="//other.example/b.jpg 2x">'
    pictures = find_pictures(parse_document(page, AT))
    assert [p.fetch for p in pictures] == [("https://cdn.example/p/a.jpg",), ("https://other.example/b.jpg",)]


def test_addresses_are_absolute_ascii_and_without_fragment():
    assert one('<img src=" /bïld 1.jpg#top ">').fetch == ("https://news.example/b%C3%AFld%201.jpg",)
    assert one('<img src="https://bücher.example/a.jpg">').fetch == ("https://xn--bcher-kva.example/a.jpg",)


@pytest.mark.parametrize(
    "address",
    [
        "javascript:alert(1)",
        "JavaScript:x.jpg",
        "java\nscript:x.jpg",
        "http://user:pass@h.example/a.jpg",
        "ftp://h/a.jpg",
        "file:///etc/passwd",
        "about:blank",
        "http://[::1/a.jpg",
        "http://h:99999/a.jpg",
        "",
        " ",
        "#",
        "{{src}}",
        "//",
        "https://h.example/" + "a" * 10_000,
        "data:text/html,x",
    ],
)
def test_what_cannot_be_fetched_is_not_asked_for(address):
    assert all(not p.fetch for p in found(f'<img src="{address}"><a href="{address}">x</a>'))


def test_line_breaks_in_an_address_are_dropped_as_browsers_do():
    assert one('<img src="https://h.example/a\r\nHost: b.jpg">').fetch == (
        "https://h.example/aHost:%20b.jpg",
    )


def test_a_data_uri_is_listed_by_its_digest_and_not_fetched():
    picture = one('<img alt="dot" src="data:image/gif;base64,R0lGODlhAQABAAAAACwAAAAAAQABAAA=">')
    (rendition,) = picture.renditions
    assert rendition.origin is Origin.DATA_URI
    assert rendition.url.startswith("data:image/gif;sha256,")
    assert len(rendition.url) == len("data:image/gif;sha256,") + 64
    assert picture.fetch == ()


def test_a_data_uri_does_not_stand_for_the_lazy_picture_behind_it():
    pictures = found("".join(f'<img src="data:image/gif;base64,R0lG" data-src="{n}.jpg">' for n in "abc"))
    assert [fetched(p) for p in pictures] == [["a.jpg"], ["b.jpg"], ["c.jpg"]]


def test_a_shared_placeholder_does_not_join_the_pictures_behind_it():
    pictures = found("".join(f'<img src="blank.png" data-src="{n}.jpg">' for n in "abc"))
    assert [fetched(p) for p in pictures] == [["a.jpg"], ["b.jpg"], ["c.jpg"]]


def test_the_largest_and_the_shown_rendition_are_fetched_and_all_are_listed():
    picture = one(
        '<img srcset="s.jpg 320w, m.jpg 800w, l.jpg 2400w" sizes="(min-width: 900px) 700px" src="f.jpg">'
    )
    assert fetched(picture) == ["l.jpg", "m.jpg"]
    assert [url for url, _ in listed(picture)] == ["s.jpg", "m.jpg", "l.jpg", "f.jpg"]


def test_commas_in_addresses_are_no_separators():
    picture = one('<img srcset="/w_200,c_fill/a.jpg 200w, /w_900,c_fill/a.jpg 900w">')
    assert picture.fetch[0] == "https://news.example/w_900,c_fill/a.jpg"


def test_of_a_picture_element_the_first_source_that_fits_is_shown():
    picture = one(
        """<picture><source media="(max-width: 600px)" srcset="phone.jpg">
        <source type="image/jxl" srcset="new.jxl">
        <source type="image/webp" srcset="desktop.webp 1x, sharp.webp 2x">
        <img src="old.jpg" alt="x"></picture>"""
    )
    assert fetched(picture) == ["sharp.webp", "desktop.webp"]
    assert [url for url, _ in listed(picture)] == [
        "phone.jpg",
        "new.jxl",
        "desktop.webp",
        "sharp.webp",
        "old.jpg",
    ]
    phone = picture.renditions[0]
    assert (phone.media, phone.origin) == ("(max-width: 600px)", Origin.PICTURE_SOURCE)


def test_policies_choose_what_is_fetched_and_never_what_is_listed():
    markup = '<img srcset="s.jpg 320w, m.jpg 800w, l.jpg 2400w" sizes="700px">'
    best, every, none = (one(markup, renditions=choice) for choice in Renditions)
    assert fetched(best) == ["l.jpg", "m.jpg"]
    assert sorted(fetched(every)) == ["l.jpg", "m.jpg", "s.jpg"]
    assert none.fetch == ()
    assert best.renditions == every.renditions == none.renditions


def test_icons_are_left_out_unless_asked_for():
    markup = '<link rel="shortcut icon" href="/favicon.ico"><link rel="apple-touch-icon" href="/touch.png">'
    assert found(markup) == ()
    assert len(found(markup, icons=True)) == 2


def test_the_number_of_pictures_is_limited():
    assert len(found("".join(f'<img src="p{n}.jpg">' for n in range(50)), limit=7)) == 7


def test_pictures_over_the_limit_are_listed_with_the_reason_and_not_fetched():
    markup = "".join(f'<img src="p{n}.jpg">' for n in range(9)) + '<img src="data:image/gif;base64,R0lG">'
    page = looked_for(markup, limit=7)
    assert [bool(picture.fetch) for picture in page.pictures] == [True] * 7 + [False] * 3
    assert page.problems == dict.fromkeys((7, 8), "over the limit of 7 pictures")


@pytest.mark.parametrize(
    ("markup", "problem"),
    [
        ('<img src="javascript:alert(1)">', "only http and https URLs can be archived, not javascript"),
        ('<img src="file:///etc/passwd">', "only http and https URLs can be archived, not file"),
        ('<img src="http://me:secret@paper.example/a.jpg">', "a URL with a user name or password is refused"),
        ('<img src="http://paper.example:0/a.jpg">', "the port is not a number from 1 to 65535"),
        ('<img src="http://[::1/a.jpg">', "not a URL"),
        ('<video poster="http:///a.jpg"></video>', "the URL names no host"),
        ('<meta property="og:image" content="mailto:a@paper.example">', "only http and https URLs"),
        (f'<img src="/{"a" * 9000}.jpg">', "its address is 9005 characters long"),
    ],
)
def test_a_picture_under_an_address_that_cannot_be_fetched_is_listed_with_the_reason(markup, problem):
    page = looked_for(f'<img src="a.jpg">{markup}<img src="b.jpg">')
    assert [picture.position for picture in page.pictures] == [0, 1, 2]
    [(position, reason)] = page.problems.items()
    assert reason.startswith(problem)
    assert "secret" not in reason
    assert page.pictures[position].renditions == page.pictures[position].fetch == ()
    assert len(found(f'<img src="a.jpg">{markup}<img src="b.jpg">')) == 2


@pytest.mark.parametrize("written", ["", "#", "about:blank", "{{ picture }}", "${src}", "data:text/plain,a"])
def test_a_placeholder_is_no_picture(written):
    page = looked_for(f'<img src="{written}">')
    assert (page.pictures, page.problems) == ((), {})


def test_a_bad_address_beside_a_good_one_is_no_loss():
    page = looked_for('<img src="javascript:void(0)" data-src="/a.jpg">')
    assert page.problems == {}
    assert [picture.fetch for picture in page.pictures] == [("https://news.example/a.jpg",)]


def test_previews_and_fallbacks_join_the_picture_that_they_repeat():
    picture = one(
        """<meta property="og:image" content="/media/harbour-1200x630.jpg">
        <meta property="og:image:alt" content="Ships">
        <script type="application/ld+json">{"image": "/media/harbour.jpg"}</script>
        <img src="data:image/gif;base64,R0lG" data-src="/media/harbour-640x480.jpg">
        <noscript><img src="/media/harbour-640x480.jpg"></noscript>"""
    )
    assert {r.origin for r in picture.renditions} == {
        Origin.DATA_URI,
        Origin.LAZY,
        Origin.OPEN_GRAPH,
        Origin.JSON_LD,
    }
    assert {url.rpartition("/")[2] for url in picture.fetch} == {
        "harbour-640x480.jpg",
        "harbour-1200x630.jpg",
        "harbour.jpg",
    }


def figure(name, alt=None, caption=None):
    said = f"<figcaption>{caption}</figcaption>" if caption else ""
    described = f' alt="{alt}"' if alt else ""
    return f"<figure><img src='{name}'{described}>{said}</figure><p>Words between the pictures.</p>"


def test_pictures_with_names_like_sizes_are_each_found_with_their_words():
    names = ["1-1", "1-2", "2-1", "Aa", "aA", "x1", "x2", "small", "big", "w1", "w2", "q3"]
    pictures = found("".join(figure(f"/g/{name}.png", f"Alt {name}", f"Caption {name}.") for name in names))
    assert [(p.alt, p.caption) for p in pictures] == [(f"Alt {name}", f"Caption {name}.") for name in names]
    assert all(len(p.renditions) == 1 for p in pictures)


def test_pictures_with_names_like_sizes_and_without_words_are_each_found():
    names = ["1-1", "1-2", "2-1", "Aa", "aA", "x1", "x2", "small", "big", "w1", "w2", "q3"]
    assert len(found("".join(figure(f"/g/{name}.png") for name in names))) == len(names)


@pytest.mark.parametrize(
    ("one", "other", "count"),
    [
        ((None, None), (None, None), 1),
        (("Ships", None), ("Ships", None), 1),
        (("Ships", "At dawn."), (None, None), 1),
        (("Ships", None), ("Trains", None), 2),
        ((None, "At dawn."), (None, "At night."), 2),
        (("Ships", "At dawn."), ("Ships", "At night."), 2),
    ],
)
def test_sizes_of_one_name_in_two_places_are_one_picture_unless_the_words_differ(one, other, count):
    markup = figure("/g/harbour-300x200.jpg", *one) + figure("/g/harbour-1024x768.jpg", *other)
    assert len(found(markup)) == count


def test_a_place_without_words_does_not_join_two_pictures_with_different_ones():
    sizes = [("/g/a-300x200.jpg", None), ("/g/a-600x400.jpg", "Ships"), ("/g/a-900x600.jpg", "Trains")]
    assert [p.alt for p in found("".join(figure(*size) for size in sizes))] == ["Ships", "Trains"]


def test_the_same_address_in_two_places_is_one_picture():
    assert len(found(figure("/g/a.jpg", "Ships") + figure("/g/a.jpg", "Trains"))) == 1


@pytest.mark.parametrize(
    "markup",
    [
        '<a href="/g/harbour_large.jpg"><img src="/g/harbour_small.jpg"></a>',
        '<p><img data-src="/g/ship_small.jpg"><noscript><img src="/g/ship_large.jpg"></noscript></p>',
        '<img srcset="/g/a.jpg 1x, /g/b.jpg 2x">',
        '<picture><source srcset="/g/1-1.jpg"><source srcset="/g/1-2.jpg"><img src="/g/2-1.jpg"></picture>',
        '<img data-src="/g/x1.jpg" src="/g/x2.jpg">',
        '<meta property="og:image" content="/g/harbour-16-9.jpg"><img src="/g/harbour-1-1.jpg">',
    ],
)
def test_renditions_in_one_place_are_one_picture(markup):
    assert len(found(markup)) == 1


def test_a_picture_whose_files_are_called_by_their_size_is_joined_with_its_preview_and_has_its_words():
    markup = '<meta property="og:image" content="/minister/wide__1300x731">'
    (picture,) = found(markup + '<img src="/minister/wide__660x371__desktop" alt="The minister">')
    assert (picture.role, picture.alt) == (Role.LEAD, "The minister")


def test_metadata_that_may_mean_either_of_two_pictures_joins_neither():
    markup = '<meta property="og:image" content="/g/harbour-16-9.jpg">'
    assert len(found(markup + '<img src="/g/harbour-1-1.jpg"><img src="/g/harbour-2-1.jpg">')) == 3


def test_very_many_pictures_of_one_name_with_words_of_their_own_are_told_in_time():
    markup = "".join(figure(f"/g/a-{n + 100}x100.jpg", f"Alt {n}") for n in range(900))
    assert len(found(markup, limit=2000)) == 900


def test_a_preview_with_the_same_long_number_joins_its_picture():
    markup = (
        '<meta property="og:image" content="https://s.example/88442211/x.jpg"><img src="/i/88442211_w.jpg">'
    )
    assert len(found(markup)) == 1
    assert len(found(markup + '<img src="/other/88442211_z.jpg">')) == 3


def test_of_pictures_that_only_a_script_names_the_described_ones_are_fetched():
    described = '{"src": "https://e.example/a.jpg", "caption": "Ships"}'
    bare = " " * 700 + '"https://e.example/b.jpg"'
    markup = f"<script>x = {described}; {bare}</script>"
    assert [len(p.fetch) for p in found(markup)] == [1, 0]
    assert [len(p.fetch) for p in found(markup, from_scripts=0)] == [0, 0]
    assert [len(p.fetch) for p in found(markup, renditions=Renditions.ALL)] == [1, 1]


def test_two_pictures_in_one_picture_element_are_two():
    pictures = found('<picture><source srcset="a.webp"><img src="a.jpg"><img src="b.jpg"></picture>')
    assert [fetched(p) for p in pictures] == [["a.webp"], ["b.jpg"]]


def test_pictures_are_in_document_order():
    pictures = found('<img src="c.jpg"><p style="background:url(a.jpg)"></p><video poster="b.jpg"></video>')
    assert [fetched(p) for p in pictures] == [["c.jpg"], ["a.jpg"], ["b.jpg"]]
    assert [p.position for p in pictures] == [0, 1, 2]


PARAGRAPH = f"<p>{'The council voted on the new bridge, and the mayor said so on Tuesday. ' * 3}</p>"


@pytest.mark.parametrize(
    "body",
    [
        f"<article><h1>Bridge</h1>{PARAGRAPH}<img src=a.jpg>{PARAGRAPH}</article>",
        f"<article><h1>Bridge</h1>{PARAGRAPH}<p><span><img src=a.jpg></span></p>{PARAGRAPH}</article>",
        f"<article><h1>Bridge</h1><img src=a.jpg>{PARAGRAPH}</article>",
        f"<div><h1>Bridge</h1>{PARAGRAPH}{PARAGRAPH}<img src=a.jpg></div>",
    ],
)
def test_a_bare_picture_among_the_paragraphs_is_the_articles(body):
    """Pages of offices and small papers know neither figures nor classes."""
    assert one(body).role in (Role.LEAD, Role.ARTICLE)


def test_a_bare_picture_in_a_block_of_its_own_is_not():
    body = f"<article><h1>Bridge</h1>{PARAGRAPH}{PARAGRAPH}</article><div><p>More</p><img src=a.jpg></div>"
    assert one(body).role is Role.FURNITURE

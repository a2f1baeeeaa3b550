# ruff: noqa: RUF001 - text in many scripts
"""Any bytes become a document, in the encoding that a browser would read them in."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archiver.spiders.bounded_tree import MAX_ATTRIBUTES, bounded_tree, is_costly
from archiver.spiders.document import parse_document

URL = "https://news.example/2024/05/article.html"


def text_of(content: bytes, charset: str | None = None) -> str:
    return "".join(parse_document(content, URL, charset).root.itertext())


@settings(deadline=None)
@given(st.binary(max_size=400), st.none() | st.text(max_size=20))
def test_any_bytes_and_any_charset_label_give_a_document(content, charset):
    document = parse_document(content, URL, charset)
    assert document.root.tag == "html"
    assert document.url == document.base_url == URL or document.base_url


@settings(deadline=None)
@given(st.text(alphabet="<>/!-='\" abdivhtmlscrpt\x00\n", max_size=200))
def test_any_markup_gives_a_document(markup):
    assert parse_document(markup.encode(), URL).root is not None


@pytest.mark.parametrize(
    "content", [b"", b"\0", b"   ", b"<", b"<!--", b"<!doctype html>", b"\xff\xfe", b"\xef\xbb\xbf"]
)
def test_an_empty_page_is_an_empty_document(content):
    document = parse_document(content, URL)
    assert document.root.tag == "html"
    assert "".join(document.root.itertext()).strip() in ("", "<")


@pytest.mark.parametrize(
    ("label", "encoding", "text"),
    [
        ("utf-8", "utf-8", "Grüße aus Köln"),
        ("windows-1251", "cp1251", "Президент подписал указ"),
        ("koi8-r", "koi8-r", "Президент подписал указ"),
        ("Shift_JIS", "shift_jis", "東京都は新しい条例を発表した"),
        ("EUC-JP", "euc_jp", "東京都は新しい条例を発表した"),
        ("gb2312", "gb18030", "国家主席在北京会见了来访的外国领导人"),
        ("big5", "big5", "總統今天在記者會上宣布了新的政策"),
        ("euc-kr", "euc_kr", "대통령은 오늘 기자회견에서"),
        ("iso-8859-1", "cp1252", "l’été “chaud” – 5 €"),
        ("iso-8859-2", "iso8859-2", "żółw źródło"),
        ("utf-16", "utf-16-le", "Grüße aus Köln"),
    ],
)
def test_the_header_charset_is_used(label, encoding, text):
    page = f"<html><body><p>{text}</p></body></html>".encode(encoding)
    assert text in text_of(page, label)
    if "utf-16" not in label:
        declared = f'<html><head><meta charset="{label}"></head><body>{text}</body></html>'.encode(encoding)
        assert text in text_of(declared)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_wins_over_the_header(encoding):
    assert "Grüße" in text_of("<p>Grüße</p>".encode(encoding), "windows-1251")


def test_the_header_wins_over_the_meta_element():
    page = '<meta charset="shift_jis"><p>Привет</p>'.encode("cp1251")
    assert "Привет" in text_of(page, "windows-1251")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_without_a_mark_is_recognised(encoding):
    document = parse_document("<html><head></head><body>Grüße</body></html>".encode(encoding), URL)
    assert document.charset == encoding
    assert "Grüße" in "".join(document.root.itertext())


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1251", "Президент подписал указ о назначении нового министра иностранных дел. " * 5),
        ("shift_jis", "東京都は新しい条例を発表し、来年四月から施行する予定です。" * 8),
        ("gb18030", "国家主席在北京会见了来访的外国领导人，双方就经济合作交换了意见。" * 8),
        ("euc_kr", "대통령은 오늘 기자회견에서 새로운 정책을 발표했다. " * 8),
    ],
)
def test_the_encoding_of_a_page_that_says_nothing_is_detected(encoding, text):
    assert text[:20] in text_of(f"<html><body><p>{text}</p></body></html>".encode(encoding))


def test_a_page_that_says_only_its_language_is_read_as_that_language_usually_is():
    assert "żółw" in text_of('<html lang="pl"><body>żółw</body></html>'.encode("cp1250"))


@pytest.mark.parametrize(
    "label", ["base64", "rot13", "idna", "utf-7", "unicode_escape", "no such", "\0", "x" * 5000]
)
def test_labels_that_name_no_page_encoding_are_passed_over(label):
    assert parse_document(b"<p>+ADw-x", URL, label).charset == "utf-8"


def test_nul_bytes_do_not_end_the_page():
    assert "after" in text_of(b"<p>before\0</p>\0<p>after</p>")


def test_base_href_is_honoured_if_it_is_http():
    assert parse_document(b'<base href="/img/"><p>', URL).base_url == "https://news.example/img/"
    assert (
        parse_document(b'<base href="https://cdn.example/x/"><p>', URL).base_url == "https://cdn.example/x/"
    )
    for unusable in ("javascript:alert(1)", "data:text/html,x", "http://[::1", ""):
        assert parse_document(f'<base href="{unusable}"><p>'.encode(), URL).base_url == URL


@pytest.mark.parametrize(
    ("markup", "language"),
    [
        ('<html lang="de-AT">', "de-at"),
        ('<html lang="pt_BR">', "pt-br"),
        ('<meta http-equiv="Content-Language" content="fr, en">', "fr"),
        ('<meta property="og:locale" content="en_GB">', "en-gb"),
        ("<p>", None),
        ('<html lang=" ">', None),
    ],
)
def test_the_language_that_the_page_claims(markup, language):
    assert parse_document(markup.encode(), URL).language == language


def test_a_page_of_ten_megabytes_is_read_to_its_end():
    page = b"<p>" + b"word " * 2_000_000 + b"</p><p id=end>end</p>"
    assert parse_document(page, URL).root.findtext(".//p[@id='end']") == "end"


def test_deep_nesting_loses_no_text_and_no_picture():
    page = b"<div>" * 20_000 + b"deep<img src=a.jpg>" + b"</div>" * 20_000 + b"<p>after</p>"
    document = parse_document(page, URL)
    assert "deep" in "".join(document.root.itertext())
    assert "after" in "".join(document.root.itertext())
    assert len(list(document.root.iter("img"))) == 1


def test_a_hundred_thousand_attributes_take_no_minutes():
    page = b"<img " + b" ".join(b"a%d=1" % n for n in range(100_000)) + b" src=a.jpg><p>after</p>"
    started = time.monotonic()
    root = parse_document(page, URL).root
    assert time.monotonic() - started < 20
    (image,) = root.iter("img")
    assert image.get("src") == "a.jpg"
    assert len(image.attrib) <= MAX_ATTRIBUTES + 10


@pytest.mark.parametrize(
    "form", [b"a%d", b"a%d=1", b'a%d="x>y"', b"a%d='<b>'", b"=a%d", b"a%d'", b'a%d = "x"']
)
@pytest.mark.parametrize("separator", [b" ", b"\n", b" /", b' x=">" ', b"\t\f"])
def test_many_attributes_are_recognised_however_they_are_written(form, separator):
    attributes = separator.join(form % n for n in range(2_000))
    assert is_costly(b"<script>'<a x=\"'</script><!-- <b y=' --><img " + attributes + b">")


def test_ordinary_pages_are_not_taken_for_costly():
    page = b'<div class="a b" id=x data-y=\'{"a": "<b>"}\'>' + b"text < text " * 50 + b"</div>"
    assert not is_costly(page * 200)


@settings(max_examples=50, deadline=None)
@given(st.recursive(st.text("ab<&", max_size=5), lambda inner: st.lists(inner, max_size=4), max_leaves=20))
def test_the_bounded_tree_of_an_ordinary_page_is_the_ordinary_tree(tree):
    def markup(part):
        if isinstance(part, list):
            return "<div>" + "".join(map(markup, part)) + "</div>"
        return part.replace("&", "&amp;").replace("<", "&lt;")

    page = f"<html><body>{markup(tree)}<p>x</p></body></html>".encode()
    bounded = bounded_tree(page)
    assert bounded is not None
    ordinary = parse_document(page, URL).root
    assert [e.tag for e in bounded.iter()] == [e.tag for e in ordinary.iter()]
    assert "".join(bounded.itertext()) == "".join(ordinary.itertext())


@pytest.mark.parametrize(
    "rest", [b"x\x01y", b"<di<p x>y", b'<b c="\x01">', b"<b \x02=1>", b"</p></p>z", b"<html><html>y"]
)
def test_a_page_with_too_many_attributes_is_read_whatever_else_is_wrong_with_it(rest: bytes) -> None:
    many = b"<p " + b" ".join(b"a%d=1" % number for number in range(250)) + b">before "
    document = parse_document(many + rest + b"<i>after</i>", "https://example.org/")
    text = document.root.text_content()
    assert "before" in text
    assert "after" in text

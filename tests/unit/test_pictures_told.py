# ruff: noqa: RUF001 - text in many scripts
"""What a page says of its pictures, and which of them belong to the article."""

import pytest

from archiver.model.picture import PictureRole as Role
from archiver.spiders.document import parse_document
from archiver.spiders.pictures import find_pictures
from archiver.spiders.pictures.automatic import is_automatic

PARAGRAPH = "<p>The council met today and decided, after long debate, to widen the harbour by a third.</p>"


def found(markup: str):
    return find_pictures(
        parse_document(f"<html><body>{markup}</body></html>".encode(), "https://news.example/a/b.html")
    )


def role_of(markup: str, name: str) -> Role:
    return next(p.role for p in found(markup) if any(name in r.url for r in p.renditions))


ARTICLE = f"""
<header><a href="/"><img src="/logo.svg" alt="Example News"></a></header>
<nav><ul><li><a href="/sport"><img src="/icons/ball.png" width="20" height="20"></a></li></ul></nav>
<main><article><h1>Harbour to grow</h1>
<figure><img src="/media/harbour-1.jpg" srcset="/media/harbour-1-800.jpg 800w" width="800"
  alt="Ships in the harbour at dawn, seen from the mole">
  <figcaption>The harbour at dawn. Photo: Jo Doe</figcaption></figure>
{PARAGRAPH * 3}
<figure><img src="/media/plan.jpg" srcset="/media/plan-800.jpg 800w" width="800"
  alt="A plan of the harbour with the new basin in blue"><figcaption>The plan</figcaption></figure>
{PARAGRAPH * 3}
</article>
<aside class="related"><div class="teaser-card"><a href="/other.html"><img src="/media/other.jpg" width="100"
  height="60"><h3>Another story that you may like to read</h3></a></div></aside></main>
<footer><a href="/about"><img src="/partner-logo.png"></a></footer>"""


def test_pictures_of_the_article_are_told_from_furniture():
    pictures = found(ARTICLE)
    assert {p.renditions[-1].url.rpartition("/")[2]: p.role for p in pictures} == {
        "logo.svg": Role.FURNITURE,
        "ball.png": Role.FURNITURE,
        "harbour-1.jpg": Role.LEAD,
        "plan.jpg": Role.ARTICLE,
        "other.jpg": Role.FURNITURE,
        "partner-logo.png": Role.FURNITURE,
    }


def test_the_picture_that_previews_show_leads():
    assert (
        role_of('<meta property="og:image" content="/media/harbour-1.jpg">' + ARTICLE, "harbour-1.jpg")
        is Role.LEAD
    )


def test_a_preview_leads_when_the_page_shows_nothing_else():
    assert (
        role_of(f'<meta property="og:image" content="/media/a.jpg"><h1>x</h1>{PARAGRAPH}', "a.jpg")
        is Role.LEAD
    )


def test_a_logo_in_metadata_never_leads():
    linked = '{"@type": "NewsArticle", "publisher": {"logo": {"url": "/brand.png"}}}'
    assert (
        role_of(f'<script type="application/ld+json">{linked}</script>{PARAGRAPH}', "brand.png")
        is Role.FURNITURE
    )


def test_at_most_one_picture_leads():
    pictures = found(ARTICLE + ARTICLE.replace("harbour-1", "harbour-2"))
    assert sum(p.role is Role.LEAD for p in pictures) == 1


@pytest.mark.parametrize(
    ("markup", "caption", "credit"),
    [
        ("<figure><img src=a.jpg><figcaption>Ships at dawn</figcaption></figure>", "Ships at dawn", None),
        (
            (
                "<figure><div><img src=a.jpg></div><figcaption>Ships <b>at</b> dawn."
                "<span>Photo: Jo Doe</span></figcaption></figure>"
            ),
            "Ships at dawn. Photo: Jo Doe",
            "Jo Doe",
        ),
        (
            "<figure><img src=a.jpg><figcaption>Ships at dawn (Foto: Jo Doe/dpa)</figcaption></figure>",
            "Ships at dawn (Foto: Jo Doe/dpa)",
            "Jo Doe/dpa",
        ),
        (
            "<figure><img src=a.jpg><figcaption>Ships at dawn. © Jo Doe</figcaption></figure>",
            "Ships at dawn. © Jo Doe",
            "Jo Doe",
        ),
        (
            "<figure><img src=a.jpg><figcaption>Ships at dawn (Jo Doe/AP)</figcaption></figure>",
            "Ships at dawn (Jo Doe/AP)",
            "Jo Doe/AP",
        ),
        (
            "<figure><img src=a.jpg><figcaption>Ships at dawn (in May)</figcaption></figure>",
            "Ships at dawn (in May)",
            None,
        ),
        (
            (
                "<div><img src=a.jpg><div class='wp-caption-text'>Ships</div>"
                "<div class='photo-credit'>Jo Doe</div></div>"
            ),
            "Ships",
            "Jo Doe",
        ),
        (
            (
                "<div itemprop=image><img src=a.jpg><span itemprop=caption>Ships</span>"
                "<span itemprop=author>Jo</span></div>"
            ),
            "Ships",
            "Jo",
        ),
        (
            "<div><img src=a.jpg><p>A line of text beside the picture</p></div>",
            "A line of text beside the picture",
            None,
        ),
        (
            "<figure><img src=a.jpg><figcaption>Ships<script>var x</script></figcaption></figure>",
            "Ships",
            None,
        ),
        ("<div><img src=a.jpg><a href=/x><h3>A headline of a teaser</h3></a></div>", None, None),
    ],
)
def test_captions_and_credits_are_read_by_structure(markup, caption, credit):
    (picture,) = found(markup)
    assert (picture.caption, picture.credit) == (caption, credit)


def test_a_caption_belongs_to_one_picture_only():
    pictures = found("<div><img src=a.jpg><img src=b.jpg><div class=caption>Ships</div></div>")
    assert [p.caption for p in pictures] == [None, None]


def test_metadata_speaks_where_the_page_is_silent():
    linked = '{"image": {"url": "/a.jpg", "caption": "Ships", "creditText": "Jo Doe"}}'
    (picture,) = found(f'<img src=/a.jpg><script type="application/ld+json">{linked}</script>')
    assert (picture.caption, picture.credit) == ("Ships", "Jo Doe")


def test_alt_texts_are_kept_and_automatic_ones_flagged():
    pictures = found(
        '<img src=a.jpg alt="Image may contain: 2 people, outdoor"><img src=b.jpg alt=" Two\n people ">'
    )
    assert [(p.alt, p.automatic_alt) for p in pictures] == [
        ("Image may contain: 2 people, outdoor", True),
        ("Two people", False),
    ]


@pytest.mark.parametrize(
    "alt",
    [
        "May be an image of 1 person and text",
        "May be a black-and-white image of tree",
        "Photo by Jo on May 1, 2020. Image may contain: outdoor.",
        "No photo description available.",
        "Bild könnte enthalten: 1 Person, steht",
        "Möglicherweise ein Bild von 2 Personen",
        "L’image contient peut-être : 1 personne",
        "Peut être une image de 1 personne",
        "La imagen puede contener: una o varias personas",
        "A imagem pode conter: 1 pessoa",
        "L'immagine può contenere: 1 persona",
        "Afbeelding kan het volgende bevatten: 1 persoon",
        "Obraz może zawierać: 1 osoba",
        "На изображении может находиться: 1 человек",
        "На зображенні може бути: 1 особа",
        "Görüntünün olası içeriği: 1 kişi",
        "Bilden kan innehålla: 1 person",
        "Billedet indeholder muligvis: 1 person",
        "Bildet kan inneholde: 1 person",
        "Kuvassa voi olla: 1 henkilö",
        "Na obrázku může být: 1 osoba",
        "A képen a következők lehetnek: 1 személy",
        "Imaginea poate conține: 1 persoană",
        "Η εικόνα ίσως περιέχει: 1 άτομο",
        "Gambar mungkin berisi: 1 orang",
        "Trong hình ảnh có thể có: 1 người",
        "画像に含まれている可能性があるもの:1人",
        "사진 설명이 없습니다.",
        "图像里可能有：1 人",
        "قد تحتوي الصورة على: شخص واحد",
    ],
)
def test_automatic_alt_texts_are_known_in_many_languages(alt):
    assert is_automatic(alt)


@pytest.mark.parametrize(
    "alt", [None, "", "Mayor May at an image festival", "The bottle may contain water", "People"]
)
def test_alt_texts_by_people_are_not_flagged(alt):
    assert not is_automatic(alt)

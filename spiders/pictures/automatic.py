# ruff: noqa: RUF001 - the sentences are in many scripts
"""Recognises alt texts that a social network's image recognition wrote.

Such a text is a hint where the picture was copied from. The sentences are those that Facebook and Instagram
put before or around what they recognised, or in its stead, in each language of their pages.
"""

from __future__ import annotations

import re

_SENTENCES = {
    "ar": ("قد تحتوي الصورة على", "ربما تحتوي الصورة على", "قد تكون صورة", "لا يتوفر وصف للصورة"),
    "bg": ("изображението може да съдържа", "може да е изображение", "няма налично описание на снимката"),
    "cs": ("na obrázku může být", "může jít o obrázek", "není k dispozici žádný popis fotky"),
    "da": ("billedet indeholder muligvis", "kan være et billede af", "ingen tilgængelig billedbeskrivelse"),
    "de": (
        "bild könnte enthalten",
        "bild kann enthalten",
        "möglicherweise ein bild von",
        "könnte ein bild von",
        "kann ein bild von",
        "keine fotobeschreibung verfügbar",
    ),
    "el": ("η εικόνα ίσως περιέχει", "μπορεί να είναι εικόνα", "δεν υπάρχει διαθέσιμη περιγραφή"),
    "en": ("image may contain", "no photo description available"),
    "es": (
        "la imagen puede contener",
        "puede ser una imagen de",
        "puede ser una ilustración de",
        "no hay ninguna descripción de la foto disponible",
    ),
    "fa": ("ممکن است تصویر", "توضیحی برای عکس در دسترس نیست"),
    "fi": ("kuvassa voi olla", "ei kuvausta saatavilla"),
    "fr": (
        "l'image contient peut-être",
        "peut être une image de",
        "peut être une illustration de",
        "aucune description de photo disponible",
    ),
    "he": ("התמונה עשויה לכלול", "ייתכן שזו תמונה של", "אין תיאור זמין לתמונה"),
    "hi": ("चित्र में ये शामिल हो सकता है", "की फ़ोटो हो सकती है"),
    "hr": ("slika može sadržavati", "može biti slika", "nema dostupnog opisa fotografije"),
    "hu": ("a képen a következők lehetnek", "lehet, hogy egy kép erről", "nem érhető el leírás a fényképhez"),
    "id": ("gambar mungkin berisi", "mungkin gambar ", "tidak ada deskripsi foto yang tersedia"),
    "it": (
        "l'immagine può contenere",
        "potrebbe essere un'immagine raffigurante",
        "nessuna descrizione della foto disponibile",
    ),
    "ja": ("画像に含まれている可能性があるもの", "の画像のようです", "写真の説明はありません"),
    "ko": ("이미지일 수 있음", "사진 설명이 없습니다"),
    "nb": ("bildet kan inneholde", "kan være et bilde av", "ingen bildebeskrivelse tilgjengelig"),
    "nl": (
        "afbeelding kan het volgende bevatten",
        "kan een afbeelding zijn van",
        "geen fotobeschrijving beschikbaar",
    ),
    "pl": ("obraz może zawierać", "może być zdjęciem przedstawiającym", "brak dostępnego opisu zdjęcia"),
    "pt": (
        "a imagem pode conter",
        "pode ser uma imagem de",
        "pode ser uma ilustração de",
        "nenhuma descrição de foto disponível",
    ),
    "ro": ("imaginea poate conține", "poate fi o imagine cu", "nicio descriere a fotografiei disponibilă"),
    "ru": ("на изображении может находиться", "возможно, это изображение", "нет описания фото"),
    "sk": ("na obrázku môže byť", "môže ísť o obrázok"),
    "sv": ("bilden kan innehålla", "kan vara en bild av", "ingen fotobeskrivning tillgänglig"),
    "th": ("ในภาพอาจจะมี", "อาจเป็นรูปภาพของ", "ไม่มีคำอธิบายรูปภาพ"),
    "tr": ("görüntünün olası içeriği", "görseli olabilir", "fotoğraf açıklaması yok"),
    "uk": ("на зображенні може бути", "може бути зображення", "немає опису світлини"),
    "vi": ("trong hình ảnh có thể có", "có thể là hình ảnh về", "không có mô tả ảnh"),
    "zh": (
        "图像里可能有",
        "圖像裡可能有",
        "可能是包含下列內容的圖像",
        "可能是图片",
        "无照片描述",
        "沒有相片說明",
    ),
}
_KINDS_IN_ENGLISH = (
    r"\bmay be an? (?:[\w-]+ ){0,3}"
    r"(?:image|illustration|graphic|meme|cartoon|close-?up|pop art|doodle|screenshot|selfie)\b"
)
_AUTOMATIC = re.compile(
    "|".join(
        [_KINDS_IN_ENGLISH, *(re.escape(text.casefold()) for texts in _SENTENCES.values() for text in texts)]
    )
)


def is_automatic(alt: str | None) -> bool:
    """Whether the alt text is what a social network's image recognition writes, in one of its languages."""
    if not alt or len(alt) < 6:
        return False
    return _AUTOMATIC.search(alt[:1000].casefold().replace("\u2019", "'")) is not None

"""Every picture of a page that a reader could have seen."""

from archiver.spiders.pictures.css import StyleAddresses, css_urls
from archiver.spiders.pictures.finder import PagePictures, find_pictures, look_for_pictures
from archiver.spiders.pictures.policy import PicturePolicy, Renditions
from archiver.spiders.pictures.stylesheets import find_stylesheets

__all__ = [
    "PagePictures",
    "PicturePolicy",
    "Renditions",
    "StyleAddresses",
    "css_urls",
    "find_pictures",
    "find_stylesheets",
    "look_for_pictures",
]

"""Makes the pages, pictures, feeds and sitemaps of a generated site, each from a seed and a version."""

from __future__ import annotations

import json
import random
import struct
import zlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256

from archiver.demo.prose import Prose
from archiver.demo.resource import Resource

_EPOCH = datetime(2026, 3, 12, 8, 0, tzinfo=UTC)
_POOL_BYTES = 1 << 20
_FEED_LENGTH = 50
_XML = '<?xml version="1.0" encoding="UTF-8"?>\n'
_SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"


@dataclass(frozen=True, slots=True)
class Story:
    """One article; the versions count the changes of each kind."""

    number: int
    host: str
    text_version: int = 0
    title_version: int = 0
    picture_version: int = 0

    @property
    def path(self) -> str:
        """Path of the page."""
        return f"/news/story-{self.number}.html"

    def picture_path(self, index: int) -> str:
        """Path of the picture at `index` in the page."""
        return f"/media/{self.number}-{index}.png"

    @property
    def published(self) -> datetime:
        """An article a minute."""
        return _EPOCH - timedelta(minutes=self.number)

    @property
    def modified(self) -> datetime:
        """An hour later with each change of the page."""
        return self.published + timedelta(hours=self.text_version + self.title_version)


class Press:
    """Renders stories; `url` makes a host and a path absolute, sizes are in bytes before any coding."""

    def __init__(
        self, seed: int, url: Callable[[str, str], str], pictures: int, page_bytes: int, picture_bytes: int
    ) -> None:
        self._seed = seed
        self._url = url
        self._pictures = pictures
        self._page_bytes = page_bytes
        self._picture_bytes = picture_bytes
        self._pool = random.Random(seed).randbytes(_POOL_BYTES)  # noqa: S311 - filling, not a secret

    def _title(self, story: Story) -> str:
        return Prose(f"{self._seed} title {story.number} {story.title_version}").title()

    def page(self, story: Story) -> Resource:
        """An article's page."""
        prose = Prose(f"{self._seed} text {story.number}")
        paragraphs = [prose.paragraph() for _ in range(max(6, self._pictures + 2))]
        for version in range(1, story.text_version + 1):
            edit = Prose(f"{self._seed} edit {story.number} {version}")
            paragraphs[version % len(paragraphs)] = edit.paragraph()
        blocks = []
        for index, paragraph in enumerate(paragraphs):
            blocks.append(f"<p>{paragraph}</p>")
            if index < self._pictures:
                caption = prose.sentence()
                blocks.append(
                    f'<figure><img src="{story.picture_path(index)}" alt="{caption}" width="64" height="48">'
                    f'<figcaption>{caption} <span class="credit">Photo: Outlet</span></figcaption></figure>'
                )
        body = "\n".join(blocks)
        start, end = self._page_frame(story, prose)
        room = self._page_bytes - len(start) - len(body) - len(end)
        text = f"{start}{body}\n</article>{prose.furniture(room)}{end}"
        return Resource(text.encode(), "text/html; charset=utf-8", modified=story.modified)

    def _page_frame(self, story: Story, prose: Prose) -> tuple[str, str]:
        url, title, author = self._url(story.host, story.path), self._title(story), prose.name()
        lead = self._url(story.host, story.picture_path(0))
        linked = json.dumps(
            {
                "@context": "https://schema.org",
                "@type": "NewsArticle",
                "headline": title,
                "datePublished": story.published.isoformat(),
                "dateModified": story.modified.isoformat(),
                "author": {"@type": "Person", "name": author},
                "mainEntityOfPage": url,
            }
        )
        start = (
            '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
            f"<title>{title} | {story.host}</title>\n"
            f'<link rel="canonical" href="{url}"><meta property="og:title" content="{title}">\n'
            + (f'<meta property="og:image" content="{lead}">\n' if self._pictures else "")
            + f'<script type="application/ld+json">{linked}</script></head><body>\n'
            f'<header><a href="/"><img class="logo" src="/logo.png" alt="{story.host}"></a></header>\n'
            f'<main><article><h1>{title}</h1><p class="byline">By {author} '
            f"<time>{story.published.isoformat()}</time></p>\n"
        )
        return start, "</main></body></html>\n"

    def front(self, host: str, stories: Sequence[Story]) -> Resource:
        """A host's front page."""
        links = "".join(f'<li><a href="{story.path}">{self._title(story)}</a></li>\n' for story in stories)
        return _text(
            f'<!DOCTYPE html><html lang="en"><head><title>{host}</title></head><body>'
            f'<img src="/logo.png" alt=""><ul>{links}</ul></body></html>\n',
            "text/html; charset=utf-8",
        )

    def feed(self, host: str, stories: Sequence[Story]) -> Resource:
        """RSS of the newest."""
        entries = "".join(
            f"<item><title>{self._title(story)}</title><link>{self._url(host, story.path)}</link>"
            f"<guid>{self._url(host, story.path)}</guid>"
            f"<pubDate>{format_datetime(story.published, usegmt=True)}</pubDate></item>\n"
            for story in stories[:_FEED_LENGTH]
        )
        return _text(
            f'{_XML}<rss version="2.0"><channel><title>{host}</title>'
            f"<link>{self._url(host, '/')}</link><description>{host}</description>\n"
            f"{entries}</channel></rss>\n",
            "application/rss+xml; charset=utf-8",
        )

    def sitemap_index(self, host: str) -> Resource:
        """An index of the one news sitemap."""
        return _text(
            f'{_XML}<sitemapindex xmlns="{_SITEMAP}">'
            f"<sitemap><loc>{self._url(host, '/sitemap-news.xml')}</loc></sitemap></sitemapindex>\n",
            "application/xml",
        )

    def news_sitemap(self, host: str, stories: Sequence[Story]) -> Resource:
        """All articles of a host."""
        entries = "".join(
            f"<url><loc>{self._url(host, story.path)}</loc><news:news><news:publication>"
            f"<news:name>{host}</news:name><news:language>en</news:language></news:publication>"
            f"<news:publication_date>{story.published.isoformat()}</news:publication_date>"
            f"<news:title>{self._title(story)}</news:title></news:news></url>\n"
            for story in stories
        )
        return _text(
            f'{_XML}<urlset xmlns="{_SITEMAP}" '
            f'xmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n{entries}</urlset>\n',
            "application/xml",
        )

    def robots(self, host: str) -> Resource:
        """A host's robots.txt."""
        text = f"User-agent: *\nDisallow: /search\n\nSitemap: {self._url(host, '/sitemap.xml')}\n"
        return _text(text, "text/plain; charset=utf-8")

    def logo(self) -> Resource:
        """The same file for every host."""
        return self._picture("logo", 4_000)

    def picture(self, story: Story, index: int) -> Resource:
        """The picture at `index` in a page; only the first ever changes."""
        version = story.picture_version if index == 0 else 0
        return self._picture(f"{story.number} {index} {version}", self._picture_bytes)

    def _picture(self, name: str, length: int) -> Resource:
        """A real PNG, its own colour, filled up to `length` bytes with a chunk that no reader shows."""
        key = sha256(f"{self._seed} {name}".encode()).digest()
        pixels = zlib.compress(b"".join(b"\0" + key[:3] * 64 for _ in range(48)))
        start = int.from_bytes(key[4:8]) % (_POOL_BYTES // 2)
        filling = key + self._pool[start : start + max(0, length - len(pixels) - 130)]
        content = b"".join(
            (
                b"\x89PNG\r\n\x1a\n",
                _chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 48, 8, 2, 0, 0, 0)),
                _chunk(b"fiLl", filling),
                _chunk(b"IDAT", pixels),
                _chunk(b"IEND", b""),
            )
        )
        return Resource(content, "image/png", etag=f'"{key.hex()[:16]}"')


def _chunk(kind: bytes, content: bytes) -> bytes:
    """PNG, 5.3."""
    checksum = zlib.crc32(content, zlib.crc32(kind))
    return b"".join((struct.pack(">I", len(content)), kind, content, struct.pack(">I", checksum)))


def _text(text: str, content_type: str) -> Resource:
    return Resource(text.encode(), content_type)

"""The texts and pictures of the bundled news site, and how they change from stage to stage.

They stand as TOML files under `site/`, so that the story can be read and changed without reading code.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Any


class Stage(IntEnum):
    """The scripted moments of the story."""

    A_YEAR_BEFORE = 0
    """The Evening Post carries the picture of a relief convoy."""
    PUBLISHED = 1
    """The ministry's statement and the Daily Courier's article with five pictures (a sixth answers 404)."""
    EDITED = 2
    """Hours later: two pictures replaced at the same URL, number, sentence and title edited."""
    GONE = 3
    """The next day: the article answers 410, the statement 404."""


DEFAULT_MOMENT = datetime(2026, 3, 12, 8, 0, tzinfo=UTC)
"""When the ministry publishes, unless a caller wants another day."""

_STAGE_HOURS = {Stage.A_YEAR_BEFORE: -8757, Stage.PUBLISHED: 3, Stage.EDITED: 6, Stage.GONE: 27}
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def stage_moment(stage: Stage, moment: datetime) -> datetime:
    """The site's clock in `stage`, when the ministry publishes at `moment`."""
    return moment + timedelta(hours=_STAGE_HOURS[stage])


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of the site: file names under `site/pictures`, None where no file exists."""

    name: str
    file: str | None
    replaced: str | None
    width: int
    height: int
    has_small: bool

    @property
    def suffix(self) -> str:
        """`jpg` or `png`."""
        return self.file.rpartition(".")[2] if self.file else "jpg"

    def content(self, stage: Stage, width: int) -> bytes | None:
        """The bytes in `stage` of the rendition of 1200 or 600 pixels width; None when there are none."""
        file = self.replaced if self.replaced and stage >= Stage.EDITED else self.file
        if file is None:
            return None
        if width == 600 and self.has_small:
            file = f"{file.removesuffix('.' + self.suffix)}-600.{self.suffix}"
        return site_file(f"pictures/{file}")


@dataclass(frozen=True, slots=True)
class Figure:
    """A picture in an article: `form` is the markup that shows it."""

    picture: Picture
    form: str
    alt: str
    caption: str
    credit: str


@dataclass(frozen=True, slots=True)
class Article:
    """An article in one of its versions. `body` has one paragraph, heading, quote or figure mark a block."""

    outlet: str
    path: str
    old_path: str | None
    section: str
    kicker: str
    title: str
    standfirst: str
    author: str
    published: datetime
    modified: datetime
    """When the bytes last changed; the page itself does not admit it."""
    topics: tuple[str, ...]
    band: Picture | None
    body: str
    figures: Mapping[str, Figure]

    @property
    def blocks(self) -> list[str]:
        """The body's blocks in order."""
        return [block.strip() for block in self.body.split("\n\n") if block.strip()]

    @property
    def lead(self) -> Figure:
        """The first figure."""
        return next(iter(self.figures.values()))


@dataclass(frozen=True, slots=True)
class Edition:
    """What stands in one stage: the articles, newest first, and the paths that are gone, with their status.

    `shown` has each picture that an outlet serves, with the moment when its bytes last changed.
    """

    stage: Stage
    moment: datetime
    articles: tuple[Article, ...]
    gone: Mapping[tuple[str, str], int]
    redirects: Mapping[tuple[str, str], str]
    shown: Mapping[tuple[str, str], datetime]

    @property
    def founded(self) -> datetime:
        """A moment before the story begins; style sheets and logos are that old."""
        return min(article.published for article in self.articles) - timedelta(days=300)

    def of(self, outlet: str) -> tuple[Article, ...]:
        """The articles of one outlet, newest first."""
        return tuple(article for article in self.articles if article.outlet == outlet)


@cache
def site_file(path: str) -> bytes:
    """The bytes of the file `path` under `site/`."""
    return _site().joinpath(*path.split("/")).read_bytes()


def site_text(path: str) -> str:
    """The text of the file `path` under `site/`."""
    return site_file(path).decode("utf-8")


@cache
def pictures() -> Mapping[str, Picture]:
    """All pictures by name."""
    return {
        name: Picture(
            name,
            entry.get("file"),
            entry.get("replaced"),
            width=entry["size"][0],
            height=entry["size"][1],
            has_small=not entry.get("single"),
        )
        for name, entry in tomllib.loads(site_text("pictures.toml")).items()
    }


def edition(stage: Stage, moment: datetime) -> Edition:
    """What the outlets show in `stage`, when the ministry publishes at `moment`."""
    clock = stage_moment(stage, moment)
    days = {"today": _WEEKDAYS[moment.weekday()], "yesterday": _WEEKDAYS[moment.weekday() - 1]}
    articles: list[Article] = []
    gone: dict[tuple[str, str], int] = {}
    redirects: dict[tuple[str, str], str] = {}
    for entry in _entries():
        if stage < entry["stage"]:
            continue
        outlet, path = entry["outlet"], entry["path"]
        if "old_path" in entry:
            redirects[outlet, entry["old_path"]] = path
        if "gone" in entry and stage >= entry["gone"]["stage"]:
            gone[outlet, path] = entry["gone"]["status"]
        else:
            articles.append(_article(entry, stage, moment, days))
    articles.sort(key=lambda article: article.published, reverse=True)
    return Edition(stage, clock, tuple(articles), gone, redirects, _shown(stage, moment))


def _site() -> Traversable:
    return files("archiver.demo") / "site"


@cache
def _entries() -> tuple[dict[str, Any], ...]:
    folder = _site() / "articles"
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
    return tuple(tomllib.loads(site_text(f"articles/{name}")) for name in names)


def _shown(stage: Stage, moment: datetime) -> dict[tuple[str, str], datetime]:
    """The pictures of all articles so far (a picture outlives its article), but for those taken down."""
    shown: dict[tuple[str, str], datetime] = {}
    for entry in _entries():
        if stage < entry["stage"]:
            continue
        figures = entry["figures"]
        names = {figure["picture"] for figure in figures.values()} | (
            {entry["band"]} if "band" in entry else set()
        )
        for edit in entry.get("edits", ()):
            if stage >= edit["stage"]:
                names -= {figures[key]["picture"] for key in edit.get("remove_figures", ())}
        put_up = moment + timedelta(hours=entry["hours"], minutes=-10)
        for name in names:
            key = entry["outlet"], name
            shown[key] = min(put_up, shown.get(key, put_up))
            if pictures()[name].replaced and stage >= Stage.EDITED:
                shown[key] = _changed_at(Stage.EDITED, moment)
    return shown


def _changed_at(stage: Stage, moment: datetime) -> datetime:
    return stage_moment(stage, moment) - timedelta(minutes=25)


def _article(entry: dict[str, Any], stage: Stage, moment: datetime, days: dict[str, str]) -> Article:
    published = moment + timedelta(hours=entry["hours"])
    known = pictures()
    article = Article(
        outlet=entry["outlet"],
        path=entry["path"],
        old_path=entry.get("old_path"),
        section=entry["section"],
        kicker=entry["kicker"],
        title=entry["title"],
        standfirst=Template(entry["standfirst"]).substitute(days),
        author=entry["author"],
        published=published,
        modified=published,
        topics=tuple(entry["topics"]),
        band=known[entry["band"]] if "band" in entry else None,
        body=Template(entry["body"]).substitute(days),
        figures={
            key: Figure(
                known[figure["picture"]],
                figure["form"],
                figure["alt"],
                Template(figure["caption"]).substitute(days),
                figure["credit"],
            )
            for key, figure in entry["figures"].items()
        },
    )
    for edit in entry.get("edits", ()):
        if stage >= edit["stage"]:
            article = _edited(article, edit, moment)
    return article


def _edited(article: Article, edit: dict[str, Any], moment: datetime) -> Article:
    body, standfirst = article.body, edit.get("standfirst", article.standfirst)
    figures = dict(article.figures)
    for key in edit.get("remove_figures", ()):
        body = body.replace(f"[figure {key}]\n\n", "")
        del figures[key]
    for old, new in edit.get("replace", ()):
        body, standfirst = body.replace(old, new), standfirst.replace(old, new)
        figures = {
            key: replace(figure, caption=figure.caption.replace(old, new)) for key, figure in figures.items()
        }
    return replace(
        article,
        title=edit.get("title", article.title),
        standfirst=standfirst,
        body=body,
        figures=figures,
        modified=_changed_at(Stage(edit["stage"]), moment),
    )

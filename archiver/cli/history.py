"""`archiver history`: the versions of an article and what visits found in between."""

from __future__ import annotations

import click

from archiver.cli.opening import open_index
from archiver.cli.output import Terminal, json_option, pass_terminal, print_json
from archiver.history import Historian
from archiver.model.moment import to_warc_date
from archiver.model.version import ArticleEvent, ChangeKind, Comparison, PictureChange
from archiver.retrieval import Retrieval


@click.command()
@click.argument("url")
@json_option
@pass_terminal
def command(terminal: Terminal, url: str, as_json: bool) -> None:
    """Tell the history of the article at URL: each snapshot with what changed, and each event.

    An event is what a visit found when the article was not there as before: gone, behind a wall, moved, back
    again; the answer itself is archived as its evidence.
    """
    home, settings = terminal.open_home()
    with open_index(home, settings) as index:
        history = Historian(index, Retrieval(index, settings.warc_folder(home))).history(url)
    if as_json:
        for _, step in history.steps():
            print_json(describe(step))
        return
    click.secho(f"{len(history.timeline.versions)} versions in {len(history.snapshots)} snapshots", bold=True)
    for moment, step in history.steps():
        click.echo(f"{to_warc_date(moment)}  {summary(step)}")
        if isinstance(step, Comparison):
            click.echo(f"{'':29}{step.after}")
            for line in details(step):
                click.echo(f"{'':29}{line}")


def summary(step: Comparison | ArticleEvent) -> str:
    """A step in one line."""
    if isinstance(step, ArticleEvent):
        doubt = "" if step.confirmed else " (seen once; a second look is due)"
        return f"{step.kind}: {step.detail}{doubt}"
    return ", ".join(step.kinds)


def details(step: Comparison) -> list[str]:
    """What changed, a line each; noise left out."""
    if ChangeKind.FIRST_SEEN in step.kinds:
        return []
    lines = [
        f"{change.field}: {_short(change.before)} -> {_short(change.after)}"
        for change in step.fields
        if change.noise is None
    ]
    texts = [change for change in step.paragraphs if change.noise is None]
    if texts:
        lines.append(f"{len(texts)} paragraphs: " + ", ".join(sorted({str(c.kind) for c in texts})))
    lines += [picture_line(change) for change in step.pictures if change.noise is None]
    return lines


def picture_line(change: PictureChange) -> str:
    """A picture's change in one line."""
    words = f' "{change.alt}"' if change.alt else ""
    return f"picture {change.kind}: {change.url}{words}"


def describe(step: Comparison | ArticleEvent) -> dict[str, object]:
    """A step as one JSON object."""
    if isinstance(step, ArticleEvent):
        return {
            "event": step.kind, "url": step.url, "observed_at": to_warc_date(step.observed_at),
            "status": step.status, "detail": step.detail, "confirmed": step.confirmed,
            "record_id": f"urn:uuid:{step.record_id}",
        }  # fmt: skip
    return {
        "snapshot": step.after,
        "before": step.before or None,
        "changes": list(step.kinds),
        "extractor": step.extractor_version,
        "fields": [
            {"field": c.field, "before": c.before, "after": c.after, "noise": c.noise} for c in step.fields
        ],
        "paragraphs": [
            {"kind": c.kind, "before": c.before, "after": c.after, "position": c.position, "noise": c.noise}
            for c in step.paragraphs
        ],
        "pictures": [
            {
                "kind": c.kind, "url": c.url, "alt": c.alt, "caption": c.caption, "noise": c.noise,
                "before": str(c.before_digest) if c.before_digest else c.before,
                "after": str(c.after_digest) if c.after_digest else c.after,
            }
            for c in step.pictures
        ],
    }  # fmt: skip


def _short(text: str | None) -> str:
    if text is None:
        return "none"
    return f'"{text}"' if len(text) <= 100 else f'"{text[:97]}..."'

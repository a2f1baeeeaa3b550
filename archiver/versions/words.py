"""Changes and events in words, for people who read a history."""

from __future__ import annotations

from archiver.model.version import ArticleEvent, ChangeKind, Comparison, PictureChange, PictureChangeKind

LONGEST = 100


def summary(step: Comparison | ArticleEvent) -> str:
    """A step of a history in one line."""
    if isinstance(step, ArticleEvent):
        doubt = "" if step.confirmed else " (seen once; a second look is due)"
        return f"{step.kind}: {step.detail}{doubt}"
    return ", ".join(step.kinds)


def details(step: Comparison | ArticleEvent) -> list[str]:
    """What changed in a step, a line each; noise left out."""
    if isinstance(step, ArticleEvent) or ChangeKind.FIRST_SEEN in step.kinds:
        return []
    lines = [
        f"{change.field}: {_short(change.before)} -> {_short(change.after)}"
        for change in step.fields
        if change.noise is None
    ]
    edits = [change.kind for change in step.paragraphs if change.noise is None]
    if edits:
        lines.append(
            "paragraphs: " + ", ".join(f"{edits.count(kind)} {kind}" for kind in dict.fromkeys(edits))
        )
    lines += [picture_line(change) for change in step.pictures if change.noise is None]
    return lines


def picture_line(change: PictureChange) -> str:
    """A picture's change in one line."""
    words = f' "{change.alt}"' if change.alt else ""
    match change.kind:
        case PictureChangeKind.GONE:
            doubt = "seen twice" if change.confirmed else "seen once; a second look is due"
            return f"picture gone: {change.url} {change.after}, {doubt}{words and ':' + words}"
        case PictureChangeKind.STILL_GONE:
            return f"picture still gone: {change.url} {change.after}, seen twice{words and ':' + words}"
        case PictureChangeKind.BACK_AGAIN:
            return f"picture back again: {change.url}{words}"
    return f"picture {change.kind}: {change.url}{words}"


def _short(text: str | None) -> str:
    if text is None:
        return "none"
    return f'"{text}"' if len(text) <= LONGEST else f'"{text[: LONGEST - 3]}..."'

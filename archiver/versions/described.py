"""A step of a history as plain values: what the command line and the web give as JSON."""

from __future__ import annotations

from archiver.model.moment import to_warc_date
from archiver.model.version import ArticleEvent, Comparison


def described(step: Comparison | ArticleEvent) -> dict[str, object]:
    """What a visit found, or how a snapshot differs from the one before, as one JSON object."""
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
                "confirmed": c.confirmed,
                "before": str(c.before_digest) if c.before_digest else c.before,
                "after": str(c.after_digest) if c.after_digest else c.after,
            }
            for c in step.pictures
        ],
    }  # fmt: skip

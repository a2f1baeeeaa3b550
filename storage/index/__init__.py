"""The index database: finds captures, snapshots, pictures and segments; `archiver reindex` can rebuild it."""

from archiver.storage.index.articles import DueSource, FollowedArticle
from archiver.storage.index.events import MIME as EVENT_MIME
from archiver.storage.index.events import IdentifiedEvent, decode_event, encode_event
from archiver.storage.index.extractions import MIME as ARTICLE_MIME
from archiver.storage.index.extractions import Extraction, decode_article, encode_article
from archiver.storage.index.holdings import Held, Kind
from archiver.storage.index.index import Index
from archiver.storage.index.listing import Cursor
from archiver.storage.index.ranges import Match, cased_key_of, on_any_port
from archiver.storage.index.search import Hit, Sought
from archiver.storage.index.segments import Segment
from archiver.storage.index.snapshots import Sighting
from archiver.storage.index.tallies import SourceStats, Stats

__all__ = [
    "ARTICLE_MIME",
    "EVENT_MIME",
    "Cursor",
    "DueSource",
    "Extraction",
    "FollowedArticle",
    "Held",
    "Hit",
    "IdentifiedEvent",
    "Index",
    "Kind",
    "Match",
    "Segment",
    "Sighting",
    "Sought",
    "SourceStats",
    "Stats",
    "cased_key_of",
    "decode_article",
    "decode_event",
    "encode_article",
    "encode_event",
    "on_any_port",
]

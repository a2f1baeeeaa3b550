"""What a page says of the article: title, authors, dates, text; usable without a crawl."""

from archiver.spiders.extraction.digests import paragraph_digest, paragraph_digests
from archiver.spiders.extraction.extractor import EXTRACTOR_VERSION, ExtractionError, extract

__all__ = ["EXTRACTOR_VERSION", "ExtractionError", "extract", "paragraph_digest", "paragraph_digests"]

"""The Scrapy settings that capture needs, and those that measurements showed to pay."""

from __future__ import annotations

import sys

_HANDLER = "archiver.spiders.wire.handler.WireDownloadHandler"


def wire_settings(*, brotli: bool = False) -> dict[str, object]:
    """Settings for every crawl that is archived; the crawl layer adds its own.

    `brotli` asks servers for br besides gzip. zstd is never asked for: replay tools cannot decode it.
    """
    settings: dict[str, object] = {
        "DOWNLOAD_HANDLERS": {
            "http": _HANDLER,
            "https": _HANDLER,
            "data": None,
            "file": None,
            "ftp": None,
            "s3": None,
        },
        "TWISTED_REACTOR": "twisted.internet.asyncioreactor.AsyncioSelectorReactor",
        "DEFAULT_REQUEST_HEADERS": {
            "Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
            "Accept-Language": "en",
            "Accept-Encoding": "gzip, br" if brotli else "gzip",
        },
        "CONCURRENT_ITEMS": 1,
        "HTTPCACHE_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        "EXTENSIONS": {
            "scrapy.extensions.telnet.TelnetConsole": None,
            "scrapy.extensions.memdebug.MemoryDebugger": None,
            "scrapy.extensions.feedexport.FeedExporter": None,
            "scrapy.extensions.spiderstate.SpiderState": None,
            "scrapy.extensions.remote_control.RemoteControl": None,
        },
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.httpauth.HttpAuthMiddleware": None,
            "scrapy.downloadermiddlewares.redirect.MetaRefreshMiddleware": None,
            "scrapy.downloadermiddlewares.httpcache.HttpCacheMiddleware": None,
            "scrapy.downloadermiddlewares.httpcompression.HttpCompressionMiddleware": None,  # beginning.py
        },
        "SPIDER_MIDDLEWARES": {
            "scrapy.spidermiddlewares.metacopy.MetaCopyDetectionMiddleware": None,
        },
    }
    if sys.platform != "win32":
        settings["ASYNCIO_EVENT_LOOP"] = "uvloop.Loop"
    return settings

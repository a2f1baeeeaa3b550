"""What an answer is: whether it is what was asked for, and what else its headers say."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from scrapy.http import Response

from archiver.model.exchange import Condition, Purpose
from archiver.model.fetched import Download
from archiver.spiders.magic import picture_type

NOTHING_TO_STAND_FOR = "the server answered 304, and the archive has nothing that it could stand for"


def described(
    url: str, response: Response, exchanges: list[UUID], purpose: Purpose, *, is_known: bool
) -> Download:
    """What came of `url`; `is_known` says that a 304 stands for what the archive has."""
    content_type = content_type_of(response)
    sniffed = picture_type(response.body) if purpose is Purpose.PICTURE else None
    reason = _no_answer(response.status, is_known=is_known)
    if reason is None and not is_known and purpose is Purpose.PICTURE and not sniffed:
        reason = _no_picture(response.body, mime_of(content_type))
    return Download(
        url,
        response.url,
        tuple(exchanges),
        response.status,
        mime_of(content_type) or None,
        sniffed,
        reason=reason,
    )


def _no_answer(status: int, *, is_known: bool) -> str | None:
    """Why an answer with this status is not what was asked for."""
    said = f"the server answered {status}"
    if status >= 400:
        return said
    if status == HTTPStatus.NOT_MODIFIED:
        return None if is_known else NOTHING_TO_STAND_FOR
    if status >= 300:
        return f"{said}, which leads to nothing that can be fetched"
    if status == HTTPStatus.PARTIAL_CONTENT:
        return f"{said}: a part of what was asked for"
    if status in (HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT):
        return f"{said}: there is no content"
    return None


def _no_picture(content: bytes, mime: str) -> str:
    if not content:
        return "the answer is empty"
    if mime.startswith("image/"):
        return f"what came is called {mime} but is no picture"
    return f"not a picture but {mime or 'untyped'}"


def content_type_of(response: Response) -> str:
    """The Content-Type as sent; empty without one."""
    return (response.headers.get("Content-Type") or b"").decode("latin-1")


def mime_of(content_type: str) -> str:
    """The media type in a Content-Type, in lower case."""
    return content_type.partition(";")[0].strip().lower()


def asks_in_header(response: Response) -> bool:
    """Whether the page asks not to be archived: X-Robots-Tag: noarchive."""
    return any(b"noarchive" in value.lower() for value in response.headers.getlist("X-Robots-Tag"))


def confirmed(response: Response, condition: Condition | None) -> UUID | None:
    """The capture that a 304 says is unchanged; None for any other answer."""
    if condition is None or response.status != HTTPStatus.NOT_MODIFIED:
        return None
    etag = response.headers.get("ETag")
    url = response.url.partition("#")[0]
    return condition.record_id if condition.is_met(url, etag.decode("latin-1") if etag else None) else None

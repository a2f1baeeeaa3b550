"""Puts the certificates of a timestamp in the order that DER demands of a set (X.690, 11.6).

OpenSSL writes them in another, which strict readers refuse. They stand outside of what is signed, and
sorting them moves no length, so that the rest of the response stays as it is.
"""

from __future__ import annotations

from collections.abc import Iterator

_SEQUENCE = 0x30
_FIRST_CONTEXT = 0xA0


def with_sorted_certificates(response: bytes) -> bytes:
    """The TimeStampResp `response` (RFC 3161, 2.4.2) with its certificates sorted; as it is if it is none."""
    try:
        start, end = _certificates(response)
    except (IndexError, ValueError, StopIteration):
        return response  # whoever reads it next says what is wrong
    parts = [response[first:last] for _, first, _, last in _elements(response, start, end)]
    return response[:start] + b"".join(sorted(parts)) + response[end:]


def _certificates(content: bytes) -> tuple[int, int]:
    """Where the content of SignedData.certificates begins and ends."""
    place = (0, len(content))
    for wanted, position in ((_SEQUENCE, 0), (_SEQUENCE, 1), (_FIRST_CONTEXT, 1), (_SEQUENCE, 0)):
        tag, _, start, end = list(_elements(content, *place))[position]
        if tag != wanted:
            raise ValueError("no timestamp token")
        place = (start, end)
    return next((start, end) for tag, _, start, end in _elements(content, *place) if tag == _FIRST_CONTEXT)


def _elements(content: bytes, start: int, end: int) -> Iterator[tuple[int, int, int, int]]:
    """The elements in a range: tag, where each begins, where its content begins, where it ends."""
    while start < end:
        length, body = content[start + 1], start + 2
        if length & 0x80:
            count = length & 0x7F
            length, body = int.from_bytes(content[body : body + count], "big"), body + count
        if body + length > end:
            raise ValueError("an element goes beyond its parent")
        yield content[start], start, body, body + length
        start = body + length

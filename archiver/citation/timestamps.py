"""Trusted time (RFC 3161): what an independent authority swears to have seen, and when."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from archiver.citation.der import with_sorted_certificates
from archiver.errors import ArchiverError, UnsafeInputError

LARGEST = 1 << 20
"""Bytes of a response after which it is refused."""

_UNREADABLE = (ValueError, TypeError, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension)
_SHA256 = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")


class TimestampError(ArchiverError):
    """An authority gave no usable timestamp; it is asked again later."""


@dataclass(frozen=True, slots=True)
class StampedTime:
    """A timestamp that was verified: the authority's name, and the time that it swears to."""

    authority: str
    moment: datetime


def request_timestamp(url: str, content: bytes, timeout: float = 20.0) -> bytes:
    """The whole TimeStampResp of the authority at `url` for `content`. Raises TimestampError."""
    if urlsplit(url).scheme not in ("http", "https"):
        raise TimestampError(f"the timestamp authority {url} has no http(s) address")
    asked = (
        TimestampRequestBuilder()
        .data(content)
        .hash_algorithm(HashAlgorithm.SHA256)
        .nonce(nonce=True)
        .cert_request(cert_request=True)
        .build()
    )
    request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
        url, asked.as_bytes(), {"Content-Type": "application/timestamp-query"}
    )
    try:
        with urllib.request.urlopen(request, timeout=timeout) as answer:  # noqa: S310
            response: bytes = answer.read(LARGEST + 1)
    except (OSError, urllib.error.URLError, ValueError) as error:
        raise TimestampError(f"the timestamp authority {url} does not answer: {error}") from error
    try:
        read = _decoded(response)
        if read.status != 0:
            raise TimestampError(f"the timestamp authority {url} refused: {' '.join(read.status_string)}")
        imprint = read.tst_info.message_imprint.message
    except (UnsafeInputError, ValueError) as error:
        raise TimestampError(f"the timestamp authority {url} answered with no timestamp: {error}") from error
    if imprint != hashlib.sha256(content).digest() or read.tst_info.nonce != asked.nonce:
        raise TimestampError(f"the timestamp authority {url} answered another question")
    return response


def verify_timestamp(
    response: bytes, content: bytes, authority: str, roots: Sequence[x509.Certificate]
) -> StampedTime:
    """The time that `response` proves for `content`, its chain valid at that time up to one of `roots`.

    Raises UnsafeInputError when anything does not hold: imprint, signature, chain, key usage, status.
    """
    read = _decoded(response)
    try:
        verifier = VerifierBuilder(roots=list(roots)).build()
        imprint = read.tst_info.message_imprint
        if imprint.hash_algorithm != _SHA256 or imprint.message != hashlib.sha256(content).digest():
            raise UnsafeInputError(f"the timestamp of {authority} is of something else")
        verifier.verify_message(read, content)
        moment = read.tst_info.gen_time
    except (VerificationError, *_UNREADABLE) as error:
        raise UnsafeInputError(f"the timestamp of {authority} does not hold: {error}") from None
    return StampedTime(authority, moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def stamped_moment(response: bytes) -> datetime:
    """The time in a response, unverified: for telling it, never for trusting it. Raises UnsafeInputError."""
    try:
        moment = _decoded(response).tst_info.gen_time
    except ValueError as error:
        raise UnsafeInputError(f"not a timestamp: {error}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _decoded(response: bytes) -> TimeStampResponse:
    if len(response) > LARGEST:
        raise UnsafeInputError(f"the timestamp is larger than {LARGEST} bytes")
    try:
        return decode_timestamp_response(with_sorted_certificates(response))
    except ValueError as error:
        raise UnsafeInputError(f"not a timestamp response: {error}") from None


def embedded_certificates(response: bytes) -> bytes:
    """The certificates that came with a timestamp, as PEM, in the order of their text."""
    certificates = _decoded(response).signed_data.certificates
    loaded = [x509.load_der_x509_certificate(bytes(certificate)) for certificate in certificates]
    return b"".join(sorted(certificate.public_bytes(Encoding.PEM) for certificate in loaded))

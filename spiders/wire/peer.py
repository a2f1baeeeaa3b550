"""What a connection knows of its peer: the address and, behind TLS, the cipher and the certificates."""

from __future__ import annotations

from typing import Any, NamedTuple

from cryptography.hazmat.primitives.serialization import Encoding
from OpenSSL import SSL

from archiver.model.digest import Digest
from archiver.model.exchange import Certificate, Connection
from archiver.spiders.wire.tls import Verification


class PeerFacts(NamedTuple):
    """The facts of a connection, and what is wrong with its certificates in one line."""

    connection: Connection
    tls_problem: str | None = None


def peer_facts(transport: Any) -> PeerFacts | None:
    """The facts of a connection that is still open: TLS state goes when it is lost.

    Cipher and version are known only after the handshake, hence not before the first byte of a response
    (Twisted writes the request earlier). None when the transport has no network address.
    """
    peer = transport.getPeer()
    host = getattr(peer, "host", None)
    if host is None:
        return None
    tls = _tls_connection(transport)
    if tls is None:
        return PeerFacts(Connection(host, peer.port))
    verification: Verification | None = getattr(tls.get_app_data(), "verification", None)
    cipher = tls.get_cipher_name()
    version = (_protocol_name(tls.get_protocol_version_name()),) if cipher else ()
    connection = Connection(
        ip=host,
        port=peer.port,
        protocols=("http/1.1", *version),
        cipher_suite=cipher,
        certificates=_certificates(tls),
        verified=verification.passed if verification else None,
    )
    return PeerFacts(connection, verification.problem if verification else None)


def _tls_connection(transport: Any) -> SSL.Connection | None:
    try:
        handle = transport.getHandle()
    except AttributeError:  # Twisted drops the socket of a lost connection
        return None
    return handle if isinstance(handle, SSL.Connection) else None


def _protocol_name(version: str) -> str:
    """OpenSSL's `TLSv1.3`, `TLSv1` as WARC-Protocol writes it: `tls/1.3`, `tls/1.0`."""
    name, _, number = version.lower().partition("v")
    return f"{name}/{number if '.' in number else number + '.0'}"


def _certificates(tls: SSL.Connection) -> tuple[Certificate, ...]:
    return tuple(
        Certificate(Digest.of(certificate.public_bytes(Encoding.DER)), certificate.subject.rfc4514_string())
        for certificate in tls.get_peer_cert_chain(as_cryptography=True) or ()
    )

"""TLS that checks every certificate and records the result, and refuses a bad one only when told to.

News sites with broken certificates are worth archiving, but a reader must learn that the chain was not
trusted; and Scrapy makes new TLS options for each request, where one set serves a whole crawl.
"""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import Any

import certifi
from OpenSSL import SSL
from OpenSSL.crypto import X509
from scrapy.core.downloader.contextfactory import _ScrapyClientContextFactory
from scrapy.crawler import Crawler
from service_identity import VerificationError
from service_identity.exceptions import CertificateError
from service_identity.hazmat import DNS_ID, IPAddress_ID, ServiceID, verify_service_identity
from service_identity.pyopenssl import extract_patterns
from twisted.internet._sslverify import ClientTLSOptions
from twisted.internet.ssl import CertificateOptions
from twisted.protocols.tls import TLSMemoryBIOProtocol

from archiver.errors import ConfigurationError

_PROBLEMS = {
    9: "the certificate is not yet valid",
    10: "the certificate has expired",
    18: "the certificate is self-signed",
    19: "a self-signed certificate is in the chain",
    20: "the issuer of a certificate in the chain is not trusted",
    21: "the chain of the certificate cannot be verified",
    23: "the certificate was revoked",
}


class Verification:
    """The check of one server's certificates against the trust store and the host name."""

    def __init__(self, identity: ServiceID, hostname: str, *, strict: bool) -> None:
        self._identity = identity
        self._hostname = hostname
        self._strict = strict
        self._judged = False
        self.problem: str | None = None
        """What is wrong, in one line."""

    @property
    def passed(self) -> bool | None:
        """Whether the chain led to a trusted root and names the host; None before the check."""
        return self.problem is None if self._judged else None

    def judge(self, _connection: SSL.Connection, certificate: X509, code: int, depth: int, ok: int) -> bool:
        """OpenSSL's verify callback, called at least once for each certificate of the chain."""
        self._judged = True
        if not ok and self.problem is None:
            self.problem = _PROBLEMS.get(code, f"OpenSSL verification error {code}")
        if depth == 0 and self.problem is None:
            try:
                verify_service_identity(extract_patterns(certificate), [self._identity], [])
            except (VerificationError, CertificateError, ValueError):
                self.problem = f"the certificate does not name {self._hostname}"
        return self.problem is None or not self._strict


class RecordingTLSOptions(ClientTLSOptions):
    """Makes TLS connections whose Twisted protocol carries their `Verification`."""

    strict = False

    def clientConnectionForTLS(self, tlsProtocol: TLSMemoryBIOProtocol) -> SSL.Connection:
        """A connection as Twisted makes it, with our verify callback in place of Twisted's."""
        connection = super().clientConnectionForTLS(tlsProtocol)
        identity = DNS_ID if self._hostnameIsDnsName else IPAddress_ID
        verification = Verification(identity(self._hostnameASCII), self._hostnameASCII, strict=self.strict)
        tlsProtocol.verification = verification  # type: ignore[attr-defined]
        connection.set_verify(SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT, verification.judge)
        return connection


class StrictTLSOptions(RecordingTLSOptions):
    """Refuses a server whose certificates do not verify."""

    strict = True


class RecordingContextFactory(_ScrapyClientContextFactory):
    """Scrapy's TLS settings, one shared OpenSSL context, and the trust store of the archive.

    Settings: `ARCHIVER_CA_BUNDLE` (path of a PEM file that replaces the system's roots) and
    `ARCHIVER_TLS_STRICT` (refuse what does not verify).
    """

    _bundle: str | None
    _options_class: type[RecordingTLSOptions]
    _shared_options: CertificateOptions | None = None

    @classmethod
    def for_crawler(cls, crawler: Crawler) -> RecordingContextFactory:
        """The factory for `crawler`. Raises ConfigurationError when the bundle cannot be read."""
        factory: RecordingContextFactory = cls.from_crawler(crawler)
        factory._bundle = crawler.settings.get("ARCHIVER_CA_BUNDLE")
        if factory._bundle:
            factory._shared_options = factory._make_options()
        strict = crawler.settings.getbool("ARCHIVER_TLS_STRICT")
        factory._options_class = StrictTLSOptions if strict else RecordingTLSOptions
        return factory

    def creatorForNetloc(self, hostname: bytes, port: int) -> Any:  # noqa: ARG002
        """TLS options for one server, on the shared context."""
        if self._shared_options is None:  # reading the system's roots takes 50 ms: not before the first https
            self._shared_options = self._make_options()
        return self._options_class(self._shared_options._makeTLSConnection, hostname.decode("ascii"))

    def _make_options(self) -> CertificateOptions:
        options = self._get_cert_options()
        trust(options.getContext(), self._bundle)
        return options


def trust(context: SSL.Context, bundle: str | None) -> None:
    """Load the roots of `bundle`, else those of the system, else those of certifi, into `context`."""
    if bundle:
        try:
            context.load_verify_locations(str(bundle))
        except SSL.Error as error:
            raise ConfigurationError(f"network.ca_bundle: {bundle} is not a readable PEM file") from error
        return
    system = ssl.get_default_verify_paths()
    if system.cafile or (system.capath and any(Path(system.capath).iterdir())):
        context.load_verify_locations(system.cafile, system.capath)
    else:
        context.load_verify_locations(certifi.where())

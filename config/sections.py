"""The settings: one class for each section of archiver.toml.

A further section is one more class and a line in `Settings`. The description of a field is what its user
reads in archiver.toml and in error messages.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ByteSize, ConfigDict, Field

from archiver.config.folder import Home
from archiver.config.kinds import (
    authority_address,
    contact_text,
    database_text,
    is_this_machine,
    network_text,
    one_line,
    optional_path,
    proxy_text,
    public_address,
)
from archiver.model.access import DNS_TIMEOUT, WEB_PORTS, UrlPolicy

Line = Annotated[str, AfterValidator(one_line)]
NetworkText = Annotated[str, AfterValidator(network_text)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[float, Field(gt=0)]
OptionalPath = Annotated[Path | None, BeforeValidator(optional_path)]


class Section(BaseModel):
    """A section of archiver.toml; its docstring stands over it there."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Network(Section):
    """What may be connected to, and how much is taken."""

    allow_private: tuple[NetworkText, ...] = Field(
        (), description='Networks that are archived although they are not public, such as "192.168.0.0/16".'
    )
    allowed_ports: tuple[Port, ...] = Field(WEB_PORTS, description="Ports that a URL may name.")
    ca_bundle: OptionalPath = Field(
        None, description="PEM file with the certificate authorities to trust; empty: those of the system."
    )
    tls_strict: bool = Field(
        False, description="Refuse servers whose certificate does not verify; otherwise this is recorded."
    )
    proxy: Annotated[str, AfterValidator(proxy_text)] = Field(
        "", description="HTTP proxy for all requests, http://host:port; empty: none."
    )
    dns_timeout: Seconds = Field(DNS_TIMEOUT, description="Seconds that a name server may take.")
    timeout: Seconds = Field(60.0, description="Seconds that one request may take in all.")
    max_size: ByteSize = Field(
        ByteSize(1 << 30), gt=0, description="Largest response body that is taken whole; the rest is cut off."
    )
    max_header: ByteSize = Field(
        ByteSize(256 << 10), gt=0, description="Largest response header that is taken."
    )
    max_redirects: int = Field(20, ge=0, description="Redirects that are followed for one request.")


class Politeness(Section):
    """How sites are treated."""

    delay: float = Field(1.0, ge=0, description="Seconds between two requests to the same host.")
    concurrency: int = Field(2, ge=1, description="Requests to the same host at the same time.")
    concurrency_total: int = Field(32, ge=1, description="Requests to all hosts at the same time.")
    autothrottle: bool = Field(True, description="Slow down where a server answers slowly.")
    crawl_delay_limit: float = Field(
        30.0, ge=0, description="Seconds that a Crawl-delay in robots.txt can ask for at most."
    )
    backoff: float = Field(
        1.0,
        ge=0,
        description="Seconds of pause after a host fails, doubled for each failure in a row.",
    )
    close_after: int = Field(
        5, ge=0, description="A host that fails so often in a row is left alone for a while; 0: never."
    )
    closed_seconds: Seconds = Field(
        60.0, description="Seconds that it is left alone for, doubled each time that it fails again,"
    )
    closed_longest: Seconds = Field(
        3600.0, description="up to so many seconds. A Retry-After can ask for no more either."
    )
    requests_per_second: float = Field(
        0.0, ge=0, description="Requests a second to all hosts together; 0: as many as their delays allow."
    )
    bytes_per_day: ByteSize = Field(
        ByteSize(0), ge=0, description="What may be fetched in one day (UTC) from all hosts; 0: no limit."
    )
    obey_robots: bool = Field(True, description="Fetch nothing that robots.txt excludes.")
    user_agent: Line = Field(
        "", description="The User-Agent header; empty: news-archiver/VERSION (+CONTACT)."
    )
    contact: Annotated[str, AfterValidator(contact_text)] = Field(
        "", description="URL or mail address for the User-Agent header; empty: that of [identity]."
    )


class Database(Section):
    """The index of the captures; `archiver reindex` rebuilds it from the WARC files."""

    url: Annotated[str, AfterValidator(database_text)] = Field(
        "sqlite:///index.sqlite",
        description="sqlite:///FILE (relative to the home) or postgresql+psycopg://USER@HOST/NAME.",
    )


class Storage(Section):
    """Where and how the WARC files are written."""

    root: Path = Field(Path("warc"), description="Folder of the WARC files, relative to the home.")
    segment_bytes: ByteSize = Field(
        ByteSize(1 << 30), ge=1 << 20, description="A WARC file is closed at this size."
    )
    segment_age: Seconds = Field(3600.0, description="A WARC file is closed after so many seconds.")
    commit_records: int = Field(32, ge=1, description="Captures are made durable in batches of so many,")
    commit_bytes: ByteSize = Field(ByteSize(8 << 20), ge=1, description="or of so many bytes,")
    commit_seconds: Seconds = Field(0.03, description="or after so many seconds, whichever comes first.")
    spool_memory: ByteSize = Field(
        ByteSize(256 << 10), ge=0, description="A response larger than this waits on disk, not in memory."
    )
    replica: Line = Field(
        "", description="Second copy of the WARC files: a folder, or an address such as s3://bucket/folder."
    )
    free_floor: ByteSize = Field(
        ByteSize(1 << 30), ge=0, description="Crawling pauses when less disk space than this is free."
    )
    patience: Seconds = Field(
        30.0,
        description="Seconds that a command waits for room on a full disk, or for an absent database, before "
        "it gives up.",
    )


class Pictures(Section):
    """Which pictures of a page are fetched with it."""

    policy: Literal["standard", "all", "none"] = Field(
        "standard",
        description="standard: the best rendition of each picture; all: every rendition; none: pictures are "
        "listed, not fetched.",
    )
    icons: bool = Field(False, description="Fetch the icons of the site too.")
    stylesheets: bool = Field(True, description="Fetch stylesheets and the pictures that they paint.")
    limit: int = Field(
        1000, ge=0, description="Most pictures that are fetched for one page; others are listed as missing."
    )


class Identity(Section):
    """Who archives, and from where; written into every WARC file and snapshot."""

    operator: Line = Field("", description="Person or institution that runs this archive.")
    contact: Annotated[str, AfterValidator(contact_text)] = Field(
        "", description="URL or mail address at which the operator is reached."
    )
    vantage: Line = Field("", description='Where the crawl connects from, such as "Berlin, DE, AS680".')
    collection: Line = Field("", description="Name of the collection that the captures belong to.")
    base_url: Annotated[str, AfterValidator(public_address)] = Field(
        "",
        description="Public address of this archive, such as https://archive.example.org, for citations; "
        "empty: web.application_url.",
    )
    naan: Annotated[str, Field(pattern="^[0-9bcdfghjkmnpqrstvwxz]{5,9}$")] = Field(
        "99999", description="Name Assigning Authority Number of the ARK identifiers; 99999 is for tests."
    )


class Capture(Section):
    """What is kept of pages that ask not to be archived."""

    noarchive: Literal["record", "skip"] = Field(
        "record",
        description='For pages with <meta name="robots" content="noarchive">: record: archive them and note '
        "the wish; skip: leave them out.",
    )


class Trust(Section):
    """The log of what was archived, and who swears to it."""

    timestamp_authorities: tuple[Annotated[str, AfterValidator(authority_address)], ...] = Field(
        (), description='Addresses (RFC 3161) that timestamp the log, such as "https://freetsa.org/tsr".'
    )


class Service(Section):
    """What `archiver run` does."""

    workers: int = Field(4, ge=1, le=64, description="Sources that are worked on at the same time.")
    grace: Seconds = Field(
        30.0, le=3600, description="Seconds that pages under way have to end when the service is stopped."
    )
    web: bool = Field(True, description="Serve the archive over HTTP too, in a process of its own.")


class Web(Section):
    """Where `archiver serve` listens. Archived pages are hostile, so they have an origin of their own."""

    host: Line = Field("127.0.0.1", description="Address to listen on.")
    port: Annotated[int, Field(ge=0, le=65535)] = Field(8080, description="Port of the application.")
    replay_port: Annotated[int, Field(ge=0, le=65535)] = Field(
        8081, description="Port of the origin that archived pages are shown from."
    )
    application_url: Annotated[str, AfterValidator(public_address)] = Field(
        "", description="How the application is reached, https://archive.example.org; empty: as asked."
    )
    replay_url: Annotated[str, AfterValidator(public_address)] = Field(
        "", description="How archived pages are reached: another host; empty: as asked."
    )
    trusted_proxies: tuple[NetworkText, ...] = Field(
        (), description='Proxies whose X-Forwarded-Proto and -For are believed, such as "127.0.0.1".'
    )
    metrics_networks: tuple[NetworkText, ...] = Field(
        ("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "::1/128"),
        description="Networks that may ask for /metrics.",
    )
    workers: int = Field(
        1, ge=1, le=64, description="Processes that serve: one for each core that may be busy with it."
    )
    name: Line = Field("News archive", description="What stands over every page.")
    bundle_bytes: ByteSize = Field(
        ByteSize(1 << 30), ge=0, description="Largest bundle (.wacz) that is made on request; 0: none is."
    )
    submissions_per_minute: int = Field(
        60, ge=0, description="Pages that one token may submit in a minute; 0: nothing can be submitted."
    )
    submissions_waiting: int = Field(
        1000, ge=1, description="Pages submitted by one token that may wait at the same time."
    )
    wabac: OptionalPath = Field(
        None,
        description="Folder with sw.js of @webrecorder/wabac, for the interactive view; empty: no such view.",
    )


class Settings(Section):
    """All settings."""

    network: Network = Field(default_factory=Network)
    politeness: Politeness = Field(default_factory=Politeness)
    database: Database = Field(default_factory=Database)
    storage: Storage = Field(default_factory=Storage)
    pictures: Pictures = Field(default_factory=Pictures)
    identity: Identity = Field(default_factory=Identity)
    capture: Capture = Field(default_factory=Capture)
    service: Service = Field(default_factory=Service)
    web: Web = Field(default_factory=Web)
    trust: Trust = Field(default_factory=Trust)

    def url_policy(self) -> UrlPolicy:
        """What the crawler may connect to."""
        network = self.network
        return UrlPolicy.of(
            network.allow_private, network.allowed_ports, network.proxy or None, network.dns_timeout
        )

    def database_url(self, home: Home) -> str:
        """The database's URL, a file in it made absolute."""
        return home.database_url(self.database.url)

    def warc_folder(self, home: Home) -> Path:
        """The absolute folder of the WARC files."""
        return home.path(self.storage.root)

    def ca_bundle(self, home: Home) -> Path | None:
        """The absolute path of the certificate authorities' file, if one is configured."""
        return home.path(self.network.ca_bundle) if self.network.ca_bundle else None

    def cited_address(self) -> str:
        """The archive's address in citations, the same wherever they are made; empty when none is stated."""
        stated = self.identity.base_url
        return stated or ("" if is_this_machine(self.web.application_url) else self.web.application_url)

    def contact(self) -> str:
        """What a site is told: the contact for crawling, else that of the operator."""
        return self.politeness.contact or self.identity.contact

    def with_pictures(self, policy: Literal["standard", "all", "none"]) -> Settings:
        """The same settings with another picture policy."""
        return self.model_copy(update={"pictures": self.pictures.model_copy(update={"policy": policy})})

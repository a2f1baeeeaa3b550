"""The home: the folder that holds one archive, and what is where in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archiver.config.kinds import expanded

CONFIG_NAME = "archiver.toml"


@dataclass(frozen=True, slots=True)
class Home:
    """The folder of one archive; `root` is absolute."""

    root: Path

    @property
    def config_file(self) -> Path:
        """The settings."""
        return self.root / CONFIG_NAME

    @property
    def sources(self) -> Path:
        """The operator's own source files."""
        return self.root / "sources"

    @property
    def warc(self) -> Path:
        """The WARC files, unless `storage.root` names another folder."""
        return self.root / "warc"

    @property
    def index(self) -> Path:
        """The index database, unless `database.url` names another."""
        return self.root / "index.sqlite"

    @property
    def index_url(self) -> str:
        """The URL of `index`."""
        return self.database_url("sqlite:///index.sqlite")

    @property
    def log(self) -> Path:
        """The append-only log of statements, in the form in which it is published."""
        return self.root / "log"

    @property
    def keys(self) -> Path:
        """Signing keys; for the owner's eyes only."""
        return self.root / "keys"

    @property
    def spool(self) -> Path:
        """Responses on their way into a WARC file; on the same disk as the home."""
        return self.root / "spool"

    @property
    def exists(self) -> bool:
        """Whether an archive was begun here."""
        return self.config_file.is_file()

    def path(self, configured: Path) -> Path:
        """A path from the settings, absolute: `~` is the user's folder, the rest is relative to the home."""
        return self.root / expanded(configured)

    def address(self, configured: str) -> str:
        """A folder from the settings as `path` gives it; an address such as s3://bucket as it is."""
        return configured if "://" in configured else str(self.path(Path(configured)))

    def database_url(self, configured: str) -> str:
        """A database URL from the settings, with a SQLite file's path made absolute."""
        kind, _, name = configured.partition(":///")
        is_file = kind.startswith("sqlite") and not name.startswith((":memory:", "file:"))
        if not is_file:
            return configured
        file, mark, query = name.partition("?")
        return f"{kind}:///{self.path(Path(file))}{mark}{query}"

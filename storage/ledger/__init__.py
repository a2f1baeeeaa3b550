"""The append-only log: its Merkle tree, and the tables that hold it."""

import archiver.storage.index  # noqa: F401 - it loads this package: whoever comes here first begins there

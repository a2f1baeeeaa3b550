"""What the running of the archive is stored in: who does which work, who may ask, what was asked for."""

import archiver.storage.index  # noqa: F401 - it loads this package: whoever comes here first begins there

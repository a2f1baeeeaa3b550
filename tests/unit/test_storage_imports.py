"""No module of the storage depends on what was imported before it."""

from __future__ import annotations

import pkgutil
import subprocess
import sys

import archiver.storage

EACH_FIRST = """
import importlib, sys
for name in sys.argv[1:]:
    for known in [known for known in sys.modules if known.startswith("archiver.storage")]:
        del sys.modules[known]
    try:
        importlib.import_module(name)
    except ImportError as error:
        sys.exit(f"{name}: {error}")
"""


def test_every_module_of_the_storage_can_be_imported_first() -> None:
    packages = pkgutil.walk_packages(archiver.storage.__path__, "archiver.storage.")
    names = [module.name for module in packages if ".migrations." not in module.name]
    assert "archiver.storage.operations.sources" in names
    program = [sys.executable, "-c", EACH_FIRST, *names]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert (done.stderr, done.returncode) == ("", 0)

"""`python -m archiver.cli`: the command line, for a process that starts another of the same installation."""

import sys

from archiver.cli import main

sys.exit(main())

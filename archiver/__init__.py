"""A news archive that can be cited: exact captures of articles and their pictures."""

__version__ = "0.1.0"

"""Fixity: re-reads what is stored and holds it against what was recorded: in file, index and log."""

from archiver.fixity.folder import Verified, segments_of, verify_file, verify_folder
from archiver.fixity.metadata import page_fault

__all__ = ["Verified", "page_fault", "segments_of", "verify_file", "verify_folder"]

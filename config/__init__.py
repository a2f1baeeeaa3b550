"""Typed settings, the home folder, and the sources."""

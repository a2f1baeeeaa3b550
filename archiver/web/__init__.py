"""The archive over HTTP: an origin for people and programs, and another for what was archived."""
